-- Grain: one row per item, unit of it and 5-minute interval in which the unit reported. MW signed; the
-- price is that of the unit's region. chosen: station_chosen.sql.
SELECT
    c.item,
    c.place,
    r.duid,
    r.settlementdate,
    r.regionid,
    r.fuel,
    r.mw,
    r.capacity_mw,
    p.price_aud_per_mwh
FROM unit_by_duid AS r
INNER JOIN chosen AS c ON r.duid = c.duid
LEFT JOIN region_5min AS p ON r.settlementdate = p.settlementdate AND r.regionid = p.regionid
