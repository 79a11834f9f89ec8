-- What streets, water, greens and neighbours lie in these windows? One digest per window; changes with what a plan would draw there.
WITH asked AS (
  SELECT w.key, w.code, w.level, ST_MakeEnvelope(w.west, w.south, w.east, w.north, 4490) AS box
  FROM unnest(
    CAST(:keys AS int[]), CAST(:codes AS text[]), CAST(:levels AS text[]),
    CAST(:wests AS float[]), CAST(:souths AS float[]), CAST(:easts AS float[]), CAST(:norths AS float[])
  ) AS w (key, code, level, west, south, east, north)
)
SELECT w.key, md5(concat(g.digest, n.digest)) AS digest
FROM asked w
LEFT JOIN LATERAL (
  SELECT string_agg(x.told, '' ORDER BY x.told) AS digest
  FROM (
    SELECT md5(concat(m.kind, '|', m.rank, '|', m.name, '|', m.width_m, '|', ST_AsBinary(m.geom))) AS told
    FROM base_map m
    WHERE m.geom && w.box AND ST_Intersects(m.geom, w.box) AND m.kind IN ('road', 'water', 'green')
  ) x
) g ON true
LEFT JOIN LATERAL (
  SELECT string_agg(concat(a.code, a.name), '|' ORDER BY a.code) AS digest
  FROM boundaries b
  JOIN areas a ON a.code = b.area_code
  WHERE b.geom && w.box AND b.valid @> CAST(:at AS date) AND a.level = w.level AND a.code <> w.code
    AND ST_Intersects(b.geom, w.box)
) n ON true
