"""Classes that a sheet gives to people: those hidden from the caller stay, and each begin and end is kept as a tag."""

from __future__ import annotations

import sqlalchemy as sa

from gis_grid.access.guard import caller
from gis_grid.areas.placing import today
from gis_grid.db import session
from gis_grid.dictionary import names
from gis_grid.imports.stage import STAGED
from gis_grid.people.classes import LIST, visible_classes


def note_classes() -> None:
    """Before the merge: what begins and what ends by the staged rows (in `tag_moves`)."""
    hidden = sorted(names(LIST).keys() - visible_classes().keys())
    keep = f"""
    UPDATE {STAGED} i SET classes = ARRAY(SELECT c FROM unnest(t.classes) c WHERE c = ANY(:hidden)) || i.classes
    FROM residents t WHERE t.id = i.id AND i.classes IS NOT NULL AND t.classes && CAST(:hidden AS varchar[])
    """
    session().execute(sa.text(keep), {"hidden": hidden})
    session().execute(sa.text("DROP TABLE IF EXISTS tag_moves"))
    moves = f"""
    CREATE TEMP TABLE tag_moves ON COMMIT DROP AS
    SELECT i.id AS resident_id, c.code, true AS begins
    FROM {STAGED} i LEFT JOIN residents t ON t.id = i.id CROSS JOIN LATERAL unnest(i.classes) c (code)
    WHERE NOT (c.code = ANY(coalesce(t.classes, '{{}}')))
    UNION ALL
    SELECT i.id, c.code, false
    FROM {STAGED} i JOIN residents t ON t.id = i.id CROSS JOIN LATERAL unnest(t.classes) c (code)
    WHERE i.classes IS NOT NULL AND NOT (c.code = ANY(i.classes))
    """
    session().execute(sa.text(moves))


def keep_tags() -> None:
    """After the merge: a tag for each class that begins; those that end get their day."""
    told = {"day": today(), "who": caller().name}
    for query in (_BEGUN, _UNTOLD, _ENDED):
        session().execute(sa.text(query), {name: value for name, value in told.items() if f":{name}" in query})


_BEGUN = """
INSERT INTO resident_tags (resident_id, code, since, source, made_by)
SELECT resident_id, code, :day, '导入', :who FROM tag_moves WHERE begins
"""
_UNTOLD = """
INSERT INTO resident_tags (resident_id, code, source, made_by)
SELECT m.resident_id, m.code, '原有登记', :who FROM tag_moves m
WHERE NOT m.begins AND NOT EXISTS (
  SELECT 1 FROM resident_tags g WHERE g.resident_id = m.resident_id AND g.code = m.code AND g.until IS NULL
)
"""
_ENDED = """
UPDATE resident_tags g SET until = :day FROM tag_moves m
WHERE NOT m.begins AND g.resident_id = m.resident_id AND g.code = m.code AND g.until IS NULL
"""
