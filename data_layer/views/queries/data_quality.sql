-- Grain: one row per market day and region of $regions, and one per day for units that no register knows.
-- $days and $expected: the days asked for and how many 5-minute intervals of each the lake could hold.
WITH days AS (
    SELECT unnest($days) AS date, unnest($expected) AS expected
),

places AS (
    SELECT unnest($regions) AS regionid
),

half_hours AS (
    SELECT
        CAST(settlementdate - INTERVAL 30 MINUTE AS DATE) AS date,
        regionid,
        count(*) FILTER (WHERE unit_hours > 0) AS rooftop_expected,
        count(*) FILTER (WHERE unit_hours > 0 AND rooftop_hours > 0) AS rooftop_found
    FROM balance_30min
    GROUP BY CAST(settlementdate - INTERVAL 30 MINUTE AS DATE), regionid
),

interventions AS (
    SELECT market_date(settlementdate) AS date, regionid, count(*) AS intervals
    FROM region_5min
    WHERE intervention = 1
    GROUP BY market_date(settlementdate), regionid
),

reported AS (
    SELECT
        date,
        regionid,
        count(DISTINCT duid) AS units_reporting,
        count(DISTINCT duid) FILTER (WHERE fuel = 'Unmapped') AS units_unmapped,
        sum(unit_intervals) AS readings_found
    FROM unit_day
    GROUP BY date, regionid
),

of_regions AS (
    SELECT
        d.date,
        p.regionid,
        d.expected AS intervals_expected,
        coalesce(r.intervals, 0) AS intervals_found,
        CAST(round(coalesce(r.demand_hours, 0) * 12) AS INTEGER) AS demand_found,
        coalesce(i.intervals, 0) AS intervention_intervals,
        coalesce(h.rooftop_expected, 0) AS rooftop_expected,
        coalesce(h.rooftop_found, 0) AS rooftop_found,
        d.expected AS day_intervals
    FROM days AS d
    CROSS JOIN places AS p
    LEFT JOIN region_day AS r ON d.date = r.date AND p.regionid = r.regionid
    LEFT JOIN half_hours AS h ON d.date = h.date AND p.regionid = h.regionid
    LEFT JOIN interventions AS i ON d.date = i.date AND p.regionid = i.regionid
    UNION ALL
    SELECT date, 'Unmapped' AS regionid, 0, 0, 0, 0, 0, 0, expected
    FROM days
)

SELECT
    CAST(o.date AS TIMESTAMP) AS time,
    o.regionid,
    o.intervals_expected,
    o.intervals_found,
    o.demand_found,
    o.intervention_intervals,
    o.rooftop_expected,
    o.rooftop_found,
    coalesce(u.units_reporting, 0) AS units_reporting,
    coalesce(u.units_unmapped, 0) AS units_unmapped,
    coalesce(u.units_reporting, 0) * o.day_intervals AS readings_expected,
    CAST(coalesce(u.readings_found, 0) AS BIGINT) AS readings_found
FROM of_regions AS o
LEFT JOIN reported AS u ON o.date = u.date AND o.regionid = u.regionid
WHERE o.regionid <> 'Unmapped' OR u.units_reporting > 0
