-- Grain: one row per month (its first day), half-hour of the day, region and fuel, from
-- region_fuel_30min: the sums of which an average day is made.
SELECT
    CAST(date_trunc('month', settlementdate - INTERVAL 30 MINUTE) AS DATE) AS date,
    date_diff(
        'minute',
        CAST(CAST(settlementdate - INTERVAL 30 MINUTE AS DATE) AS TIMESTAMP),
        settlementdate
    ) AS time_of_day,
    regionid,
    fuel,
    sum(generation_mwh) AS generation_mwh,
    sum(load_mwh) AS load_mwh,
    CAST(sum(intervals) AS INTEGER) AS intervals
FROM region_fuel_30min
GROUP BY
    CAST(date_trunc('month', settlementdate - INTERVAL 30 MINUTE) AS DATE),
    date_diff(
        'minute',
        CAST(CAST(settlementdate - INTERVAL 30 MINUTE AS DATE) AS TIMESTAMP),
        settlementdate
    ),
    regionid,
    fuel
