-- Grain: one row per unit or per station, of all that reported. source: unit rollups. Names are those of
-- the registry's last span before the period's end; a station stands with the fuel and in the region of
-- most of its generation. Ranks and the choice of rows follow in data_layer/ranks.py.
WITH names AS (
    SELECT
        duid,
        arg_max(station_name, valid_from) AS station_name,
        arg_max(owner, valid_from) AS owner,
        arg_max(CASE WHEN dispatch_type = 'LOAD' THEN NULL ELSE capacity_mw END, valid_from) AS capacity_mw
    FROM units
    WHERE valid_from < $period_end_day
    GROUP BY duid
),

by_unit AS (
    SELECT
        duid,
        fuel,
        regionid,
        sum(generation_mwh) AS generation_mwh,
        sum(load_mwh) AS load_mwh,
        sum(generation_revenue_aud) AS generation_revenue_aud,
        sum(load_revenue_aud) AS load_revenue_aud,
        sum(unpriced_generation_mwh) AS unpriced_generation_mwh,
        sum(unpriced_load_mwh) AS unpriced_load_mwh,
        sum(capacity_mwh) AS capacity_mwh,
        sum(reference_hours) AS reference_hours,
        sum(reference_price_aud_hours_per_mwh) AS reference_price_aud_hours_per_mwh,
        sum(unit_intervals) AS unit_intervals
    FROM source
    GROUP BY duid, fuel, regionid
),

named AS (
    SELECT
        CASE WHEN $by = 'unit' THEN b.duid ELSE coalesce('station:' || n.station_name, b.duid) END AS item,
        coalesce(n.station_name, b.duid) AS station_name,
        coalesce(n.owner, 'Unknown') AS owner,
        CASE WHEN row_number() OVER (PARTITION BY b.duid ORDER BY b.fuel, b.regionid) = 1 THEN n.capacity_mw END
            AS capacity_mw,
        b.*
    FROM by_unit AS b
    LEFT JOIN names AS n ON b.duid = n.duid
),

by_fuel AS (
    SELECT
        item,
        fuel,
        regionid,
        row_number() OVER (PARTITION BY item ORDER BY sum(generation_mwh) DESC, fuel, regionid) AS place
    FROM named
    GROUP BY item, fuel, regionid
),

pooled AS (
    SELECT
        item,
        min(station_name) AS station_name,
        CASE WHEN min(owner) = max(owner) THEN min(owner) ELSE min(owner) || ' and others' END AS owner,
        count(DISTINCT duid) AS units_found,
        sum(capacity_mw) AS capacity_mw,
        sum(generation_mwh) AS generation_mwh,
        sum(load_mwh) AS load_mwh,
        coalesce(sum(generation_revenue_aud), 0) + coalesce(sum(load_revenue_aud), 0) AS revenue_aud,
        sum(generation_revenue_aud) AS generation_revenue_aud,
        sum(load_revenue_aud) AS load_revenue_aud,
        sum(generation_revenue_aud) / nullif(sum(generation_mwh) - sum(unpriced_generation_mwh), 0)
            AS capture_price_aud_per_mwh,
        sum(load_revenue_aud) / nullif(sum(load_mwh) - sum(unpriced_load_mwh), 0) AS load_price_aud_per_mwh,
        sum(reference_price_aud_hours_per_mwh) / nullif(sum(reference_hours), 0)
            AS reference_price_aud_per_mwh,
        sum(generation_mwh) FILTER (WHERE capacity_mwh > 0) / nullif(sum(capacity_mwh), 0) AS capacity_factor,
        sum(unit_intervals) AS unit_intervals
    FROM named
    GROUP BY item
)

SELECT
    p.item,
    p.station_name,
    p.owner,
    f.fuel,
    f.regionid,
    CAST(p.units_found AS BIGINT) AS units_found,
    p.capacity_mw,
    p.generation_mwh,
    p.load_mwh,
    p.revenue_aud,
    p.generation_revenue_aud,
    p.load_revenue_aud,
    p.capture_price_aud_per_mwh,
    p.load_price_aud_per_mwh,
    p.reference_price_aud_per_mwh,
    -- Against a price of zero or below, a rate says nothing.
    CASE WHEN p.reference_price_aud_per_mwh > 0
        THEN p.capture_price_aud_per_mwh / p.reference_price_aud_per_mwh END AS capture_rate,
    p.capacity_factor,
    CAST(p.unit_intervals AS BIGINT) AS unit_intervals
FROM pooled AS p
INNER JOIN by_fuel AS f ON p.item = f.item AND f.place = 1
ORDER BY p.revenue_aud DESC, p.item
