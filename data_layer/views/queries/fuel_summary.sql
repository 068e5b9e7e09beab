-- Grain: one row per fuel. source: region x fuel rollups; unit_source: unit rollups of the same period,
-- for the distinct units behind each fuel.
WITH distinct_units AS (
    SELECT DISTINCT s.duid, s.fuel
    FROM unit_source AS s
    WHERE $region = 'NEM' OR s.regionid = $region
),

capacities AS (
    SELECT
        d.fuel,
        count(*) AS units,
        sum(c.capacity_mw) AS capacity_mw
    FROM distinct_units AS d
    LEFT JOIN (
        SELECT duid, arg_max(capacity_mw, valid_from) AS capacity_mw
        FROM units
        WHERE valid_from < $period_end_day AND dispatch_type <> 'LOAD'
        GROUP BY duid
    ) AS c ON d.duid = c.duid
    GROUP BY d.fuel
),

by_region AS (
    SELECT
        regionid,
        fuel,
        fuel = 'Rooftop Solar' AS is_rooftop,
        sum(generation_mwh) AS generation_mwh,
        sum(load_mwh) AS load_mwh,
        sum(generation_revenue_aud) AS generation_revenue_aud,
        sum(load_revenue_aud) AS load_revenue_aud,
        sum(unpriced_generation_mwh) AS unpriced_generation_mwh,
        sum(unpriced_load_mwh) AS unpriced_load_mwh,
        sum(capacity_mwh) AS capacity_mwh,
        sum(unit_intervals) AS unit_intervals,
        sum(unit_intervals_expected) AS unit_intervals_expected,
        sum(covered_intervals) AS covered_intervals
    FROM source
    WHERE $region = 'NEM' OR regionid = $region
    GROUP BY regionid, fuel
),

-- Buckets in which nothing of a region was found hold no row and expect nothing: the expectation is
-- raised from the stretch covered to the whole period. A fuel that starts within the period is no gap,
-- so the stretch is that of the region; rooftop PV is published apart from the units.
covered AS (
    SELECT *, max(covered_intervals) OVER (PARTITION BY regionid, is_rooftop) AS stretch_intervals
    FROM by_region
),

sums AS (
    SELECT
        r.fuel,
        sum(r.generation_mwh) AS generation_mwh,
        sum(r.load_mwh) AS load_mwh,
        sum(r.generation_revenue_aud) AS generation_revenue_aud,
        sum(r.load_revenue_aud) AS load_revenue_aud,
        sum(r.unpriced_generation_mwh) AS unpriced_generation_mwh,
        sum(r.unpriced_load_mwh) AS unpriced_load_mwh,
        sum(r.capacity_mwh) AS capacity_mwh,
        sum(r.unit_intervals) AS unit_intervals,
        round(sum(r.unit_intervals_expected * CAST($period_intervals AS DOUBLE) / r.stretch_intervals))
            AS unit_intervals_expected
    FROM covered AS r
    GROUP BY r.fuel
)

SELECT
    s.fuel,
    s.generation_mwh + s.load_mwh AS energy_mwh,
    s.generation_mwh,
    s.load_mwh,
    CASE WHEN s.fuel <> 'Battery Storage' THEN
        s.generation_mwh / nullif(sum(s.generation_mwh) FILTER (WHERE s.fuel <> 'Battery Storage') OVER (), 0)
    END AS share,
    coalesce(s.generation_revenue_aud, 0) + coalesce(s.load_revenue_aud, 0) AS revenue_aud,
    s.generation_revenue_aud,
    s.load_revenue_aud,
    s.generation_revenue_aud / nullif(s.generation_mwh - s.unpriced_generation_mwh, 0)
        AS capture_price_aud_per_mwh,
    s.load_revenue_aud / nullif(s.load_mwh - s.unpriced_load_mwh, 0) AS load_price_aud_per_mwh,
    c.capacity_mw,
    s.generation_mwh / nullif(s.capacity_mwh, 0) AS capacity_factor,
    CAST(coalesce(c.units, 0) AS BIGINT) AS units,
    CAST(s.unit_intervals AS BIGINT) AS unit_intervals,
    CAST(s.unit_intervals_expected AS BIGINT) AS unit_intervals_expected
FROM sums AS s
LEFT JOIN capacities AS c ON s.fuel = c.fuel
ORDER BY s.generation_mwh DESC, s.fuel
