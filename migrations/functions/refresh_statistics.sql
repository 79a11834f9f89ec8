-- Count again how values are spread in these tables (NULL: in all of ours), so that plans fit what was just loaded; answers how many.
-- The service owns no table and may not ANALYZE, and after a mass load the database itself comes only minutes later.
CREATE OR REPLACE FUNCTION refresh_statistics(tables text[]) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  name text;
  done integer := 0;
BEGIN
  FOR name IN
    SELECT c.relname FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
      AND pg_has_role(c.relowner, 'USAGE') AND (tables IS NULL OR c.relname = ANY(tables))
    ORDER BY 1
  LOOP
    EXECUTE format('ANALYZE public.%I', name);
    done := done + 1;
  END LOOP;
  RETURN done;
END
$$;
