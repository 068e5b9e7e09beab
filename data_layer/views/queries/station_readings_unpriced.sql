-- Grain: as station_readings.sql, for questions that need no price: the join with it is half their cost.
SELECT
    c.item,
    c.place,
    r.duid,
    r.settlementdate,
    r.regionid,
    r.fuel,
    r.mw,
    r.capacity_mw,
    CAST(NULL AS DOUBLE) AS price_aud_per_mwh
FROM unit_by_duid AS r
INNER JOIN chosen AS c ON r.duid = c.duid
