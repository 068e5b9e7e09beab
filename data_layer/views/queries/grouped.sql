-- Grain: that of source (unit rollups), with the registry's facts of the last span before the period's
-- end. Regions and fuels are those the rollup was priced with; an empty list means all.
SELECT
    s.duid,
    s.regionid AS region,
    s.fuel,
    coalesce(u.owner, 'Unknown') AS owner,
    coalesce(u.station_name, 'Unknown') AS station_name,
    coalesce(u.technology, 'Unknown') AS technology,
    u.capacity_mw,
    s.generation_mwh,
    s.load_mwh,
    s.generation_revenue_aud,
    s.load_revenue_aud,
    s.unpriced_generation_mwh,
    s.unpriced_load_mwh,
    s.capacity_mwh,
    s.unit_intervals,
    s.unit_intervals_expected
FROM source AS s
LEFT JOIN (
    SELECT
        duid,
        arg_max(owner, valid_from) AS owner,
        arg_max(station_name, valid_from) AS station_name,
        arg_max(technology, valid_from) AS technology,
        arg_max(CASE WHEN dispatch_type = 'LOAD' THEN NULL ELSE capacity_mw END, valid_from) AS capacity_mw
    FROM units
    WHERE valid_from < $period_end_day
    GROUP BY duid
) AS u ON s.duid = u.duid
WHERE (len($regions) = 0 OR among(s.regionid, $regions))
    AND (len($fuels) = 0 OR among(s.fuel, $fuels))
