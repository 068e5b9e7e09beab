-- Grain: one row per item. readings: station_readings.sql; outputs: station_outputs.sql.
-- Output is compared with the output five minutes before, and only where the same units reported.
WITH by_unit AS (
    SELECT
        item,
        duid,
        min(regionid) AS first_regionid,
        max(regionid) AS last_regionid,
        min(fuel) AS first_fuel,
        max(fuel) AS last_fuel,
        arg_max(capacity_mw, settlementdate) AS capacity_mw,
        interval_energy_mwh(sum(greatest(mw, 0))) AS generation_mwh,
        interval_energy_mwh(sum(least(mw, 0))) AS load_mwh,
        interval_energy_mwh(sum(greatest(mw, 0) * price_aud_per_mwh)) AS generation_revenue_aud,
        interval_energy_mwh(sum(least(mw, 0) * price_aud_per_mwh)) AS load_revenue_aud,
        interval_energy_mwh(sum(greatest(mw, 0)) FILTER (WHERE price_aud_per_mwh IS NOT NULL))
            AS priced_generation_mwh,
        interval_energy_mwh(sum(least(mw, 0)) FILTER (WHERE price_aud_per_mwh IS NOT NULL)) AS priced_load_mwh,
        interval_energy_mwh(sum(capacity_mw)) AS capacity_mwh,
        interval_energy_mwh(sum(greatest(mw, 0)) FILTER (WHERE capacity_mw > 0)) AS rated_generation_mwh,
        sum(price_aud_per_mwh) AS reference_sum,
        count(price_aud_per_mwh) AS reference_count,
        interval_energy_mwh(sum(greatest(mw, 0)) FILTER (WHERE price_aud_per_mwh < 0)) AS negative_generation_mwh,
        interval_energy_mwh(sum(greatest(mw, 0) * price_aud_per_mwh) FILTER (WHERE price_aud_per_mwh < 0))
            AS negative_revenue_aud,
        interval_energy_mwh(sum(least(mw, 0)) FILTER (WHERE price_aud_per_mwh < 0)) AS negative_load_mwh,
        interval_energy_mwh(sum(least(mw, 0) * price_aud_per_mwh) FILTER (WHERE price_aud_per_mwh < 0))
            AS negative_load_revenue_aud,
        count(*) AS unit_intervals
    FROM readings
    GROUP BY item, duid
),

sums AS (
    SELECT
        item,
        CASE WHEN min(first_regionid) = max(last_regionid) THEN min(first_regionid)
            ELSE min(first_regionid) || ' + ' || max(last_regionid) END AS regionid,
        CASE WHEN min(first_fuel) = max(last_fuel) THEN min(first_fuel)
            ELSE min(first_fuel) || ' + ' || max(last_fuel) END AS fuel,
        count(*) AS units_found,
        sum(capacity_mw) AS capacity_mw,
        sum(generation_mwh) AS generation_mwh,
        sum(load_mwh) AS load_mwh,
        sum(generation_revenue_aud) AS generation_revenue_aud,
        sum(load_revenue_aud) AS load_revenue_aud,
        sum(priced_generation_mwh) AS priced_generation_mwh,
        sum(priced_load_mwh) AS priced_load_mwh,
        sum(capacity_mwh) AS capacity_mwh,
        sum(rated_generation_mwh) AS rated_generation_mwh,
        sum(reference_sum) / nullif(sum(reference_count), 0) AS reference_price_aud_per_mwh,
        coalesce(sum(negative_generation_mwh), 0) AS negative_generation_mwh,
        coalesce(sum(negative_revenue_aud), 0) AS negative_revenue_aud,
        coalesce(sum(negative_load_mwh), 0) AS negative_load_mwh,
        coalesce(sum(negative_load_revenue_aud), 0) AS negative_load_revenue_aud,
        sum(unit_intervals) AS unit_intervals
    FROM by_unit
    GROUP BY item
),

