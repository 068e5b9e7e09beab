-- Grain: at most two rows per region and bucket, from a rollup's exact extremes. The rollup keeps no
-- stamp of the extreme: both carry the end of the rollup's own bucket in which it lies.
WITH bucketed AS (
    SELECT
        regionid,
        time,
        min_price_aud_per_mwh,
        max_price_aud_per_mwh,
        CAST(floor(
            (epoch(time) - epoch(CAST($first_stamp AS TIMESTAMP))) / (300.0 * $bucket_intervals)
        ) AS BIGINT) AS bucket
    FROM source
    WHERE list_contains($regions, regionid) AND max_price_aud_per_mwh IS NOT NULL
),

extremes AS (
    SELECT
        regionid,
        bucket,
        arg_min(time, min_price_aud_per_mwh) AS low_time,
        min(min_price_aud_per_mwh) AS low_price,
        arg_max(time, max_price_aud_per_mwh) AS high_time,
        max(max_price_aud_per_mwh) AS high_price
    FROM bucketed
    GROUP BY regionid, bucket
)

SELECT low_time AS time, regionid, low_price AS price_aud_per_mwh FROM extremes
UNION
SELECT high_time AS time, regionid, high_price AS price_aud_per_mwh FROM extremes
ORDER BY regionid, time
