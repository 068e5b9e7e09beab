-- Grain: one row per whole day of the period. The window that ends with it may begin before the period.
WITH by_fuel AS (
    SELECT date, regionid, fuel, generation_mwh, intervals
    FROM region_fuel_day
    WHERE $region = 'NEM' OR regionid = $region
),

regions AS (
    SELECT count(DISTINCT regionid) AS regions
    FROM by_fuel
    WHERE regionid <> 'Unmapped' AND fuel <> 'Rooftop Solar'
),

by_region AS (
    SELECT
        date,
        regionid,
        sum(generation_mwh) FILTER (WHERE among(fuel, $fuels)) AS chosen_mwh,
        sum(generation_mwh) FILTER (WHERE among(fuel, $fuels) AND fuel <> 'Battery Storage') AS part_mwh,
        sum(generation_mwh) FILTER (WHERE fuel <> 'Battery Storage') AS whole_mwh,
        max(intervals) FILTER (WHERE fuel <> 'Rooftop Solar') AS intervals
    FROM by_fuel
    GROUP BY date, regionid
),

whole_days AS (
    SELECT
        date,
        coalesce(sum(chosen_mwh), 0) AS chosen_mwh,
        coalesce(sum(part_mwh), 0) AS part_mwh,
        sum(whole_mwh) AS whole_mwh
    FROM by_region
    GROUP BY date
    HAVING count(*) FILTER (WHERE regionid <> 'Unmapped' AND intervals >= $whole_intervals)
        = (SELECT regions FROM regions)
),

windows AS (
    SELECT
        date,
        avg(chosen_mwh) OVER recent AS energy_mwh,
        sum(part_mwh) OVER recent AS part_mwh,
        sum(whole_mwh) OVER recent AS whole_mwh,
        count(*) OVER recent AS days_found
    FROM whole_days
    WINDOW recent AS (ORDER BY date RANGE BETWEEN $before * INTERVAL 1 DAY PRECEDING AND CURRENT ROW)
)

SELECT
    date,
    CASE WHEN days_found >= $needs THEN energy_mwh END AS energy_mwh,
    CASE WHEN days_found >= $needs AND $has_share THEN part_mwh / nullif(whole_mwh, 0) END AS share,
    CAST(days_found AS BIGINT) AS days_found
FROM windows
WHERE date >= CAST($first_day AS DATE)
ORDER BY date
