-- Make sure that each of these days (UTC) has its partition of `fixes`; answers how many were made. The service owns no table,
-- so this runs with its owner's rights. ATTACH instead of PARTITION OF: it does not wait for, nor stop, those who write.
CREATE OR REPLACE FUNCTION make_fix_days(days date[]) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  day date;
  name text;
  made integer := 0;
BEGIN
  FOR day IN SELECT DISTINCT d FROM unnest(days) d WHERE d >= DATE '2020-01-01' ORDER BY d LOOP
    name := 'fixes_' || to_char(day, 'YYYYMMDD');
    IF to_regclass(name) IS NOT NULL THEN
      CONTINUE;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('make_fix_days'));
    IF to_regclass(name) IS NOT NULL THEN
      CONTINUE;
    END IF;
    BEGIN
      EXECUTE format('CREATE TABLE %I (LIKE fixes INCLUDING DEFAULTS)', name);
      EXECUTE format(
        'ALTER TABLE fixes ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
        name, day::timestamp AT TIME ZONE 'UTC', (day + 1)::timestamp AT TIME ZONE 'UTC'
      );
    EXCEPTION WHEN duplicate_table THEN
      CONTINUE;  -- somebody else has just made it
    END;
    made := made + 1;
  END LOOP;
  RETURN made;
END
$$;

-- Drop every partition of `fixes` that lies wholly before this day, and what is older in the one for old times.
CREATE OR REPLACE FUNCTION drop_fix_days(before date) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  name text;
  dropped integer := 0;
BEGIN
  FOR name IN
    SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'fixes'::regclass AND c.relname ~ '^fixes_\d{8}$' AND right(c.relname, 8) < to_char(before, 'YYYYMMDD')
  LOOP
    EXECUTE format('DROP TABLE %I', name);
    dropped := dropped + 1;
  END LOOP;
  DELETE FROM fixes_before_2020 WHERE at < before::timestamp AT TIME ZONE 'UTC';
  RETURN dropped;
END
$$;
