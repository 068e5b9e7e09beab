-- Grain: one row per half-hour of the day (minutes after midnight at its END, 30..1440) and fuel.
WITH by_region AS (
    SELECT
        time_of_day,
        regionid,
        fuel,
        sum(generation_mwh) AS generation_mwh,
        sum(load_mwh) AS load_mwh,
        sum(intervals) AS intervals
    FROM source
    WHERE $region = 'NEM' OR regionid = $region
    GROUP BY time_of_day, regionid, fuel
)

SELECT
    CAST(time_of_day AS INTEGER) AS time_of_day,
    fuel,
    sum(generation_mwh * 12.0 / intervals) AS generation_mw,
    sum(load_mwh * 12.0 / intervals) AS load_mw,
    CAST(sum(intervals) AS BIGINT) AS intervals
FROM by_region
GROUP BY time_of_day, fuel
ORDER BY time_of_day, fuel
