-- Grain: one row per half-hour, region and fuel. Percent of what the reporting units would have made at
-- registered capacity; null where no capacity is known (rooftop PV, unmapped units).
SELECT
    settlementdate,
    fuel AS fuel_type,
    regionid AS region,
    generation_mwh,
    capacity_mwh,
    100.0 * generation_mwh / nullif(capacity_mwh, 0) AS utilization_pct
FROM region_fuel_30min
