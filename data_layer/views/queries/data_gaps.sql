-- Grain: one row per run of 5-minute intervals that is missing (or unusual) in $region, by kind and unit.
-- $gaps_start, $gaps_end: the period within the lake's own span.
WITH of_units AS MATERIALIZED (
    SELECT settlementdate, duid, regionid, fuel
    FROM unit_by_duid
    WHERE regionid = $region OR regionid = 'Unmapped'
),

of_region AS (
    SELECT settlementdate, price_aud_per_mwh, totaldemand, intervention
    FROM region_5min
    WHERE regionid = $region
),

stamps AS MATERIALIZED (
    SELECT 'price' AS kind, '' AS duid, settlementdate
    FROM of_region
    WHERE price_aud_per_mwh IS NOT NULL
    UNION ALL
    SELECT 'demand', '', settlementdate
    FROM of_region
    WHERE totaldemand IS NOT NULL
    UNION ALL
    SELECT DISTINCT 'readings', '', settlementdate
    FROM of_units
    WHERE regionid = $region
    UNION ALL
    SELECT 'unit', duid, settlementdate
    FROM of_units
    WHERE regionid = $region
),

kinds AS (
    SELECT 'price' AS kind, '' AS duid
    UNION ALL
    SELECT 'demand', ''
    UNION ALL
    SELECT 'readings', ''
    UNION ALL
    SELECT DISTINCT 'unit', duid
    FROM stamps
    WHERE kind = 'unit'
),

-- What was found, between a stamp before the first interval and one after the last.
fenced AS (
    SELECT kind, duid, settlementdate FROM stamps
    UNION ALL
    SELECT kind, duid, $gaps_start FROM kinds
    UNION ALL
    SELECT kind, duid, $gaps_end + INTERVAL 5 MINUTE FROM kinds
),

steps AS (
    SELECT
        kind,
        duid,
        settlementdate,
        lag(settlementdate) OVER (PARTITION BY kind, duid ORDER BY settlementdate) AS before
    FROM fenced
),

-- Stamps minus their position are constant within a run (gaps and islands).
late AS (
    SELECT
        settlementdate,
        settlementdate - INTERVAL 30 MINUTE * row_number() OVER (ORDER BY settlementdate) AS island
    FROM balance_30min
    WHERE regionid = $region AND unit_hours > 0 AND rooftop_hours = 0
),

intervened AS (
    SELECT
        settlementdate,
        settlementdate - INTERVAL 5 MINUTE * row_number() OVER (ORDER BY settlementdate) AS island
    FROM of_region
    WHERE intervention = 1
)

SELECT
    kind,
    $region AS regionid,
    duid,
    before AS start,
    settlementdate - INTERVAL 5 MINUTE AS "end",
    date_diff('minute', before, settlementdate) // 5 - 1 AS intervals
FROM steps
WHERE settlementdate > before + INTERVAL 5 MINUTE
UNION ALL
SELECT 'rooftop', $region, '', min(settlementdate) - INTERVAL 30 MINUTE, max(settlementdate), count(*) * 6
FROM late
GROUP BY island
UNION ALL
SELECT 'intervention', $region, '', min(settlementdate) - INTERVAL 5 MINUTE, max(settlementdate), count(*)
FROM intervened
GROUP BY island
UNION ALL
SELECT 'unmapped', regionid, duid, min(settlementdate) - INTERVAL 5 MINUTE, max(settlementdate), count(*)
FROM of_units
WHERE fuel = 'Unmapped'
GROUP BY regionid, duid
