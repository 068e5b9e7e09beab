-- Grain: one row per station and region, largest first. Units registered during the period, by the facts of
-- the last span before its end. A unit that another replaces within the period is left to that one.
WITH facts AS (
    SELECT
        duid,
        coalesce(arg_max(station_name, valid_from), 'Unknown') AS station_name,
        arg_max(regionid, valid_from) AS regionid,
        arg_max(fuel, valid_from) AS fuel,
        arg_max(owner, valid_from) AS owner,
        coalesce(arg_max(capacity_mw, valid_from), 0) AS capacity_mw,
        arg_max(dispatch_type, valid_from) AS dispatch_type,
        arg_max(successor_duid, valid_from) AS successor_duid,
        arg_max(first_date, valid_from) AS first_date,
        arg_max(last_date, valid_from) AS last_date,
        arg_max(latitude, valid_from) AS latitude,
        arg_max(longitude, valid_from) AS longitude
    FROM units
    WHERE valid_from < $period_end
    GROUP BY duid
),

present AS (
    SELECT duid, station_name, regionid, fuel, owner, capacity_mw, latitude, longitude
    FROM facts
    WHERE (dispatch_type IS NULL OR dispatch_type <> 'LOAD')
        AND (first_date IS NULL OR first_date < $period_end)
        AND (
            last_date IS NULL
            OR last_date > CASE WHEN successor_duid IS NULL THEN $period_start ELSE $period_end END
        )
),

by_fuel AS (
    SELECT
        station_name,
        regionid,
        fuel,
        min(owner) AS owner,
        sum(capacity_mw) AS capacity_mw,
        count(*) AS units,
        sum(latitude) AS latitudes,
        sum(longitude) AS longitudes,
        count(latitude) AS places
    FROM present
    GROUP BY station_name, regionid, fuel
),

ranked AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY station_name, regionid ORDER BY capacity_mw DESC, fuel) AS place
    FROM by_fuel
)

SELECT
    station_name,
    regionid,
    max(fuel) FILTER (WHERE place = 1) AS fuel,
    max(owner) FILTER (WHERE place = 1) AS owner,
    sum(capacity_mw) AS capacity_mw,
    CAST(sum(units) AS BIGINT) AS units,
    sum(latitudes) / nullif(sum(places), 0) AS latitude,
    sum(longitudes) / nullif(sum(places), 0) AS longitude
FROM ranked
GROUP BY station_name, regionid
ORDER BY sum(capacity_mw) DESC, station_name, regionid
