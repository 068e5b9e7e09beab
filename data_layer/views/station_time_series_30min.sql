-- Grain: one row per half-hour and unit, with its station; for charts of one station.
SELECT
    settlementdate,
    duid,
    coalesce(station_name, duid) AS station_name,
    scadavalue,
    rrp,
    revenue_aud,
    nameplate_capacity
FROM integrated_data_30min
