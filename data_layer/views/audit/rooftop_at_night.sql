-- Grain: one row per region with rooftop PV in half-hours that lie between 21:00 and 04:00 AEST, when the sun
-- is down in every region all year. MW; less than 1 MW is an estimate's noise.
SELECT
    'rooftop_pv' AS name,
    regionid AS place,
    count(*) AS n,
    min(settlementdate) AS first_at,
    max(settlementdate) AS last_at,
    max(power) AS worst,
    1.0 AS bound
FROM rooftop_pv
WHERE
    (hour(settlementdate - INTERVAL 30 MINUTE) >= 21 OR hour(settlementdate - INTERVAL 30 MINUTE) < 4)
    AND power > 1.0
GROUP BY regionid
