-- Grain: one row per 5-minute interval and region. Unit: MW. The half-hour's mean, held over the six
-- intervals it covers; nothing is carried past the newest half-hour published.
WITH offsets AS (
    SELECT minutes FROM (VALUES (0), (5), (10), (15), (20), (25)) AS o (minutes)
)

SELECT
    r.settlementdate - o.minutes * INTERVAL 1 MINUTE AS settlementdate,
    r.regionid,
    r.rooftop_mw
FROM rooftop_solar AS r
CROSS JOIN offsets AS o
