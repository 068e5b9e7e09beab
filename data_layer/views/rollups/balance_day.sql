-- Grain: one row per market day and region, from balance_30min.
SELECT
    CAST(settlementdate - INTERVAL 30 MINUTE AS DATE) AS date,
    regionid,
    sum(demand_mwh) AS demand_mwh,
    sum(demand_hours) AS demand_hours,
    sum(demand_nonsched_mwh) AS demand_nonsched_mwh,
    sum(demand_nonsched_hours) AS demand_nonsched_hours,
    sum(generation_mwh) AS generation_mwh,
    sum(renewable_mwh) AS renewable_mwh,
    sum(wind_solar_mwh) AS wind_solar_mwh,
    sum(rooftop_mwh) AS rooftop_mwh,
    sum(unit_hours) AS unit_hours,
    sum(rooftop_hours) AS rooftop_hours
FROM balance_30min
GROUP BY CAST(settlementdate - INTERVAL 30 MINUTE AS DATE), regionid
