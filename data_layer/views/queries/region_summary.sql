-- Grain: one row per region, and one for the NEM. source: region rollups; fuel_source: region x fuel.
WITH prices AS (
    SELECT
        regionid,
        sum(price_hours) AS price_hours,
        sum(price_aud_hours_per_mwh) AS price_aud_hours_per_mwh,
        min(min_price_aud_per_mwh) AS min_price_aud_per_mwh,
        max(max_price_aud_per_mwh) AS max_price_aud_per_mwh,
        sum(negative_price_hours) AS negative_price_hours,
        sum(demand_mwh) AS demand_mwh,
        sum(priced_demand_mwh) AS priced_demand_mwh,
        sum(demand_value_aud) AS demand_value_aud,
        sum(net_import_mwh) AS net_import_mwh,
        sum(intervals) AS intervals
    FROM source
    GROUP BY regionid
),

fuels AS (
    SELECT
        regionid,
        sum(generation_mwh) AS generation_mwh,
        sum(generation_mwh) FILTER (WHERE fuel <> 'Battery Storage') AS net_of_storage_mwh,
        sum(generation_mwh) FILTER (WHERE fuel IN ('Biomass', 'Water', 'Wind', 'Solar', 'Rooftop Solar'))
            AS renewable_mwh,
        sum(generation_mwh) FILTER (WHERE fuel = 'Rooftop Solar') AS rooftop_mwh,
        sum(generation_mwh) FILTER (WHERE fuel = 'Coal') AS coal_mwh,
        sum(generation_mwh) FILTER (WHERE fuel IN ('CCGT', 'OCGT', 'Gas other')) AS gas_mwh
    FROM fuel_source
    GROUP BY regionid
),

both_sides AS (
    SELECT
        coalesce(p.regionid, f.regionid) AS regionid,
        p.price_hours,
        p.price_aud_hours_per_mwh,
        p.min_price_aud_per_mwh,
        p.max_price_aud_per_mwh,
        p.negative_price_hours,
        p.demand_mwh,
        p.priced_demand_mwh,
        p.demand_value_aud,
        p.net_import_mwh,
        p.intervals,
        f.generation_mwh,
        f.net_of_storage_mwh,
        f.renewable_mwh,
        f.rooftop_mwh,
        f.coal_mwh,
        f.gas_mwh
    FROM prices AS p
    FULL OUTER JOIN fuels AS f ON p.regionid = f.regionid
),

-- One pass for the regions and for all of them together; what the registry does not place counts in
-- the NEM only.
with_nem AS (
    SELECT
        CASE WHEN grouping(regionid) = 1 THEN 'NEM' ELSE regionid END AS regionid,
        sum(price_hours) AS price_hours,
        sum(price_aud_hours_per_mwh) AS price_aud_hours_per_mwh,
        min(min_price_aud_per_mwh) AS min_price_aud_per_mwh,
        max(max_price_aud_per_mwh) AS max_price_aud_per_mwh,
        sum(negative_price_hours) AS negative_price_hours,
        sum(demand_mwh) AS demand_mwh,
        sum(priced_demand_mwh) AS priced_demand_mwh,
        sum(demand_value_aud) AS demand_value_aud,
        CASE WHEN grouping(regionid) = 1 THEN NULL ELSE sum(net_import_mwh) END AS net_import_mwh,
        sum(intervals) AS intervals,
        sum(generation_mwh) AS generation_mwh,
        sum(net_of_storage_mwh) AS net_of_storage_mwh,
        sum(renewable_mwh) AS renewable_mwh,
        sum(rooftop_mwh) AS rooftop_mwh,
        sum(coal_mwh) AS coal_mwh,
        sum(gas_mwh) AS gas_mwh,
        count(*) FILTER (WHERE regionid <> 'Unmapped') AS regions
    FROM both_sides
    GROUP BY GROUPING SETS ((regionid), ())
)

SELECT
    regionid,
    CASE
        WHEN regionid = 'NEM' THEN demand_value_aud / nullif(priced_demand_mwh, 0)
        ELSE price_aud_hours_per_mwh / nullif(price_hours, 0)
    END AS price_aud_per_mwh,
    CASE WHEN regionid = 'NEM' THEN 'demand-weighted' ELSE 'time-weighted' END AS price_basis,
    demand_value_aud / nullif(priced_demand_mwh, 0) AS demand_weighted_price_aud_per_mwh,
    min_price_aud_per_mwh,
    max_price_aud_per_mwh,
    negative_price_hours / nullif(price_hours, 0) AS negative_price_share,
    demand_mwh,
    generation_mwh,
    renewable_mwh,
    rooftop_mwh,
    coal_mwh,
    gas_mwh,
    renewable_mwh / nullif(demand_mwh + coalesce(rooftop_mwh, 0), 0) AS renewable_share,
    coal_mwh / nullif(net_of_storage_mwh, 0) AS coal_share,
    gas_mwh / nullif(net_of_storage_mwh, 0) AS gas_share,
    net_import_mwh,
    CAST(intervals AS BIGINT) AS intervals,
    CAST($intervals_expected * regions AS BIGINT) AS intervals_expected
FROM with_nem
WHERE regionid <> 'Unmapped' AND (regionid <> 'NEM' OR regions > 0)
ORDER BY CASE WHEN regionid = 'NEM' THEN 0 ELSE 1 END, regionid
