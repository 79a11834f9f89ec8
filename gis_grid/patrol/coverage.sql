-- How much of each kind of target of each area was passed between two days, by weight? A worker given: his alone (by account; by name where none is known).
WITH passed AS (
  SELECT DISTINCT a.area_code, target_id
  FROM track_areas a CROSS JOIN LATERAL unnest(a.targets) AS target_id
  WHERE a.area_code LIKE :prefix AND a.area_code LIKE ANY(:scope) AND a.day BETWEEN :first AND :last
    AND (
      CAST(:worker AS text) IS NULL AND CAST(:user_id AS bigint) IS NULL
      OR EXISTS (
        SELECT FROM tracks t JOIN devices d ON d.id = t.device_id
        WHERE t.id = a.track_id
          AND (d.user_id = :user_id OR t.worker = :worker AND (d.user_id IS NULL OR CAST(:user_id AS bigint) IS NULL))
      )
    )
)
SELECT g.area_code, g.kind, count(*) AS targets, count(p.target_id) AS passed,
  sum(g.weight) AS weight, coalesce(sum(g.weight) FILTER (WHERE p.target_id IS NOT NULL), 0) AS passed_weight
FROM patrol_targets g LEFT JOIN passed p ON p.target_id = g.id
WHERE g.retired_at IS NULL AND g.area_code LIKE :prefix AND g.area_code LIKE ANY(:scope)
GROUP BY g.area_code, g.kind
ORDER BY g.area_code, g.kind
