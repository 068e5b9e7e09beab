-- Grain: one row per half-hour and region, from region_5min. Sums, extremes and counts only.
SELECT
    half_hour_end(settlementdate) AS settlementdate,
    regionid,
    interval_energy_mwh(count(price_aud_per_mwh)) AS price_hours,
    interval_energy_mwh(sum(price_aud_per_mwh)) AS price_aud_hours_per_mwh,
    min(price_aud_per_mwh) AS min_price_aud_per_mwh,
    max(price_aud_per_mwh) AS max_price_aud_per_mwh,
    lowest_at(settlementdate, price_aud_per_mwh) AS min_price_at,
    highest_at(settlementdate, price_aud_per_mwh) AS max_price_at,
    interval_energy_mwh(count(*) FILTER (WHERE price_aud_per_mwh < 0)) AS negative_price_hours,
    interval_energy_mwh(sum(totaldemand)) AS demand_mwh,
    interval_energy_mwh(count(totaldemand)) AS demand_hours,
    min(totaldemand) AS min_demand_mw,
    max(totaldemand) AS max_demand_mw,
    lowest_at(settlementdate, totaldemand) AS min_demand_at,
    highest_at(settlementdate, totaldemand) AS max_demand_at,
    interval_energy_mwh(sum(totaldemand) FILTER (WHERE price_aud_per_mwh IS NOT NULL)) AS priced_demand_mwh,
    interval_energy_mwh(sum(totaldemand * price_aud_per_mwh)) AS demand_value_aud,
    interval_energy_mwh(sum(net_import_mw)) AS net_import_mwh,
    interval_energy_mwh(count(net_import_mw)) AS net_import_hours,
    CAST(count(price_aud_per_mwh) AS INTEGER) AS intervals,
    6 AS intervals_expected
FROM region_5min
GROUP BY half_hour_end(settlementdate), regionid
