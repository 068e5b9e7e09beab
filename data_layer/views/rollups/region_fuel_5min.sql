-- Grain: one row per 5-minute interval, region and fuel. Rooftop PV is a virtual unit per region. All
-- units of a region settle at one price, so that energy is summed first and priced once.
WITH energy AS (
    SELECT
        settlementdate,
        regionid,
        fuel,
        interval_energy_mwh(sum(greatest(mw, 0))) AS generation_mwh,
        interval_energy_mwh(sum(least(mw, 0))) AS load_mwh,
        interval_energy_mwh(coalesce(sum(capacity_mw), 0)) AS capacity_mwh,
        count(*) AS unit_intervals
    FROM unit_reading
    GROUP BY settlementdate, regionid, fuel
    UNION ALL
    SELECT
        settlementdate,
        regionid,
        'Rooftop Solar' AS fuel,
        interval_energy_mwh(rooftop_mw) AS generation_mwh,
        0.0 AS load_mwh,
        0.0 AS capacity_mwh,
        1 AS unit_intervals
    FROM region_5min
    WHERE rooftop_mw IS NOT NULL
)

SELECT
    e.settlementdate,
    e.regionid,
    e.fuel,
    e.generation_mwh,
    e.load_mwh,
    e.generation_mwh * p.price_aud_per_mwh AS generation_revenue_aud,
    e.load_mwh * p.price_aud_per_mwh AS load_revenue_aud,
    CASE WHEN p.price_aud_per_mwh IS NULL THEN e.generation_mwh ELSE 0.0 END AS unpriced_generation_mwh,
    CASE WHEN p.price_aud_per_mwh IS NULL THEN e.load_mwh ELSE 0.0 END AS unpriced_load_mwh,
    e.capacity_mwh,
    (e.generation_mwh + e.load_mwh) * 12.0 AS min_mw,
    (e.generation_mwh + e.load_mwh) * 12.0 AS max_mw,
    1 AS intervals,
    e.unit_intervals,
    e.unit_intervals AS unit_intervals_expected,
    1 AS covered_intervals
FROM energy AS e
LEFT JOIN region_5min AS p ON e.settlementdate = p.settlementdate AND e.regionid = p.regionid
