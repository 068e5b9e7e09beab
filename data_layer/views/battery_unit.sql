-- Grain: one row per DUID that is or was a battery's, with the battery it belongs to (named by a DUID). A
-- generator and a load that a bidirectional unit followed belong to it; a pair that nothing followed is
-- one battery too, named by the first of its station's DUIDs.
WITH facts AS (
    SELECT
        duid,
        max(successor_duid) AS successor_duid,
        arg_max(station_name, valid_from) AS station_name,
        arg_max(regionid, valid_from) AS regionid,
        arg_max(dispatch_type, valid_from) AS dispatch_type
    FROM units
    WHERE fuel = 'Battery Storage'
    GROUP BY duid
),

pairs AS (
    SELECT station_name, regionid, min(duid) AS battery
    FROM facts
    WHERE successor_duid IS NULL AND dispatch_type IN ('GENERATOR', 'LOAD')
    GROUP BY station_name, regionid
)

SELECT
    f.duid,
    coalesce(f.successor_duid, p.battery, f.duid) AS battery
FROM facts AS f
LEFT JOIN pairs AS p
    ON f.station_name = p.station_name
    AND f.regionid = p.regionid
    AND f.dispatch_type IN ('GENERATOR', 'LOAD')
