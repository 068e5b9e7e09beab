-- Grain: one row per record: highest and lowest half-hour, day and month. Half-hours are compared from
-- balance_30min, days and months from balance_day.
WITH days AS (
    SELECT
        date,
        regionid,
        demand_mwh,
        demand_nonsched_mwh,
        generation_mwh,
        renewable_mwh,
        rooftop_mwh,
        rooftop_hours,
        share_hours($definition, unit_hours, demand_hours, demand_nonsched_hours, NULL) AS hours
    FROM balance_day
    WHERE $region = 'NEM' OR regionid = $region
),

-- A region without any rooftop PV in the period cannot lack it: it is not among with_rooftop.
expected AS (
    SELECT
        count(*) AS regions,
        count(*) FILTER (WHERE rooftop_hours > 0 AND $definition <> 'utility') AS with_rooftop
    FROM (
        SELECT regionid, max(rooftop_hours) AS rooftop_hours
        FROM days
        WHERE regionid <> 'Unmapped'
        GROUP BY regionid
        HAVING max(greatest(hours, rooftop_hours, renewable_mwh, demand_mwh)) > 0
    ) AS regions
),

-- Summed over the regions first, so that what is divided by what is worked out once for each time. Hours
-- found within half a minute of what a whole bucket needs: sums of twelfths are not exact.
half_hour_sums AS (
    SELECT
        settlementdate AS time,
        sum(demand_mwh) AS demand_mwh,
        sum(demand_nonsched_mwh) AS demand_nonsched_mwh,
        sum(generation_mwh) AS generation_mwh,
        sum(renewable_mwh) AS renewable_mwh,
        sum(rooftop_mwh) AS rooftop_mwh,
        sum(CASE WHEN regionid <> 'Unmapped'
            AND share_hours($definition, unit_hours, demand_hours, demand_nonsched_hours, NULL) > 0.49
            THEN 1 ELSE 0 END) AS regions,
        sum(CASE WHEN rooftop_hours > 0.49 THEN 1 ELSE 0 END) AS with_rooftop
    FROM balance_30min
    WHERE $region = 'NEM' OR regionid = $region
    GROUP BY settlementdate
),

day_sums AS (
    SELECT
        CAST(date AS TIMESTAMP) AS time,
        sum(demand_mwh) AS demand_mwh,
        sum(demand_nonsched_mwh) AS demand_nonsched_mwh,
        sum(generation_mwh) AS generation_mwh,
        sum(renewable_mwh) AS renewable_mwh,
        sum(rooftop_mwh) AS rooftop_mwh,
        sum(CASE WHEN regionid <> 'Unmapped' AND hours > $whole_hours - 0.01 THEN 1 ELSE 0 END) AS regions,
        sum(CASE WHEN rooftop_hours > $whole_hours - 0.01 THEN 1 ELSE 0 END) AS with_rooftop
    FROM days
    GROUP BY date
),

whole_half_hours AS (
    SELECT
        s.time,
        share_part($definition, s.renewable_mwh, s.rooftop_mwh) AS part_mwh,
        share_whole($definition, s.demand_mwh, s.generation_mwh, s.demand_nonsched_mwh, s.rooftop_mwh) AS whole_mwh
    FROM half_hour_sums AS s
    CROSS JOIN expected AS e
    WHERE s.regions >= e.regions AND s.with_rooftop >= e.with_rooftop
),

whole_days AS (
    SELECT
        s.time,
        share_part($definition, s.renewable_mwh, s.rooftop_mwh) AS part_mwh,
        share_whole($definition, s.demand_mwh, s.generation_mwh, s.demand_nonsched_mwh, s.rooftop_mwh) AS whole_mwh
    FROM day_sums AS s
    CROSS JOIN expected AS e
    WHERE s.regions >= e.regions AND s.with_rooftop >= e.with_rooftop
),

whole_months AS (
    SELECT
        date_trunc('month', time) AS time,
        sum(part_mwh) AS part_mwh,
        sum(whole_mwh) AS whole_mwh,
        count(*) AS days
    FROM whole_days
    GROUP BY date_trunc('month', time)
    HAVING count(*) = date_diff('day', date_trunc('month', time), date_trunc('month', time) + INTERVAL 1 MONTH)
),

candidates AS (
    SELECT 0 AS place, 'half-hour' AS length, time, part_mwh, whole_mwh, 0.5 AS hours FROM whole_half_hours
    UNION ALL
    SELECT 1, 'day', time, part_mwh, whole_mwh, 24.0 FROM whole_days
    UNION ALL
    SELECT 2, 'month', time, part_mwh, whole_mwh, 24.0 * days FROM whole_months
),

-- Rounded, so that equals are equal whatever order their parts were added in.
shares AS (
    SELECT
        place,
        length,
        time,
        round(part_mwh / whole_mwh, 9) AS share,
        part_mwh / hours AS renewable_mw,
        whole_mwh / hours AS whole_mw
    FROM candidates
    WHERE whole_mwh >= $least_mw * hours
),

bounds AS (
    SELECT place, max(share) AS highest, min(share) AS lowest, count(*) AS candidates
    FROM shares
    GROUP BY place
),

found AS (
    SELECT s.*, 'highest ' || s.length AS record, 0 AS side, b.candidates
    FROM shares AS s
    INNER JOIN bounds AS b ON s.place = b.place AND s.share = b.highest
    UNION ALL
    SELECT s.*, 'lowest ' || s.length AS record, 1 AS side, b.candidates
    FROM shares AS s
    INNER JOIN bounds AS b ON s.place = b.place AND s.share = b.lowest
),

ranked AS (
    SELECT *, row_number() OVER (PARTITION BY place, side ORDER BY time) AS turn FROM found
)

SELECT record, time AS time, share, renewable_mw, whole_mw, CAST(candidates AS BIGINT) AS candidates
FROM ranked
WHERE turn = 1
ORDER BY place, side
