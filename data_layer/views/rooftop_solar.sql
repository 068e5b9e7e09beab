-- Grain: one row per half-hour (settlementdate, interval-ending) and region. Unit: MW, half-hour mean.
-- The best estimate of those published: DAILY, then MEASUREMENT, then SATELLITE; quality breaks ties.
WITH ranked AS (
    SELECT
        settlementdate,
        regionid,
        type,
        power,
        row_number() OVER (
            PARTITION BY settlementdate, regionid
            ORDER BY rooftop_type_rank(type), qi DESC NULLS LAST, power DESC
        ) AS choice
    FROM rooftop_pv
)

SELECT
    settlementdate,
    regionid,
    type,
    power AS rooftop_mw
FROM ranked
WHERE choice = 1
