-- Grain: one row per source and region: net import from metered flows, then the rollups that carry it. MWh.
-- $first, $next: first day of the month and of the next.
WITH ends AS (
    SELECT i.regionid_to AS place, f.meteredmwflow AS mw
    FROM interconnector_flow AS f
    INNER JOIN interconnectors AS i ON f.interconnectorid = i.interconnectorid
    UNION ALL
    SELECT i.regionid_from, -f.meteredmwflow
    FROM interconnector_flow AS f
    INNER JOIN interconnectors AS i ON f.interconnectorid = i.interconnectorid
)

SELECT 'interconnector_flow' AS source, place, sum(mw) / 12.0 AS net_import_mwh
FROM ends
GROUP BY place
UNION ALL
SELECT 'region_5min', regionid, sum(net_import_mw) / 12.0
FROM region_5min
GROUP BY regionid
UNION ALL
SELECT 'region_30min', regionid, sum(net_import_mwh)
FROM region_30min
GROUP BY regionid
UNION ALL
SELECT 'region_day', regionid, sum(net_import_mwh)
FROM region_day
WHERE date >= $first AND date < $next
GROUP BY regionid
UNION ALL
SELECT 'region_month', regionid, sum(net_import_mwh)
FROM region_month
WHERE date = $first
GROUP BY regionid
