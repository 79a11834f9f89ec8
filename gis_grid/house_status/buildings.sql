-- Which buildings are these, with their units, within the caller's areas? A building also shows to those who see one of its units.
SELECT b.id, b.code, b.name, b.address, b.estate_id, e.name AS estate, b.area_code, b.floors_above, b.floors_below, b.floor_order,
  u.units
FROM buildings b
LEFT JOIN estates e ON e.id = b.estate_id
LEFT JOIN LATERAL (
  SELECT json_agg(json_build_array(u.id, u.name, u.position) ORDER BY u.position, u.id) AS units
  FROM units u
  WHERE u.building_id = b.id AND u.retired_at IS NULL AND coalesce(u.area_code LIKE ANY(:scope), '%' = ANY(:scope))
) u ON true
WHERE b.retired_at IS NULL
  AND (b.id = :building OR b.estate_id = :estate)
  AND (coalesce(b.area_code LIKE ANY(:scope), '%' = ANY(:scope)) OR u.units IS NOT NULL)
ORDER BY b.id
