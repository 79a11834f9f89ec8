-- Which visits were recorded last in :area within :scope (older than :before, if given), and where was each?
SELECT v.id, v.at, v.result, v.how, v.made_by, v.note, cardinality(v.resident_ids) AS persons, v.room_id, v.premises_id,
  coalesce(r.building_id, p.building_id) AS building_id, concat_ws(' ', e.name, b.name, u.name, r.number, p.name) AS title,
  ST_X(coalesce(u.point, p.point, b.point)) AS lon, ST_Y(coalesce(u.point, p.point, b.point)) AS lat
FROM (
  SELECT *
  FROM visits
  WHERE area_code LIKE :area AND coalesce(area_code LIKE ANY(:scope), '%' = ANY(:scope))
    AND (CAST(:before AS bigint) IS NULL OR id < :before) AND (premises_id IS NULL OR :premises)
  ORDER BY id DESC
  LIMIT :most
) v
LEFT JOIN rooms r ON r.id = v.room_id
LEFT JOIN units u ON u.id = r.unit_id
LEFT JOIN premises p ON p.id = v.premises_id
LEFT JOIN buildings b ON b.id = coalesce(r.building_id, p.building_id)
LEFT JOIN estates e ON e.id = b.estate_id
ORDER BY v.id DESC
