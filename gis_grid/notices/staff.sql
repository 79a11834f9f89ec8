-- Who is in office in these areas on a day? (Names on boards are public by their purpose: the codes asked for are scoped.)
SELECT s.id, s.area_code, s.post, s.name, s.duty_phone, s.duty
FROM staff s
WHERE s.retired_at IS NULL
  AND s.area_code = ANY(:codes)
  AND (s.since IS NULL OR s.since <= CAST(:at AS date))
  AND (s.until IS NULL OR s.until > CAST(:at AS date))
ORDER BY s.id
