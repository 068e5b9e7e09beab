-- Grain: one row per region and month in which AEMO's net interchange (positive: out of the region) and the
-- metered flows of its lines differ by more than $import_mw in more than the share $balance_often of
-- intervals. MW.
WITH beside AS (
    SELECT settlementdate, regionid, netinterchange + net_import_mw AS off
    FROM region_5min
    WHERE netinterchange IS NOT NULL AND net_import_mw IS NOT NULL
)

SELECT
    'interconnector_flow' AS name,
    regionid AS place,
    count(*) FILTER (WHERE abs(off) > $import_mw) AS n,
    min(settlementdate) FILTER (WHERE abs(off) > $import_mw) AS first_at,
    max(settlementdate) FILTER (WHERE abs(off) > $import_mw) AS last_at,
    arg_max(off, abs(off)) AS worst,
    $import_mw AS bound
FROM beside
GROUP BY regionid
HAVING count(*) FILTER (WHERE abs(off) > $import_mw) > $balance_often * count(*)
