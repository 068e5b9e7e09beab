-- Grain: one row per station that generated in the last seven market days of the data.
SELECT
    station_name,
    owner,
    fuel_type,
    region,
    count(DISTINCT duid) AS unit_count,
    sum(generation_mwh) AS generation_mwh,
    max(date) AS last_date
FROM station_day
WHERE date > (SELECT max(date) FROM unit_day) - INTERVAL 7 DAY
GROUP BY station_name, owner, fuel_type, region
HAVING sum(generation_mwh) > 0
