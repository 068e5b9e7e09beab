-- Grain: one row per bucket. What is found is counted by the need that was found least.
WITH parts AS (
    SELECT
        CAST(bucket_start($bucket, CAST(date AS TIMESTAMP)) AS DATE) AS bucket_start,
        regionid,
        share_part($definition, renewable_mwh, rooftop_mwh) AS renewable_mwh,
        share_whole($definition, demand_mwh, generation_mwh, demand_nonsched_mwh, rooftop_mwh) AS whole_mwh,
        share_hours($definition, unit_hours, demand_hours, demand_nonsched_hours, rooftop_hours) AS hours,
        share_hours($definition, unit_hours, demand_hours, demand_nonsched_hours, NULL) AS unit_hours,
        rooftop_hours,
        greatest(renewable_mwh, demand_mwh) AS anything_mwh
    FROM balance_day
    WHERE $region = 'NEM' OR regionid = $region
),

-- A region without any rooftop PV in the period cannot lack it.
regions AS (
    SELECT regionid, max(rooftop_hours) > 0 AS has_rooftop
    FROM parts
    WHERE regionid <> 'Unmapped'
    GROUP BY regionid
    HAVING max(greatest(unit_hours, rooftop_hours, anything_mwh)) > 0
)

SELECT
    p.bucket_start,
    sum(p.renewable_mwh) AS renewable_mwh,
    sum(p.whole_mwh) AS whole_mwh,
    sum(p.renewable_mwh) / nullif(sum(p.whole_mwh), 0) AS share,
    coalesce(
        sum(CASE WHEN r.has_rooftop THEN p.hours WHEN NOT r.has_rooftop THEN p.unit_hours END)
        / 24.0 / nullif((SELECT count(*) FROM regions), 0),
        0
    ) AS days_found,
    date_diff('day', p.bucket_start, CAST(p.bucket_start + $months * INTERVAL 1 MONTH AS DATE)) AS days
FROM parts AS p
LEFT JOIN regions AS r ON p.regionid = r.regionid
GROUP BY p.bucket_start
ORDER BY p.bucket_start
