-- Grain: one row per month (its first day), unit, region and fuel, from unit_curtailment_day.
SELECT
    CAST(date_trunc('month', date) AS DATE) AS date,
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
    CAST(sum(intervals_expected) AS INTEGER) AS intervals_expected
FROM unit_curtailment_day
GROUP BY CAST(date_trunc('month', date) AS DATE), duid, regionid, fuel
