-- Which points hold what, for placing them by another day's boundaries? Units and buildings carry the homes in them. Scope is
-- checked by the caller: :prefix is within it.
WITH homes AS (
  SELECT r.unit_id, count(DISTINCT r.id) AS rooms, count(DISTINCT h.id) AS households, count(p.id) AS residents
  FROM rooms r
  LEFT JOIN households h ON h.room_id = r.id AND h.retired_at IS NULL
  LEFT JOIN residents p ON p.household_id = h.id AND p.retired_at IS NULL
  WHERE r.area_code LIKE :prefix AND r.retired_at IS NULL
  GROUP BY r.unit_id
)
SELECT 'buildings' AS kind, ST_X(point) AS lon, ST_Y(point) AS lat, NULL::jsonb AS held FROM buildings
WHERE area_code LIKE :prefix AND retired_at IS NULL AND point IS NOT NULL
UNION ALL
SELECT 'units', ST_X(coalesce(u.point, b.point)), ST_Y(coalesce(u.point, b.point)),
  jsonb_build_object('rooms', h.rooms, 'households', h.households, 'residents', h.residents)
FROM homes h JOIN units u ON u.id = h.unit_id JOIN buildings b ON b.id = u.building_id
WHERE coalesce(u.point, b.point) IS NOT NULL
UNION ALL
SELECT 'premises', ST_X(coalesce(s.point, b.point)), ST_Y(coalesce(s.point, b.point)), NULL FROM premises s
LEFT JOIN buildings b ON b.id = s.building_id
WHERE s.area_code LIKE :prefix AND s.retired_at IS NULL AND coalesce(s.point, b.point) IS NOT NULL
UNION ALL
SELECT 'open_events', ST_X(point), ST_Y(point), NULL FROM events
WHERE area_code LIKE :prefix AND retired_at IS NULL AND closed_at IS NULL AND point IS NOT NULL
