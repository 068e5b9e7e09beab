-- Grain: one row per half-hour and semi-scheduled unit, from 5-minute targets. MWh and AUD, sums only.
SELECT
    half_hour_end(settlementdate) AS settlementdate,
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
    CAST(sum(intervals) AS INTEGER) AS intervals,
    6 AS intervals_expected
FROM unit_curtailment_interval
GROUP BY half_hour_end(settlementdate), duid, regionid, fuel
