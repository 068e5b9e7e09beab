-- Grain: one row per region and price band that occurred. A price on an edge belongs to the band above it;
-- an edge that is not given is null and starts no band.
WITH banded AS (
    SELECT
        regionid,
        price_aud_per_mwh,
        CASE WHEN price_aud_per_mwh >= $edge_1 THEN 1 ELSE 0 END
        + CASE WHEN price_aud_per_mwh >= $edge_2 THEN 1 ELSE 0 END
        + CASE WHEN price_aud_per_mwh >= $edge_3 THEN 1 ELSE 0 END
        + CASE WHEN price_aud_per_mwh >= $edge_4 THEN 1 ELSE 0 END
        + CASE WHEN price_aud_per_mwh >= $edge_5 THEN 1 ELSE 0 END
        + CASE WHEN price_aud_per_mwh >= $edge_6 THEN 1 ELSE 0 END
        + CASE WHEN price_aud_per_mwh >= $edge_7 THEN 1 ELSE 0 END
        + CASE WHEN price_aud_per_mwh >= $edge_8 THEN 1 ELSE 0 END AS band
    FROM region_5min
    WHERE price_aud_per_mwh IS NOT NULL AND among(regionid, $regions)
),

summed AS (
    SELECT regionid, band, count(*) AS intervals, sum(price_aud_per_mwh) AS price_sum
    FROM banded
    GROUP BY regionid, band
),

with_totals AS (
    SELECT
        regionid,
        band,
        intervals,
        price_sum,
        sum(intervals) OVER (PARTITION BY regionid) AS all_intervals,
        sum(price_sum) OVER (PARTITION BY regionid) AS all_price_sum
    FROM summed
)

SELECT
    regionid,
    band,
    CASE WHEN band > 0 THEN $edges[band] END AS low_aud_per_mwh,
    CASE WHEN band < len($edges) THEN $edges[band + 1] END AS high_aud_per_mwh,
    intervals,
    CAST(intervals AS DOUBLE) / all_intervals AS share_of_time,
    price_sum / intervals AS mean_price_aud_per_mwh,
    price_sum / all_intervals AS contribution_aud_per_mwh,
    price_sum / nullif(all_price_sum, 0) AS contribution_share
FROM with_totals
ORDER BY regionid, band
