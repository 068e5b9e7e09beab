-- Grain: one row per unit or per station, of all that reported. source: unit rollups. Names are those of
-- the registry's last span before the period's end; a station stands with the fuel and in the region of
-- most of its generation. Ranks are over all, before regions and fuels choose rows (empty: all).
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
        sum(generation_mwh) / nullif(sum(capacity_mwh), 0) AS capacity_factor,
        sum(unit_intervals) AS unit_intervals
    FROM named
    GROUP BY item
),

-- What never generated has no place among generators. Rounded, so that equals share a rank.
ranked AS (
    SELECT
        p.*,
        f.fuel,
        f.regionid,
        p.capture_price_aud_per_mwh / nullif(p.reference_price_aud_per_mwh, 0) AS capture_rate,
        round(nullif(p.generation_mwh, 0), 6) AS energy_key,
        round(p.capture_price_aud_per_mwh, 6) AS price_key,
        round(p.capture_price_aud_per_mwh / nullif(p.reference_price_aud_per_mwh, 0), 9) AS rate_key,
        CASE WHEN p.generation_mwh > 0 THEN round(p.capacity_factor, 9) END AS cf_key
    FROM pooled AS p
    INNER JOIN by_fuel AS f ON p.item = f.item AND f.place = 1
),

placed AS (
    SELECT
        *,
        CASE WHEN energy_key IS NOT NULL THEN
            rank() OVER (PARTITION BY fuel, regionid ORDER BY energy_key DESC NULLS LAST) END AS energy_rank,
        count(energy_key) OVER (PARTITION BY fuel, regionid) AS energy_of,
        CASE WHEN energy_key IS NOT NULL THEN
            rank() OVER (PARTITION BY fuel ORDER BY energy_key DESC NULLS LAST) END AS energy_nem_rank,
        count(energy_key) OVER (PARTITION BY fuel) AS energy_nem_of,
        CASE WHEN price_key IS NOT NULL THEN
            rank() OVER (PARTITION BY fuel, regionid ORDER BY price_key DESC NULLS LAST) END AS price_rank,
        count(price_key) OVER (PARTITION BY fuel, regionid) AS price_of,
        CASE WHEN price_key IS NOT NULL THEN
            rank() OVER (PARTITION BY fuel ORDER BY price_key DESC NULLS LAST) END AS price_nem_rank,
        count(price_key) OVER (PARTITION BY fuel) AS price_nem_of,
        CASE WHEN rate_key IS NOT NULL THEN
            rank() OVER (PARTITION BY fuel, regionid ORDER BY rate_key DESC NULLS LAST) END AS rate_rank,
        count(rate_key) OVER (PARTITION BY fuel, regionid) AS rate_of,
        CASE WHEN rate_key IS NOT NULL THEN
            rank() OVER (PARTITION BY fuel ORDER BY rate_key DESC NULLS LAST) END AS rate_nem_rank,
        count(rate_key) OVER (PARTITION BY fuel) AS rate_nem_of,
        CASE WHEN cf_key IS NOT NULL THEN
            rank() OVER (PARTITION BY fuel, regionid ORDER BY cf_key DESC NULLS LAST) END AS cf_rank,
        count(cf_key) OVER (PARTITION BY fuel, regionid) AS cf_of,
        CASE WHEN cf_key IS NOT NULL THEN
            rank() OVER (PARTITION BY fuel ORDER BY cf_key DESC NULLS LAST) END AS cf_nem_rank,
        count(cf_key) OVER (PARTITION BY fuel) AS cf_nem_of
    FROM ranked
)

SELECT
    item,
    station_name,
    owner,
    fuel,
    regionid,
    CAST(units_found AS BIGINT) AS units_found,
    capacity_mw,
    generation_mwh,
    load_mwh,
    revenue_aud,
    generation_revenue_aud,
    load_revenue_aud,
    capture_price_aud_per_mwh,
    load_price_aud_per_mwh,
    reference_price_aud_per_mwh,
    capture_rate,
    capacity_factor,
    CAST(unit_intervals AS BIGINT) AS unit_intervals,
    energy_rank,
    energy_of,
    energy_nem_rank,
    energy_nem_of,
    price_rank,
    price_of,
    price_nem_rank,
    price_nem_of,
    rate_rank,
    rate_of,
    rate_nem_rank,
    rate_nem_of,
    cf_rank,
    cf_of,
    cf_nem_rank,
    cf_nem_of
FROM placed
WHERE (len($regions) = 0 OR list_contains($regions, regionid))
    AND (len($fuels) = 0 OR list_contains($fuels, fuel))
ORDER BY revenue_aud DESC, item
