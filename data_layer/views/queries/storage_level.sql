-- Grain: one row per bucket (time) and region for which stored energy was published. source: the
-- 5-minute rows of region_demand. MWh in the region's bidirectional batteries together.
SELECT
    time,
    regionid,
    avg(bdu_energy_storage) AS stored_mwh,
    min(bdu_energy_storage) AS min_stored_mwh,
    max(bdu_energy_storage) AS max_stored_mwh,
    CAST(count(bdu_energy_storage) AS BIGINT) AS intervals
FROM source
WHERE bdu_energy_storage IS NOT NULL AND among(regionid, $regions)
GROUP BY time, regionid
ORDER BY time, regionid
