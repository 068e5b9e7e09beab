-- Grain: one row per station and half-hour of the day (minutes after midnight at its END), over all days.
-- MW are means over the readings found, summed over the station's units; the price is time-weighted.
WITH by_unit AS (
    SELECT
        coalesce(u.station_name, s.duid) AS station_name,
        s.duid,
        s.regionid,
        date_diff(
            'minute',
            CAST(CAST(s.settlementdate - INTERVAL 30 MINUTE AS DATE) AS TIMESTAMP),
            s.settlementdate
        ) AS time_of_day,
        sum(s.generation_mwh + s.load_mwh) * 12.0 / sum(s.intervals) AS average_mw,
        sum(s.generation_revenue_aud + s.load_revenue_aud) * 12.0 / sum(s.intervals) AS revenue_aud_per_hour,
        sum(p.price_aud_hours_per_mwh) / nullif(sum(p.price_hours), 0) AS price_aud_per_mwh
    FROM unit_30min AS s
    LEFT JOIN units AS u
        ON s.duid = u.duid AND s.settlementdate > u.valid_from AND s.settlementdate <= u.valid_to
    LEFT JOIN region_30min AS p ON s.settlementdate = p.settlementdate AND s.regionid = p.regionid
    GROUP BY
        coalesce(u.station_name, s.duid),
        s.duid,
        s.regionid,
        date_diff(
            'minute',
            CAST(CAST(s.settlementdate - INTERVAL 30 MINUTE AS DATE) AS TIMESTAMP),
            s.settlementdate
        )
)

SELECT
    station_name,
    regionid AS region,
    time_of_day,
    sum(average_mw) AS average_mw,
    sum(revenue_aud_per_hour) AS revenue_aud_per_hour,
    min(price_aud_per_mwh) AS price_aud_per_mwh
FROM by_unit
GROUP BY station_name, regionid, time_of_day
