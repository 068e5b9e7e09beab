-- Grain: at most two rows per region and bucket, from a rollup's exact extremes and their stamps (of
-- equal prices the earliest).
WITH bucketed AS (
    SELECT
        regionid,
        time,
        min_price_aud_per_mwh,
        max_price_aud_per_mwh,
        min_price_at,
        max_price_at,
        CAST(floor(
            (
                epoch(greatest(
                    time - $row_minutes * INTERVAL 1 MINUTE, CAST($first_stamp AS TIMESTAMP)
                ))
                - epoch(CAST($first_stamp AS TIMESTAMP))
            ) / (300.0 * $bucket_intervals)
        ) AS BIGINT) AS bucket
    FROM source
    WHERE among(regionid, $regions) AND max_price_aud_per_mwh IS NOT NULL
),

ranked AS (
    SELECT
        regionid,
        min_price_aud_per_mwh,
        max_price_aud_per_mwh,
        min_price_at,
        max_price_at,
        row_number() OVER (PARTITION BY regionid, bucket ORDER BY min_price_aud_per_mwh, time) AS from_low,
        row_number() OVER (PARTITION BY regionid, bucket ORDER BY max_price_aud_per_mwh DESC, time) AS from_high
    FROM bucketed
)

SELECT min_price_at AS time, regionid, min_price_aud_per_mwh AS price_aud_per_mwh FROM ranked WHERE from_low = 1
UNION
SELECT max_price_at AS time, regionid, max_price_aud_per_mwh AS price_aud_per_mwh FROM ranked WHERE from_high = 1
ORDER BY regionid, time, price_aud_per_mwh
