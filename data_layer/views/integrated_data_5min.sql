-- Grain: one row per 5-minute interval and unit. scadavalue is MW, consumption below zero; rrp is the
-- settlement price of the unit's region; revenue is at the regional node, before loss factors.
SELECT
    settlementdate,
    duid,
    mw AS scadavalue,
    station_name,
    owner,
    fuel AS fuel_type,
    regionid AS region,
    capacity_mw AS nameplate_capacity,
    price_aud_per_mwh AS rrp,
    interval_energy_mwh(mw) AS energy_mwh,
    interval_energy_mwh(mw) * price_aud_per_mwh AS revenue_aud,
    100.0 * mw / nullif(capacity_mw, 0) AS capacity_factor_pct
FROM unit_interval
