-- Grain: one row per item of the question and unit that belongs to it. A unit is an item by its DUID,
-- whether the registry knows it or not; a station's units are those that bear its name in the last span
-- before the period's end. place numbers the units of an item from 0.
WITH items AS (
    SELECT unnest($items) AS item
),

names AS (
    SELECT duid, 'station:' || arg_max(station_name, valid_from) AS station
    FROM units
    WHERE valid_from < $period_end_day
    GROUP BY duid
),

members AS (
    SELECT item, item AS duid FROM items
    UNION
    SELECT i.item, n.duid FROM items AS i INNER JOIN names AS n ON i.item = n.station
)

SELECT item, duid, row_number() OVER (PARTITION BY item ORDER BY duid) - 1 AS place
FROM members
