-- Grain: one row per bucket and fuel. source: region x fuel rollups with time = first day of the month.
-- A region's intervals are those of its best-covered fuel of units, so that a fuel that came later is
-- no gap; where there is rooftop PV only, no unit's day was found.
WITH by_region AS (
    SELECT
        CAST(bucket_start($bucket, time) AS DATE) AS bucket_start,
        regionid,
        fuel,
        sum(generation_mwh) AS generation_mwh,
        sum(load_mwh) AS load_mwh,
        sum(intervals) AS intervals
    FROM source
    WHERE $region = 'NEM' OR regionid = $region
    GROUP BY CAST(bucket_start($bucket, time) AS DATE), regionid, fuel
),

regions AS (
    SELECT nullif(count(DISTINCT regionid), 0) AS regions
    FROM by_region
    WHERE regionid <> 'Unmapped' AND fuel <> 'Rooftop Solar'
),

found AS (
    SELECT bucket_start, sum(intervals) AS intervals
    FROM (
        SELECT bucket_start, regionid, max(intervals) AS intervals
        FROM by_region
        WHERE regionid <> 'Unmapped' AND fuel <> 'Rooftop Solar'
        GROUP BY bucket_start, regionid
    ) AS best
    GROUP BY bucket_start
),

by_fuel AS (
    SELECT bucket_start, fuel, sum(generation_mwh) AS generation_mwh, sum(load_mwh) AS load_mwh
    FROM by_region
    GROUP BY bucket_start, fuel
),

wholes AS (
    SELECT bucket_start, nullif(sum(generation_mwh), 0) AS whole_mwh
    FROM by_fuel
    WHERE fuel <> 'Battery Storage'
    GROUP BY bucket_start
)

SELECT
    b.bucket_start,
    b.fuel,
    b.generation_mwh,
    b.load_mwh,
    CASE WHEN b.fuel <> 'Battery Storage' THEN b.generation_mwh / w.whole_mwh END AS share,
    coalesce(f.intervals / 288.0 / r.regions, 0) AS days_found,
    date_diff('day', b.bucket_start, CAST(b.bucket_start + $months * INTERVAL 1 MONTH AS DATE)) AS days
FROM by_fuel AS b
LEFT JOIN found AS f ON b.bucket_start = f.bucket_start
LEFT JOIN wholes AS w ON b.bucket_start = w.bucket_start
CROSS JOIN regions AS r
ORDER BY b.bucket_start, b.fuel
