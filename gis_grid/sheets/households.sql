-- Which households bear these numbers or live in these rooms, with the name of their head, within the caller's scope?
SELECT h.id, h.number, h.room_id, h.area_code,
  (
    SELECT r.name FROM residents r
    WHERE r.household_id = h.id AND r.retired_at IS NULL AND r.relation = ANY(:heads)
    ORDER BY r.relation DESC, r.id LIMIT 1
  ) AS head
FROM households h
WHERE h.retired_at IS NULL
  AND (h.number = ANY(:numbers) OR h.room_id = ANY(:rooms))
  AND coalesce(h.area_code LIKE ANY(:scope), '%' = ANY(:scope))
ORDER BY h.id
