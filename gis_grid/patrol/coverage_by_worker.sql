-- Which targets of an area did each worker pass between two days, how far and for how long did he walk there?
WITH walked AS (
  SELECT a.day, a.length_m, a.minutes, a.targets, t.worker, t.device, d.user_id,
    coalesce('account ' || d.user_id, 'name ' || t.worker, 'device ' || d.id) AS who
  FROM track_areas a JOIN tracks t ON t.id = a.track_id JOIN devices d ON d.id = t.device_id
  WHERE a.area_code LIKE :prefix AND a.area_code LIKE ANY(:scope) AND a.day BETWEEN :first AND :last
), passed AS (
  SELECT w.who, count(*) AS passed, sum(g.weight) AS weight
  FROM (SELECT DISTINCT who, unnest(targets) AS target_id FROM walked) w JOIN patrol_targets g ON g.id = w.target_id
  WHERE g.retired_at IS NULL
  GROUP BY w.who
)
SELECT max(w.worker) AS worker, max(w.device) AS device, max(w.user_id) AS user_id, count(DISTINCT w.day) AS days,
  sum(w.length_m) AS length_m, sum(w.minutes) AS minutes, coalesce(max(p.passed), 0) AS passed, coalesce(max(p.weight), 0) AS weight
FROM walked w LEFT JOIN passed p ON p.who = w.who
GROUP BY w.who
ORDER BY weight DESC, minutes DESC, worker
