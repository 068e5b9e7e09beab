-- Grain: that of source (battery rollups), only the batteries of the groups that $chosen names ($group_by
-- says of which kind); an empty list means all.
SELECT s.*
FROM source AS s
LEFT JOIN battery_facts AS f ON s.battery = f.battery
WHERE ($region = 'NEM' OR s.regionid = $region)
    AND (
        len($chosen) = 0
        OR among(
            CASE $group_by
                WHEN 'unit' THEN s.battery
                WHEN 'station' THEN coalesce(f.station_name, s.battery)
                WHEN 'owner' THEN coalesce(f.owner, 'Unknown')
                ELSE s.regionid
            END,
            $chosen
        )
    )
