-- Grain: one row per run of consecutive 5-minute intervals above or below a price, the first 200 by
-- $order.
-- Consecutive stamps minus their position are constant within a run (gaps and islands), so a missing
-- interval ends it.
WITH beyond AS (
    SELECT
        regionid,
        settlementdate,
        price_aud_per_mwh,
        CASE WHEN price_aud_per_mwh > $high_aud_per_mwh THEN 'high' ELSE 'negative' END AS kind
    FROM region_5min
    WHERE among(regionid, $regions)
        AND (price_aud_per_mwh > $high_aud_per_mwh OR price_aud_per_mwh < $low_aud_per_mwh)
),

islands AS (
    SELECT
        regionid,
        kind,
        settlementdate,
        price_aud_per_mwh,
        settlementdate - INTERVAL 5 MINUTE * row_number() OVER (
            PARTITION BY regionid, kind ORDER BY settlementdate
        ) AS island
    FROM beyond
),

runs AS (
    SELECT
        regionid,
        kind,
        min(settlementdate) - INTERVAL 5 MINUTE AS start,
        max(settlementdate) AS last_stamp,
        count(*) AS intervals,
        CASE WHEN kind = 'high' THEN max(price_aud_per_mwh) ELSE min(price_aud_per_mwh) END
            AS extreme_price_aud_per_mwh,
        avg(price_aud_per_mwh) AS mean_price_aud_per_mwh
    FROM islands
    GROUP BY regionid, kind, island
)

SELECT
    regionid,
    kind,
    start,
    last_stamp AS "end",
    intervals,
    extreme_price_aud_per_mwh,
    mean_price_aud_per_mwh,
    count(*) OVER () AS events
FROM runs
ORDER BY
    CASE $order
        WHEN 'highest' THEN extreme_price_aud_per_mwh
        WHEN 'lowest' THEN -extreme_price_aud_per_mwh
        WHEN 'longest' THEN CAST(intervals AS DOUBLE)
        ELSE 0.0
    END DESC,
    last_stamp DESC,
    regionid,
    kind
LIMIT 200
