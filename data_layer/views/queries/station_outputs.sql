-- Grain: one row per item and 5-minute interval in which any of its units reported. reporting tells sets of
-- units apart; sums are rounded to a watt, so that the order of adding does not show.
-- readings: station_readings.sql.
SELECT
    item,
    settlementdate,
    round(sum(mw), 6) AS mw,
    sum(capacity_mw) AS capacity_mw,
    sum(power(2.0, place)) AS reporting,
    avg(price_aud_per_mwh) AS price_aud_per_mwh
FROM readings
GROUP BY item, settlementdate
