-- Grain: one row per station, over all market days of the data. Capacity is the sum over its distinct
-- units; capture price is generation revenue over priced generation.
WITH capacities AS (
    SELECT station_name, sum(capacity_mw) AS capacity_mw
    FROM (
        SELECT station_name, duid, max(capacity_mw) AS capacity_mw
        FROM station_day
        GROUP BY station_name, duid
    ) AS by_unit
    GROUP BY station_name
),

sums AS (
    SELECT
        station_name,
        min(owner) AS owner,
        min(region) AS region,
        count(DISTINCT duid) AS unit_count,
        sum(generation_mwh) AS generation_mwh,
        sum(load_mwh) AS load_mwh,
        sum(generation_revenue_aud) AS generation_revenue_aud,
        sum(load_revenue_aud) AS load_revenue_aud,
        sum(unpriced_generation_mwh) AS unpriced_generation_mwh,
        sum(capacity_mwh) AS capacity_mwh,
        min(min_mw) AS min_unit_mw,
        max(max_mw) AS max_unit_mw,
        CAST(sum(intervals) AS BIGINT) AS unit_intervals,
        CAST(sum(unit_intervals_expected) AS BIGINT) AS unit_intervals_expected,
        min(date) AS first_date,
        max(date) AS last_date
    FROM station_day
    GROUP BY station_name
)

SELECT
    s.station_name,
    s.owner,
    s.region,
    s.unit_count,
    s.generation_mwh,
    s.load_mwh,
    coalesce(s.generation_revenue_aud, 0) + coalesce(s.load_revenue_aud, 0) AS revenue_aud,
    s.generation_revenue_aud / nullif(s.generation_mwh - s.unpriced_generation_mwh, 0)
        AS capture_price_aud_per_mwh,
    c.capacity_mw,
    100.0 * s.generation_mwh / nullif(s.capacity_mwh, 0) AS capacity_factor_pct,
    s.min_unit_mw,
    s.max_unit_mw,
    s.unit_intervals,
    s.unit_intervals_expected,
    s.first_date,
    s.last_date
FROM sums AS s
LEFT JOIN capacities AS c ON s.station_name = c.station_name
