-- Grain: one row per 5-minute interval and unit, with the measures of the unit rollups.
SELECT
    settlementdate,
    duid,
    regionid,
    fuel,
    interval_energy_mwh(greatest(mw, 0)) AS generation_mwh,
    interval_energy_mwh(least(mw, 0)) AS load_mwh,
    interval_energy_mwh(greatest(mw, 0)) * price_aud_per_mwh AS generation_revenue_aud,
    interval_energy_mwh(least(mw, 0)) * price_aud_per_mwh AS load_revenue_aud,
    CASE WHEN price_aud_per_mwh IS NULL THEN interval_energy_mwh(greatest(mw, 0)) ELSE 0 END
        AS unpriced_generation_mwh,
    CASE WHEN price_aud_per_mwh IS NULL THEN interval_energy_mwh(least(mw, 0)) ELSE 0 END AS unpriced_load_mwh,
    interval_energy_mwh(coalesce(capacity_mw, 0)) AS capacity_mwh,
    mw AS min_mw,
    mw AS max_mw,
    1 AS intervals,
    1 AS unit_intervals,
    1 AS unit_intervals_expected,
    1 AS covered_intervals,
    CASE WHEN price_aud_per_mwh IS NULL THEN 0.0 ELSE interval_energy_mwh(1) END AS reference_hours,
    interval_energy_mwh(price_aud_per_mwh) AS reference_price_aud_hours_per_mwh
FROM unit_interval
