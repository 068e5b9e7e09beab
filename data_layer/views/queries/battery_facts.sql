-- Grain: one row per battery that the registry knows, with its facts of the last span before the period's
-- end. Capacity is what it may discharge at most, registered capacity where that is unknown.
WITH ranked AS (
    SELECT
        duid,
        station_name,
        owner,
        coalesce(max_capacity_mw, capacity_mw) AS capacity_mw,
        storage_mwh,
        row_number() OVER (PARTITION BY duid ORDER BY valid_from DESC) AS newest
    FROM units
    WHERE valid_from < $period_end_day
)

SELECT
    duid AS battery,
    station_name,
    owner,
    capacity_mw,
    storage_mwh
FROM ranked
WHERE newest = 1
