-- Grain: one row per 5-minute interval, region and fuel. MW are totals of the interval; capacity is that
-- of the units that reported.
SELECT
    settlementdate,
    fuel AS fuel_type,
    regionid AS region,
    unit_intervals AS unit_count,
    generation_mwh * 12.0 AS generation_mw,
    load_mwh * 12.0 AS load_mw,
    generation_mwh + load_mwh AS energy_mwh,
    generation_revenue_aud + load_revenue_aud AS revenue_aud,
    capacity_mwh * 12.0 AS capacity_mw
FROM region_fuel_5min
