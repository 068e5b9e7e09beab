-- Grain: one row per combination of the chosen groups. grouped (grouped.sql) has unit rollups with the
-- columns group_1..group_3. Summed by unit first, so that each distinct unit's capacity counts once;
-- numerators and denominators are pooled.
WITH by_unit AS (
    SELECT
        group_1,
        group_2,
        group_3,
        duid,
        max(capacity_mw) AS capacity_mw,
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
    GROUP BY group_1, group_2, group_3, duid
)

SELECT
    group_1,
    group_2,
    group_3,
    sum(generation_mwh) AS generation_mwh,
    sum(load_mwh) AS load_mwh,
    sum(generation_mwh) + sum(load_mwh) AS energy_mwh,
    coalesce(sum(generation_revenue_aud), 0) + coalesce(sum(load_revenue_aud), 0) AS revenue_aud,
    sum(generation_revenue_aud) AS generation_revenue_aud,
    sum(load_revenue_aud) AS load_revenue_aud,
    sum(generation_revenue_aud) / nullif(sum(generation_mwh) - sum(unpriced_generation_mwh), 0)
        AS capture_price_aud_per_mwh,
    sum(load_revenue_aud) / nullif(sum(load_mwh) - sum(unpriced_load_mwh), 0) AS load_price_aud_per_mwh,
    sum(capacity_mw) AS capacity_mw,
    sum(generation_mwh) FILTER (WHERE capacity_mwh > 0) / nullif(sum(capacity_mwh), 0) AS capacity_factor,
    CAST(count(*) AS BIGINT) AS units,
    CAST(sum(unit_intervals) AS BIGINT) AS unit_intervals,
    CAST(sum(unit_intervals_expected) AS BIGINT) AS unit_intervals_expected
FROM by_unit
GROUP BY group_1, group_2, group_3
