-- Grain: one row per source: targets of semi-scheduled units, then each rollup of them. MWh, counts.
-- $first, $next: first day of the month and of the next.
SELECT
    'unit_dispatch' AS source,
    '' AS place,
    sum(uigf) / 12.0 AS uigf_mwh,
    sum(totalcleared) / 12.0 AS cleared_mwh,
    sum(CASE WHEN uigf > totalcleared THEN uigf - totalcleared ELSE 0.0 END) / 12.0 AS curtailed_mwh,
    count(*) AS intervals
FROM unit_dispatch
UNION ALL
SELECT 'unit_curtailment_30min', '', sum(uigf_mwh), sum(cleared_mwh), sum(curtailed_mwh), sum(intervals)
FROM unit_curtailment_30min
UNION ALL
SELECT 'unit_curtailment_day', '', sum(uigf_mwh), sum(cleared_mwh), sum(curtailed_mwh), sum(intervals)
FROM unit_curtailment_day
WHERE date >= $first AND date < $next
UNION ALL
SELECT 'unit_curtailment_month', '', sum(uigf_mwh), sum(cleared_mwh), sum(curtailed_mwh), sum(intervals)
FROM unit_curtailment_month
WHERE date = $first
