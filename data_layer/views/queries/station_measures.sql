-- Grain: one row per item, unit and 5-minute interval, with the measures of the unit rollups.
-- readings: station_readings.sql.
SELECT
    item,
    duid,
    settlementdate,
    interval_energy_mwh(greatest(mw, 0)) AS generation_mwh,
    interval_energy_mwh(least(mw, 0)) AS load_mwh,
    interval_energy_mwh(greatest(mw, 0)) * price_aud_per_mwh AS generation_revenue_aud,
    interval_energy_mwh(least(mw, 0)) * price_aud_per_mwh AS load_revenue_aud,
    CASE WHEN price_aud_per_mwh IS NULL THEN interval_energy_mwh(greatest(mw, 0)) ELSE 0 END
        AS unpriced_generation_mwh,
    interval_energy_mwh(coalesce(capacity_mw, 0)) AS capacity_mwh,
    CASE WHEN price_aud_per_mwh IS NULL THEN 0 ELSE interval_energy_mwh(1) END AS reference_hours,
    interval_energy_mwh(price_aud_per_mwh) AS reference_price_aud_hours_per_mwh,
    1 AS intervals
FROM readings
