-- Grain: one row per half-hour and region, from region_5min and region_fuel_30min. See tables.BALANCE_30MIN.
WITH demand AS (
    SELECT
        half_hour_end(settlementdate) AS settlementdate,
        regionid,
        interval_energy_mwh(sum(totaldemand)) AS demand_mwh,
        interval_energy_mwh(count(totaldemand)) AS demand_hours,
        interval_energy_mwh(sum(demand_and_nonschedgen)) AS demand_nonsched_mwh,
        interval_energy_mwh(count(demand_and_nonschedgen)) AS demand_nonsched_hours
    FROM region_5min
    GROUP BY half_hour_end(settlementdate), regionid
),

fuels AS (
    SELECT
        settlementdate,
        regionid,
        sum(generation_mwh) FILTER (WHERE fuel <> 'Battery Storage') AS generation_mwh,
        sum(generation_mwh) FILTER (WHERE fuel IN ('Biomass', 'Water', 'Wind', 'Solar')) AS renewable_mwh,
        sum(generation_mwh) FILTER (WHERE fuel IN ('Wind', 'Solar')) AS wind_solar_mwh,
        sum(generation_mwh) FILTER (WHERE fuel = 'Rooftop Solar') AS rooftop_mwh,
        interval_energy_mwh(max(intervals) FILTER (WHERE fuel <> 'Rooftop Solar')) AS unit_hours,
        interval_energy_mwh(max(intervals) FILTER (WHERE fuel = 'Rooftop Solar')) AS rooftop_hours
    FROM region_fuel_30min
    GROUP BY settlementdate, regionid
)

SELECT
    coalesce(d.settlementdate, f.settlementdate) AS settlementdate,
    coalesce(d.regionid, f.regionid) AS regionid,
    coalesce(d.demand_mwh, 0.0) AS demand_mwh,
    coalesce(d.demand_hours, 0.0) AS demand_hours,
    coalesce(d.demand_nonsched_mwh, 0.0) AS demand_nonsched_mwh,
    coalesce(d.demand_nonsched_hours, 0.0) AS demand_nonsched_hours,
    coalesce(f.generation_mwh, 0.0) AS generation_mwh,
    coalesce(f.renewable_mwh, 0.0) AS renewable_mwh,
    coalesce(f.wind_solar_mwh, 0.0) AS wind_solar_mwh,
    coalesce(f.rooftop_mwh, 0.0) AS rooftop_mwh,
    coalesce(f.unit_hours, 0.0) AS unit_hours,
    coalesce(f.rooftop_hours, 0.0) AS rooftop_hours
FROM demand AS d
FULL OUTER JOIN fuels AS f ON d.settlementdate = f.settlementdate AND d.regionid = f.regionid
