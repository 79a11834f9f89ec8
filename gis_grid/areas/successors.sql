-- Which living areas go on where a retired one ended, through as many changes as it takes? No scope: codes are no secret.
WITH RECURSIVE heirs AS (
  SELECT s.successor, ARRAY[s.position] AS path FROM successions s WHERE s.code = :code
  UNION ALL
  SELECT s.successor, h.path || s.position FROM heirs h JOIN successions s ON s.code = h.successor WHERE cardinality(h.path) < 50
)
SELECT h.successor FROM heirs h JOIN areas a ON a.code = h.successor WHERE a.retired_at IS NULL
GROUP BY h.successor ORDER BY min(h.path)
