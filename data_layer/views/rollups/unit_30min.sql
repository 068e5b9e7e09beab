-- Grain: one row per half-hour and unit, from the 5-minute readings. See tables.py for the measures.
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
    6 AS covered_intervals
FROM unit_interval
GROUP BY half_hour_end(settlementdate), duid, regionid, fuel
