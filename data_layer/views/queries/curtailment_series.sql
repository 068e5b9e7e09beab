-- Grain: one row per bucket (time) and fuel. source: curtailment rollups. A region's MW is its energy over
-- the hours found there, so that a gap is not taken for nothing curtailed; regions' MW are then added.
WITH by_region AS (
    SELECT
        time,
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
    WHERE ($region = 'NEM' OR regionid = $region) AND among(fuel, $fuels)
    GROUP BY time, regionid, fuel
)

SELECT
    time,
    fuel,
    sum(uigf_mwh * 12.0 / intervals) AS uigf_mw,
    sum(cleared_mwh * 12.0 / intervals) AS cleared_mw,
    sum(curtailed_mwh * 12.0 / intervals) AS curtailed_mw,
    sum(economic_curtailed_mwh * 12.0 / intervals) AS economic_curtailed_mw,
    sum(network_curtailed_mwh * 12.0 / intervals) AS network_curtailed_mw,
    sum(unpriced_curtailed_mwh * 12.0 / intervals) AS unpriced_curtailed_mw,
    sum(uigf_mwh) AS uigf_mwh,
    sum(curtailed_mwh) AS curtailed_mwh,
    sum(curtailed_mwh) / nullif(sum(uigf_mwh), 0) AS curtailed_share,
    sum(curtailed_value_aud) AS curtailed_value_aud,
    CAST(sum(intervals) AS BIGINT) AS intervals
FROM by_region
GROUP BY time, fuel
ORDER BY time, fuel
