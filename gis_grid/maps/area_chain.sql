-- Which areas of the caller's scope lead from the top down to :code, and where do they lie that day?
WITH RECURSIVE up AS (
  SELECT code, name, level, kind, parent_code, 0 AS steps FROM areas WHERE code = :code
  UNION ALL
  SELECT p.code, p.name, p.level, p.kind, p.parent_code, up.steps + 1
  FROM up
  JOIN areas p ON p.code = up.parent_code
  WHERE up.steps < 20
)
SELECT up.code, coalesce(b.name, up.name) AS name, up.level, up.kind,
  ST_XMin(b.geom) AS west, ST_YMin(b.geom) AS south, ST_XMax(b.geom) AS east, ST_YMax(b.geom) AS north
FROM up
LEFT JOIN boundaries b ON b.area_code = up.code AND b.valid @> CAST(:at AS date)
WHERE coalesce(up.code LIKE ANY(:scope), '%' = ANY(:scope))
ORDER BY up.steps DESC
