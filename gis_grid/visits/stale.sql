-- How fresh are the records of :area within :scope: how many rooms, residents and shops in each state, grid by grid?
SELECT area_code, kind,
  count(*) FILTER (WHERE due_on > :soon) AS fresh, count(*) FILTER (WHERE due_on >= :today AND due_on <= :soon) AS soon,
  count(*) FILTER (WHERE due_on < :today) AS overdue, count(*) FILTER (WHERE due_on IS NULL) AS never
FROM (
  SELECT area_code, 'rooms' AS kind, due_on FROM rooms WHERE retired_at IS NULL AND area_code LIKE :area
  UNION ALL
  SELECT area_code, 'residents', due_on FROM residents WHERE :people AND retired_at IS NULL AND area_code LIKE :area
  UNION ALL
  SELECT area_code, 'premises', due_on FROM premises WHERE :premises AND retired_at IS NULL AND area_code LIKE :area
) t
WHERE coalesce(area_code LIKE ANY(:scope), '%' = ANY(:scope))
GROUP BY area_code, kind
ORDER BY area_code, kind DESC
