-- Grain: one row per item, unit of it and 5-minute interval in which the unit reported. MW signed.
-- chosen: station_chosen.sql.
SELECT
    c.item,
    c.place,
    r.duid,
    r.settlementdate,
    r.regionid,
    r.fuel,
    r.mw,
    r.capacity_mw
FROM unit_by_duid AS r
INNER JOIN chosen AS c ON r.duid = c.duid
