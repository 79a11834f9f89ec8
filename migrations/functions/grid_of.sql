-- Which area does a point lie in on a day (default today)? The one rule: covers it; exclusive first, then the lowest code; else
-- the nearest within place_rule.nearest_m; the lowest level that answers. NULL: nowhere. The same answer as every other door.
-- ST_Intersects with a collection goes through GEOS, whose predicates are exact; ST_Covers of a point is plain floating point.
CREATE OR REPLACE FUNCTION grid_of(place geometry, at date DEFAULT NULL) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET plan_cache_mode = force_generic_plan SET enable_nestloop = on SET enable_mergejoin = on AS $$
DECLARE
  rule place_rule;
  p geometry;
  day date;
  one record;
  found_code text;
  best text;
  best_depth integer;
  best_m double precision;
  up double precision;
  across double precision;
  scale double precision;
BEGIN
  SELECT * INTO rule FROM place_rule;
  IF place IS NULL OR ST_IsEmpty(place) THEN
    RETURN NULL;
  END IF;
  IF GeometryType(place) <> 'POINT' THEN
    RAISE EXCEPTION 'grid_of takes a point, not %', GeometryType(place) USING ERRCODE = 'invalid_parameter_value';
  END IF;
  p := CASE WHEN ST_SRID(place) IN (0, 4326, 4490) THEN ST_SetSRID(place, 4490) ELSE ST_Transform(place, 4490) END;
  IF NOT (ST_X(p) BETWEEN -180 AND 180 AND ST_Y(p) BETWEEN -90 AND 90) THEN
    RETURN NULL;
  END IF;
  day := coalesce(at, (now() AT TIME ZONE rule.time_zone)::date);
  IF rule.cells_valid @> day AND rule.cells_version = (SELECT version FROM data_versions WHERE name = 'placing') THEN
    SELECT c.area_code INTO found_code FROM area_cells c WHERE c.cell = cell_of(p, rule.cell_degrees);
    IF found_code IS NOT NULL THEN
      RETURN found_code;
    END IF;
  END IF;
  SELECT a.code, array_position(rule.levels, a.level) AS depth INTO one FROM covering(p, day) b JOIN areas a ON a.code = b.area_code
  ORDER BY depth, b.kind <> 'exclusive', a.code COLLATE "C" LIMIT 1;
  IF one.depth = 1 THEN
    RETURN one.code;
  END IF;
  found_code := one.code;
  up := rule.nearest_m / 110574.0 + 1e-7;
  scale := greatest(cos(radians(ST_Y(p))), 0.01);
  across := up / scale;
  FOR one IN -- what lies below the level that covers the point, and near enough: the nearest of the lowest level goes first
    SELECT a.code, array_position(rule.levels, a.level) AS depth,
      ST_Distance(p::geography, ST_Scale(ST_ClosestPoint(ST_Scale(b.geom, scale, 1), ST_Scale(p, scale, 1)), 1 / scale, 1)::geography)
        AS metres -- the nearest point with equal scales both ways, then geodesic: a thousand times quicker than geography alone
    FROM boundaries b JOIN areas a ON a.code = b.area_code
    WHERE b.geom && ST_Expand(p, across, up) AND b.valid @> day
      AND array_position(rule.levels, a.level) < coalesce(one.depth, 1000)
    ORDER BY depth, b.kind <> 'exclusive', a.code COLLATE "C"
  LOOP
    EXIT WHEN best IS NOT NULL AND one.depth > best_depth;
    IF one.metres <= rule.nearest_m AND (best IS NULL OR one.metres < best_m - 0.001) THEN
      best := one.code;
      best_m := one.metres;
      best_depth := one.depth;
    END IF;
  END LOOP;
  RETURN coalesce(best, found_code);
END
$$;
