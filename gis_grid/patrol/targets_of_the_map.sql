-- Entrances and pieces of street as patrol targets, as the map has them now. No scope: it is run for the whole installation.
WITH entrances AS (
  SELECT 'unit:' || u.id AS source, concat_ws(' ', coalesce(b.name, b.code), u.name) AS name, u.point
  FROM units u JOIN buildings b ON b.id = u.building_id
  WHERE u.point IS NOT NULL AND u.retired_at IS NULL AND b.retired_at IS NULL
  UNION ALL
  SELECT 'building:' || b.id, coalesce(b.name, b.code), b.point
  FROM buildings b
  WHERE b.point IS NOT NULL AND b.retired_at IS NULL
    AND NOT EXISTS (SELECT FROM units u WHERE u.building_id = b.id AND u.point IS NOT NULL AND u.retired_at IS NULL)
), roads AS (
  SELECT r.id, r.name, d.geom, greatest(1, ceil(ST_Length(d.geom::geography) / 50))::int AS pieces, coalesce(d.path[1], 1) AS part
  FROM base_map r CROSS JOIN LATERAL ST_Dump(r.geom) d
  WHERE r.kind = 'road' AND coalesce(r.rank, '') != 'trunk' AND GeometryType(d.geom) = 'LINESTRING' AND ST_NPoints(d.geom) > 1
), streets AS (
  SELECT 'road:' || id || ':' || part || ':' || n AS source, name, ST_LineSubstring(geom, (n - 1.0) / pieces, n::float8 / pieces) AS line
  FROM roads CROSS JOIN LATERAL generate_series(1, pieces) n
), wanted AS (
  SELECT 'entrance' AS kind, source, left(name, 100) AS name, 25.0 AS radius_m, point, NULL::geometry AS line FROM entrances
  UNION ALL
  SELECT 'street', source, left(name, 100), 25.0, NULL, line FROM streets
), gone AS (
  UPDATE patrol_targets t SET retired_at = now()
  WHERE t.kind IN ('entrance', 'street') AND t.retired_at IS NULL
    AND NOT EXISTS (SELECT FROM wanted w WHERE w.kind = t.kind AND w.source = t.source)
)
INSERT INTO patrol_targets AS t (kind, source, name, radius_m, point, line)
SELECT kind, source, name, radius_m, point, line FROM wanted
ON CONFLICT (kind, source) DO UPDATE SET name = excluded.name, point = excluded.point, line = excluded.line, retired_at = NULL
WHERE (t.name, t.retired_at) IS DISTINCT FROM (excluded.name, NULL)
   OR NOT coalesce(t.point ~= excluded.point, t.line ~= excluded.line, false)
