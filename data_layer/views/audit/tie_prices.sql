-- Grain: one row per source and region: AEMO's prices, then each rollup that carries them. The sum over
-- 5-minute intervals of the settlement price ($/MWh), and the intervals that have one.
-- $half_hourly: whether the month settled by half-hours; $first, $next: first day of it and of the next.
WITH half_hours AS (
    SELECT
        regionid,
        date_trunc('hour', settlementdate - INTERVAL 1 MINUTE)
        + CASE WHEN minute(settlementdate - INTERVAL 1 MINUTE) < 30 THEN INTERVAL 30 MINUTE ELSE INTERVAL 60 MINUTE END
            AS ends,
        sum(rrp) AS total,
        count(rrp) AS n
    FROM dispatch_price
    WHERE $half_hourly
    GROUP BY
        regionid,
        date_trunc('hour', settlementdate - INTERVAL 1 MINUTE)
        + CASE WHEN minute(settlementdate - INTERVAL 1 MINUTE) < 30 THEN INTERVAL 30 MINUTE ELSE INTERVAL 60 MINUTE END
),

settled AS (
    SELECT
        coalesce(t.regionid, h.regionid) AS place,
        CASE WHEN t.rrp IS NOT NULL THEN 6.0 * t.rrp WHEN h.n = 6 THEN h.total END AS price,
        CASE WHEN t.rrp IS NOT NULL OR h.n = 6 THEN 6 ELSE 0 END AS n
    FROM half_hours AS h
    FULL OUTER JOIN (SELECT * FROM trading_price WHERE $half_hourly) AS t
        ON h.ends = t.settlementdate AND h.regionid = t.regionid
    UNION ALL
    SELECT
        coalesce(d.regionid, t.regionid),
        coalesce(d.rrp, t.rrp),
        CASE WHEN coalesce(d.rrp, t.rrp) IS NULL THEN 0 ELSE 1 END
    FROM (SELECT * FROM dispatch_price WHERE NOT $half_hourly) AS d
    FULL OUTER JOIN (SELECT * FROM trading_price WHERE NOT $half_hourly) AS t
        ON d.settlementdate = t.settlementdate AND d.regionid = t.regionid
)

SELECT 'prices' AS source, place, sum(price) AS price_sum, sum(n) AS intervals
FROM settled
GROUP BY place
UNION ALL
SELECT 'region_5min', regionid, sum(price_aud_per_mwh), count(price_aud_per_mwh)
FROM region_5min
GROUP BY regionid
UNION ALL
SELECT 'region_30min', regionid, sum(price_aud_hours_per_mwh) * 12.0, sum(intervals)
FROM region_30min
GROUP BY regionid
UNION ALL
SELECT 'region_day', regionid, sum(price_aud_hours_per_mwh) * 12.0, sum(intervals)
FROM region_day
WHERE date >= $first AND date < $next
GROUP BY regionid
UNION ALL
SELECT 'region_month', regionid, sum(price_aud_hours_per_mwh) * 12.0, sum(intervals)
FROM region_month
WHERE date = $first
GROUP BY regionid
