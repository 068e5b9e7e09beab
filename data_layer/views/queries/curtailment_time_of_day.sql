-- Grain: one row per half-hour of the day (minutes after midnight at its END, 30..1440) and fuel: means
-- over the days found, regions added.
WITH by_region AS (
    SELECT
        time_of_day,
        regionid,
        fuel,
        sum(uigf_mwh) AS uigf_mwh,
        sum(curtailed_mwh) AS curtailed_mwh,
        sum(economic_curtailed_mwh) AS economic_curtailed_mwh,
        sum(network_curtailed_mwh) AS network_curtailed_mwh,
        sum(unpriced_curtailed_mwh) AS unpriced_curtailed_mwh,
        sum(intervals) AS intervals
    FROM source
    WHERE ($region = 'NEM' OR regionid = $region) AND among(fuel, $fuels)
    GROUP BY time_of_day, regionid, fuel
)

SELECT
    CAST(time_of_day AS INTEGER) AS time_of_day,
    fuel,
    sum(uigf_mwh * 12.0 / intervals) AS uigf_mw,
    sum(curtailed_mwh * 12.0 / intervals) AS curtailed_mw,
    sum(economic_curtailed_mwh * 12.0 / intervals) AS economic_curtailed_mw,
    sum(network_curtailed_mwh * 12.0 / intervals) AS network_curtailed_mw,
    sum(unpriced_curtailed_mwh * 12.0 / intervals) AS unpriced_curtailed_mw,
    sum(curtailed_mwh) / nullif(sum(uigf_mwh), 0) AS curtailed_share,
    CAST(sum(intervals) AS BIGINT) AS intervals
FROM by_region
GROUP BY time_of_day, fuel
ORDER BY time_of_day, fuel
