-- Which areas, buildings and shops of the caller's scope are called this? Exact and leading matches first.
WITH found AS (
  SELECT 'area' AS kind, a.code AS id, a.name AS title, a.level AS subtitle, a.code AS area_code,
    ST_PointOnSurface(b.geom) AS point, Box2D(b.geom) AS box, a.name AS text
  FROM areas a
  JOIN boundaries b ON b.area_code = a.code AND b.valid @> CAST(:at AS date)
  WHERE :areas AND a.retired_at IS NULL AND (a.name ILIKE :like OR a.code LIKE :lead)
    AND coalesce(a.code LIKE ANY(:scope), '%' = ANY(:scope))
  UNION ALL
  SELECT 'building', b.id::text, concat(e.name, b.name), coalesce(b.address, ''), b.area_code,
    b.point, Box2D(coalesce(b.footprint, b.point)), concat(e.name, b.name)
  FROM buildings b
  LEFT JOIN estates e ON e.id = b.estate_id
  WHERE :buildings AND b.retired_at IS NULL
    AND (concat(e.name, b.name) ILIKE :like OR b.address ILIKE :like OR b.code = :q)
    AND coalesce(b.area_code LIKE ANY(:scope), '%' = ANY(:scope))
  UNION ALL
  SELECT 'premises', p.id::text, p.name, coalesce(p.address, ''), p.area_code, p.point, Box2D(p.point), p.name
  FROM premises p
  WHERE :premises AND p.retired_at IS NULL AND (p.name ILIKE :like OR p.code = :q)
    AND coalesce(p.area_code LIKE ANY(:scope), '%' = ANY(:scope))
)
SELECT kind, id, title, subtitle, area_code, ST_X(point) AS lon, ST_Y(point) AS lat,
  ST_XMin(box) AS west, ST_YMin(box) AS south, ST_XMax(box) AS east, ST_YMax(box) AS north
FROM found
WHERE point IS NOT NULL
ORDER BY (text = :q) DESC, (text ILIKE :lead) DESC, CASE kind WHEN 'area' THEN 0 WHEN 'building' THEN 1 ELSE 2 END,
  length(text), text, id
LIMIT :limit
