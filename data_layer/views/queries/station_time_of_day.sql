-- Grain: one row per item and half-hour of the day (minutes after midnight at its END, 30..1440).
-- outputs: station_outputs.sql.
WITH placed AS (
    SELECT
        item,
        date_diff('minute', CAST(market_date(settlementdate) AS TIMESTAMP), half_hour_end(settlementdate))
            AS time_of_day,
        mw,
        price_aud_per_mwh
    FROM outputs
)

SELECT
    item,
    CAST(time_of_day AS INTEGER) AS time_of_day,
    avg(mw) AS mw,
    quantile_cont(mw, 0.1) AS p10_mw,
    quantile_cont(mw, 0.9) AS p90_mw,
    avg(price_aud_per_mwh) AS price_aud_per_mwh,
    avg(mw * price_aud_per_mwh) AS revenue_aud_per_hour,
    CAST(count(*) AS BIGINT) AS intervals
FROM placed
GROUP BY item, time_of_day
ORDER BY item, time_of_day
