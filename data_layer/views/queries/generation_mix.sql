-- Grain: one row per bucket (time) and fuel. A region's MW is its energy over the hours for which that
-- fuel was reported there, so that a gap is not taken for a standstill; regions' MW are then added.
WITH by_region AS (
    SELECT
        time,
        regionid,
        fuel,
        sum(generation_mwh) AS generation_mwh,
        sum(load_mwh) AS load_mwh,
        sum(generation_revenue_aud) + sum(load_revenue_aud) AS revenue_aud,
        sum(capacity_mwh) AS capacity_mwh,
        sum(intervals) AS intervals,
        sum(unit_intervals) AS unit_intervals,
        sum(unit_intervals_expected) AS unit_intervals_expected
    FROM source
    WHERE $region = 'NEM' OR regionid = $region
    GROUP BY time, regionid, fuel
)

SELECT
    time,
    fuel,
    sum(generation_mwh * 12.0 / intervals) AS generation_mw,
    sum(load_mwh * 12.0 / intervals) AS load_mw,
    sum(generation_mwh) AS generation_mwh,
    sum(load_mwh) AS load_mwh,
    sum(revenue_aud) AS revenue_aud,
    sum(capacity_mwh * 12.0 / intervals) AS capacity_mw,
    sum(capacity_mwh) AS capacity_mwh,
    CAST(sum(unit_intervals) AS BIGINT) AS unit_intervals,
    CAST(sum(unit_intervals_expected) AS BIGINT) AS unit_intervals_expected
FROM by_region
GROUP BY time, fuel
ORDER BY time, fuel
