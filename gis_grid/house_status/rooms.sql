-- What does the diagram of these buildings show: each room once, with who lives there and which shops are in it?
-- LATERAL on purpose: each room looks up its own homes by index, also right after a large import, when there are no statistics yet.
WITH mine AS (
  SELECT id, building_id, unit_id, number, floor, door, door_span, floor_span, coalesce(floor_label, '') AS floor_label, use, due_on,
    verified_at, verified_by, verified_how
  FROM rooms
  WHERE building_id = ANY(:buildings) AND retired_at IS NULL AND coalesce(area_code LIKE ANY(:scope), '%' = ANY(:scope))
)
SELECT r.*, l.households, l.persons, l.due_on AS people_due_on, l.never, l.heads, l.classes, l.names, t.shops
FROM mine r
CROSS JOIN LATERAL (
  SELECT count(*) AS households, sum(p.persons)::int AS persons, min(p.due_on) AS due_on, sum(p.never)::int AS never,
    array_agg(p.head ORDER BY h.id) AS heads, string_agg(p.classes, ',') AS classes, string_agg(p.names, ',') AS names
  FROM households h
  CROSS JOIN LATERAL (
    SELECT count(*) AS persons, min(due_on) AS due_on, count(*) - count(due_on) AS never,
      (array_agg(name ORDER BY (relation = '02') DESC NULLS LAST, id))[1] AS head,
      string_agg(nullif(array_to_string(classes, ','), ''), ',') AS classes,
      CASE WHEN :searching THEN string_agg(name, ',') END AS names
    FROM residents
    WHERE household_id = h.id AND coalesce(retired_at, 'infinity') = 'infinity' -- plain IS NULL would invite the whole partial index
  ) p
  WHERE :people AND h.room_id = r.id AND h.retired_at IS NULL
) l
CROSS JOIN LATERAL (
  SELECT array_agg(name ORDER BY id) AS shops FROM premises WHERE :premises AND room_id = r.id AND retired_at IS NULL
) t
