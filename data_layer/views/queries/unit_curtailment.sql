-- Grain: one row per semi-scheduled unit that has targets and forecasts in the period, most curtailed
-- first. source: unit_curtailment rollups; names are the registry's of the last span before the period's
-- end. An empty list of fuels means all, units that the registry does not know among them.
WITH by_unit AS (
    SELECT
        duid,
        regionid,
        fuel,
        sum(uigf_mwh) AS uigf_mwh,
        sum(cleared_mwh) AS cleared_mwh,
        sum(curtailed_mwh) AS curtailed_mwh,
        sum(economic_curtailed_mwh) AS economic_curtailed_mwh,
        sum(network_curtailed_mwh) AS network_curtailed_mwh,
        sum(unpriced_curtailed_mwh) AS unpriced_curtailed_mwh,
        sum(curtailed_value_aud) AS curtailed_value_aud,
        sum(intervals) AS intervals
    FROM source
    WHERE ($region = 'NEM' OR regionid = $region) AND (len($fuels) = 0 OR among(fuel, $fuels))
    GROUP BY duid, regionid, fuel
),

names AS (
    SELECT
        duid,
        arg_max(station_name, valid_from) AS station_name,
        arg_max(owner, valid_from) AS owner,
        arg_max(capacity_mw, valid_from) AS capacity_mw
    FROM units
    WHERE valid_from < $period_end_day
    GROUP BY duid
)

SELECT
    b.duid,
    coalesce(n.station_name, b.duid) AS station_name,
    coalesce(n.owner, 'Unknown') AS owner,
    b.regionid,
    b.fuel,
    n.capacity_mw,
    b.uigf_mwh,
    b.cleared_mwh,
    b.curtailed_mwh,
    b.economic_curtailed_mwh,
    b.network_curtailed_mwh,
    b.unpriced_curtailed_mwh,
    b.curtailed_mwh / nullif(b.uigf_mwh, 0) AS curtailed_share,
    b.curtailed_value_aud,
    CAST(b.intervals AS BIGINT) AS intervals,
    CAST($period_intervals AS BIGINT) AS intervals_expected
FROM by_unit AS b
LEFT JOIN names AS n ON b.duid = n.duid
ORDER BY b.curtailed_mwh DESC, b.duid, b.fuel
