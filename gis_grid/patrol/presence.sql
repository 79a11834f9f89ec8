-- How many minutes was somebody in each cell of :cell degrees, in segments of an area within :scope between two moments?
WITH points AS (
  SELECT s.id, (d).path[1] AS n, ST_X((d).geom) AS lon, ST_Y((d).geom) AS lat, ST_M((d).geom) AS at
  FROM (
    SELECT id, ST_DumpPoints(geom) AS d
    FROM track_segments
    WHERE started_at >= :begin AND started_at < :end AND area_code LIKE :prefix AND area_code LIKE ANY(:scope)
  ) s
), steps AS (
  SELECT lon, lat, lead(at) OVER (PARTITION BY id ORDER BY n) - at AS seconds FROM points
)
SELECT round((lon / :cell)::numeric) * :cell AS lon, round((lat / :cell)::numeric) * :cell AS lat, sum(seconds) / 60 AS minutes
FROM steps
WHERE seconds > 0
GROUP BY 1, 2
ORDER BY minutes DESC
LIMIT :most
