-- Everything about one household: where it lives, who lives there, what they own, and the shops and households beside it in the room.
SELECT h.id, h.version,
  json_build_object('id', r.id, 'number', r.number, 'floor', r.floor, 'use', r.use, 'unit', u.name, 'building_id', b.id,
    'building', b.name, 'estate', e.name, 'address', b.address, 'due_on', r.due_on, 'verified_at', r.verified_at,
    'verified_by', r.verified_by, 'verified_how', r.verified_how, 'lon', ST_X(coalesce(h.point, u.point, b.point)), 'lat', ST_Y(coalesce(h.point, u.point, b.point))
  ) AS room,
  (SELECT json_agg(json_build_object('id', p.id, 'name', p.name, 'relation', p.relation, 'sex', p.sex, 'birth_date', p.birth_date,
      'classes', p.classes, 'due_on', p.due_on, 'verified_at', p.verified_at,
      'verified_by', p.verified_by, 'verified_how', p.verified_how, 'version', p.version)
      ORDER BY (p.relation = '02') DESC NULLS LAST, p.birth_date, p.id)
    FROM residents p WHERE p.household_id = h.id AND p.retired_at IS NULL) AS people,
  (SELECT json_agg(json_build_object('id', v.id, 'resident_id', v.resident_id, 'kind', v.kind, 'name', v.name, 'number', v.number)
      ORDER BY v.id)
    FROM valuables v JOIN residents p ON p.id = v.resident_id WHERE p.household_id = h.id AND v.retired_at IS NULL) AS valuables,
  (SELECT json_agg(json_build_object('id', o.id, 'number', o.number, 'kind', o.kind) ORDER BY o.id)
    FROM households o WHERE o.room_id = h.room_id AND o.id <> h.id AND o.retired_at IS NULL) AS others,
  (SELECT json_agg(json_build_object('id', c.id, 'kind', c.kind, 'on', c.on_day, 'reason', c.reason, 'undone', c.undone_at IS NOT NULL,
      'may_be_undone', c.undone_at IS NULL AND (c.kind IN ('moved', 'merged') OR c.detail ?| ARRAY['was', 'arrived']))
      ORDER BY c.on_day DESC, c.id DESC)
    FROM (SELECT * FROM home_changes WHERE household_ids @> ARRAY[h.id] ORDER BY id DESC LIMIT 20) c) AS changes
FROM households h
LEFT JOIN rooms r ON r.id = h.room_id
LEFT JOIN units u ON u.id = r.unit_id
LEFT JOIN buildings b ON b.id = r.building_id
LEFT JOIN estates e ON e.id = b.estate_id
WHERE h.id = :id AND coalesce(h.area_code LIKE ANY(:scope), '%' = ANY(:scope))
