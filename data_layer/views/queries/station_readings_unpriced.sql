-- Grain: as station_readings.sql, for questions that need no price: the join with it is half their cost.
SELECT
    *,
    CAST(NULL AS DOUBLE) AS price_aud_per_mwh
FROM reported
