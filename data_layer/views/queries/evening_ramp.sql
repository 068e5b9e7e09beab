-- Grain: one row per bucket. Half-hours end from 14:30 to 21:00 (start and end within 14:00 to 21:00); a
-- half-hour counts where all six intervals were found in every region.
WITH chosen AS (
    SELECT
        settlementdate,
        regionid,
        demand_mwh,
        wind_solar_mwh,
        demand_hours,
        unit_hours
    FROM balance_30min
    WHERE hour(settlementdate) * 60 + minute(settlementdate) BETWEEN 14 * 60 + 30 AND 21 * 60
        AND regionid <> 'Unmapped'
        AND ($region = 'NEM' OR regionid = $region)
),

halves AS (
    SELECT
        settlementdate,
        (sum(demand_mwh) - CASE WHEN $of = 'residual' THEN sum(wind_solar_mwh) ELSE 0 END) * 2.0 AS load_mw
    FROM chosen
    GROUP BY settlementdate
    HAVING count(*) FILTER (WHERE demand_hours > 0.49 AND ($of = 'demand' OR unit_hours > 0.49))
        = (SELECT count(DISTINCT regionid) FROM chosen WHERE demand_hours > 0)
),

-- Rounded, so that equals are equal whatever order the regions were added in.
rises AS (
    SELECT
        l.settlementdate,
        CAST(l.settlementdate AS DATE) AS date,
        round(l.load_mw - e.load_mw, 6) AS rise_mw
    FROM halves AS e
    INNER JOIN halves AS l ON l.settlementdate = e.settlementdate + INTERVAL 3 HOUR
),

ranked AS (
    SELECT
        date,
        settlementdate,
        rise_mw,
        row_number() OVER (PARTITION BY date ORDER BY rise_mw DESC, settlementdate) AS turn
    FROM rises
),

ramps AS (
    SELECT
        CAST(bucket_start($bucket, CAST(date AS TIMESTAMP)) AS DATE) AS bucket_start,
        settlementdate,
        rise_mw
    FROM ranked
    WHERE turn = 1
),

bounds AS (
    SELECT
        bucket_start,
        avg(rise_mw) AS mean_ramp_mw,
        max(rise_mw) AS max_ramp_mw,
        count(*) AS days_found
    FROM ramps
    GROUP BY bucket_start
)

SELECT
    b.bucket_start,
    b.mean_ramp_mw,
    b.max_ramp_mw,
    min(CASE WHEN r.rise_mw = b.max_ramp_mw THEN r.settlementdate END) AS max_ramp_at,
    CAST(b.days_found AS DOUBLE) AS days_found,
    date_diff('day', b.bucket_start, CAST(b.bucket_start + $months * INTERVAL 1 MONTH AS DATE)) AS days
FROM ramps AS r
INNER JOIN bounds AS b ON r.bucket_start = b.bucket_start
GROUP BY b.bucket_start, b.mean_ramp_mw, b.max_ramp_mw, b.days_found
ORDER BY b.bucket_start
