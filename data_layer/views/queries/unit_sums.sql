-- Grain: one row per unit, region and fuel that reported. source: unit rollups; rooftop_source: region x
-- fuel rollups, of which rooftop PV becomes one virtual unit per region; price_source: region rollups.
-- Measures are sums, so that the rows of several stretches add up. Facts are those of the registry's last
-- span before $period_end_day. reference_*: the hours, and price x hours, in which the unit reported and
-- its region had a price; for rooftop PV those of the region over the whole stretch.
WITH unit_sums AS (
    SELECT
        duid,
        regionid,
        fuel,
        sum(generation_mwh) AS generation_mwh,
        sum(load_mwh) AS load_mwh,
        sum(generation_revenue_aud) AS generation_revenue_aud,
        sum(load_revenue_aud) AS load_revenue_aud,
        sum(unpriced_generation_mwh) AS unpriced_generation_mwh,
        sum(unpriced_load_mwh) AS unpriced_load_mwh,
        sum(capacity_mwh) AS capacity_mwh,
        sum(unit_intervals) AS unit_intervals,
        sum(unit_intervals_expected) AS unit_intervals_expected,
        sum(covered_intervals) AS covered_intervals,
        sum(reference_hours) AS reference_hours,
        sum(reference_price_aud_hours_per_mwh) AS reference_price_aud_hours_per_mwh
    FROM source
    GROUP BY duid, regionid, fuel
),

region_prices AS (
    SELECT
        regionid,
        sum(price_hours) AS price_hours,
        sum(price_aud_hours_per_mwh) AS price_aud_hours_per_mwh
    FROM price_source
    GROUP BY regionid
),

rooftop_sums AS (
    SELECT
        regionid,
        fuel,
        sum(generation_mwh) AS generation_mwh,
        sum(load_mwh) AS load_mwh,
        sum(generation_revenue_aud) AS generation_revenue_aud,
        sum(load_revenue_aud) AS load_revenue_aud,
        sum(unpriced_generation_mwh) AS unpriced_generation_mwh,
        sum(unpriced_load_mwh) AS unpriced_load_mwh,
        sum(unit_intervals) AS unit_intervals,
        sum(unit_intervals_expected) AS unit_intervals_expected,
        sum(covered_intervals) AS covered_intervals
    FROM rooftop_source
    WHERE fuel = 'Rooftop Solar'
    GROUP BY regionid, fuel
),

facts AS (
    SELECT
        duid,
        arg_max(owner, valid_from) AS owner,
        arg_max(station_name, valid_from) AS station,
        arg_max(technology, valid_from) AS technology,
        arg_max(CASE WHEN dispatch_type = 'LOAD' THEN NULL ELSE capacity_mw END, valid_from) AS capacity_mw
    FROM units
    WHERE valid_from < $period_end_day
    GROUP BY duid
)

SELECT
    s.duid,
    s.regionid AS region,
    s.fuel,
    coalesce(f.owner, 'Unknown') AS owner,
    coalesce(f.station, 'Unknown') AS station,
    coalesce(f.technology, 'Unknown') AS technology,
    f.capacity_mw,
    s.generation_mwh,
    s.load_mwh,
    s.generation_revenue_aud,
    s.load_revenue_aud,
    s.unpriced_generation_mwh,
    s.unpriced_load_mwh,
    s.capacity_mwh,
    CAST(s.unit_intervals AS BIGINT) AS unit_intervals,
    CAST(s.unit_intervals_expected AS BIGINT) AS unit_intervals_expected,
    CAST(s.covered_intervals AS BIGINT) AS covered_intervals,
    s.reference_hours,
    s.reference_price_aud_hours_per_mwh
FROM unit_sums AS s
LEFT JOIN facts AS f ON s.duid = f.duid
UNION ALL
SELECT
    'rooftop ' || r.regionid AS duid,
    r.regionid AS region,
    r.fuel,
    'Households and businesses' AS owner,
    'Rooftop solar' AS station,
    'Rooftop photovoltaic' AS technology,
    CAST(NULL AS DOUBLE) AS capacity_mw,
    r.generation_mwh,
    r.load_mwh,
    r.generation_revenue_aud,
    r.load_revenue_aud,
    r.unpriced_generation_mwh,
    r.unpriced_load_mwh,
    0.0 AS capacity_mwh,
    CAST(r.unit_intervals AS BIGINT) AS unit_intervals,
    CAST(r.unit_intervals_expected AS BIGINT) AS unit_intervals_expected,
    CAST(r.covered_intervals AS BIGINT) AS covered_intervals,
    p.price_hours AS reference_hours,
    p.price_aud_hours_per_mwh AS reference_price_aud_hours_per_mwh
FROM rooftop_sums AS r
LEFT JOIN region_prices AS p ON r.regionid = p.regionid
