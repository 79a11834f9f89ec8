-- Who has a claim on these events? Every grid that covers the point (an exclusive one as such), and the property company of the
-- estate it happened in. All are kept; is_responsible marks the one that the rule names. Scope: the caller gives the events' ids.
WITH claims AS (
  SELECT e.id AS event_id, CASE a.kind WHEN 'exclusive' THEN 'exclusive' ELSE 'grid' END AS kind, a.code AS area_code,
    NULL::bigint AS estate_id, a.name, a.code = e.area_code AS is_placed
  FROM events e
  CROSS JOIN LATERAL covering(e.point, CAST(:day AS date)) c
  JOIN areas a ON a.code = c.area_code AND a.level = 'grid'
  WHERE e.id = ANY(:ids) AND e.point IS NOT NULL
  UNION ALL
  SELECT e.id, CASE a.kind WHEN 'exclusive' THEN 'exclusive' ELSE 'grid' END, a.code, NULL, a.name, true
  FROM events e JOIN areas a ON a.code = e.area_code
  WHERE e.id = ANY(:ids) AND NOT EXISTS (SELECT 1 FROM covering(e.point, CAST(:day AS date)) c WHERE c.area_code = e.area_code)
  UNION ALL
  SELECT e.id, 'property', s.area_code, s.id, s.property_company, e.area_code IS NULL
  FROM events e JOIN estates s ON ST_Covers(s.outline, e.point) AND s.retired_at IS NULL
  WHERE e.id = ANY(:ids) AND coalesce(s.property_company, '') <> ''
)
INSERT INTO event_owners (event_id, kind, area_code, estate_id, name, is_responsible)
SELECT DISTINCT ON (event_id, kind, coalesce(estate_id::text, area_code)) event_id, kind, area_code, estate_id, name, is_placed
FROM claims ORDER BY event_id, kind, coalesce(estate_id::text, area_code), is_placed DESC
