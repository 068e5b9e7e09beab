-- Grain: one row per market day and battery, from battery_30min.
SELECT
    CAST(settlementdate - INTERVAL 30 MINUTE AS DATE) AS date,
    battery,
    regionid,
    sum(discharge_mwh) AS discharge_mwh,
    sum(charge_mwh) AS charge_mwh,
    sum(discharge_revenue_aud) AS discharge_revenue_aud,
    sum(charge_cost_aud) AS charge_cost_aud,
    sum(unpriced_discharge_mwh) AS unpriced_discharge_mwh,
    sum(unpriced_charge_mwh) AS unpriced_charge_mwh,
    sum(negative_price_charge_mwh) AS negative_price_charge_mwh,
    sum(negative_price_charge_income_aud) AS negative_price_charge_income_aud,
    CAST(sum(intervals) AS INTEGER) AS intervals,
    min(first_at) AS first_at,
    max(last_at) AS last_at
FROM battery_30min
GROUP BY CAST(settlementdate - INTERVAL 30 MINUTE AS DATE), battery, regionid
