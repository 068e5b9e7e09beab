-- Grain: one row per month (its first day) and interconnector, from interconnector_day.
SELECT
    CAST(date_trunc('month', date) AS DATE) AS date,
    interconnectorid,
    regionid_from,
    regionid_to,
    sum(flow_hours) AS flow_hours,
    sum(flow_mwh) AS flow_mwh,
    sum(export_mwh) AS export_mwh,
    sum(import_mwh) AS import_mwh,
    sum(losses_mwh) AS losses_mwh,
    sum(limit_hours) AS limit_hours,
    sum(export_limit_mw_hours) AS export_limit_mw_hours,
    sum(import_limit_mw_hours) AS import_limit_mw_hours,
    min(min_flow_mw) AS min_flow_mw,
    max(max_flow_mw) AS max_flow_mw,
    sum(at_export_limit_hours) AS at_export_limit_hours,
    sum(at_import_limit_hours) AS at_import_limit_hours,
    sum(counter_price_mwh) AS counter_price_mwh,
    sum(counter_price_value_aud) AS counter_price_value_aud,
    sum(priced_hours) AS priced_hours,
    sum(price_difference_aud_hours_per_mwh) AS price_difference_aud_hours_per_mwh,
    CAST(sum(intervals) AS INTEGER) AS intervals,
    CAST(sum(intervals_expected) AS INTEGER) AS intervals_expected
FROM interconnector_day
GROUP BY CAST(date_trunc('month', date) AS DATE), interconnectorid, regionid_from, regionid_to
