-- Which targets of an area did nobody pass between two days? The heaviest first.
SELECT g.id, g.kind, g.name, g.weight, g.area_code,
  ST_X(coalesce(g.point, ST_LineInterpolatePoint(g.line, 0.5))) AS lon,
  ST_Y(coalesce(g.point, ST_LineInterpolatePoint(g.line, 0.5))) AS lat,
  (SELECT max(v.ended_at) FROM track_visits v WHERE v.target_id = g.id) AS last_visit
FROM patrol_targets g
WHERE g.retired_at IS NULL AND g.area_code LIKE :prefix AND g.area_code LIKE ANY(:scope)
  AND g.id NOT IN (
    SELECT unnest(a.targets) FROM track_areas a
    WHERE a.area_code LIKE :prefix AND a.area_code LIKE ANY(:scope) AND a.day BETWEEN :first AND :last
  )
ORDER BY g.weight DESC, g.area_code, g.kind, g.id
LIMIT :most
