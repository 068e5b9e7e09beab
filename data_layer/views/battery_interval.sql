-- Grain: one row per 5-minute interval and battery that reported, with the measures of the battery rollups
-- (MWh and AUD). Sign is split by DUID before anything is summed, so that a generator and a load DUID of
-- one battery are its two directions.
SELECT
    i.settlementdate,
    coalesce(b.battery, i.duid) AS battery,
    i.regionid,
    interval_energy_mwh(sum(greatest(i.mw, 0))) AS discharge_mwh,
    interval_energy_mwh(sum(greatest(-i.mw, 0))) AS charge_mwh,
    interval_energy_mwh(sum(greatest(i.mw, 0) * p.price_aud_per_mwh)) AS discharge_revenue_aud,
    interval_energy_mwh(sum(greatest(-i.mw, 0) * p.price_aud_per_mwh)) AS charge_cost_aud,
    interval_energy_mwh(sum(CASE WHEN p.price_aud_per_mwh IS NULL THEN greatest(i.mw, 0) ELSE 0.0 END))
        AS unpriced_discharge_mwh,
    interval_energy_mwh(sum(CASE WHEN p.price_aud_per_mwh IS NULL THEN greatest(-i.mw, 0) ELSE 0.0 END))
        AS unpriced_charge_mwh,
    interval_energy_mwh(sum(CASE WHEN p.price_aud_per_mwh < 0 THEN greatest(-i.mw, 0) ELSE 0.0 END))
        AS negative_price_charge_mwh,
    interval_energy_mwh(
        sum(CASE WHEN p.price_aud_per_mwh < 0 THEN greatest(-i.mw, 0) * -p.price_aud_per_mwh ELSE 0.0 END)
    ) AS negative_price_charge_income_aud,
    1 AS intervals,
    i.settlementdate AS first_at,
    i.settlementdate AS last_at
FROM unit_by_duid AS i
LEFT JOIN region_5min AS p ON i.settlementdate = p.settlementdate AND i.regionid = p.regionid
LEFT JOIN battery_unit AS b ON i.duid = b.duid
WHERE i.fuel = 'Battery Storage'
GROUP BY i.settlementdate, coalesce(b.battery, i.duid), i.regionid
