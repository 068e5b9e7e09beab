-- Grain: one row per market day and unit, with the registry's facts of that day. What the station views
-- below are made of; a unit the registry does not know is its own station, named by its DUID.
SELECT
    d.date,
    d.duid,
    coalesce(u.station_name, d.duid) AS station_name,
    coalesce(u.owner, 'Unknown') AS owner,
    d.fuel AS fuel_type,
    d.regionid AS region,
    CASE WHEN u.dispatch_type = 'LOAD' THEN NULL ELSE u.capacity_mw END AS capacity_mw,
    d.generation_mwh,
    d.load_mwh,
    d.generation_revenue_aud,
    d.load_revenue_aud,
    d.unpriced_generation_mwh,
    d.capacity_mwh,
    d.min_mw,
    d.max_mw,
    d.intervals,
    d.unit_intervals_expected
FROM unit_day AS d
LEFT JOIN units AS u
    ON d.duid = u.duid
    AND CAST(d.date AS TIMESTAMP) >= u.valid_from
    AND CAST(d.date AS TIMESTAMP) < u.valid_to
