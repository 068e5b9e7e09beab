-- Grain: one row per bucket (time; null where the period is one bucket) and region. source: region rollups;
-- fuel_source: region x fuel rollups. The two are laid on top of each other and folded, because a join
-- would not find a null time. What the registry does not place is in no region.
WITH facts AS (
    SELECT
        time,
        regionid,
        price_hours,
        price_aud_hours_per_mwh,
        demand_mwh,
        demand_hours,
        net_import_mwh,
        net_import_hours,
        intervals,
        CAST(NULL AS DOUBLE) AS renewable_mwh,
        CAST(NULL AS DOUBLE) AS rooftop_mwh
    FROM source
    UNION ALL
    SELECT
        time, regionid, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
        CASE WHEN fuel IN ('Biomass', 'Water', 'Wind', 'Solar', 'Rooftop Solar') THEN generation_mwh END,
        CASE WHEN fuel = 'Rooftop Solar' THEN generation_mwh END
    FROM fuel_source
    WHERE regionid <> 'Unmapped'
)

SELECT
    time,
    regionid,
    sum(price_aud_hours_per_mwh) / nullif(sum(price_hours), 0) AS price_aud_per_mwh,
    sum(renewable_mwh) / nullif(sum(demand_mwh) + coalesce(sum(rooftop_mwh), 0), 0) AS renewable_share,
    sum(demand_mwh) / nullif(sum(demand_hours), 0) AS demand_mw,
    sum(net_import_mwh) / nullif(sum(net_import_hours), 0) AS net_import_mw,
    CAST(coalesce(sum(intervals), 0) AS BIGINT) AS intervals
FROM facts
GROUP BY time, regionid
ORDER BY time, regionid
