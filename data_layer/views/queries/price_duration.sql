-- Grain: one row per region and price step that occurred, highest first. share_at_or_above is exact: it
-- counts the step and every higher one, and price_aud_per_mwh is the lowest price found in the step.
WITH stepped AS (
    SELECT
        regionid,
        price_aud_per_mwh,
        CASE
            WHEN price_aud_per_mwh >= -100 AND price_aud_per_mwh < 300
                THEN floor(price_aud_per_mwh / $step_aud_per_mwh) * $step_aud_per_mwh
            WHEN price_aud_per_mwh >= -1000 AND price_aud_per_mwh < 1000 THEN floor(price_aud_per_mwh / 10) * 10
            ELSE floor(price_aud_per_mwh / 100) * 100
        END AS step
    FROM region_5min
    WHERE price_aud_per_mwh IS NOT NULL AND among(regionid, $regions)
),

counted AS (
    SELECT
        regionid,
        step,
        count(*) AS intervals,
        min(price_aud_per_mwh) AS lowest,
        max(price_aud_per_mwh) AS highest
    FROM stepped
    GROUP BY regionid, step
)

SELECT
    regionid,
    lowest AS price_aud_per_mwh,
    highest AS highest_price_aud_per_mwh,
    intervals,
    CAST(sum(intervals) OVER (PARTITION BY regionid ORDER BY step DESC) AS DOUBLE)
        / sum(intervals) OVER (PARTITION BY regionid) AS share_at_or_above
FROM counted
ORDER BY regionid, price_aud_per_mwh DESC
