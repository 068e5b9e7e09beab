-- Grain: one row per 5-minute interval and unit that reported, with the settlement price of its region;
-- an interval without a price keeps its energy.
SELECT
    r.settlementdate,
    r.duid,
    r.scadavalue,
    r.mw,
    r.regionid,
    r.fuel,
    r.station_name,
    r.owner,
    r.technology,
    r.capacity_mw,
    p.price_aud_per_mwh
FROM unit_reading AS r
LEFT JOIN region_5min AS p ON r.settlementdate = p.settlementdate AND r.regionid = p.regionid
