-- Grain: one row per 5-minute interval and region. See tables.REGION_5MIN.
WITH stamps AS (
    SELECT settlementdate, regionid FROM settlement_price
    UNION
    SELECT settlementdate, regionid FROM region_demand
    UNION
    SELECT settlementdate, regionid FROM net_import
    UNION
    SELECT settlementdate, regionid FROM rooftop_5min
)

SELECT
    s.settlementdate,
    s.regionid,
    p.rrp,
    p.price_aud_per_mwh,
    p.price_source,
    d.totaldemand,
    d.demand_and_nonschedgen,
    d.netinterchange,
    n.net_import_mw,
    r.rooftop_mw,
    d.intervention
FROM stamps AS s
LEFT JOIN settlement_price AS p ON s.settlementdate = p.settlementdate AND s.regionid = p.regionid
LEFT JOIN region_demand AS d ON s.settlementdate = d.settlementdate AND s.regionid = d.regionid
LEFT JOIN net_import AS n ON s.settlementdate = n.settlementdate AND s.regionid = n.regionid
LEFT JOIN rooftop_5min AS r ON s.settlementdate = r.settlementdate AND s.regionid = r.regionid
ORDER BY s.settlementdate, s.regionid
