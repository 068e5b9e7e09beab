-- Grain: one row per half-hour, region and fuel, from region_fuel_5min. Expected readings: six for each
-- of the units that reported at once.
SELECT
    half_hour_end(settlementdate) AS settlementdate,
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
    CAST(max(unit_intervals_expected) * 6 AS INTEGER) AS unit_intervals_expected,
    6 AS covered_intervals
FROM region_fuel_5min
GROUP BY half_hour_end(settlementdate), regionid, fuel
