-- What would a plan of these areas show of their own? One digest per area that has a boundary; changes with what is drawn.
SELECT b.area_code AS code,
  md5(concat(md5(ST_AsBinary(b.geom)), h.digest, u.digest)) AS digest
FROM boundaries b
LEFT JOIN LATERAL (
  SELECT string_agg(md5(concat(x.name, '|', x.use, '|', ST_AsBinary(coalesce(x.footprint, x.point)))), '' ORDER BY x.id) AS digest
  FROM buildings x
  WHERE x.retired_at IS NULL AND x.area_code = b.area_code
) h ON true
LEFT JOIN LATERAL (
  SELECT string_agg(md5(concat(x.name, '|', ST_AsBinary(x.point))), '' ORDER BY x.id) AS digest
  FROM units x
  WHERE x.retired_at IS NULL AND x.area_code = b.area_code
) u ON true
WHERE b.area_code = ANY(:codes) AND b.valid @> CAST(:at AS date)
