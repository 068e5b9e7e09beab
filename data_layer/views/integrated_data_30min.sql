-- Grain: one row per half-hour and unit. scadavalue is the mean MW of the readings found, consumption
-- below zero; rrp the time-weighted mean of the region's settlement prices; revenue the sum over the
-- six intervals, not mean x mean.
SELECT
    s.settlementdate,
    s.duid,
    (s.generation_mwh + s.load_mwh) * 12.0 / s.intervals AS scadavalue,
    u.station_name,
    u.owner,
    s.fuel AS fuel_type,
    s.regionid AS region,
    CASE WHEN u.dispatch_type = 'LOAD' THEN NULL ELSE u.capacity_mw END AS nameplate_capacity,
    p.price_aud_hours_per_mwh / nullif(p.price_hours, 0) AS rrp,
    s.generation_mwh + s.load_mwh AS energy_mwh,
    s.generation_revenue_aud + s.load_revenue_aud AS revenue_aud,
    100.0 * (s.generation_mwh + s.load_mwh) / nullif(s.capacity_mwh, 0) AS capacity_factor_pct
FROM unit_30min AS s
LEFT JOIN units AS u
    ON s.duid = u.duid AND s.settlementdate > u.valid_from AND s.settlementdate <= u.valid_to
LEFT JOIN region_30min AS p
    ON s.settlementdate = p.settlementdate AND s.regionid = p.regionid
