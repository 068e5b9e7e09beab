-- Grain: one row per region, part of the week or year, and time of day. source: region rollups bucketed to
-- the half-hours or hours that `time` ends. part: 0, 1 (Monday) to 7, or year x 100 + month ($by).
WITH placed AS (
    SELECT
        regionid,
        market_date(time) AS market_day,
        date_diff('minute', CAST(market_date(time) AS TIMESTAMP), time) AS time_of_day,
        price_hours,
        price_aud_hours_per_mwh,
        min_price_aud_per_mwh,
        max_price_aud_per_mwh,
        priced_demand_mwh,
        demand_value_aud,
        intervals
    FROM source
    WHERE among(regionid, $regions)
),

-- 5 January 1970 was a Monday.
divided AS (
    SELECT
        *,
        CASE $by
            WHEN 'weekday' THEN date_diff('day', DATE '1970-01-05', market_day) % 7 + 1
            WHEN 'month' THEN year(market_day) * 100 + month(market_day)
            ELSE 0
        END AS part
    FROM placed
)

SELECT
    regionid,
    CAST(part AS INTEGER) AS part,
    CAST(time_of_day AS INTEGER) AS time_of_day,
    sum(price_aud_hours_per_mwh) / nullif(sum(price_hours), 0) AS price_aud_per_mwh,
    sum(demand_value_aud) / nullif(sum(priced_demand_mwh), 0) AS demand_weighted_price_aud_per_mwh,
    min(min_price_aud_per_mwh) AS min_price_aud_per_mwh,
    max(max_price_aud_per_mwh) AS max_price_aud_per_mwh,
    CAST(sum(intervals) AS BIGINT) AS intervals
FROM divided
GROUP BY regionid, part, time_of_day
HAVING sum(intervals) > 0
ORDER BY regionid, part, time_of_day
