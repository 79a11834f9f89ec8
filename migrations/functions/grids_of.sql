-- Which areas do many points lie in? `query` answers (id bigint, point in 4490), ids unique; the answer is one row per id.
-- For sets: points meet areas by the integer of their cell; only in cells that an edge runs through is anything measured.
-- Where not exactly one area claims a point there, grid_of decides. On another day than today every point asks grid_of.
-- The query is asked three or four times, so it must answer the same each time.
CREATE OR REPLACE FUNCTION grids_of(query text, at date DEFAULT NULL) RETURNS TABLE (id bigint, code text)
LANGUAGE plpgsql STABLE SET enable_nestloop = off SET enable_mergejoin = off SET work_mem = '64MB' AS $$ -- off: the planner thinks too
-- small of the edges
DECLARE
  rule place_rule;
  day date;
  total bigint;
  answered bigint;
  more bigint;
BEGIN
  SELECT * INTO rule FROM place_rule;
  day := coalesce(at, (now() AT TIME ZONE rule.time_zone)::date);
  IF NOT coalesce(rule.cells_valid @> day, false)
    OR rule.cells_version <> (SELECT version FROM data_versions WHERE name = 'placing') THEN
    RETURN QUERY EXECUTE format('SELECT q.id::bigint, grid_of(q.geom, %L) FROM (%s) AS q (id, geom)', day, query);
    RETURN;
  END IF;
  EXECUTE format('SELECT count(*) FROM (%s) AS q', query) INTO total;
  RETURN QUERY EXECUTE format(
    $inner$
    SELECT q.id::bigint, c.area_code::text
    FROM (%1$s) AS q (id, geom) JOIN area_cells c ON c.cell = cell_of(q.geom, %2$L::float8)
    $inner$, query, rule.cell_degrees);
  GET DIAGNOSTICS answered = ROW_COUNT;
  RETURN QUERY EXECUTE format(
    $edges$
    WITH p AS MATERIALIZED (
      SELECT q.id::bigint AS id, q.geom, c.one, c.other, c.more
      FROM (%1$s) AS q (id, geom) JOIN edge_cells c ON c.cell = cell_of(q.geom, %2$L::float8)
      ORDER BY c.one, c.other -- points of one area together: PostGIS then keeps what it prepared of it
    ), today AS MATERIALIZED (
      SELECT b.area_code, b.geom FROM boundaries b WHERE b.valid @> %3$L::date
    ), two AS ( -- nearly every edge lies between two areas, or at the rim of one
      SELECT p.id, p.geom, p.one, p.other, ST_Covers(f.geom, p.geom) AS in_one, coalesce(ST_Covers(s.geom, p.geom), false) AS in_other
      FROM p JOIN today f ON f.area_code = p.one LEFT JOIN today s ON s.area_code = p.other WHERE p.more IS NULL OFFSET 0
    ), tests AS (
      SELECT p.id, unnest(p.more) AS code, p.geom FROM p WHERE p.more IS NOT NULL
    ), claims AS (
      SELECT t.id, min(t.code) AS code, count(*) AS claims FROM tests t JOIN today b ON b.area_code = t.code
      WHERE ST_Covers(b.geom, t.geom) IS TRUE GROUP BY t.id
    )
    SELECT id, CASE WHEN in_one AND NOT in_other THEN one WHEN in_other AND NOT in_one THEN other
      ELSE grid_of(geom, %3$L::date) END::text
    FROM two
    UNION ALL
    SELECT p.id, CASE WHEN c.claims = 1 THEN c.code ELSE grid_of(p.geom, %3$L::date) END::text
    FROM p LEFT JOIN claims c ON c.id = p.id WHERE p.more IS NOT NULL
    $edges$, query, rule.cell_degrees, day);
  GET DIAGNOSTICS more = ROW_COUNT;
  IF answered + more < total THEN
    RETURN QUERY EXECUTE format(
      $outside$
      SELECT q.id::bigint, grid_of(q.geom, %3$L::date) FROM (%1$s) AS q (id, geom)
      WHERE q.geom IS NULL OR (
        NOT EXISTS (SELECT 1 FROM area_cells c WHERE c.cell = cell_of(q.geom, %2$L::float8))
        AND NOT EXISTS (SELECT 1 FROM edge_cells c WHERE c.cell = cell_of(q.geom, %2$L::float8)))
      $outside$, query, rule.cell_degrees, day);
  END IF;
END
$$;
