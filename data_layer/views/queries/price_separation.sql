-- Grain: one row: for every pair of regions the mean absolute and the mean difference of their settlement
-- prices ($/MWh, the first less the second), the intervals more than $above apart, and those with both
-- prices. One pass: five prices side by side for every stamp, then the ten differences. The planner turns
-- the columns into rows.
WITH side_by_side AS (
    SELECT
        settlementdate,
        max(price_aud_per_mwh) FILTER (WHERE regionid = 'NSW1') AS nsw1,
        max(price_aud_per_mwh) FILTER (WHERE regionid = 'QLD1') AS qld1,
        max(price_aud_per_mwh) FILTER (WHERE regionid = 'SA1') AS sa1,
        max(price_aud_per_mwh) FILTER (WHERE regionid = 'TAS1') AS tas1,
        max(price_aud_per_mwh) FILTER (WHERE regionid = 'VIC1') AS vic1
    FROM region_5min
    GROUP BY settlementdate
),

differences AS (
    SELECT
        nsw1 - qld1 AS nsw1_qld1,
        nsw1 - sa1 AS nsw1_sa1,
        nsw1 - tas1 AS nsw1_tas1,
        nsw1 - vic1 AS nsw1_vic1,
        qld1 - sa1 AS qld1_sa1,
        qld1 - tas1 AS qld1_tas1,
        qld1 - vic1 AS qld1_vic1,
        sa1 - tas1 AS sa1_tas1,
        sa1 - vic1 AS sa1_vic1,
        tas1 - vic1 AS tas1_vic1
    FROM side_by_side
)

SELECT
    avg(abs(nsw1_qld1)) AS nsw1_qld1_absolute,
    avg(nsw1_qld1) AS nsw1_qld1_mean,
    count(*) FILTER (WHERE abs(nsw1_qld1) > $above) AS nsw1_qld1_apart,
    count(nsw1_qld1) AS nsw1_qld1_intervals,
    avg(abs(nsw1_sa1)) AS nsw1_sa1_absolute,
    avg(nsw1_sa1) AS nsw1_sa1_mean,
    count(*) FILTER (WHERE abs(nsw1_sa1) > $above) AS nsw1_sa1_apart,
    count(nsw1_sa1) AS nsw1_sa1_intervals,
    avg(abs(nsw1_tas1)) AS nsw1_tas1_absolute,
    avg(nsw1_tas1) AS nsw1_tas1_mean,
    count(*) FILTER (WHERE abs(nsw1_tas1) > $above) AS nsw1_tas1_apart,
    count(nsw1_tas1) AS nsw1_tas1_intervals,
    avg(abs(nsw1_vic1)) AS nsw1_vic1_absolute,
    avg(nsw1_vic1) AS nsw1_vic1_mean,
    count(*) FILTER (WHERE abs(nsw1_vic1) > $above) AS nsw1_vic1_apart,
    count(nsw1_vic1) AS nsw1_vic1_intervals,
    avg(abs(qld1_sa1)) AS qld1_sa1_absolute,
    avg(qld1_sa1) AS qld1_sa1_mean,
    count(*) FILTER (WHERE abs(qld1_sa1) > $above) AS qld1_sa1_apart,
    count(qld1_sa1) AS qld1_sa1_intervals,
    avg(abs(qld1_tas1)) AS qld1_tas1_absolute,
    avg(qld1_tas1) AS qld1_tas1_mean,
    count(*) FILTER (WHERE abs(qld1_tas1) > $above) AS qld1_tas1_apart,
    count(qld1_tas1) AS qld1_tas1_intervals,
    avg(abs(qld1_vic1)) AS qld1_vic1_absolute,
    avg(qld1_vic1) AS qld1_vic1_mean,
    count(*) FILTER (WHERE abs(qld1_vic1) > $above) AS qld1_vic1_apart,
    count(qld1_vic1) AS qld1_vic1_intervals,
    avg(abs(sa1_tas1)) AS sa1_tas1_absolute,
    avg(sa1_tas1) AS sa1_tas1_mean,
    count(*) FILTER (WHERE abs(sa1_tas1) > $above) AS sa1_tas1_apart,
    count(sa1_tas1) AS sa1_tas1_intervals,
    avg(abs(sa1_vic1)) AS sa1_vic1_absolute,
    avg(sa1_vic1) AS sa1_vic1_mean,
    count(*) FILTER (WHERE abs(sa1_vic1) > $above) AS sa1_vic1_apart,
    count(sa1_vic1) AS sa1_vic1_intervals,
    avg(abs(tas1_vic1)) AS tas1_vic1_absolute,
    avg(tas1_vic1) AS tas1_vic1_mean,
    count(*) FILTER (WHERE abs(tas1_vic1) > $above) AS tas1_vic1_apart,
    count(tas1_vic1) AS tas1_vic1_intervals
FROM differences
