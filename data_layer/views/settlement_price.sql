-- Grain: one row per 5-minute interval (settlementdate) and region. Unit: $/MWh.
-- Up to 2021-10-01 00:00 generators were paid the half-hour trading price, since then the 5-minute
-- dispatch price. Where a half-hour's trading price is missing, the mean of its six dispatch prices
-- (that is how AEMO formed it) stands in, and price_source says so.
WITH offsets AS (
    SELECT minutes FROM (VALUES (0), (5), (10), (15), (20), (25)) AS o (minutes)
),

trading_intervals AS (
    SELECT
        t.settlementdate - o.minutes * INTERVAL 1 MINUTE AS settlementdate,
        t.regionid,
        t.rrp
    FROM trading_price AS t
    CROSS JOIN offsets AS o
    WHERE t.settlementdate <= five_minute_settlement()
    UNION ALL
    SELECT settlementdate, regionid, rrp
    FROM trading_price
    WHERE settlementdate > five_minute_settlement()
),

six_dispatch_prices AS (
    SELECT half_hour_end(settlementdate) AS half_hour, regionid, avg(rrp) AS mean_rrp
    FROM dispatch_price
    WHERE settlementdate <= five_minute_settlement()
    GROUP BY half_hour_end(settlementdate), regionid
    HAVING count(rrp) = 6
),

both_prices AS (
    SELECT
        coalesce(d.settlementdate, t.settlementdate) AS settlementdate,
        coalesce(d.regionid, t.regionid) AS regionid,
        d.rrp,
        t.rrp AS trading_rrp
    FROM dispatch_price AS d
    FULL OUTER JOIN trading_intervals AS t
        ON d.settlementdate = t.settlementdate AND d.regionid = t.regionid
)

SELECT
    b.settlementdate,
    b.regionid,
    b.rrp,
    CASE
        WHEN b.settlementdate <= five_minute_settlement() THEN coalesce(b.trading_rrp, m.mean_rrp)
        ELSE coalesce(b.rrp, b.trading_rrp)
    END AS price_aud_per_mwh,
    CASE
        WHEN b.settlementdate <= five_minute_settlement() THEN
            CASE
                WHEN b.trading_rrp IS NOT NULL THEN 'trading'
                WHEN m.mean_rrp IS NOT NULL THEN 'mean of six dispatch prices'
            END
        WHEN b.rrp IS NOT NULL THEN 'dispatch'
        ELSE 'trading'
    END AS price_source
FROM both_prices AS b
LEFT JOIN six_dispatch_prices AS m
    ON half_hour_end(b.settlementdate) = m.half_hour AND b.regionid = m.regionid
