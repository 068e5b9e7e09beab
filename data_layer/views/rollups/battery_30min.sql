-- Grain: one row per half-hour and battery, from 5-minute readings. Sums and extremes only.
SELECT
    half_hour_end(settlementdate) AS settlementdate,
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
FROM battery_interval
GROUP BY half_hour_end(settlementdate), battery, regionid
