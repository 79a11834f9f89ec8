-- Which rooms of these buildings bear these numbers (501 or 501室), within the caller's scope?
SELECT r.id, r.number, r.unit_id, r.building_id, r.area_code, w.number AS wanted
FROM unnest(CAST(:buildings AS bigint[]), CAST(:numbers AS text[])) AS w (building_id, number)
JOIN rooms r ON r.building_id = w.building_id AND r.number IN (w.number, w.number || '室', w.number || '号')
WHERE r.retired_at IS NULL
  AND coalesce(r.area_code LIKE ANY(:scope), '%' = ANY(:scope))
ORDER BY r.id
