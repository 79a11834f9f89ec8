-- Counts changes of a named part of the data (trigger argument), so that whoever sees the change sees the new number.
-- The number comes from a sequence: a rolled-back change never leaves a number that another change uses again.
CREATE OR REPLACE FUNCTION bump_data_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO data_versions AS v (name, version)
  VALUES (TG_ARGV[0], nextval('data_version_numbers'))
  ON CONFLICT (name) DO UPDATE SET version = nextval('data_version_numbers');
  RETURN NULL;
END
$$;
