-- Grain: one row per bucket (time). chosen (battery_chosen.sql): battery rollups. Megawatts are energy over
-- the hours of the battery with most readings in the bucket, so that a gap is not taken for a standstill.
WITH by_battery AS (
    SELECT
        time,
        battery,
        sum(discharge_mwh) AS discharge_mwh,
        sum(charge_mwh) AS charge_mwh,
        sum(discharge_revenue_aud) AS discharge_revenue_aud,
        sum(charge_cost_aud) AS charge_cost_aud,
        sum(unpriced_discharge_mwh) AS unpriced_discharge_mwh,
        sum(unpriced_charge_mwh) AS unpriced_charge_mwh,
        sum(intervals) AS intervals
    FROM chosen
    GROUP BY time, battery
)

SELECT
    time,
    sum(discharge_mwh) * 12.0 / max(intervals) AS discharge_mw,
    sum(charge_mwh) * 12.0 / max(intervals) AS charge_mw,
    sum(discharge_mwh) AS discharge_mwh,
    sum(charge_mwh) AS charge_mwh,
    sum(discharge_revenue_aud) AS discharge_revenue_aud,
    sum(charge_cost_aud) AS charge_cost_aud,
    coalesce(sum(discharge_revenue_aud), 0) - coalesce(sum(charge_cost_aud), 0) AS revenue_aud,
    sum(discharge_revenue_aud) / nullif(sum(discharge_mwh) - sum(unpriced_discharge_mwh), 0)
        AS discharge_price_aud_per_mwh,
    sum(charge_cost_aud) / nullif(sum(charge_mwh) - sum(unpriced_charge_mwh), 0) AS charge_price_aud_per_mwh,
    CAST(count(*) AS BIGINT) AS batteries,
    CAST(sum(intervals) AS BIGINT) AS battery_intervals
FROM by_battery
GROUP BY time
ORDER BY time
