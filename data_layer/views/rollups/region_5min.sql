-- Grain: one row per 5-minute interval and region. See tables.REGION_5MIN. The four kinds of facts are
-- laid on top of each other and folded, so that each is computed once and none needs the others.
WITH facts AS (
    SELECT
        settlementdate,
        regionid,
        rrp,
        price_aud_per_mwh,
        price_source,
        CAST(NULL AS DOUBLE) AS totaldemand,
        CAST(NULL AS DOUBLE) AS demand_and_nonschedgen,
        CAST(NULL AS DOUBLE) AS netinterchange,
        CAST(NULL AS SMALLINT) AS intervention,
        CAST(NULL AS DOUBLE) AS net_import_mw,
        CAST(NULL AS DOUBLE) AS rooftop_mw
    FROM settlement_price
    UNION ALL
    SELECT
        settlementdate, regionid, NULL, NULL, NULL,
        totaldemand, demand_and_nonschedgen, netinterchange, intervention, NULL, NULL
    FROM region_demand
    UNION ALL
    SELECT settlementdate, regionid, NULL, NULL, NULL, NULL, NULL, NULL, NULL, net_import_mw, NULL
    FROM net_import
    UNION ALL
    SELECT settlementdate, regionid, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, rooftop_mw
    FROM rooftop_5min
)

SELECT
    settlementdate,
    regionid,
    max(rrp) AS rrp,
    max(price_aud_per_mwh) AS price_aud_per_mwh,
    max(price_source) AS price_source,
    max(totaldemand) AS totaldemand,
    max(demand_and_nonschedgen) AS demand_and_nonschedgen,
    max(netinterchange) AS netinterchange,
    max(net_import_mw) AS net_import_mw,
    max(rooftop_mw) AS rooftop_mw,
    max(intervention) AS intervention
FROM facts
GROUP BY settlementdate, regionid
