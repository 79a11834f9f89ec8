-- How many households, people, buildings, rooms, shops and open events lie in each area under :prefix today? Scope is checked by
-- the caller: :prefix is within it.
SELECT 'households' AS kind, area_code AS code, count(*) AS number FROM households
WHERE area_code LIKE :prefix AND retired_at IS NULL GROUP BY area_code
UNION ALL
SELECT 'residents', area_code, count(*) FROM residents WHERE area_code LIKE :prefix AND retired_at IS NULL GROUP BY area_code
UNION ALL
SELECT 'buildings', area_code, count(*) FROM buildings WHERE area_code LIKE :prefix AND retired_at IS NULL GROUP BY area_code
UNION ALL
SELECT 'rooms', area_code, count(*) FROM rooms WHERE area_code LIKE :prefix AND retired_at IS NULL GROUP BY area_code
UNION ALL
SELECT 'premises', area_code, count(*) FROM premises WHERE area_code LIKE :prefix AND retired_at IS NULL GROUP BY area_code
UNION ALL
SELECT 'open_events', area_code, count(*) FROM events
WHERE area_code LIKE :prefix AND retired_at IS NULL AND closed_at IS NULL GROUP BY area_code
