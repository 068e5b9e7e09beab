-- Grain: one row per 5-minute interval, region and fuel. Rooftop PV is a virtual unit per region: its
-- half-hour mean is held over the six intervals it covers, never beyond the newest half-hour.
WITH rooftop AS (
    SELECT
        p.settlementdate,
        p.regionid,
        p.rooftop_mw AS mw,
        p.price_aud_per_mwh
    FROM region_5min AS p
    WHERE p.rooftop_mw IS NOT NULL
),

readings AS (
    SELECT settlementdate, regionid, fuel, mw, capacity_mw, price_aud_per_mwh FROM unit_interval
    UNION ALL
    SELECT settlementdate, regionid, 'Rooftop Solar' AS fuel, mw, NULL AS capacity_mw, price_aud_per_mwh
    FROM rooftop
)

SELECT
    settlementdate,
    regionid,
    fuel,
    interval_energy_mwh(sum(greatest(mw, 0))) AS generation_mwh,
    interval_energy_mwh(sum(least(mw, 0))) AS load_mwh,
    interval_energy_mwh(sum(greatest(mw, 0) * price_aud_per_mwh)) AS generation_revenue_aud,
    interval_energy_mwh(sum(least(mw, 0) * price_aud_per_mwh)) AS load_revenue_aud,
    interval_energy_mwh(coalesce(sum(greatest(mw, 0)) FILTER (WHERE price_aud_per_mwh IS NULL), 0))
        AS unpriced_generation_mwh,
    interval_energy_mwh(coalesce(sum(least(mw, 0)) FILTER (WHERE price_aud_per_mwh IS NULL), 0))
        AS unpriced_load_mwh,
    interval_energy_mwh(coalesce(sum(capacity_mw), 0)) AS capacity_mwh,
    sum(mw) AS min_mw,
    sum(mw) AS max_mw,
    1 AS intervals,
    CAST(count(*) AS INTEGER) AS unit_intervals,
    CAST(count(*) AS INTEGER) AS unit_intervals_expected
FROM readings
GROUP BY settlementdate, regionid, fuel
ORDER BY settlementdate, regionid, fuel
