-- Grain: one row per interconnector; flows holds its metered flow of every interval, MW, in no order. The
-- planner takes the quantiles: four hundred of them cost DuckDB ten times what sorting once costs.
SELECT
    interconnectorid,
    list(meteredmwflow) AS flows
FROM interconnector_flow
WHERE ($line = '' OR interconnectorid = $line) AND meteredmwflow IS NOT NULL
GROUP BY interconnectorid
ORDER BY interconnectorid
