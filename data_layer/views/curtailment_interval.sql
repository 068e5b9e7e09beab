-- Grain: one row per 5-minute interval, region and fuel (Solar, Wind), with the measures of the
-- curtailment rollups: semi-scheduled units together, as DISPATCHREGIONSUM has them. MW are targets for
-- the interval's end, held for the interval. Where either of the two is missing there is no row.
WITH targets AS (
    SELECT settlementdate, regionid, 'Solar' AS fuel, ss_solar_uigf AS uigf, ss_solar_clearedmw AS clearedmw
    FROM region_demand
    UNION ALL
    SELECT settlementdate, regionid, 'Wind' AS fuel, ss_wind_uigf AS uigf, ss_wind_clearedmw AS clearedmw
    FROM region_demand
),

priced AS (
    SELECT
        t.settlementdate,
        t.regionid,
        t.fuel,
        t.uigf,
        t.clearedmw,
        greatest(t.uigf - t.clearedmw, 0) AS curtailed_mw,
        p.price_aud_per_mwh
    FROM targets AS t
    LEFT JOIN region_5min AS p ON t.settlementdate = p.settlementdate AND t.regionid = p.regionid
    WHERE t.uigf IS NOT NULL AND t.clearedmw IS NOT NULL
)

SELECT
    settlementdate,
    regionid,
    fuel,
    interval_energy_mwh(uigf) AS uigf_mwh,
    interval_energy_mwh(clearedmw) AS cleared_mwh,
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
