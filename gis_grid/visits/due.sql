-- Which homes and shops of :area within :scope are due for a visit, the longest overdue first? Never verified counts as due since ever.
WITH homes AS (
  SELECT r.id, r.unit_id, r.building_id, r.number, r.floor, r.use, r.due_on, r.area_code
  FROM rooms r
  WHERE r.retired_at IS NULL AND r.area_code LIKE :area AND coalesce(r.area_code LIKE ANY(:scope), '%' = ANY(:scope))
), living AS (
  SELECT h.room_id, count(*) AS persons, min(p.due_on) AS due_on, bool_or(p.due_on IS NULL) AS never,
    array_agg(DISTINCT c.code) FILTER (WHERE c.code IS NOT NULL) AS classes
  FROM households h
  JOIN residents p ON p.household_id = h.id AND p.retired_at IS NULL
  LEFT JOIN LATERAL unnest(p.classes) AS c (code) ON true
  WHERE h.retired_at IS NULL AND h.area_code LIKE :area AND coalesce(h.area_code LIKE ANY(:scope), '%' = ANY(:scope))
  GROUP BY h.room_id
), due AS (
  SELECT 'room' AS kind, r.id, r.unit_id, r.building_id, r.number AS name, r.floor, r.area_code, coalesce(l.persons, 0) AS persons,
    coalesce(l.classes, '{}') AS classes,
    CASE WHEN r.due_on IS NULL OR l.never THEN NULL ELSE least(r.due_on, l.due_on) END AS due_on
  FROM homes r
  LEFT JOIN living l ON l.room_id = r.id
  WHERE l.room_id IS NOT NULL OR r.use IN ('01', '02', '03')
  UNION ALL
  SELECT 'premises', s.id, NULL, s.building_id, s.name, 1, s.area_code, 0, '{}', s.due_on
  FROM premises s
  WHERE :premises AND s.retired_at IS NULL AND s.area_code LIKE :area
    AND coalesce(s.area_code LIKE ANY(:scope), '%' = ANY(:scope))
)
SELECT d.*, u.name AS unit, b.name AS building, e.name AS estate,
  ST_X(coalesce(u.point, p.point, b.point)) AS lon, ST_Y(coalesce(u.point, p.point, b.point)) AS lat
FROM (
  SELECT * FROM due
  WHERE due_on IS NULL OR due_on <= :until
  ORDER BY (classes && CAST(:first AS varchar[])) DESC, due_on NULLS FIRST, kind DESC, id
  LIMIT :count
) d
LEFT JOIN units u ON u.id = d.unit_id
LEFT JOIN buildings b ON b.id = d.building_id
LEFT JOIN estates e ON e.id = b.estate_id
LEFT JOIN premises p ON d.kind = 'premises' AND p.id = d.id
