-- Grain: one row per bucket (time) and region.
SELECT
    time,
    regionid,
    sum(price_aud_hours_per_mwh) / nullif(sum(price_hours), 0) AS price_aud_per_mwh,
    min(min_price_aud_per_mwh) AS min_price_aud_per_mwh,
    max(max_price_aud_per_mwh) AS max_price_aud_per_mwh,
    sum(demand_value_aud) / nullif(sum(priced_demand_mwh), 0) AS demand_weighted_price_aud_per_mwh,
    sum(demand_mwh) / nullif(sum(demand_hours), 0) AS demand_mw,
    sum(net_import_mwh) / nullif(sum(net_import_hours), 0) AS net_import_mw,
    CAST(sum(intervals) AS BIGINT) AS intervals,
    CAST(sum(intervals_expected) AS BIGINT) AS intervals_expected
FROM source
WHERE among(regionid, $regions)
GROUP BY time, regionid
ORDER BY time, regionid
