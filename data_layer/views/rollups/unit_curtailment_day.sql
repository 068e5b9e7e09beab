-- Grain: one row per market day and semi-scheduled unit, from unit_curtailment_30min.
SELECT
    CAST(settlementdate - INTERVAL 30 MINUTE AS DATE) AS date,
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
    288 AS intervals_expected
FROM unit_curtailment_30min
GROUP BY CAST(settlementdate - INTERVAL 30 MINUTE AS DATE), duid, regionid, fuel
