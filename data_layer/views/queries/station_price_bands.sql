-- Grain: one row per item and band of the region's price that occurred; band -1 has no price. A band holds
-- its lower edge; edges beyond the last one asked for are infinite. readings: station_readings.sql.
WITH banded AS (
    SELECT
        item,
        mw,
        price_aud_per_mwh,
        CASE
            WHEN price_aud_per_mwh IS NULL THEN -1
            WHEN price_aud_per_mwh < $edge_1 THEN 0
            WHEN price_aud_per_mwh < $edge_2 THEN 1
            WHEN price_aud_per_mwh < $edge_3 THEN 2
            WHEN price_aud_per_mwh < $edge_4 THEN 3
            WHEN price_aud_per_mwh < $edge_5 THEN 4
            WHEN price_aud_per_mwh < $edge_6 THEN 5
            WHEN price_aud_per_mwh < $edge_7 THEN 6
            WHEN price_aud_per_mwh < $edge_8 THEN 7
            ELSE 8
        END AS band
    FROM readings
)

SELECT
    item,
    CAST(band AS BIGINT) AS band,
    interval_energy_mwh(count(*)) AS hours,
    interval_energy_mwh(sum(greatest(mw, 0))) AS generation_mwh,
    interval_energy_mwh(sum(least(mw, 0))) AS load_mwh,
    interval_energy_mwh(sum(greatest(mw, 0) * price_aud_per_mwh)) AS generation_revenue_aud,
    interval_energy_mwh(sum(least(mw, 0) * price_aud_per_mwh)) AS load_revenue_aud
FROM banded
GROUP BY item, band
ORDER BY item, band
