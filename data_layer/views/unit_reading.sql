-- Grain: one row per 5-minute interval and unit that reported. MW signed (consumption below zero).
-- A unit the registry does not know is 'Unmapped', never dropped. Where a battery's old DUID reports
-- beside its successor, the old one's readings are left out: they are the same megawatts. A LOAD has no
-- capacity to generate.
WITH superseded AS (
    SELECT old.settlementdate, old.duid
    FROM unit_scada AS old
    INNER JOIN (SELECT DISTINCT duid, successor_duid FROM units WHERE successor_duid IS NOT NULL) AS u
        ON old.duid = u.duid
    INNER JOIN unit_scada AS new
        ON u.successor_duid = new.duid AND old.settlementdate = new.settlementdate
)

SELECT
    s.settlementdate,
    s.duid,
    s.scadavalue,
    signed_mw(s.scadavalue, u.dispatch_type) AS mw,
    coalesce(u.regionid, 'Unmapped') AS regionid,
    coalesce(u.fuel, 'Unmapped') AS fuel,
    u.station_name,
    u.owner,
    u.technology,
    CASE WHEN u.dispatch_type = 'LOAD' THEN NULL ELSE u.capacity_mw END AS capacity_mw
FROM unit_scada AS s
LEFT JOIN units AS u
    ON s.duid = u.duid AND s.settlementdate > u.valid_from AND s.settlementdate <= u.valid_to
WHERE NOT EXISTS (
    SELECT 1 FROM superseded AS x WHERE x.settlementdate = s.settlementdate AND x.duid = s.duid
)
