-- Grain: one row per market day and station (of one owner, fuel and region). Station capacity is the
-- sum over its units.
SELECT
    date,
    station_name,
    owner,
    fuel_type,
    region,
    count(*) AS unit_count,
    sum(generation_mwh) AS generation_mwh,
    sum(load_mwh) AS load_mwh,
    coalesce(sum(generation_revenue_aud), 0) + coalesce(sum(load_revenue_aud), 0) AS revenue_aud,
    sum(generation_revenue_aud) / nullif(sum(generation_mwh) - sum(unpriced_generation_mwh), 0)
        AS capture_price_aud_per_mwh,
    100.0 * sum(generation_mwh) / nullif(sum(capacity_mwh), 0) AS capacity_factor_pct,
    sum(capacity_mw) AS station_capacity_mw
FROM station_day
GROUP BY date, station_name, owner, fuel_type, region
