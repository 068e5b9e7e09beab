-- Grain: one row per source and region: readings of battery storage, then each battery rollup. MWh, AUD.
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

stored AS (
    SELECT
        s.settlementdate,
        u.regionid AS place,
        CASE WHEN u.dispatch_type = 'LOAD' THEN -abs(s.scadavalue) ELSE s.scadavalue END AS mw
    FROM unit_scada AS s
    INNER JOIN units AS u
        ON s.duid = u.duid AND s.settlementdate > u.valid_from AND s.settlementdate <= u.valid_to
    ANTI JOIN doubled AS d ON s.settlementdate = d.settlementdate AND s.duid = d.duid
    WHERE u.fuel = 'Battery Storage'
)

SELECT
    'readings' AS source,
    b.place,
    sum(greatest(b.mw, 0.0)) / 12.0 AS discharge_mwh,
    sum(greatest(-b.mw, 0.0)) / 12.0 AS charge_mwh,
    sum(greatest(b.mw, 0.0) * p.price_aud_per_mwh) / 12.0 AS discharge_revenue_aud,
    sum(greatest(-b.mw, 0.0) * p.price_aud_per_mwh) / 12.0 AS charge_cost_aud
FROM stored AS b
LEFT JOIN region_5min AS p ON b.settlementdate = p.settlementdate AND b.place = p.regionid
GROUP BY b.place
UNION ALL
SELECT
    'battery_30min', regionid, sum(discharge_mwh), sum(charge_mwh), sum(discharge_revenue_aud),
    sum(charge_cost_aud)
FROM battery_30min
GROUP BY regionid
UNION ALL
SELECT
    'battery_day', regionid, sum(discharge_mwh), sum(charge_mwh), sum(discharge_revenue_aud),
    sum(charge_cost_aud)
FROM battery_day
WHERE date >= $first AND date < $next
GROUP BY regionid
UNION ALL
SELECT
    'battery_month', regionid, sum(discharge_mwh), sum(charge_mwh), sum(discharge_revenue_aud),
    sum(charge_cost_aud)
FROM battery_month
WHERE date = $first
GROUP BY regionid
