-- Grain: one row per bucket, from half-hours in which all six intervals were found in every region.
WITH chosen AS (
    SELECT settlementdate, regionid, demand_mwh, demand_hours
    FROM balance_30min
    WHERE demand_hours > 0 AND ($region = 'NEM' OR regionid = $region)
),

-- Rounded, so that equals are equal whatever order the regions were added in.
halves AS (
    SELECT
        settlementdate,
        CAST(bucket_start($bucket, settlementdate - INTERVAL 30 MINUTE) AS DATE) AS bucket_start,
        round(sum(demand_mwh) * 2.0, 6) AS demand_mw
    FROM chosen
    GROUP BY settlementdate
    HAVING count(*) FILTER (WHERE demand_hours > 0.49) = (SELECT count(DISTINCT regionid) FROM chosen)
),

bounds AS (
    SELECT
        bucket_start,
        max(demand_mw) AS max_demand_mw,
        min(demand_mw) AS min_demand_mw,
        avg(demand_mw) AS mean_demand_mw,
        count(*) AS half_hours
    FROM halves
    GROUP BY bucket_start
)

SELECT
    b.bucket_start,
    b.max_demand_mw,
    min(CASE WHEN h.demand_mw = b.max_demand_mw THEN h.settlementdate END) AS max_demand_at,
    b.min_demand_mw,
    min(CASE WHEN h.demand_mw = b.min_demand_mw THEN h.settlementdate END) AS min_demand_at,
    b.mean_demand_mw,
    b.half_hours / 48.0 AS days_found,
    date_diff('day', b.bucket_start, CAST(b.bucket_start + $months * INTERVAL 1 MONTH AS DATE)) AS days
FROM halves AS h
INNER JOIN bounds AS b ON h.bucket_start = b.bucket_start
GROUP BY b.bucket_start, b.max_demand_mw, b.min_demand_mw, b.mean_demand_mw, b.half_hours
ORDER BY b.bucket_start
