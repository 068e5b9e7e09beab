-- Grain: one row per market day and fuel, NEM-wide. Capacity is that of the distinct units that
-- reported that day; capture price is generation revenue over priced generation.
WITH capacities AS (
    SELECT
        d.date,
        d.fuel,
        count(*) AS unit_count,
        sum(CASE WHEN u.dispatch_type = 'LOAD' THEN NULL ELSE u.capacity_mw END) AS capacity_mw
    FROM unit_day AS d
    LEFT JOIN units AS u
        ON d.duid = u.duid
        AND CAST(d.date AS TIMESTAMP) >= u.valid_from
        AND CAST(d.date AS TIMESTAMP) < u.valid_to
    GROUP BY d.date, d.fuel
),

sums AS (
    SELECT
        date,
        fuel,
        count(DISTINCT regionid) AS region_count,
        sum(generation_mwh) AS generation_mwh,
        sum(load_mwh) AS load_mwh,
        sum(generation_revenue_aud) AS generation_revenue_aud,
        sum(load_revenue_aud) AS load_revenue_aud,
        sum(unpriced_generation_mwh) AS unpriced_generation_mwh,
        sum(capacity_mwh) AS capacity_mwh
    FROM region_fuel_day
    GROUP BY date, fuel
)

SELECT
    s.date,
    s.fuel AS fuel_type,
    coalesce(c.unit_count, 0) AS unit_count,
    s.region_count,
    s.generation_mwh,
    s.load_mwh,
    coalesce(s.generation_revenue_aud, 0) + coalesce(s.load_revenue_aud, 0) AS revenue_aud,
    s.generation_revenue_aud / nullif(s.generation_mwh - s.unpriced_generation_mwh, 0)
        AS capture_price_aud_per_mwh,
    c.capacity_mw,
    100.0 * s.generation_mwh / nullif(s.capacity_mwh, 0) AS capacity_factor_pct
FROM sums AS s
LEFT JOIN capacities AS c ON s.date = c.date AND s.fuel = c.fuel
