-- Grain: one row per item and step of its duration curve: the output reached or passed in exceeded_share of
-- the intervals found. outputs: station_outputs.sql. $shares ascend from 0 to 1.
WITH curves AS (
    SELECT item, count(*) AS intervals, quantile_cont(-mw, $shares) AS steps
    FROM outputs
    GROUP BY item
)

SELECT
    item,
    unnest($shares) AS exceeded_share,
    -unnest(steps) AS mw,
    CAST(intervals AS BIGINT) AS intervals
FROM curves
ORDER BY item, exceeded_share
