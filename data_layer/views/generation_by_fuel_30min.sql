-- Grain: one row per half-hour, region and fuel. MW are means over the intervals found.
SELECT
    settlementdate,
    fuel AS fuel_type,
    regionid AS region,
    unit_intervals_expected / 6 AS unit_count,
    generation_mwh * 12.0 / intervals AS generation_mw,
    load_mwh * 12.0 / intervals AS load_mw,
    generation_mwh + load_mwh AS energy_mwh,
    generation_revenue_aud + load_revenue_aud AS revenue_aud,
    capacity_mwh * 12.0 / intervals AS capacity_mw
FROM region_fuel_30min
