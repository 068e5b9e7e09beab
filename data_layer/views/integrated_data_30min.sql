-- Grain: one row per half-hour and unit. scadavalue is the mean MW of the readings found, consumption
-- below zero; rrp the time-weighted mean of the region's settlement prices; revenue the sum over the
-- six intervals, not mean x mean.
SELECT
    settlementdate,
    duid,
    (generation_mwh + load_mwh) * 12.0 / intervals AS scadavalue,
    station_name,
    owner,
    fuel AS fuel_type,
    regionid AS region,
    capacity_mw AS nameplate_capacity,
    price_aud_per_mwh AS rrp,
    generation_mwh + load_mwh AS energy_mwh,
    generation_revenue_aud + load_revenue_aud AS revenue_aud,
    100.0 * (generation_mwh + load_mwh) / nullif(capacity_mwh, 0) AS capacity_factor_pct
FROM unit_30min
