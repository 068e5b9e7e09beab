-- Grain: one row per combination of the chosen groups. source: unit rollups joined with the registry
-- (grouped.sql gives it the columns group_1..group_3). Numerators and denominators are pooled.
WITH distinct_units AS (
    SELECT group_1, group_2, group_3, count(*) AS units, sum(capacity_mw) AS capacity_mw
    FROM (
        SELECT group_1, group_2, group_3, duid, max(capacity_mw) AS capacity_mw
        FROM grouped
        GROUP BY group_1, group_2, group_3, duid
    ) AS d
    GROUP BY group_1, group_2, group_3
),

sums AS (
    SELECT
        group_1,
        group_2,
        group_3,
        sum(generation_mwh) AS generation_mwh,
        sum(load_mwh) AS load_mwh,
        sum(generation_revenue_aud) AS generation_revenue_aud,
        sum(load_revenue_aud) AS load_revenue_aud,
        sum(unpriced_generation_mwh) AS unpriced_generation_mwh,
        sum(unpriced_load_mwh) AS unpriced_load_mwh,
        sum(capacity_mwh) AS capacity_mwh,
        sum(unit_intervals) AS unit_intervals,
        sum(unit_intervals_expected) AS unit_intervals_expected
    FROM grouped
    GROUP BY group_1, group_2, group_3
)

SELECT
    s.group_1,
    s.group_2,
    s.group_3,
    s.generation_mwh,
    s.load_mwh,
    s.generation_mwh + s.load_mwh AS energy_mwh,
    coalesce(s.generation_revenue_aud, 0) + coalesce(s.load_revenue_aud, 0) AS revenue_aud,
    s.generation_revenue_aud,
    s.load_revenue_aud,
    s.generation_revenue_aud / nullif(s.generation_mwh - s.unpriced_generation_mwh, 0)
        AS capture_price_aud_per_mwh,
    s.load_revenue_aud / nullif(s.load_mwh - s.unpriced_load_mwh, 0) AS load_price_aud_per_mwh,
    d.capacity_mw,
    s.generation_mwh / nullif(s.capacity_mwh, 0) AS capacity_factor,
    CAST(d.units AS BIGINT) AS units,
    CAST(s.unit_intervals AS BIGINT) AS unit_intervals,
    CAST(s.unit_intervals_expected AS BIGINT) AS unit_intervals_expected
FROM sums AS s
INNER JOIN distinct_units AS d
    ON s.group_1 = d.group_1 AND s.group_2 = d.group_2 AND s.group_3 = d.group_3
ORDER BY revenue_aud DESC, s.group_1, s.group_2, s.group_3
