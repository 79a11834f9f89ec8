"""What must hold of people and homes that a sheet changes: one head each, moves kept as history, followers follow, days anew.

All of it works on the staged rows at once, in SQL: a sheet of 100,000 people takes no longer for it.
"""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from gis_grid import audit
from gis_grid.access.guard import caller
from gis_grid.areas.placing import today
from gis_grid.areas.reassign import begin_moves
from gis_grid.buildings.actions import follow_all
from gis_grid.db import session
from gis_grid.imports.stage import STAGED, Merge
from gis_grid.people.actions import follow_homes
from gis_grid.people.rules import HEAD
from gis_grid.premises import staff_follow
from gis_grid.visits.actions import due_again

Refuse = Callable[[int, str, str], None]  # row number, field, reason


def check_heads(merge: Merge, refuse: Refuse) -> None:
    """Refuse, row by row, a second head of a household and the head who leaves others behind; until none is left."""
    if "household_id" not in merge.columns:
        return
    relation = "coalesce(i.relation, t.relation)" if "relation" in merge.columns else "t.relation"
    begun = _TOLD.format(staged=STAGED, relation=relation)
    while True:
        session().execute(sa.text("DROP TABLE IF EXISTS told_homes"))
        session().execute(sa.text(begun), {"head": HEAD})
        session().execute(sa.text("CREATE INDEX ON told_homes (id)"))
        session().execute(sa.text("CREATE INDEX ON told_homes (household_id)"))
        session().execute(sa.text("ANALYZE told_homes"))
        found = [*session().execute(sa.text(_TWO_HEADS)), *session().execute(sa.text(_HEAD_LEAVES), {"head": HEAD})]
        reasons = {row_no: reason for row_no, reason in found}
        if not reasons:
            return
        for row_no, reason in reasons.items():
            refuse(row_no, "relation", reason)
        session().execute(sa.text(f"DELETE FROM {STAGED} WHERE row_no = ANY(:rows)"), {"rows": list(reasons)})


# What the staged people will be: their household, whether they lead it, and where they lived and led before.
_TOLD = """
CREATE TEMP TABLE told_homes ON COMMIT DROP AS
SELECT i.row_no, i.id, i.household_id, {relation} IS NOT DISTINCT FROM :head AS leads, t.household_id AS was,
  t.relation IS NOT DISTINCT FROM :head AND t.id IS NOT NULL AS led
FROM {staged} i LEFT JOIN residents t ON t.id = i.id
"""
_TWO_HEADS = """
WITH heads AS (
  SELECT row_no, household_id, first_value(row_no) OVER (PARTITION BY household_id ORDER BY was IS DISTINCT FROM household_id,
    NOT led, row_no) AS first
  FROM told_homes WHERE leads
)
SELECT h.row_no, coalesce('该户已有户主 ' || r.name || '；要换户主请用“变更户主”，或在同一表中同时更改原户主的关系',
  '与第 ' || h.first || ' 行同为一户的户主，一户只能有一位')
FROM heads h
LEFT JOIN LATERAL (
  SELECT name FROM residents r
  WHERE r.household_id = h.household_id AND r.relation = '02' AND r.retired_at IS NULL
    AND NOT EXISTS (SELECT 1 FROM told_homes o WHERE o.id = r.id)
  LIMIT 1
) r ON true
WHERE r.name IS NOT NULL OR h.first <> h.row_no
"""
_HEAD_LEAVES = """
SELECT l.row_no, '他是原户户主，且原户还有其他成员：请先在原户“变更户主”，或在同一表中写明新户主'
FROM told_homes l
WHERE l.led AND l.was <> l.household_id
  AND NOT EXISTS (SELECT 1 FROM told_homes n WHERE n.household_id = l.was AND n.leads)
  AND EXISTS (
    SELECT 1 FROM residents r LEFT JOIN told_homes o ON o.id = r.id
    WHERE r.household_id = l.was AND r.id <> l.id AND r.retired_at IS NULL AND (o.id IS NULL OR o.household_id = l.was)
  )
"""


