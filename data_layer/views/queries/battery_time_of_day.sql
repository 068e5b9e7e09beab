-- Grain: one row per half-hour of the day (minutes after midnight at its END, 30..1440) and region that has
-- chosen batteries. price_source: region rollups; the price is time-weighted over the same period.
WITH by_battery AS (
    SELECT
        time_of_day,
        regionid,
        battery,
        sum(discharge_mwh) AS discharge_mwh,
        sum(charge_mwh) AS charge_mwh,
        sum(discharge_revenue_aud) AS discharge_revenue_aud,
        sum(charge_cost_aud) AS charge_cost_aud,
        sum(unpriced_discharge_mwh) AS unpriced_discharge_mwh,
        sum(unpriced_charge_mwh) AS unpriced_charge_mwh,
        sum(intervals) AS intervals
    FROM chosen
    GROUP BY time_of_day, regionid, battery
),

by_region AS (
    SELECT
        time_of_day,
        regionid,
        sum(discharge_mwh) AS discharge_mwh,
        sum(charge_mwh) AS charge_mwh,
        sum(discharge_revenue_aud) AS discharge_revenue_aud,
        sum(charge_cost_aud) AS charge_cost_aud,
        sum(unpriced_discharge_mwh) AS unpriced_discharge_mwh,
        sum(unpriced_charge_mwh) AS unpriced_charge_mwh,
        max(intervals) AS intervals
    FROM by_battery
    GROUP BY time_of_day, regionid
),

prices AS (
    SELECT
        time_of_day,
        regionid,
        sum(price_aud_hours_per_mwh) / nullif(sum(price_hours), 0) AS price_aud_per_mwh
    FROM price_source
    GROUP BY time_of_day, regionid
)

SELECT
    CAST(b.time_of_day AS INTEGER) AS time_of_day,
    b.regionid,
    b.discharge_mwh * 12.0 / b.intervals AS discharge_mw,
    b.charge_mwh * 12.0 / b.intervals AS charge_mw,
    b.discharge_revenue_aud / nullif(b.discharge_mwh - b.unpriced_discharge_mwh, 0)
        AS discharge_price_aud_per_mwh,
    b.charge_cost_aud / nullif(b.charge_mwh - b.unpriced_charge_mwh, 0) AS charge_price_aud_per_mwh,
    p.price_aud_per_mwh,
    CAST(b.intervals AS BIGINT) AS intervals
FROM by_region AS b
LEFT JOIN prices AS p ON b.time_of_day = p.time_of_day AND b.regionid = p.regionid
ORDER BY b.time_of_day, b.regionid
