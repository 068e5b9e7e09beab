-- Grain: one row per month (its first day) and region, from region_day.
SELECT
    CAST(date_trunc('month', date) AS DATE) AS date,
    regionid,
    sum(price_hours) AS price_hours,
    sum(price_aud_hours_per_mwh) AS price_aud_hours_per_mwh,
    min(min_price_aud_per_mwh) AS min_price_aud_per_mwh,
    max(max_price_aud_per_mwh) AS max_price_aud_per_mwh,
    lowest_at(min_price_at, min_price_aud_per_mwh) AS min_price_at,
    highest_at(max_price_at, max_price_aud_per_mwh) AS max_price_at,
    sum(negative_price_hours) AS negative_price_hours,
    sum(demand_mwh) AS demand_mwh,
    sum(demand_hours) AS demand_hours,
    min(min_demand_mw) AS min_demand_mw,
    max(max_demand_mw) AS max_demand_mw,
    lowest_at(min_demand_at, min_demand_mw) AS min_demand_at,
    highest_at(max_demand_at, max_demand_mw) AS max_demand_at,
    sum(priced_demand_mwh) AS priced_demand_mwh,
    sum(demand_value_aud) AS demand_value_aud,
    sum(net_import_mwh) AS net_import_mwh,
    sum(net_import_hours) AS net_import_hours,
    CAST(sum(intervals) AS INTEGER) AS intervals,
    CAST(sum(intervals_expected) AS INTEGER) AS intervals_expected
FROM region_day
GROUP BY CAST(date_trunc('month', date) AS DATE), regionid
