-- Grain: one row per interconnector; flows holds its metered flow, MW, at the shares asked ($shares).
SELECT
    interconnectorid,
    quantile_cont(meteredmwflow, $shares) AS flows,
    count(meteredmwflow) AS intervals
FROM interconnector_flow
WHERE ($line = '' OR interconnectorid = $line) AND meteredmwflow IS NOT NULL
GROUP BY interconnectorid
ORDER BY interconnectorid
