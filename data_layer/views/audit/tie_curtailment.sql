-- Grain: one row per source and region: semi-scheduled targets, then each rollup of them. MWh, counts.
-- $first, $next: first day of the month and of the next.
WITH targets AS (
    SELECT regionid, ss_solar_uigf AS uigf, ss_solar_clearedmw AS cleared
    FROM region_demand
    UNION ALL
    SELECT regionid, ss_wind_uigf, ss_wind_clearedmw
    FROM region_demand
)

SELECT
    'region_demand' AS source,
    regionid AS place,
    sum(uigf) / 12.0 AS uigf_mwh,
    sum(cleared) / 12.0 AS cleared_mwh,
    sum(CASE WHEN uigf > cleared THEN uigf - cleared ELSE 0.0 END) / 12.0 AS curtailed_mwh,
    count(*) AS intervals
FROM targets
WHERE uigf IS NOT NULL AND cleared IS NOT NULL
GROUP BY regionid
UNION ALL
SELECT
    'curtailment_30min', regionid, sum(uigf_mwh), sum(cleared_mwh), sum(curtailed_mwh), sum(intervals)
FROM curtailment_30min
GROUP BY regionid
UNION ALL
SELECT 'curtailment_day', regionid, sum(uigf_mwh), sum(cleared_mwh), sum(curtailed_mwh), sum(intervals)
FROM curtailment_day
WHERE date >= $first AND date < $next
GROUP BY regionid
UNION ALL
SELECT 'curtailment_month', regionid, sum(uigf_mwh), sum(cleared_mwh), sum(curtailed_mwh), sum(intervals)
FROM curtailment_month
WHERE date = $first
GROUP BY regionid
