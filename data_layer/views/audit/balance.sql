-- Grain: one row per region and month whose intervals do not balance: generation of the units, less what
-- they consume, plus net import, against demand with non-scheduled generation (where AEMO gives it, else
-- demand). Rooftop PV is in neither. MW. Readings are of the interval's start and demand of its end, lines
-- lose some, and auxiliary use and some small units are on one side only: an interval is named where the two
-- differ by more than $balance_mw and by more than the share $balance_share of demand, and a month of a
-- region where that holds for more than the share $balance_often of its intervals.
WITH supplied AS (
    SELECT settlementdate, regionid, sum(generation_mwh + load_mwh) * 12.0 AS mw
    FROM region_fuel_5min
    WHERE fuel <> 'Rooftop Solar'
    GROUP BY settlementdate, regionid
),

beside AS (
    SELECT
        r.settlementdate,
        r.regionid,
        coalesce(r.demand_and_nonschedgen, r.totaldemand) AS demand,
        s.mw + coalesce(r.net_import_mw, 0.0) - coalesce(r.demand_and_nonschedgen, r.totaldemand) AS off
    FROM region_5min AS r
    INNER JOIN supplied AS s ON r.settlementdate = s.settlementdate AND r.regionid = s.regionid
    WHERE r.totaldemand IS NOT NULL
),

judged AS (
    SELECT *, abs(off) > greatest($balance_mw, $balance_share * abs(demand)) AS is_off
    FROM beside
)

SELECT
    'region_demand' AS name,
    regionid AS place,
    count(*) FILTER (WHERE is_off) AS n,
    min(settlementdate) FILTER (WHERE is_off) AS first_at,
    max(settlementdate) FILTER (WHERE is_off) AS last_at,
    arg_max(off, abs(off)) AS worst,
    $balance_mw AS bound
FROM judged
GROUP BY regionid
HAVING count(*) FILTER (WHERE is_off) > $balance_often * count(*)
