-- Grain: that of source (unit rollups), for the units of the items. chosen: station_chosen.sql.
SELECT
    c.item,
    s.duid,
    s.time,
    s.generation_mwh,
    s.load_mwh,
    s.generation_revenue_aud,
    s.load_revenue_aud,
    s.unpriced_generation_mwh,
    s.capacity_mwh,
    s.reference_hours,
    s.reference_price_aud_hours_per_mwh,
    s.intervals
FROM source AS s
INNER JOIN chosen AS c ON s.duid = c.duid
