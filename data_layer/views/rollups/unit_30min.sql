-- Grain: one row per half-hour and unit, from the 5-minute readings. See tables/ for the measures.
-- Summed first; the registry's facts and the region's price are joined to the sums.
WITH sums AS (
    SELECT
        half_hour_end(settlementdate) AS settlementdate,
        duid,
        regionid,
        fuel,
        interval_energy_mwh(sum(greatest(mw, 0))) AS generation_mwh,
        interval_energy_mwh(sum(least(mw, 0))) AS load_mwh,
        interval_energy_mwh(sum(greatest(mw, 0) * price_aud_per_mwh)) AS generation_revenue_aud,
        interval_energy_mwh(sum(least(mw, 0) * price_aud_per_mwh)) AS load_revenue_aud,
        interval_energy_mwh(coalesce(sum(greatest(mw, 0)) FILTER (WHERE price_aud_per_mwh IS NULL), 0))
            AS unpriced_generation_mwh,
        interval_energy_mwh(coalesce(sum(least(mw, 0)) FILTER (WHERE price_aud_per_mwh IS NULL), 0))
            AS unpriced_load_mwh,
        interval_energy_mwh(coalesce(sum(capacity_mw), 0)) AS capacity_mwh,
        min(mw) AS min_mw,
        max(mw) AS max_mw,
        CAST(count(*) AS INTEGER) AS intervals,
        CAST(count(*) AS INTEGER) AS unit_intervals,
        6 AS unit_intervals_expected,
        6 AS covered_intervals,
        interval_energy_mwh(count(price_aud_per_mwh)) AS reference_hours,
        interval_energy_mwh(sum(price_aud_per_mwh)) AS reference_price_aud_hours_per_mwh
    FROM unit_interval
    GROUP BY half_hour_end(settlementdate), duid, regionid, fuel
)

SELECT
    s.settlementdate,
    s.duid,
    s.regionid,
    s.fuel,
    u.station_name,
    u.owner,
    CASE WHEN u.dispatch_type = 'LOAD' THEN NULL ELSE u.capacity_mw END AS capacity_mw,
    p.price_aud_hours_per_mwh / nullif(p.price_hours, 0) AS price_aud_per_mwh,
    s.generation_mwh,
    s.load_mwh,
    s.generation_revenue_aud,
    s.load_revenue_aud,
    s.unpriced_generation_mwh,
    s.unpriced_load_mwh,
    s.capacity_mwh,
    s.min_mw,
    s.max_mw,
    s.intervals,
    s.unit_intervals,
    s.unit_intervals_expected,
    s.covered_intervals,
    s.reference_hours,
    s.reference_price_aud_hours_per_mwh
FROM sums AS s
LEFT JOIN units AS u
    ON s.duid = u.duid AND s.settlementdate > u.valid_from AND s.settlementdate <= u.valid_to
LEFT JOIN region_30min AS p
    ON s.settlementdate = p.settlementdate AND s.regionid = p.regionid
