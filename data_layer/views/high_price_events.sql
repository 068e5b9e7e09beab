-- Grain: one row per region and 5-minute interval with a high price in the last 30 market days of the data.
-- The line is the strike of the exchange-traded cap contract.
SELECT
    settlementdate,
    regionid AS region,
    price_aud_per_mwh
FROM region_5min
WHERE price_aud_per_mwh > high_price_aud_per_mwh()
    AND market_date(settlementdate)
        > (SELECT max(market_date(settlementdate)) FROM region_5min) - INTERVAL 30 DAY
