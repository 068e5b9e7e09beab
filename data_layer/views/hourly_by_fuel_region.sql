-- Grain: one row per hour (its END), fuel and region. Energy and money are sums; MW are means, prices
-- time-weighted over the hour's intervals (never an average over unit rows).
WITH generation AS (
    SELECT
        date_trunc('hour', settlementdate - INTERVAL 30 MINUTE) + INTERVAL 60 MINUTE AS hour,
        fuel AS fuel_type,
        regionid AS region,
        max(unit_intervals_expected) / 6 AS unit_count,
        sum(generation_mwh) AS generation_mwh,
        sum(load_mwh) AS load_mwh,
        sum(generation_mwh) * 12.0 / sum(intervals) AS average_generation_mw,
        max(max_mw) AS max_mw,
        sum(generation_revenue_aud) + sum(load_revenue_aud) AS revenue_aud
    FROM region_fuel_30min
    GROUP BY date_trunc('hour', settlementdate - INTERVAL 30 MINUTE) + INTERVAL 60 MINUTE, fuel, regionid
),

prices AS (
    SELECT
        date_trunc('hour', settlementdate - INTERVAL 30 MINUTE) + INTERVAL 60 MINUTE AS hour,
        regionid AS region,
        sum(price_aud_hours_per_mwh) / nullif(sum(price_hours), 0) AS price_aud_per_mwh,
        max(max_price_aud_per_mwh) AS max_price_aud_per_mwh,
        min(min_price_aud_per_mwh) AS min_price_aud_per_mwh
    FROM region_30min
    GROUP BY date_trunc('hour', settlementdate - INTERVAL 30 MINUTE) + INTERVAL 60 MINUTE, regionid
)

SELECT
    g.hour,
    g.fuel_type,
    g.region,
    g.unit_count,
    g.generation_mwh,
    g.load_mwh,
    g.average_generation_mw,
    g.max_mw,
    g.revenue_aud,
    p.price_aud_per_mwh,
    p.max_price_aud_per_mwh,
    p.min_price_aud_per_mwh
FROM generation AS g
LEFT JOIN prices AS p ON g.hour = p.hour AND g.region = p.region
