-- Grain: one row per market day, region and fuel.
SELECT
    date,
    fuel AS fuel_type,
    regionid AS region,
    generation_mwh,
    load_mwh,
    generation_mwh + load_mwh AS energy_mwh,
    coalesce(generation_revenue_aud, 0) + coalesce(load_revenue_aud, 0) AS revenue_aud,
    intervals,
    unit_intervals,
    unit_intervals_expected
FROM region_fuel_day
