-- Grain: one row per region and rank among its dearest 5-minute intervals. source: region rollups, for the
-- sum over the whole period. The cut is found by price alone (ranking with a second key would sort every
-- row), then what lies at or above it is ranked, of equal prices the earlier first.
WITH priced AS (
    SELECT settlementdate, regionid, price_aud_per_mwh
    FROM region_5min
    WHERE price_aud_per_mwh IS NOT NULL AND among(regionid, $regions)
),

by_price AS (
    SELECT
        regionid,
        price_aud_per_mwh,
        row_number() OVER (PARTITION BY regionid ORDER BY price_aud_per_mwh DESC) AS place
    FROM priced
),

cuts AS (
    SELECT regionid, min(price_aud_per_mwh) AS cut_aud_per_mwh
    FROM by_price
    WHERE place <= $top
    GROUP BY regionid
),

ranked AS (
    SELECT
        p.regionid,
        p.settlementdate,
        p.price_aud_per_mwh,
        row_number() OVER (PARTITION BY p.regionid ORDER BY p.price_aud_per_mwh DESC, p.settlementdate) AS rank
    FROM priced AS p
    INNER JOIN cuts AS c ON p.regionid = c.regionid
    WHERE p.price_aud_per_mwh >= c.cut_aud_per_mwh
),

summed AS (
    SELECT
        regionid,
        rank,
        settlementdate,
        price_aud_per_mwh,
        sum(price_aud_per_mwh) OVER (PARTITION BY regionid ORDER BY rank) AS removed
    FROM ranked
    WHERE rank <= $top
),

totals AS (
    SELECT regionid, sum(price_aud_hours_per_mwh) / interval_energy_mwh(1) AS price_sum, sum(intervals) AS intervals
    FROM source
    WHERE among(regionid, $regions)
    GROUP BY regionid
)

SELECT
    s.regionid,
    s.rank,
    s.settlementdate,
    s.price_aud_per_mwh,
    t.price_sum / t.intervals AS mean_price_aud_per_mwh,
    (t.price_sum - s.removed) / nullif(t.intervals - s.rank, 0) AS mean_without_aud_per_mwh,
    CASE WHEN t.price_sum > 0 THEN s.removed / t.price_sum END AS share_of_average,
    CAST(t.intervals AS BIGINT) AS intervals
FROM summed AS s
INNER JOIN totals AS t ON s.regionid = t.regionid
ORDER BY s.regionid, s.rank
