-- What does the diagram of these buildings show: each room once, with who lives there and which shops are in it?
WITH mine AS (
  SELECT id FROM rooms
  WHERE building_id = ANY(:buildings) AND retired_at IS NULL AND coalesce(area_code LIKE ANY(:scope), '%' = ANY(:scope))
), homes AS (
  SELECT h.id, h.room_id, count(p.id) AS persons, min(p.due_on) AS due_on, count(p.id) - count(p.due_on) AS never,
    (array_agg(p.name ORDER BY (p.relation = '02') DESC NULLS LAST, p.id))[1] AS head,
    string_agg(nullif(array_to_string(p.classes, ','), ''), ',') AS classes,
    CASE WHEN :searching THEN array_agg(p.name) END AS names
  FROM households h
  LEFT JOIN residents p ON p.household_id = h.id AND p.retired_at IS NULL
  WHERE :people AND h.room_id IN (SELECT id FROM mine) AND h.retired_at IS NULL
  GROUP BY h.id
), living AS (
  SELECT room_id, count(*) AS households, sum(persons)::int AS persons, min(due_on) AS due_on, sum(never)::int AS never,
    array_agg(head ORDER BY id) AS heads, string_agg(classes, ',') AS classes,
    CASE WHEN :searching THEN string_agg(array_to_string(names, ','), ',') END AS names
  FROM homes
  GROUP BY room_id
), trading AS (
  SELECT room_id, array_agg(name ORDER BY id) AS shops
  FROM premises
  WHERE :premises AND room_id IN (SELECT id FROM mine) AND retired_at IS NULL
  GROUP BY room_id
)
SELECT r.building_id, r.id, r.unit_id, r.number, r.floor, r.door, r.door_span, r.floor_span, coalesce(r.floor_label, '') AS floor_label,
  r.use, r.due_on, r.verified_at, l.households, l.persons, l.due_on AS people_due_on, l.never, l.heads, l.classes, l.names, t.shops
FROM rooms r
LEFT JOIN living l ON l.room_id = r.id
LEFT JOIN trading t ON t.room_id = r.id
WHERE r.id IN (SELECT id FROM mine)
