-- Grain: one row per region and 5-minute interval priced above $300/MWh in the last 30 market days of
-- the data. The line is the strike of the exchange-traded cap contract.
SELECT
    settlementdate,
    regionid AS region,
    price_aud_per_mwh
FROM region_5min
WHERE price_aud_per_mwh > 300
    AND market_date(settlementdate)
        > (SELECT max(market_date(settlementdate)) FROM region_5min) - INTERVAL 30 DAY