marked AS (
    SELECT
        item,
        settlementdate,
        mw,
        reporting,
        price_aud_per_mwh,
        mw > greatest($off_mw, $off_share * coalesce(capacity_mw, 0)) AS is_on
    FROM outputs
),

moves AS (
    SELECT
        item,
        settlementdate,
        mw,
        price_aud_per_mwh,
        is_on,
        lag(is_on) OVER by_item AS was_on,
        CASE
            WHEN lag(settlementdate) OVER by_item = settlementdate - INTERVAL 5 MINUTE
                AND lag(reporting) OVER by_item = reporting
                THEN round(mw - lag(mw) OVER by_item, 6)
        END AS change_mw
    FROM marked
    WINDOW by_item AS (PARTITION BY item ORDER BY settlementdate)
),

running AS (
    SELECT
        item,
        count(*) AS intervals,
        avg(mw) AS average_mw,
        max(mw) AS max_mw,
        min(mw) AS min_mw,
        count(*) FILTER (WHERE change_mw IS NOT NULL AND is_on AND NOT was_on) AS starts,
        count(*) FILTER (WHERE NOT is_on) AS off_intervals,
        count(*) FILTER (WHERE abs(mw) < $zero_mw) AS zero_intervals,
        count(*) FILTER (WHERE price_aud_per_mwh < 0) AS negative_intervals,
        count(*) FILTER (WHERE price_aud_per_mwh < 0 AND is_on) AS negative_on_intervals,
        max(change_mw) FILTER (WHERE change_mw > 0) AS max_rise_mw,
        min(change_mw) FILTER (WHERE change_mw < 0) AS max_fall_mw
    FROM moves
    GROUP BY item
),

extremes AS (
    SELECT
        m.item,
        min(m.settlementdate) FILTER (WHERE m.change_mw = r.max_rise_mw) AS max_rise_at,
        min(m.settlementdate) FILTER (WHERE m.change_mw = r.max_fall_mw) AS max_fall_at
    FROM moves AS m
    INNER JOIN running AS r ON m.item = r.item
    GROUP BY m.item
)

SELECT
    s.item,
    s.regionid,
    s.fuel,
    CAST(s.units_found AS BIGINT) AS units_found,
    s.capacity_mw,
    interval_energy_mwh(r.intervals) AS hours,
    s.generation_mwh,
    s.load_mwh,
    s.generation_revenue_aud,
    s.load_revenue_aud,
    s.generation_revenue_aud / nullif(s.priced_generation_mwh, 0) AS capture_price_aud_per_mwh,
    s.load_revenue_aud / nullif(s.priced_load_mwh, 0) AS load_price_aud_per_mwh,
    s.reference_price_aud_per_mwh,
    -- Against a price of zero or below, a rate says nothing.
    CASE WHEN s.reference_price_aud_per_mwh > 0
        THEN s.generation_revenue_aud / nullif(s.priced_generation_mwh, 0) / s.reference_price_aud_per_mwh END
        AS capture_rate,
    s.rated_generation_mwh / nullif(s.capacity_mwh, 0) AS capacity_factor,
    r.average_mw,
    r.max_mw,
    r.min_mw,
    CAST(r.starts AS BIGINT) AS starts,
    interval_energy_mwh(r.off_intervals) AS off_hours,
    interval_energy_mwh(r.zero_intervals) AS zero_hours,
    r.max_rise_mw,
    e.max_rise_at,
    r.max_fall_mw,
    e.max_fall_at,
    interval_energy_mwh(r.negative_intervals) AS negative_price_hours,
    interval_energy_mwh(r.negative_on_intervals) AS negative_generating_hours,
    s.negative_generation_mwh,
    s.negative_revenue_aud,
    s.negative_load_mwh,
    s.negative_load_revenue_aud,
    CAST(s.unit_intervals AS BIGINT) AS unit_intervals,
    CAST(s.units_found * $period_intervals AS BIGINT) AS unit_intervals_expected
FROM sums AS s
INNER JOIN running AS r ON s.item = r.item
INNER JOIN extremes AS e ON s.item = e.item
ORDER BY s.item
