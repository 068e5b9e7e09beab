-- Grain: one row per 5-minute interval and interconnector, with the measures of the interconnector
-- rollups. Units: MWh, hours, AUD; flows are metered (the interval's start) and positive from
-- regionid_from to regionid_to. A line that the topology does not know is 'Unmapped', never dropped; it
-- has no prices.
WITH placed AS (
    SELECT
        f.settlementdate,
        f.interconnectorid,
        coalesce(i.regionid_from, 'Unmapped') AS regionid_from,
        coalesce(i.regionid_to, 'Unmapped') AS regionid_to,
        f.meteredmwflow,
        f.mwflow,
        f.mwlosses,
        f.exportlimit,
        f.importlimit,
        f.exportlimit IS NOT NULL AND f.importlimit IS NOT NULL AS limited,
        p_to.price_aud_per_mwh - p_from.price_aud_per_mwh AS price_difference_aud_per_mwh
    FROM interconnector_flow AS f
    LEFT JOIN interconnectors AS i ON f.interconnectorid = i.interconnectorid
    LEFT JOIN region_5min AS p_from
        ON f.settlementdate = p_from.settlementdate AND i.regionid_from = p_from.regionid
    LEFT JOIN region_5min AS p_to
        ON f.settlementdate = p_to.settlementdate AND i.regionid_to = p_to.regionid
)

SELECT
    settlementdate,
    interconnectorid,
    regionid_from,
    regionid_to,
    CASE WHEN meteredmwflow IS NULL THEN 0.0 ELSE interval_energy_mwh(1) END AS flow_hours,
    interval_energy_mwh(meteredmwflow) AS flow_mwh,
    interval_energy_mwh(greatest(meteredmwflow, 0)) AS export_mwh,
    interval_energy_mwh(least(meteredmwflow, 0)) AS import_mwh,
    interval_energy_mwh(mwlosses) AS losses_mwh,
    CASE WHEN limited THEN interval_energy_mwh(1) ELSE 0.0 END AS limit_hours,
    CASE WHEN limited THEN interval_energy_mwh(exportlimit) END AS export_limit_mw_hours,
    CASE WHEN limited THEN interval_energy_mwh(importlimit) END AS import_limit_mw_hours,
    meteredmwflow AS min_flow_mw,
    meteredmwflow AS max_flow_mw,
    -- Limits bind the dispatch target, not the metered flow; half a megawatt is what targets miss them by.
    CASE WHEN mwflow >= exportlimit - 0.5 THEN interval_energy_mwh(1) ELSE 0.0 END AS at_export_limit_hours,
    CASE WHEN mwflow <= importlimit + 0.5 THEN interval_energy_mwh(1) ELSE 0.0 END AS at_import_limit_hours,
    -- Against the price where flow and difference have opposite signs.
    CASE
        WHEN price_difference_aud_per_mwh IS NULL THEN NULL
        WHEN meteredmwflow * price_difference_aud_per_mwh < 0 THEN interval_energy_mwh(abs(meteredmwflow))
        ELSE 0.0
    END AS counter_price_mwh,
    CASE
        WHEN price_difference_aud_per_mwh IS NULL THEN NULL
        ELSE interval_energy_mwh(greatest(-meteredmwflow * price_difference_aud_per_mwh, 0))
    END AS counter_price_value_aud,
    CASE WHEN price_difference_aud_per_mwh IS NULL THEN 0.0 ELSE interval_energy_mwh(1) END AS priced_hours,
    interval_energy_mwh(price_difference_aud_per_mwh) AS price_difference_aud_hours_per_mwh,
    1 AS intervals,
    1 AS intervals_expected
FROM placed
