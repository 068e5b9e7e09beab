-- Grain: one row per table and region with a price outside the limits in force. $/MWh.
-- $from_days, $caps, $floors: the market's limits, each from 00:00 of a day on.
WITH entries AS (
    SELECT unnest($from_days) AS since, unnest($caps) AS cap, unnest($floors) AS floor_price
),

limits AS (
    SELECT
        since,
        coalesce(lead(since) OVER (ORDER BY since), TIMESTAMP '2200-01-01 00:00:00') AS until,
        cap,
        floor_price
    FROM entries
),

found AS (
    SELECT 'dispatch_price' AS name, settlementdate, regionid, rrp
    FROM dispatch_price
    UNION ALL
    SELECT 'trading_price', settlementdate, regionid, rrp
    FROM trading_price
),

beside AS (
    SELECT f.*, l.cap, l.floor_price
    FROM found AS f
    INNER JOIN limits AS l ON f.settlementdate > l.since AND f.settlementdate <= l.until
)

SELECT
    name,
    regionid AS place,
    count(*) AS n,
    min(settlementdate) AS first_at,
    max(settlementdate) AS last_at,
    arg_max(rrp, greatest(rrp - cap, floor_price - rrp)) AS worst,
    arg_max(CASE WHEN rrp > cap THEN cap ELSE floor_price END, greatest(rrp - cap, floor_price - rrp)) AS bound
FROM beside
WHERE rrp > cap + 0.01 OR rrp < floor_price - 0.01 OR isnan(rrp)
GROUP BY name, regionid
