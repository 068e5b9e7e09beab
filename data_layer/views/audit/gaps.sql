-- Grain: one row per table and regions that lack as many intervals of the month, from the first to the last. $starts and $ends: the
-- first and the last stamp that each table of $names should hold; $minutes: how far apart they are.
WITH spans AS (
    SELECT
        unnest($names) AS name,
        unnest($starts) AS starts,
        unnest($ends) AS ends,
        unnest($minutes) AS minutes
),

found AS (
    SELECT 'unit_scada' AS name, '' AS place, settlementdate
    FROM unit_scada
    GROUP BY settlementdate
    UNION ALL
    SELECT 'dispatch_price', regionid, settlementdate
    FROM dispatch_price
    UNION ALL
    SELECT 'trading_price', regionid, settlementdate
    FROM trading_price
    UNION ALL
    SELECT 'region_demand', regionid, settlementdate
    FROM region_demand
    UNION ALL
    SELECT 'interconnector_flow', '', settlementdate
    FROM interconnector_flow
    GROUP BY settlementdate
    UNION ALL
    SELECT 'rooftop_pv', regionid, settlementdate
    FROM rooftop_pv
    GROUP BY regionid, settlementdate
),

wanted AS (
    SELECT
        s.name,
        p.place,
        unnest(generate_series(s.starts, s.ends, s.minutes * INTERVAL 1 MINUTE)) AS settlementdate
    FROM spans AS s
    INNER JOIN (
        SELECT unnest($regions) AS place
        UNION ALL
        SELECT ''
    ) AS p ON (p.place = '') = (s.name IN ('unit_scada', 'interconnector_flow'))
),

missing AS (
    SELECT
        w.name,
        w.place,
        count(*) AS n,
        min(w.settlementdate) AS first_at,
        max(w.settlementdate) AS last_at
    FROM wanted AS w
    ANTI JOIN found AS f ON w.name = f.name AND w.place = f.place AND w.settlementdate = f.settlementdate
    GROUP BY w.name, w.place
)

SELECT
    name,
    string_agg(place, ', ' ORDER BY place) AS place,
    n,
    first_at,
    last_at,
    CAST(NULL AS DOUBLE) AS worst,
    CAST(NULL AS DOUBLE) AS bound
FROM missing
GROUP BY name, n, first_at, last_at
