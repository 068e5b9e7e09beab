-- Grain: one row per half-hour, region and fuel, with the region's time-weighted settlement price.
SELECT
    g.settlementdate,
    g.fuel_type,
    g.region,
    g.generation_mw,
    g.load_mw,
    g.energy_mwh,
    g.revenue_aud,
    p.price_aud_hours_per_mwh / nullif(p.price_hours, 0) AS price_aud_per_mwh
FROM generation_by_fuel_30min AS g
LEFT JOIN region_30min AS p ON g.settlementdate = p.settlementdate AND g.region = p.regionid
