-- Grain: one row per region with a price, over 5-minute settlement prices; every interval weighs the same.
-- Quantiles interpolate linearly. Caps: the market price cap in force at each interval; only prices above
-- $candidate_aud_per_mwh are held against them, since no cap was ever as low.
WITH caps AS (
    SELECT
        voll,
        CASE
            WHEN row_number() OVER (ORDER BY effectivedate) = 1 THEN TIMESTAMP '1900-01-01 00:00:00'
            ELSE effectivedate
        END AS valid_from,
        coalesce(lead(effectivedate) OVER (ORDER BY effectivedate), TIMESTAMP '2200-01-01 00:00:00') AS valid_to
    FROM price_thresholds
    WHERE voll IS NOT NULL
),

caps_in_force AS (
    SELECT min(voll) AS lowest_cap, max(voll) AS highest_cap
    FROM caps
    WHERE valid_from < $last_stamp AND valid_to > $first_stamp
),

at_cap AS (
    SELECT p.regionid, count(*) AS intervals
    FROM (
        SELECT settlementdate, regionid, price_aud_per_mwh
        FROM region_5min
        WHERE price_aud_per_mwh > $candidate_aud_per_mwh
    ) AS p
    INNER JOIN caps AS c ON p.settlementdate > c.valid_from AND p.settlementdate <= c.valid_to
    WHERE p.price_aud_per_mwh >= c.voll
    GROUP BY p.regionid
),

described AS (
    SELECT
        regionid,
        count(*) AS intervals,
        avg(price_aud_per_mwh) AS mean_price,
        sum(price_aud_per_mwh * totaldemand)
            / nullif(sum(totaldemand), 0) AS demand_weighted_price,
        quantile_cont(price_aud_per_mwh, [0.25, 0.5, 0.75]) AS quartiles,
        min(price_aud_per_mwh) AS min_price,
        max(price_aud_per_mwh) AS max_price,
        stddev_samp(price_aud_per_mwh) AS volatility,
        count(*) FILTER (WHERE price_aud_per_mwh < 0) AS negative_intervals
    FROM region_5min
    WHERE price_aud_per_mwh IS NOT NULL AND among(regionid, $regions)
    GROUP BY regionid
)

SELECT
    d.regionid,
    d.intervals,
    $intervals_expected AS intervals_expected,
    d.mean_price AS mean_price_aud_per_mwh,
    d.demand_weighted_price AS demand_weighted_price_aud_per_mwh,
    d.quartiles[1] AS q1_price_aud_per_mwh,
    d.quartiles[2] AS median_price_aud_per_mwh,
    d.quartiles[3] AS q3_price_aud_per_mwh,
    d.min_price AS min_price_aud_per_mwh,
    d.max_price AS max_price_aud_per_mwh,
    d.volatility AS volatility_aud_per_mwh,
    CAST(d.negative_intervals AS DOUBLE) / d.intervals AS negative_share,
    coalesce(a.intervals, 0) AS cap_intervals,
    CAST(coalesce(a.intervals, 0) AS DOUBLE) / d.intervals AS cap_share,
    c.lowest_cap AS lowest_cap_aud_per_mwh,
    c.highest_cap AS highest_cap_aud_per_mwh
FROM described AS d
LEFT JOIN at_cap AS a ON d.regionid = a.regionid
CROSS JOIN caps_in_force AS c
ORDER BY d.regionid
