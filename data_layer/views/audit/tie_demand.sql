-- Grain: one row per source and region: AEMO's demand, then each rollup that carries it. MWh, counts.
-- $first, $next: first day of the month and of the next.
SELECT
    'region_demand' AS source,
    regionid AS place,
    sum(totaldemand) / 12.0 AS demand_mwh,
    sum(demand_and_nonschedgen) / 12.0 AS demand_nonsched_mwh,
    count(totaldemand) AS intervals
FROM region_demand
GROUP BY regionid
UNION ALL
SELECT
    'region_5min', regionid, sum(totaldemand) / 12.0, sum(demand_and_nonschedgen) / 12.0, count(totaldemand)
FROM region_5min
GROUP BY regionid
UNION ALL
SELECT 'region_30min', regionid, sum(demand_mwh), NULL, round(sum(demand_hours) * 12)
FROM region_30min
GROUP BY regionid
UNION ALL
SELECT 'region_day', regionid, sum(demand_mwh), NULL, round(sum(demand_hours) * 12)
FROM region_day
WHERE date >= $first AND date < $next
GROUP BY regionid
UNION ALL
SELECT 'region_month', regionid, sum(demand_mwh), NULL, round(sum(demand_hours) * 12)
FROM region_month
WHERE date = $first
GROUP BY regionid
UNION ALL
SELECT 'balance_30min', regionid, sum(demand_mwh), sum(demand_nonsched_mwh), round(sum(demand_hours) * 12)
FROM balance_30min
GROUP BY regionid
UNION ALL
SELECT 'balance_day', regionid, sum(demand_mwh), sum(demand_nonsched_mwh), round(sum(demand_hours) * 12)
FROM balance_day
WHERE date >= $first AND date < $next
GROUP BY regionid
