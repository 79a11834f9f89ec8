-- Store these fixes once, note their days, move the last positions on: one statement, so that a batch costs one trip.
WITH given AS MATERIALIZED (
  SELECT * FROM unnest(
    CAST(%s AS bigint[]), CAST(%s AS timestamptz[]), CAST(%s AS float8[]), CAST(%s AS float8[]), CAST(%s AS real[]),
    CAST(%s AS real[]), CAST(%s AS real[]), CAST(%s AS real[]), CAST(%s AS real[]), CAST(%s AS int[]), CAST(%s AS text[]),
    CAST(%s AS date[])
  ) AS f (device_id, at, lon, lat, accuracy_m, speed_mps, course_deg, ele_m, battery, flags, area_code, day)
), stored AS (
  INSERT INTO fixes (device_id, at, lon, lat, accuracy_m, speed_mps, course_deg, ele_m, battery, flags, area_code)
  SELECT device_id, at, lon, lat, accuracy_m, speed_mps, course_deg, ele_m, battery, flags, area_code FROM given
  ON CONFLICT DO NOTHING
), due AS (
  INSERT INTO track_days_due (device_id, day) SELECT DISTINCT device_id, day FROM given ORDER BY 1, 2 ON CONFLICT DO NOTHING
)
INSERT INTO last_positions AS l (device_id, at, lon, lat, accuracy_m, speed_mps, battery, flags, area_code)
SELECT DISTINCT ON (device_id) device_id, at, lon, lat, accuracy_m, speed_mps, battery, flags, area_code FROM given
WHERE flags & %s = 0 ORDER BY device_id, at DESC
ON CONFLICT (device_id) DO UPDATE SET at = excluded.at, lon = excluded.lon, lat = excluded.lat,
  accuracy_m = excluded.accuracy_m, speed_mps = excluded.speed_mps, battery = excluded.battery, flags = excluded.flags,
  area_code = excluded.area_code, received_at = now()
WHERE l.at < excluded.at
