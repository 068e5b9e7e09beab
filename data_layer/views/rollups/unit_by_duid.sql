-- Grain: one row per unit and 5-minute interval in which it reported; the file's order is (duid, stamp).
-- Unit: MW, signed (consumption below zero).
SELECT
    duid,
    settlementdate,
    regionid,
    fuel,
    mw,
    capacity_mw
FROM unit_reading
