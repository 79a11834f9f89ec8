-- Which areas stand right below :code (of :level anywhere below when given; the topmost of the caller's scope without a code), where
-- do they lie that day, how big are they?
SELECT a.code, coalesce(b.name, a.name) AS name, a.level, a.kind, a.parent_code,
  (
    SELECT count(*) FROM areas c
    WHERE c.parent_code = a.code AND (
      EXISTS (SELECT FROM boundaries o WHERE o.area_code = c.code AND o.valid @> CAST(:at AS date))
      OR (c.retired_at IS NULL AND NOT EXISTS (SELECT FROM boundaries o WHERE o.area_code = c.code))
    )
  )::int AS children,
  ST_X(s.spot) AS lon, ST_Y(s.spot) AS lat,
  ST_XMin(b.geom) AS west, ST_YMin(b.geom) AS south, ST_XMax(b.geom) AS east, ST_YMax(b.geom) AS north,
  round(ST_Area(b.geom::geography)) AS area_m2
FROM areas a
LEFT JOIN boundaries b ON b.area_code = a.code AND b.valid @> CAST(:at AS date)
LEFT JOIN LATERAL (SELECT ST_PointOnSurface(b.geom) AS spot) s ON true
WHERE (b.id IS NOT NULL OR (a.retired_at IS NULL AND NOT EXISTS (SELECT FROM boundaries o WHERE o.area_code = a.code)))
  AND coalesce(a.code LIKE ANY(:scope), '%' = ANY(:scope))
  AND CASE
    WHEN CAST(:level AS text) IS NOT NULL THEN a.level = :level AND starts_with(a.code, coalesce(:code, ''))
    WHEN CAST(:code AS text) IS NOT NULL THEN a.parent_code = :code
    ELSE NOT EXISTS (
      SELECT FROM areas p
      WHERE p.code = a.parent_code AND p.retired_at IS NULL AND coalesce(p.code LIKE ANY(:scope), '%' = ANY(:scope))
    )
  END
ORDER BY a.code
