-- Grain: one row per month (its first day), unit, region and fuel, from unit_day.
SELECT
    CAST(date_trunc('month', date) AS DATE) AS date,
    duid,
    regionid,
    fuel,
    sum(generation_mwh) AS generation_mwh,
    sum(load_mwh) AS load_mwh,
    sum(generation_revenue_aud) AS generation_revenue_aud,
    sum(load_revenue_aud) AS load_revenue_aud,
    sum(unpriced_generation_mwh) AS unpriced_generation_mwh,
    sum(unpriced_load_mwh) AS unpriced_load_mwh,
    sum(capacity_mwh) AS capacity_mwh,
    min(min_mw) AS min_mw,
    max(max_mw) AS max_mw,
    CAST(sum(intervals) AS INTEGER) AS intervals,
    CAST(sum(unit_intervals) AS INTEGER) AS unit_intervals,
    CAST(sum(unit_intervals_expected) AS INTEGER) AS unit_intervals_expected,
    CAST(sum(covered_intervals) AS INTEGER) AS covered_intervals,
    sum(reference_hours) AS reference_hours,
    sum(reference_price_aud_hours_per_mwh) AS reference_price_aud_hours_per_mwh
FROM unit_day
GROUP BY CAST(date_trunc('month', date) AS DATE), duid, regionid, fuel
