"""Place stored rows again after boundaries changed: only what differs is written, in batches of bounded memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import sqlalchemy as sa

from gis_grid.areas.placing import current_index
from gis_grid.db import raw_connection, session

BATCH = 50_000
FOLLOWERS = ("room", "unit", "building", "manual")  # placed by something else than their own point


def place_again(model: Any) -> int:
    """Rows of a table with a point get the area they lie in today; answers how many moved."""
    table, moved, last = model.__tablename__, 0, 0
    while rows := _next_rows(table, last):
        ids, lon, lat, was = zip(*rows, strict=True)
        last = ids[-1]
        placed = current_index().place(np.array(lon), np.array(lat))
        changed = [
            (key, code, how) for key, code, how, old in zip(ids, placed.code, placed.placed_by, was, strict=True) if code != old
        ]
        if changed:
            _write(table, changed)
            moved += len(changed)
    return moved


def follow(table: str, parent: str, link: str, how: str, only: str = "true", **values: Any) -> int:
    """Rows that lie where another row lies take its area; answers how many moved. Names are our own, never a caller's."""
    query = f"""
    UPDATE {table} t SET area_code = p.area_code, placed_by = '{how}', version = t.version + 1
    FROM {parent} p
    WHERE p.id = t.{link} AND ({only}) AND (t.area_code, t.placed_by) IS DISTINCT FROM (p.area_code, '{how}')
    """
    return int(session().execute(sa.text(query), values).rowcount)  # type: ignore[attr-defined]


def _next_rows(table: str, last: int) -> list[Any]:
    query = f"""
    SELECT id, ST_X(point), ST_Y(point), area_code FROM {table}
    WHERE id > :last AND point IS NOT NULL AND coalesce(placed_by, '') != ALL(:followers)
    ORDER BY id LIMIT {BATCH}
    """
    return [tuple(row) for row in session().execute(sa.text(query), {"last": last, "followers": list(FOLLOWERS)})]


def _write(table: str, changed: list[tuple[int, str | None, str | None]]) -> None:
    session().execute(sa.text("DROP TABLE IF EXISTS placed_again"))
    session().execute(
        sa.text("CREATE TEMP TABLE placed_again (id bigint PRIMARY KEY, area_code text, placed_by text) ON COMMIT DROP")
    )
    with raw_connection().cursor() as cursor, cursor.copy("COPY placed_again FROM STDIN") as copy:
        for row in changed:
            copy.write_row(row)
    session().execute(
        sa.text(
            f"UPDATE {table} t SET area_code = p.area_code, placed_by = p.placed_by, version = t.version + 1 "
            "FROM placed_again p WHERE p.id = t.id"
        )
    )
