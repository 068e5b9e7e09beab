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
    WHERE among(regionid, $regions) AND price_aud_per_mwh IS NOT NULL
),

ranked AS (
    SELECT
        regionid,
        settlementdate,
        price_aud_per_mwh,
        row_number() OVER (PARTITION BY regionid, bucket ORDER BY price_aud_per_mwh, settlementdate) AS from_low,
        row_number() OVER (PARTITION BY regionid, bucket ORDER BY price_aud_per_mwh DESC, settlementdate) AS from_high
    FROM bucketed
)

SELECT settlementdate AS time, regionid, price_aud_per_mwh AS price_aud_per_mwh FROM ranked WHERE from_low = 1
UNION
SELECT settlementdate AS time, regionid, price_aud_per_mwh AS price_aud_per_mwh FROM ranked WHERE from_high = 1
ORDER BY regionid, time, price_aud_per_mwh
