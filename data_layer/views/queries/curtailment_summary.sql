-- Grain: one row per region and fuel, per region ('All'), per fuel ('NEM'), and one for everything. source:
-- curtailment rollups. A region's fuel is expected in every interval of the period.
WITH by_region AS (
    SELECT
        regionid,
        fuel,
        sum(uigf_mwh) AS uigf_mwh,
        sum(cleared_mwh) AS cleared_mwh,
        sum(curtailed_mwh) AS curtailed_mwh,
        sum(economic_curtailed_mwh) AS economic_curtailed_mwh,
        sum(network_curtailed_mwh) AS network_curtailed_mwh,
        sum(unpriced_curtailed_mwh) AS unpriced_curtailed_mwh,
        sum(curtailed_value_aud) AS curtailed_value_aud,
        sum(intervals) AS intervals
    FROM source
    WHERE among(fuel, $fuels)
    GROUP BY regionid, fuel
),

sums AS (
    SELECT
        CASE WHEN grouping(regionid) = 1 THEN 'NEM' ELSE regionid END AS regionid,
        CASE WHEN grouping(fuel) = 1 THEN 'All' ELSE fuel END AS fuel,
        sum(uigf_mwh) AS uigf_mwh,
        sum(cleared_mwh) AS cleared_mwh,
        sum(curtailed_mwh) AS curtailed_mwh,
        sum(economic_curtailed_mwh) AS economic_curtailed_mwh,
        sum(network_curtailed_mwh) AS network_curtailed_mwh,
        sum(unpriced_curtailed_mwh) AS unpriced_curtailed_mwh,
        sum(curtailed_value_aud) AS curtailed_value_aud,
        sum(intervals) AS intervals,
        count(*) AS parts,
        grouping(regionid) AS every_region,
        grouping(fuel) AS every_fuel
    FROM by_region
    GROUP BY GROUPING SETS ((regionid, fuel), (regionid), (fuel), ())
    HAVING count(*) > 0
)

SELECT
    regionid,
    fuel,
    uigf_mwh,
    cleared_mwh,
    curtailed_mwh,
    economic_curtailed_mwh,
    network_curtailed_mwh,
    unpriced_curtailed_mwh,
    curtailed_mwh / nullif(uigf_mwh, 0) AS curtailed_share,
    curtailed_value_aud,
    CAST(intervals AS BIGINT) AS intervals,
    CAST(parts * $period_intervals AS BIGINT) AS intervals_expected
FROM sums
ORDER BY every_region DESC, regionid, every_fuel DESC, fuel
