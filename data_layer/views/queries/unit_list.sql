-- Grain: one row per unit that the registry knew before the period's end, or that reported without being
-- known to any register. What a search looks through.
WITH known AS (
    SELECT
        duid,
        arg_max(station_name, valid_from) AS station_name,
        arg_max(owner, valid_from) AS owner,
        arg_max(fuel, valid_from) AS fuel,
        arg_max(regionid, valid_from) AS regionid,
        arg_max(CASE WHEN dispatch_type = 'LOAD' THEN NULL ELSE capacity_mw END, valid_from) AS capacity_mw
    FROM units
    WHERE valid_from < $period_end_day
    GROUP BY duid
)

SELECT duid, station_name, owner, fuel, regionid, capacity_mw FROM known
UNION ALL
SELECT DISTINCT duid, NULL, NULL, 'Unmapped', 'Unmapped', NULL FROM unit_month WHERE fuel = 'Unmapped'
ORDER BY duid
