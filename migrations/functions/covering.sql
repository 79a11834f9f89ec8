-- Which areas cover a point (4490) on a day, exactly? Big polygons are looked up through their parts (boundary_parts): well
-- inside a part is inside; near a part's edge, which may be only a cut, the whole polygon decides.
CREATE OR REPLACE FUNCTION covering(p geometry, day date) RETURNS TABLE (area_code text, kind text)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT b.area_code, b.kind FROM boundaries b
  WHERE NOT b.is_big AND b.valid @> day AND ST_Intersects(b.geom, ST_ForceCollection(p))
  UNION
  SELECT b.area_code, b.kind FROM boundary_parts s
  CROSS JOIN LATERAL (SELECT * FROM boundaries w WHERE w.id = s.boundary_id OFFSET 0) b -- by its key, never all of them
  WHERE s.geom && ST_Expand(p, 1e-9) AND b.valid @> day AND ST_DWithin(s.geom, p, 1e-9)
    AND (NOT ST_DWithin(ST_Boundary(s.geom), p, 1e-9) OR ST_Intersects(b.geom, ST_ForceCollection(p)))
$$;
