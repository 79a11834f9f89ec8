-- Adds a random number for a changed table: the state of a table is all its numbers xored, whatever the order of commits.
-- Now and then what others have committed is folded into one row; folding changes no state, and skips what somebody folds.
CREATE OR REPLACE FUNCTION mark_table() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO table_marks (name, mark) VALUES (TG_TABLE_NAME, hashtextextended(gen_random_uuid()::text, 0));
  IF random() < 0.1 THEN
    WITH gone AS (
      DELETE FROM table_marks
      WHERE id IN (SELECT id FROM table_marks WHERE name = TG_TABLE_NAME FOR UPDATE SKIP LOCKED)
      RETURNING mark
    )
    INSERT INTO table_marks (name, mark) SELECT TG_TABLE_NAME, bit_xor(mark) FROM gone HAVING count(*) > 0;
  END IF;
  RETURN NULL;
END
$$;
