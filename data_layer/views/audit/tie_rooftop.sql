-- Grain: one row per source and region: the best estimate of rooftop PV, then each rollup of it. MWh.
-- $first, $next: first day of the month and of the next.
WITH best AS (
    SELECT
        settlementdate,
        regionid,
        arg_min(
            power,
            row(
                CASE type WHEN 'DAILY' THEN 1 WHEN 'MEASUREMENT' THEN 2 WHEN 'SATELLITE' THEN 3 ELSE 4 END,
                -coalesce(qi, -1e9),
                -power
            )
        ) AS mw
    FROM rooftop_pv
    GROUP BY settlementdate, regionid
)

SELECT 'rooftop_pv' AS source, regionid AS place, sum(mw) / 2.0 AS rooftop_mwh
FROM best
GROUP BY regionid
UNION ALL
SELECT 'region_5min', regionid, sum(rooftop_mw) / 12.0
FROM region_5min
GROUP BY regionid
UNION ALL
SELECT 'region_fuel_5min', regionid, sum(generation_mwh)
FROM region_fuel_5min
WHERE fuel = 'Rooftop Solar'
GROUP BY regionid
UNION ALL
SELECT 'region_fuel_30min', regionid, sum(generation_mwh)
FROM region_fuel_30min
WHERE fuel = 'Rooftop Solar'
GROUP BY regionid
UNION ALL
SELECT 'region_fuel_day', regionid, sum(generation_mwh)
FROM region_fuel_day
WHERE fuel = 'Rooftop Solar' AND date >= $first AND date < $next
GROUP BY regionid
UNION ALL
SELECT 'region_fuel_month', regionid, sum(generation_mwh)
FROM region_fuel_month
WHERE fuel = 'Rooftop Solar' AND date = $first
GROUP BY regionid
UNION ALL
SELECT 'region_fuel_time_of_day', regionid, sum(generation_mwh)
FROM region_fuel_time_of_day
WHERE fuel = 'Rooftop Solar' AND date = $first
GROUP BY regionid
UNION ALL
SELECT 'balance_30min', regionid, sum(rooftop_mwh)
FROM balance_30min
GROUP BY regionid
UNION ALL
SELECT 'balance_day', regionid, sum(rooftop_mwh)
FROM balance_day
WHERE date >= $first AND date < $next
GROUP BY regionid
