-- Grain: one row per bucket and item. measured: unit measures with the bucket as time. Each unit's mean is
-- over its own readings, so that one that missed some does not pull the station down.
WITH by_unit AS (
    SELECT
        item,
        duid,
        time,
        sum(generation_mwh) AS generation_mwh,
        sum(load_mwh) AS load_mwh,
        sum(generation_revenue_aud) AS generation_revenue_aud,
        sum(load_revenue_aud) AS load_revenue_aud,
        sum(unpriced_generation_mwh) AS unpriced_generation_mwh,
        sum(capacity_mwh) AS capacity_mwh,
        sum(reference_hours) AS reference_hours,
        sum(reference_price_aud_hours_per_mwh) AS reference_price_aud_hours_per_mwh,
        sum(intervals) AS intervals
    FROM measured
    GROUP BY item, duid, time
),

expected AS (
    SELECT item, count(DISTINCT duid) AS units_expected
    FROM by_unit
    GROUP BY item
)

SELECT
    b.time,
    b.item,
    sum((b.generation_mwh + b.load_mwh) * 12.0 / b.intervals) AS mw,
    nullif(sum(b.capacity_mwh * 12.0 / b.intervals), 0) AS capacity_mw,
    sum(b.reference_price_aud_hours_per_mwh) / nullif(sum(b.reference_hours), 0) AS price_aud_per_mwh,
    sum(b.generation_mwh) AS generation_mwh,
    sum(b.load_mwh) AS load_mwh,
    coalesce(sum(b.generation_revenue_aud), 0) + coalesce(sum(b.load_revenue_aud), 0) AS revenue_aud,
    sum(b.generation_revenue_aud) AS generation_revenue_aud,
    sum(b.load_revenue_aud) AS load_revenue_aud,
    sum(b.generation_revenue_aud) / nullif(sum(b.generation_mwh) - sum(b.unpriced_generation_mwh), 0)
        AS capture_price_aud_per_mwh,
    CAST(sum(b.intervals) AS BIGINT) AS unit_intervals,
    CAST(count(*) AS BIGINT) AS units_found,
    CAST(max(e.units_expected) AS BIGINT) AS units_expected
FROM by_unit AS b
INNER JOIN expected AS e ON b.item = e.item
GROUP BY b.time, b.item
ORDER BY b.time, b.item
