-- Grain: one row per 5-minute interval and semi-scheduled unit, with the measures of the curtailment
-- rollups. MW are targets for the interval's end, held for the interval. Region and fuel are the
-- registry's of that time; a unit it does not know is 'Unmapped', never dropped, and has no price.
WITH priced AS (
    SELECT
        d.settlementdate,
        d.duid,
        coalesce(u.regionid, 'Unmapped') AS regionid,
        coalesce(u.fuel, 'Unmapped') AS fuel,
        d.uigf,
        d.totalcleared,
        greatest(d.uigf - d.totalcleared, 0) AS curtailed_mw,
        p.price_aud_per_mwh
    FROM unit_dispatch AS d
    LEFT JOIN units AS u
        ON d.duid = u.duid AND d.settlementdate > u.valid_from AND d.settlementdate <= u.valid_to
    LEFT JOIN region_5min AS p ON d.settlementdate = p.settlementdate AND u.regionid = p.regionid
)

SELECT
    settlementdate,
    duid,
    regionid,
    fuel,
    interval_energy_mwh(uigf) AS uigf_mwh,
    interval_energy_mwh(totalcleared) AS cleared_mwh,
    interval_energy_mwh(curtailed_mw) AS curtailed_mwh,
    CASE WHEN price_aud_per_mwh <= 0 THEN interval_energy_mwh(curtailed_mw) ELSE 0.0 END
        AS economic_curtailed_mwh,
    CASE WHEN price_aud_per_mwh > 0 THEN interval_energy_mwh(curtailed_mw) ELSE 0.0 END
        AS network_curtailed_mwh,
    CASE WHEN price_aud_per_mwh IS NULL THEN interval_energy_mwh(curtailed_mw) ELSE 0.0 END
        AS unpriced_curtailed_mwh,
    interval_energy_mwh(curtailed_mw) * price_aud_per_mwh AS curtailed_value_aud,
    1 AS intervals,
    1 AS intervals_expected
FROM priced
