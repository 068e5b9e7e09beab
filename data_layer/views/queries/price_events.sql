-- Grain: one row per run of consecutive 5-minute intervals above or below a price, newest first.
-- Consecutive stamps minus their position are constant within a run (gaps and islands), so a missing
-- interval ends it.
WITH beyond AS (
    SELECT
        regionid,
        settlementdate,
        price_aud_per_mwh,
        CASE WHEN price_aud_per_mwh > $high_aud_per_mwh THEN 'high' ELSE 'negative' END AS kind
    FROM region_5min
    WHERE list_contains($regions, regionid)
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
)

SELECT
    regionid,
    kind,
    min(settlementdate) - INTERVAL 5 MINUTE AS start,
    max(settlementdate) AS "end",
    count(*) AS intervals,
    CASE WHEN kind = 'high' THEN max(price_aud_per_mwh) ELSE min(price_aud_per_mwh) END
        AS extreme_price_aud_per_mwh,
    avg(price_aud_per_mwh) AS mean_price_aud_per_mwh
FROM islands
GROUP BY regionid, kind, island
ORDER BY max(settlementdate) DESC, regionid, kind
LIMIT 200
