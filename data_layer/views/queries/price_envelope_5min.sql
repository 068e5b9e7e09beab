-- Grain: at most two rows per region and bucket of $bucket_intervals 5-minute intervals: the intervals
-- of the lowest and of the highest settlement price, in time order.
WITH bucketed AS (
    SELECT
        regionid,
        settlementdate,
        price_aud_per_mwh,
        CAST(floor(
            (epoch(settlementdate) - epoch(CAST($first_stamp AS TIMESTAMP))) / (300.0 * $bucket_intervals)
        ) AS BIGINT) AS bucket
    FROM region_5min
    WHERE list_contains($regions, regionid) AND price_aud_per_mwh IS NOT NULL
),

extremes AS (
    SELECT
        regionid,
        bucket,
        arg_min(settlementdate, price_aud_per_mwh) AS low_time,
        min(price_aud_per_mwh) AS low_price,
        arg_max(settlementdate, price_aud_per_mwh) AS high_time,
        max(price_aud_per_mwh) AS high_price
    FROM bucketed
    GROUP BY regionid, bucket
)

SELECT low_time AS time, regionid, low_price AS price_aud_per_mwh FROM extremes
UNION
SELECT high_time AS time, regionid, high_price AS price_aud_per_mwh FROM extremes
ORDER BY regionid, time
