-- How far do the caller's areas reach today, and are there demo areas among them?
SELECT ST_XMin(box) AS west, ST_YMin(box) AS south, ST_XMax(box) AS east, ST_YMax(box) AS north, demo
FROM (
  SELECT ST_Extent(b.geom) AS box, bool_or(a.code LIKE '9901%') AS demo
  FROM boundaries b
  JOIN areas a ON a.code = b.area_code
  WHERE b.valid @> CAST(:at AS date) AND coalesce(a.code LIKE ANY(:scope), '%' = ANY(:scope))
) e
