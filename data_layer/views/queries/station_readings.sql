-- Grain: as station_reported.sql, with the price of the unit's region. reported: station_reported.sql.
SELECT
    r.*,
    p.price_aud_per_mwh
FROM reported AS r
LEFT JOIN region_5min AS p ON r.settlementdate = p.settlementdate AND r.regionid = p.regionid
