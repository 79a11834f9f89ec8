-- How many households, people and buildings does an area have? (Its code comes from a scoped list; numbers only.)
SELECT
  (SELECT count(*) FROM households h WHERE h.retired_at IS NULL AND h.area_code LIKE :within) AS households,
  (SELECT count(*) FROM residents r WHERE r.retired_at IS NULL AND r.area_code LIKE :within) AS people,
  (SELECT count(*) FROM buildings b WHERE b.retired_at IS NULL AND b.area_code LIKE :within) AS buildings
