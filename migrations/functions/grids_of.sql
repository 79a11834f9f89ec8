-- Which areas do many points lie in? `query` answers (id bigint, point in 4490), ids unique; the answer is one row per id.
-- For sets: points meet areas by the integer of their cell; only in cells that an edge runs through is anything measured.
-- Where not exactly one area claims a point there, grid_of decides. On another day than today every point asks grid_of.
-- The query is asked three or four times, so it must answer the same each time.
CREATE OR REPLACE FUNCTION grids_of(query text, at date DEFAULT NULL) RETURNS TABLE (id bigint, code text)
LANGUAGE plpgsql STABLE SET enable_nestloop = off SET work_mem = '64MB' AS $$ -- off: the planner thinks too small of the edges
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
    FROM (%1$s) AS q (id, geom) JOIN area_cells c ON c.cell = cell_of(q.geom, %2$L::float8) AND c.area_code IS NOT NULL
    $inner$, query, rule.cell_degrees);
  GET DIAGNOSTICS answered = ROW_COUNT;
  RETURN QUERY EXECUTE format(
    $edges$
    WITH p AS MATERIALIZED (
      SELECT q.id::bigint AS id, q.geom, c.candidates
      FROM (%1$s) AS q (id, geom) JOIN area_cells c ON c.cell = cell_of(q.geom, %2$L::float8) AND c.candidates IS NOT NULL
    ), tests AS (
      SELECT p.id, p.geom, unnest(p.candidates) AS code FROM p
    ), claims AS (
      SELECT t.id, min(t.code) AS code, count(*) AS claims FROM tests t
      JOIN (SELECT b.area_code, b.geom FROM boundaries b WHERE b.valid @> %3$L::date OFFSET 0) b ON b.area_code = t.code
      WHERE ST_Covers(b.geom, t.geom) IS TRUE -- by code; no search in the index
      GROUP BY t.id
    )
    SELECT p.id, CASE WHEN c.claims = 1 THEN c.code::text ELSE grid_of(p.geom, %3$L::date) END
    FROM p LEFT JOIN claims c ON c.id = p.id
    $edges$, query, rule.cell_degrees, day);
  GET DIAGNOSTICS more = ROW_COUNT;
  IF answered + more < total THEN
    RETURN QUERY EXECUTE format(
      $outside$
      SELECT q.id::bigint, grid_of(q.geom, %3$L::date) FROM (%1$s) AS q (id, geom)
      WHERE q.geom IS NULL OR NOT EXISTS (SELECT 1 FROM area_cells c WHERE c.cell = cell_of(q.geom, %2$L::float8))
      $outside$, query, rule.cell_degrees, day);
  END IF;
END
$$;
