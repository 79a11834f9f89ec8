-- Which buildings stand in an area (by code prefix of where they are placed), with how many households? For proposing a division;
-- the caller has checked that the area is within the scope.
SELECT ST_AsBinary(b.footprint) AS wkb, count(h.id) AS households
FROM buildings b
LEFT JOIN rooms r ON r.building_id = b.id AND r.retired_at IS NULL
LEFT JOIN households h ON h.room_id = r.id AND h.retired_at IS NULL
WHERE b.area_code LIKE :code || '%' AND b.retired_at IS NULL AND b.footprint IS NOT NULL
GROUP BY b.id ORDER BY b.id
