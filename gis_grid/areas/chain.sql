-- Which areas stand above this one, from the top down, itself included? No scope: codes and names of areas are no secret.
WITH RECURSIVE up AS (
  SELECT code, name, level, parent_code, 1 AS step FROM areas WHERE code = :code
  UNION ALL
  SELECT a.code, a.name, a.level, a.parent_code, up.step + 1 FROM areas a JOIN up ON a.code = up.parent_code
)
SELECT code, name, level FROM up ORDER BY step DESC
