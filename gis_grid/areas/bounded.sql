-- Which areas had a boundary on a day? No scope: the index answers for all and the caller's scope is checked after.
SELECT a.code, a.level, b.kind, ST_AsBinary(b.geom) AS wkb
FROM boundaries b
JOIN areas a ON a.code = b.area_code
WHERE b.valid @> CAST(:at AS date)
