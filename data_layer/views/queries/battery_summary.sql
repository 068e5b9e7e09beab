-- Grain: one row per battery, station, owner or region ($group_by), and one for all of them (total).
-- source: battery rollups; battery_facts: see there. Ratios are ratios of sums over the batteries for which
-- both are known; a year has 8,760 hours of readings.
WITH by_battery AS (
    SELECT
        battery,
        regionid,
        sum(discharge_mwh) AS discharge_mwh,
        sum(charge_mwh) AS charge_mwh,
        sum(discharge_revenue_aud) AS discharge_revenue_aud,
        sum(charge_cost_aud) AS charge_cost_aud,
        sum(discharge_mwh) - sum(unpriced_discharge_mwh) AS priced_discharge_mwh,
        sum(charge_mwh) - sum(unpriced_charge_mwh) AS priced_charge_mwh,
        sum(negative_price_charge_mwh) AS negative_price_charge_mwh,
        sum(negative_price_charge_income_aud) AS negative_price_charge_income_aud,
        sum(intervals) AS intervals,
        (epoch(max(last_at)) - epoch(min(first_at))) / 300.0 + 1 AS intervals_expected
    FROM source
    WHERE $region = 'NEM' OR regionid = $region
    GROUP BY battery, regionid
),

named AS (
    SELECT
        CASE $group_by
            WHEN 'unit' THEN b.battery
            WHEN 'station' THEN coalesce(f.station_name, b.battery)
            WHEN 'owner' THEN coalesce(f.owner, 'Unknown')
            ELSE b.regionid
        END AS name,
        coalesce(f.station_name, b.battery) AS station_name,
        coalesce(f.owner, 'Unknown') AS owner,
        f.capacity_mw,
        f.storage_mwh,
        coalesce(b.discharge_revenue_aud, 0) - coalesce(b.charge_cost_aud, 0) AS revenue_aud,
        b.*
    FROM by_battery AS b
    LEFT JOIN battery_facts AS f ON b.battery = f.battery
),

sums AS (
    SELECT
        CASE WHEN grouping(name) = 1 THEN 'All batteries' ELSE name END AS name,
        grouping(name) = 1 AS total,
        min(station_name) AS station_name,
        count(DISTINCT station_name) AS stations,
        min(owner) AS owner,
        count(DISTINCT owner) AS owners,
        string_agg(DISTINCT regionid, ',' ORDER BY regionid) AS regions,
        string_agg(DISTINCT battery, ',' ORDER BY battery) AS duids,
        count(*) AS batteries,
        sum(capacity_mw) AS capacity_mw,
        sum(storage_mwh) AS storage_mwh,
        count(storage_mwh) AS batteries_with_storage,
        sum(discharge_mwh) AS discharge_mwh,
        sum(charge_mwh) AS charge_mwh,
        sum(discharge_revenue_aud) AS discharge_revenue_aud,
        sum(charge_cost_aud) AS charge_cost_aud,
        sum(revenue_aud) AS revenue_aud,
        sum(priced_discharge_mwh) AS priced_discharge_mwh,
        sum(priced_charge_mwh) AS priced_charge_mwh,
        sum(negative_price_charge_mwh) AS negative_price_charge_mwh,
        sum(negative_price_charge_income_aud) AS negative_price_charge_income_aud,
        sum(intervals) AS intervals,
        sum(intervals_expected) AS intervals_expected,
        max(intervals) AS most_intervals,
        sum(capacity_mw * intervals) / 12.0 AS capacity_mw_hours,
        sum(storage_mwh * intervals) / 12.0 AS storage_mwh_hours,
        sum(revenue_aud) FILTER (WHERE capacity_mw IS NOT NULL) AS revenue_of_capacity_aud,
        sum(revenue_aud) FILTER (WHERE storage_mwh IS NOT NULL) AS revenue_of_storage_aud,
        sum(discharge_mwh) FILTER (WHERE storage_mwh IS NOT NULL) AS discharge_of_storage_mwh
    FROM named
    GROUP BY GROUPING SETS ((name), ())
    HAVING count(*) > 0
),

judged AS (
    SELECT
        *,
        CASE
            WHEN charge_mwh <= 0 THEN 'nothing was charged'
            WHEN most_intervals < 7 * 288 THEN 'under 7 days of readings'
            WHEN batteries_with_storage < batteries THEN 'storage unknown'
            WHEN intervals < 0.99 * intervals_expected THEN 'readings missing'
            WHEN charge_mwh < 10 * storage_mwh THEN 'under ten full charges'
        END AS round_trip_blank_because
    FROM sums
)

SELECT
    name,
    total,
    CASE WHEN stations = 1 THEN station_name END AS station_name,
    CASE WHEN owners = 1 THEN owner END AS owner,
    regions,
    duids,
    CAST(batteries AS BIGINT) AS batteries,
    capacity_mw,
    storage_mwh,
    CAST(batteries_with_storage AS BIGINT) AS batteries_with_storage,
    discharge_mwh,
    charge_mwh,
    discharge_revenue_aud,
    charge_cost_aud,
    revenue_aud,
    discharge_revenue_aud / nullif(priced_discharge_mwh, 0) AS discharge_price_aud_per_mwh,
    charge_cost_aud / nullif(priced_charge_mwh, 0) AS charge_price_aud_per_mwh,
    discharge_revenue_aud / nullif(priced_discharge_mwh, 0) - charge_cost_aud / nullif(priced_charge_mwh, 0)
        AS price_difference_aud_per_mwh,
    (discharge_revenue_aud - charge_cost_aud) / nullif(priced_discharge_mwh, 0) AS spread_aud_per_mwh,
    negative_price_charge_mwh,
    negative_price_charge_income_aud,
    discharge_of_storage_mwh * 24.0 / nullif(storage_mwh_hours, 0) AS cycles_per_day,
    CASE WHEN round_trip_blank_because IS NULL THEN discharge_mwh / charge_mwh END AS round_trip_efficiency,
    round_trip_blank_because,
    revenue_of_capacity_aud * 8760.0 / nullif(capacity_mw_hours, 0) AS revenue_aud_per_mw_year,
    revenue_of_storage_aud * 8760.0 / nullif(storage_mwh_hours, 0) AS revenue_aud_per_mwh_year,
    CAST(intervals AS BIGINT) AS battery_intervals,
    CAST(round(intervals_expected) AS BIGINT) AS battery_intervals_expected
FROM judged
ORDER BY total DESC, revenue_aud DESC, name
