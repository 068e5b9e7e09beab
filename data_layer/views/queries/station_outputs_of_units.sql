-- Grain: as station_outputs.sql, where every item is one unit: its readings are its output, and adding up
-- hundreds of thousands of single rows is spared. readings: station_readings.sql.
SELECT
    item,
    settlementdate,
    round(mw, 6) AS mw,
    capacity_mw,
    power(2.0, place) AS reporting,
    price_aud_per_mwh
FROM readings
