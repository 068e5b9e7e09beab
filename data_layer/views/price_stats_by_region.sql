-- Grain: one row per region, over the last 30 market days of the data. Statistics of 5-minute
-- settlement prices: every interval weighs the same. Quantiles interpolate linearly.
WITH recent AS (
    SELECT regionid, price_aud_per_mwh
    FROM region_5min
    WHERE price_aud_per_mwh IS NOT NULL
        AND market_date(settlementdate)
            > (SELECT max(market_date(settlementdate)) FROM region_5min) - INTERVAL 30 DAY
)

SELECT
    regionid AS region,
    count(*) AS intervals,
    avg(price_aud_per_mwh) AS mean_price_aud_per_mwh,
    quantile_cont(price_aud_per_mwh, 0.5) AS median_price_aud_per_mwh,
    quantile_cont(price_aud_per_mwh, 0.25) AS q1_price_aud_per_mwh,
    quantile_cont(price_aud_per_mwh, 0.75) AS q3_price_aud_per_mwh,
    min(price_aud_per_mwh) AS min_price_aud_per_mwh,
    max(price_aud_per_mwh) AS max_price_aud_per_mwh,
    stddev_samp(price_aud_per_mwh) AS stddev_price_aud_per_mwh
FROM recent
GROUP BY regionid
