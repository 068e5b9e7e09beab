-- Grain: one row per unit with readings beyond twice its capacity (and beyond it by more than 5 MW). MW.
SELECT
    'unit_scada' AS name,
    s.duid AS place,
    count(*) AS n,
    min(s.settlementdate) AS first_at,
    max(s.settlementdate) AS last_at,
    arg_max(s.scadavalue, abs(s.scadavalue)) AS worst,
    arg_max(
        greatest(coalesce(u.capacity_mw, 0), coalesce(u.max_capacity_mw, 0), coalesce(u.load_capacity_mw, 0)),
        abs(s.scadavalue)
    ) AS bound
FROM unit_scada AS s
INNER JOIN units AS u
    ON s.duid = u.duid AND s.settlementdate > u.valid_from AND s.settlementdate <= u.valid_to
WHERE
    greatest(coalesce(u.capacity_mw, 0), coalesce(u.max_capacity_mw, 0), coalesce(u.load_capacity_mw, 0)) > 0
    AND abs(s.scadavalue) > greatest(
        2.0 * greatest(
            coalesce(u.capacity_mw, 0), coalesce(u.max_capacity_mw, 0), coalesce(u.load_capacity_mw, 0)
        ),
        5.0 + greatest(
            coalesce(u.capacity_mw, 0), coalesce(u.max_capacity_mw, 0), coalesce(u.load_capacity_mw, 0)
        )
    )
GROUP BY s.duid
