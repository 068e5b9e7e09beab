-- Grain: one row per record: highest and lowest half-hour, day and month. Half-hours are compared from
-- balance_30min, days and months from balance_day.
WITH half_hours AS (
    SELECT
        settlementdate AS time,
        regionid,
        share_part($definition, renewable_mwh, rooftop_mwh) AS renewable_mwh,
        share_whole($definition, demand_mwh, generation_mwh, demand_nonsched_mwh, rooftop_mwh) AS whole_mwh,
        share_hours($definition, unit_hours, demand_hours, demand_nonsched_hours, rooftop_hours) AS hours,
        share_hours($definition, unit_hours, demand_hours, demand_nonsched_hours, NULL) AS unit_hours
    FROM balance_30min
    WHERE $region = 'NEM' OR regionid = $region
),

days AS (
    SELECT
        CAST(date AS TIMESTAMP) AS time,
        regionid,
        share_part($definition, renewable_mwh, rooftop_mwh) AS renewable_mwh,
        share_whole($definition, demand_mwh, generation_mwh, demand_nonsched_mwh, rooftop_mwh) AS whole_mwh,
        share_hours($definition, unit_hours, demand_hours, demand_nonsched_hours, rooftop_hours) AS hours,
        share_hours($definition, unit_hours, demand_hours, demand_nonsched_hours, NULL) AS unit_hours,
        rooftop_hours
    FROM balance_day
    WHERE $region = 'NEM' OR regionid = $region
),

regions AS (
    SELECT regionid, max(rooftop_hours) > 0 AS has_rooftop
    FROM days
    WHERE regionid <> 'Unmapped'
    GROUP BY regionid
    HAVING max(renewable_mwh) > 0 OR max(whole_mwh) > 0
),

-- Hours found within half a minute of what a whole bucket needs: sums of twelfths are not exact.
whole_half_hours AS (
    SELECT h.time, sum(h.renewable_mwh) AS renewable_mwh, sum(h.whole_mwh) AS whole_mwh
    FROM half_hours AS h
    LEFT JOIN regions AS r ON h.regionid = r.regionid
    GROUP BY h.time
    HAVING count(*) FILTER (WHERE CASE WHEN r.has_rooftop THEN h.hours ELSE h.unit_hours END > 0.5 - 0.01
        AND r.regionid IS NOT NULL)
        = (SELECT count(*) FROM regions)
),

whole_days AS (
    SELECT d.time, sum(d.renewable_mwh) AS renewable_mwh, sum(d.whole_mwh) AS whole_mwh
    FROM days AS d
    LEFT JOIN regions AS r ON d.regionid = r.regionid
    GROUP BY d.time
    HAVING count(*) FILTER (WHERE CASE WHEN r.has_rooftop THEN d.hours ELSE d.unit_hours END > $whole_hours - 0.01
        AND r.regionid IS NOT NULL)
        = (SELECT count(*) FROM regions)
),

whole_months AS (
    SELECT
        date_trunc('month', time) AS time,
        sum(renewable_mwh) AS renewable_mwh,
        sum(whole_mwh) AS whole_mwh,
        count(*) AS days
    FROM whole_days
    GROUP BY date_trunc('month', time)
    HAVING count(*) = date_diff('day', date_trunc('month', time), date_trunc('month', time) + INTERVAL 1 MONTH)
),

candidates AS (
    SELECT 0 AS place, 'half-hour' AS length, time, renewable_mwh, whole_mwh, 0.5 AS hours FROM whole_half_hours
    UNION ALL
    SELECT 1, 'day', time, renewable_mwh, whole_mwh, 24.0 FROM whole_days
    UNION ALL
    SELECT 2, 'month', time, renewable_mwh, whole_mwh, 24.0 * days FROM whole_months
),

-- Rounded, so that equals are equal whatever order their parts were added in.
shares AS (
    SELECT
        place,
        length,
        time,
        round(renewable_mwh / whole_mwh, 9) AS share,
        renewable_mwh / hours AS renewable_mw,
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
