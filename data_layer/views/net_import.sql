-- Grain: one row per 5-minute interval and region. Unit: MW, positive into the region.
-- METEREDMWFLOW is at the interval's start as SCADAVALUE is, so the two may be added. A flow whose
-- interconnector is not in the topology enters no region.
WITH flows AS (
    SELECT f.settlementdate, i.regionid_to AS regionid, f.meteredmwflow AS mw
    FROM interconnector_flow AS f
    INNER JOIN interconnectors AS i ON f.interconnectorid = i.interconnectorid
    UNION ALL
    SELECT f.settlementdate, i.regionid_from AS regionid, -f.meteredmwflow AS mw
    FROM interconnector_flow AS f
    INNER JOIN interconnectors AS i ON f.interconnectorid = i.interconnectorid
)

SELECT
    settlementdate,
    regionid,
    sum(mw) AS net_import_mw
FROM flows
GROUP BY settlementdate, regionid
