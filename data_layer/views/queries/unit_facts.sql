-- Grain: one row per item, unit and span of the registry; one without facts for a unit that reported but is
-- in no register. chosen: station_chosen.sql, or every unit for itself where $items is empty.
WITH wanted AS (
    SELECT item, duid FROM chosen
    UNION ALL
    SELECT DISTINCT duid, duid FROM units WHERE len($items) = 0
),

-- arg_max of a column passes over its nulls: both factors must come from the span in force.
last_factors AS (
    SELECT duid, max(valid_from) AS valid_from
    FROM unit_loss_factors
    WHERE valid_from < $period_end_day
    GROUP BY duid
),

factors AS (
    SELECT f.duid, f.valid_from, f.transmissionlossfactor, f.distributionlossfactor, f.source
    FROM unit_loss_factors AS f
    INNER JOIN last_factors AS l ON f.duid = l.duid AND f.valid_from = l.valid_from
    WHERE f.valid_to >= $period_end_day
),

known AS (
    SELECT
        w.item,
        w.duid,
        u.valid_from,
        u.valid_to,
        u.station_name,
        u.owner,
        u.participantid,
        u.regionid,
        u.fuel,
        u.fuel_detail,
        u.technology,
        u.capacity_mw,
        u.max_capacity_mw,
        u.load_capacity_mw,
        u.storage_mwh,
        u.dispatch_type,
        u.schedule_type,
        u.first_date,
        u.last_date,
        u.latitude,
        u.longitude,
        u.successor_duid,
        u.sources,
        f.valid_from AS loss_factor_from,
        f.transmissionlossfactor,
        f.distributionlossfactor,
        f.source AS loss_factor_source
    FROM wanted AS w
    INNER JOIN units AS u ON w.duid = u.duid
    LEFT JOIN factors AS f ON w.duid = f.duid
),

unmapped AS (
    SELECT DISTINCT w.item, w.duid
    FROM wanted AS w
    INNER JOIN unit_month AS m ON w.duid = m.duid
    LEFT JOIN (SELECT DISTINCT duid FROM units) AS u ON w.duid = u.duid
    WHERE u.duid IS NULL
),

together AS (
    SELECT * FROM known
    UNION ALL
    SELECT
        item, duid, NULL, NULL, NULL, NULL, NULL, 'Unmapped', 'Unmapped', NULL, NULL, NULL, NULL, NULL, NULL,
        NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
    FROM unmapped
)

SELECT * FROM together
ORDER BY item, duid, valid_from
