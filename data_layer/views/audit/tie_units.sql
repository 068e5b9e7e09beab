-- Grain: one row per source and region: the month's readings, then each rollup made of them. MWh, AUD, counts.
-- Written from the tables alone, not through the views that the rollups are made with.
-- $first, $next: first day of the month and of the next.
WITH followed AS (
    SELECT DISTINCT duid, successor_duid
    FROM units
    WHERE successor_duid IS NOT NULL
),

doubled AS (
    SELECT old.settlementdate, old.duid
    FROM unit_scada AS old
    INNER JOIN followed AS f ON old.duid = f.duid
    INNER JOIN unit_scada AS new ON f.successor_duid = new.duid AND old.settlementdate = new.settlementdate
),

counted AS (
    SELECT s.settlementdate, s.duid, s.scadavalue
    FROM unit_scada AS s
    ANTI JOIN doubled AS d ON s.settlementdate = d.settlementdate AND s.duid = d.duid
),

placed AS (
    SELECT
        c.settlementdate,
        coalesce(u.regionid, 'Unmapped') AS place,
        CASE WHEN u.dispatch_type = 'LOAD' THEN 0.0 ELSE greatest(c.scadavalue, 0.0) END AS up_mw,
        CASE WHEN u.dispatch_type = 'LOAD' THEN -abs(c.scadavalue) ELSE least(c.scadavalue, 0.0) END AS down_mw
    FROM counted AS c
    LEFT JOIN units AS u
        ON c.duid = u.duid AND c.settlementdate > u.valid_from AND c.settlementdate <= u.valid_to
),

at_once AS (
    SELECT settlementdate, place, sum(up_mw) / 12.0 AS up_mwh, sum(down_mw) / 12.0 AS down_mwh, count(*) AS n
    FROM placed
    GROUP BY settlementdate, place
)

SELECT
    'readings' AS source,
    a.place,
    sum(a.up_mwh) AS generation_mwh,
    sum(a.down_mwh) AS load_mwh,
    sum(a.up_mwh * p.price_aud_per_mwh) AS generation_revenue_aud,
    sum(a.down_mwh * p.price_aud_per_mwh) AS load_revenue_aud,
    sum(a.n) AS readings
FROM at_once AS a
LEFT JOIN region_5min AS p ON a.settlementdate = p.settlementdate AND a.place = p.regionid
GROUP BY a.place
UNION ALL
SELECT
    'unit_by_duid', regionid, sum(greatest(mw, 0.0)) / 12.0, sum(least(mw, 0.0)) / 12.0, NULL, NULL, count(*)
FROM unit_by_duid
GROUP BY regionid
UNION ALL
SELECT
    'unit_30min', regionid, sum(generation_mwh), sum(load_mwh), sum(generation_revenue_aud),
    sum(load_revenue_aud), sum(unit_intervals)
FROM unit_30min
GROUP BY regionid
UNION ALL
SELECT
    'unit_day', regionid, sum(generation_mwh), sum(load_mwh), sum(generation_revenue_aud),
    sum(load_revenue_aud), sum(unit_intervals)
FROM unit_day
WHERE date >= $first AND date < $next
GROUP BY regionid
UNION ALL
SELECT
    'unit_month', regionid, sum(generation_mwh), sum(load_mwh), sum(generation_revenue_aud),
    sum(load_revenue_aud), sum(unit_intervals)
FROM unit_month
WHERE date = $first
GROUP BY regionid
UNION ALL
SELECT
    'region_fuel_5min', regionid, sum(generation_mwh), sum(load_mwh), sum(generation_revenue_aud),
    sum(load_revenue_aud), sum(unit_intervals)
FROM region_fuel_5min
WHERE fuel <> 'Rooftop Solar'
GROUP BY regionid
UNION ALL
SELECT
    'region_fuel_30min', regionid, sum(generation_mwh), sum(load_mwh), sum(generation_revenue_aud),
    sum(load_revenue_aud), sum(unit_intervals)
FROM region_fuel_30min
WHERE fuel <> 'Rooftop Solar'
GROUP BY regionid
UNION ALL
SELECT
    'region_fuel_day', regionid, sum(generation_mwh), sum(load_mwh), sum(generation_revenue_aud),
    sum(load_revenue_aud), sum(unit_intervals)
FROM region_fuel_day
WHERE fuel <> 'Rooftop Solar' AND date >= $first AND date < $next
GROUP BY regionid
UNION ALL
SELECT
    'region_fuel_month', regionid, sum(generation_mwh), sum(load_mwh), sum(generation_revenue_aud),
    sum(load_revenue_aud), sum(unit_intervals)
FROM region_fuel_month
WHERE fuel <> 'Rooftop Solar' AND date = $first
GROUP BY regionid
UNION ALL
SELECT
    'region_fuel_time_of_day', regionid, sum(generation_mwh), sum(load_mwh), NULL, NULL, NULL
FROM region_fuel_time_of_day
WHERE fuel <> 'Rooftop Solar' AND date = $first
GROUP BY regionid