def note_moves(kind: str) -> None:
    """Before the merge: who moves where (in `sheet_moves`), and which rows may lie elsewhere afterwards (in `moves`)."""
    begin_moves()
    if kind in _MOVES:
        session().execute(sa.text("DROP TABLE IF EXISTS sheet_moves"))
        session().execute(sa.text(_MOVES[kind].format(staged=STAGED)))
    if kind in ("buildings", "units", "households", "residents", "premises"):
        session().execute(sa.text(_NOTED.format(staged=STAGED, table=kind)), {"kind": kind})


_NOTED = """
INSERT INTO moves (kind, id) SELECT :kind, i.id FROM {staged} i JOIN {table} t ON t.id = i.id
WHERE i.area_code IS DISTINCT FROM t.area_code ON CONFLICT DO NOTHING
"""
_MOVES = {
    "households": """
    CREATE TEMP TABLE sheet_moves ON COMMIT DROP AS
    SELECT i.id, i.room_id AS now, t.room_id AS was, i.area_code FROM {staged} i JOIN households t ON t.id = i.id
    WHERE i.room_id IS DISTINCT FROM t.room_id
    """,
    "residents": """
    CREATE TEMP TABLE sheet_moves ON COMMIT DROP AS
    SELECT i.id, i.household_id AS now, t.household_id AS was, i.area_code FROM {staged} i JOIN residents t ON t.id = i.id
    WHERE i.household_id IS DISTINCT FROM t.household_id
    """,
}


def keep_history(kind: str) -> int:
    """After the merge: a line in the history for each household or person that moved; answers how many."""
    if kind not in _HISTORY:
        return 0
    told = {"day": today(), "who": caller().name}
    done = session().execute(sa.text(_HISTORY[kind]), told)
    if kind == "households":
        unpin = "UPDATE households t SET point = NULL, pin_locked = false FROM sheet_moves m WHERE t.id = m.id"
        session().execute(sa.text(unpin))  # the pin stood at the old home
    else:
        _close_empty()
    return int(done.rowcount)  # type: ignore[attr-defined]


_HISTORY = {
    "households": """
    INSERT INTO home_changes (kind, on_day, household_ids, resident_ids, room_ids, area_code, reason, made_by)
    SELECT 'moved', :day, ARRAY[m.id],
      ARRAY(SELECT r.id FROM residents r WHERE r.household_id = m.id AND r.retired_at IS NULL ORDER BY r.id),
      array_remove(ARRAY[m.was, m.now], NULL), m.area_code, '表格导入', :who
    FROM sheet_moves m
    """,
    "residents": """
    INSERT INTO home_changes (kind, on_day, household_ids, resident_ids, room_ids, area_code, reason, made_by)
    SELECT 'person_moved', :day, array_remove(ARRAY[m.now, m.was], NULL), ARRAY[m.id],
      ARRAY(SELECT h.room_id FROM households h WHERE h.id IN (m.was, m.now) AND h.room_id IS NOT NULL ORDER BY h.id = m.now),
      m.area_code, '表格导入', :who
    FROM sheet_moves m
    """,
}


def _close_empty() -> None:
    """A household whose last member moved away by the sheet is closed, as by hand."""
    query = """
    UPDATE households h SET retired_at = now(), updated_at = now(), version = h.version + 1
    FROM (SELECT DISTINCT was AS id FROM sheet_moves) m
    WHERE h.id = m.id AND h.retired_at IS NULL
      AND NOT EXISTS (SELECT 1 FROM residents r WHERE r.household_id = h.id AND r.retired_at IS NULL)
    RETURNING h.id, h.area_code, h.version
    """
    for row in session().execute(sa.text(query)).all():
        audit.record("retire", "households", row.id, area_code=row.area_code, version=row.version)


def let_follow(kind: str) -> None:
    """After the merge: what hangs on rows that lie elsewhere now goes with them; days to look again are given anew."""
    if kind in ("buildings", "units"):
        follow_all()
    elif kind in ("households", "residents"):
        follow_homes(everything=False)
    elif kind == "premises":
        staff_follow(everything=False)
    if kind in ("rooms", "residents", "premises"):
        due_again(kind, f"t.id IN (SELECT id FROM {STAGED})")
