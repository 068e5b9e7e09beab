-- Grain: one row per region, for the newest interval in which every region has a settlement price and
-- units reported.
WITH reported AS (
    SELECT settlementdate, count(DISTINCT regionid) AS regions
    FROM region_5min
    WHERE price_aud_per_mwh IS NOT NULL
    GROUP BY settlementdate
),

units_reported AS (
    SELECT DISTINCT settlementdate FROM region_fuel_5min WHERE fuel <> 'Rooftop Solar'
),

newest AS (
    SELECT max(r.settlementdate) AS settlementdate
    FROM reported AS r
    INNER JOIN units_reported AS u ON r.settlementdate = u.settlementdate
    WHERE r.regions = (SELECT max(regions) FROM reported)
),

fuels AS (
    SELECT
        f.regionid,
        sum(f.generation_mwh) * 12.0 AS generation_mw,
        sum(f.generation_mwh) FILTER (WHERE f.fuel IN ('Biomass', 'Water', 'Wind', 'Solar', 'Rooftop Solar')) * 12.0
            AS renewable_mw
    FROM region_fuel_5min AS f
    INNER JOIN newest AS n ON f.settlementdate = n.settlementdate
    GROUP BY f.regionid
)

SELECT
    p.settlementdate,
    p.regionid,
    p.price_aud_per_mwh,
    p.price_aud_per_mwh - b.price_aud_per_mwh AS price_change_aud_per_mwh,
    p.totaldemand AS demand_mw,
    p.net_import_mw,
    f.generation_mw,
    f.renewable_mw,
    p.rooftop_mw,
    f.renewable_mw / nullif(p.totaldemand + coalesce(p.rooftop_mw, 0), 0) AS renewable_share,
    p.rooftop_mw IS NULL AS rooftop_late
FROM region_5min AS p
INNER JOIN newest AS n ON p.settlementdate = n.settlementdate
LEFT JOIN region_5min AS b
    ON b.settlementdate = n.settlementdate - INTERVAL 5 MINUTE AND p.regionid = b.regionid
LEFT JOIN fuels AS f ON p.regionid = f.regionid
ORDER BY p.regionid
