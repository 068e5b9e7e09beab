-- Grain: one row per source and line: metered flows, then each rollup of them. MWh, counts.
-- $first, $next: first day of the month and of the next.
SELECT
    'interconnector_flow' AS source,
    interconnectorid AS place,
    sum(greatest(meteredmwflow, 0.0)) / 12.0 AS export_mwh,
    sum(least(meteredmwflow, 0.0)) / 12.0 AS import_mwh,
    sum(mwlosses) / 12.0 AS losses_mwh,
    count(*) AS intervals
FROM interconnector_flow
GROUP BY interconnectorid
UNION ALL
SELECT
    'interconnector_30min', interconnectorid, sum(export_mwh), sum(import_mwh), sum(losses_mwh), sum(intervals)
FROM interconnector_30min
GROUP BY interconnectorid
UNION ALL
SELECT
    'interconnector_day', interconnectorid, sum(export_mwh), sum(import_mwh), sum(losses_mwh), sum(intervals)
FROM interconnector_day
WHERE date >= $first AND date < $next
GROUP BY interconnectorid
UNION ALL
SELECT
    'interconnector_month', interconnectorid, sum(export_mwh), sum(import_mwh), sum(losses_mwh), sum(intervals)
FROM interconnector_month
WHERE date = $first
GROUP BY interconnectorid
