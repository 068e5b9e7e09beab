-- Grain: one row per bucket (time; null where the period is one bucket) and interconnector. source:
-- interconnector rollups. MW are energy over the hours for which it was published; the limits are a band
-- whose two ends may have one sign.
WITH sums AS (
    SELECT
        time,
        interconnectorid,
        regionid_from,
        regionid_to,
        sum(flow_hours) AS flow_hours,
        sum(flow_mwh) AS flow_mwh,
        sum(export_mwh) AS export_mwh,
        sum(import_mwh) AS import_mwh,
        sum(losses_mwh) AS losses_mwh,
        nullif(sum(limit_hours), 0) AS limit_hours,
        sum(export_limit_mw_hours) AS export_limit_mw_hours,
        sum(import_limit_mw_hours) AS import_limit_mw_hours,
        min(min_flow_mw) AS min_flow_mw,
        max(max_flow_mw) AS max_flow_mw,
        sum(at_export_limit_hours) AS at_export_limit_hours,
        sum(at_import_limit_hours) AS at_import_limit_hours,
        sum(counter_price_mwh) AS counter_price_mwh,
        sum(counter_price_value_aud) AS counter_price_value_aud,
        sum(price_difference_aud_hours_per_mwh) / nullif(sum(priced_hours), 0) AS price_difference_aud_per_mwh,
        sum(intervals) AS intervals
    FROM source
    WHERE len($lines) = 0 OR among(interconnectorid, $lines)
    GROUP BY time, interconnectorid, regionid_from, regionid_to
)

SELECT
    s.time,
    s.interconnectorid,
    i.name,
    s.regionid_from,
    s.regionid_to,
    s.flow_mwh / nullif(s.flow_hours, 0) AS flow_mw,
    s.min_flow_mw,
    s.max_flow_mw,
    s.export_limit_mw_hours / s.limit_hours AS export_limit_mw,
    s.import_limit_mw_hours / s.limit_hours AS import_limit_mw,
    s.flow_mwh,
    s.export_mwh,
    s.import_mwh,
    s.losses_mwh,
    -- An interval with one limit only can be at it and is not in limit_hours. (least() passes over a null.)
    CASE WHEN s.limit_hours IS NOT NULL THEN least(s.at_export_limit_hours / s.limit_hours, 1.0) END
        AS at_export_limit_share,
    CASE WHEN s.limit_hours IS NOT NULL THEN least(s.at_import_limit_hours / s.limit_hours, 1.0) END
        AS at_import_limit_share,
    s.counter_price_mwh,
    s.counter_price_value_aud,
    s.price_difference_aud_per_mwh,
    CAST(s.intervals AS BIGINT) AS intervals
FROM sums AS s
LEFT JOIN interconnectors AS i ON s.interconnectorid = i.interconnectorid
ORDER BY s.time, s.interconnectorid
