"""Place stored rows again where boundaries changed, and let what hangs on them follow; only what differs is written.

Every move is noted in the temporary table `moves` (kind, id, was, now, how), so that the next table follows only those that
moved, and whoever started it can tell who moved from where to where. It is gone with the transaction, or with the savepoint.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any

import numpy as np
import sqlalchemy as sa
from blinker import signal

from gis_grid.areas.cells import cells_count, refresh_cells
from gis_grid.areas.placing import current_index
from gis_grid.config import settings
from gis_grid.db import Base, Located, long_engine, raw_connection, session
from gis_grid.geo.locate import METRES_PER_DEGREE

BATCH = 50_000
HANDS = 2  # connections that write at once
PIECE = 40_000  # rows a connection writes at a time, at least
MOST_PIECES = 200
FOLLOWERS = ("room", "unit", "building", "manual")  # placed by something else than their own point
Bounds = tuple[float, float, float, float]
Touched = Sequence[Bounds] | None  # west, south, east, north of what changed, degrees; None: everything
Progress = Callable[[int, int | None], None]
changed = signal("areas-changed")  # touched=, progress=: whoever holds located rows places those within again


def reassign(touched: Touched, progress: Progress | None = None) -> None:
    """Boundaries changed within `touched`: everything located there gets the area it lies in today."""
    if touched is not None or not cells_count():
        refresh_cells(touched)
    begin_moves()
    wide = None if touched is None else [_widened(bounds) for bounds in touched]
    session().flush()
    session().expire_all()
    changed.send("areas", touched=wide, progress=progress or (lambda done, total: None))
    session().expire_all()


def begin_moves() -> None:
    """An empty table of moves."""
    session().execute(
        sa.text(
            "CREATE TEMP TABLE IF NOT EXISTS moves (kind text, id bigint, was text, now text, how text, PRIMARY KEY (kind, id))"
            " ON COMMIT DROP"
        )
    )
    session().execute(sa.text("DELETE FROM moves"))


def note_move(kind: str, key: int) -> None:
    """One row of a table lies elsewhere, or may: what hangs on it is asked to follow."""
    begin_moves()
    session().execute(sa.text("INSERT INTO moves (kind, id) VALUES (:kind, :key)"), {"kind": kind, "key": key})


def place_again(model: Any, touched: Touched, progress: Progress) -> None:
    """Rows of a table with a point within `touched` get the area they lie in today."""
    table = model.__tablename__
    boxes: Iterable[Bounds | None] = [None] if touched is None else touched
    total = _count(table) if touched is None else None
    done = 0
    for box in boxes:
        last = 0
        while rows := _next_rows(table, last, box):
            ids, lon, lat, was, was_how = zip(*rows, strict=True)
            placed = current_index().place(np.array(lon), np.array(lat))
            moves = [
                (table, key, old, code, how)
                for key, code, how, old, old_how in zip(ids, placed.code, placed.placed_by, was, was_how, strict=True)
                if code != old or how != old_how
            ]
            if moves:
                _write(table, moves)
            last, done = ids[-1], done + len(rows)
            progress(done, total)


def follow(table: str, parent: str, link: str, how: str, only: str = "true", *, everything: bool = False) -> None:
    """Rows that hang on moved rows (or on any, with `everything`) take their area. Names are our own, never a caller's."""
    if everything:
        _follow_all(table, parent, link, how, only)
        return
    session().execute(
        sa.text(
            f"""
            INSERT INTO moves (kind, id, was, now, how)
            SELECT '{table}', t.id, t.area_code, p.area_code, '{how}' FROM {table} t
            JOIN moves m ON m.kind = '{parent}' AND m.id = t.{link} JOIN {parent} p ON p.id = t.{link}
            WHERE ({only}) AND (t.area_code, t.placed_by) IS DISTINCT FROM (p.area_code, '{how}')
            ON CONFLICT (kind, id) DO UPDATE SET now = excluded.now, how = excluded.how
            """
        )
    )
    _apply(table)


def _follow_all(table: str, parent: str, link: str, how: str, only: str) -> None:
    """All at once, and only counted: noting a million moves one by one would take longer than making them."""
    query = (
        f"UPDATE {table} t SET area_code = p.area_code, placed_by = '{how}', version = t.version + 1 FROM {parent} p "
        f"WHERE p.id = t.{link} AND ({only}) AND (t.area_code, t.placed_by) IS DISTINCT FROM (p.area_code, '{how}')"
    )
    left: list[Following] | None = session().info.get("left")
    if left is not None:
        left.append(Following(table, query))
        return
    done = session().execute(sa.text(query))
    counts = session().info.setdefault("followed", {})
    counts[table] = counts.get(table, 0) + done.rowcount  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Following:
    """Rows of one table taking the area of what they hang on."""

    table: str
    query: str


def reassign_points(progress: Progress) -> list[Following]:
    """Everything with a point of its own gets the area it lies in today; what remains is for `follow_in_pieces`."""
    left: list[Following] = []
    session().info["left"] = left
    try:
        reassign(None, progress)
    finally:
        del session().info["left"]
    return left


def follow_in_pieces(left: Iterable[Following], progress: Progress) -> dict[str, int]:
    """What hangs on placed rows follows: table -> rows written. For the command line, after `reassign_points` was committed.

    Tables in their order, each in pieces by number, two pieces at a time; every piece is kept by itself, so that memory and
    locks stay small. A run that ends early is run again: only what differs is written.
    """
    written: dict[str, int] = {}
    done = 0
    with _Pieces() as pieces:
        for following in left:
            for rows in pieces.write(following):
                written[following.table] = written.get(following.table, 0) + rows
                done += rows
                progress(done, None)
    return {table: rows for table, rows in written.items() if rows}


class _Pieces:
    """As many connections as processors may work on one database: two."""

    def __enter__(self) -> _Pieces:
        on = long_engine().execution_options(isolation_level="AUTOCOMMIT")
        self.free: SimpleQueue[sa.Connection] = SimpleQueue()
        self.connections = [on.connect() for _ in range(HANDS)]
        for connection in self.connections:
            self.free.put(connection)
        self.pool = ThreadPoolExecutor(HANDS)
        return self

    def __exit__(self, *fault: object) -> None:
        self.pool.shutdown(cancel_futures=True)
        for connection in self.connections:
            connection.close()

    def write(self, following: Following) -> Iterator[int]:
        """Rows written, piece by piece."""
        low, high = self.connections[0].execute(sa.text(f"SELECT min(id), max(id) FROM {following.table}")).one()
        if low is None:
            return
        step = max(PIECE, (high - low) // MOST_PIECES + 1)
        yield from self.pool.map(lambda start: self._piece(following, start, start + step), range(low, high + 1, step))

    def _piece(self, following: Following, start: int, end: int) -> int:
        connection = self.free.get()
        try:
            query = f"{following.query} AND t.id >= :start AND t.id < :end"
            return connection.execute(sa.text(query), {"start": start, "end": end}).rowcount
        finally:
            self.free.put(connection)


def told_counts() -> dict[str, int]:
    """How many rows of each table were written by a re-assignment of everything."""
    counts = dict(session().info.get("followed", {}))
    for row in told_moves():
        counts[row["kind"]] = counts.get(row["kind"], 0) + row["count"]
    return counts


def settle(successors: dict[str, str]) -> list[dict[str, Any]]:
    """What still names a retired area (placed by hand, or without a place) goes to its successor; which rows, for `give_back`."""
    settled = []
    for model in located_models():
        table = model.__tablename__
        for code, successor in successors.items():
            rows = session().execute(
                sa.text(
                    f"INSERT INTO moves (kind, id, was, now, how) SELECT '{table}', id, area_code, :now, placed_by FROM {table} "
                    "WHERE area_code = :was ON CONFLICT (kind, id) DO UPDATE SET now = excluded.now RETURNING id, how"
                ),
                {"was": code, "now": successor},
            )
            for key, how in rows.tuples():
                settled.append({"kind": table, "id": key, "was": code, "now": successor, "how": how})
        _apply(table)
    return settled


def give_back(settled: Sequence[dict[str, Any]]) -> None:
    """Rows that went to a successor by `settle` return to the area that lives again, those that nobody placed otherwise since."""
    tables = {model.__tablename__ for model in located_models()}
    for row in settled:
        if row["kind"] in tables:
            session().execute(
                sa.text(
                    f"INSERT INTO moves (kind, id, was, now, how) SELECT '{row['kind']}', id, area_code, :was, placed_by "
                    f"FROM {row['kind']} WHERE id = :id AND area_code = :now AND placed_by IS NOT DISTINCT FROM :how "
                    "AND EXISTS (SELECT FROM areas WHERE code = :was AND retired_at IS NULL) "
                    "ON CONFLICT (kind, id) DO UPDATE SET now = excluded.now"
                ),
                row,
            )
    for table in {row["kind"] for row in settled} & tables:
        _apply(table)


def located_models() -> list[Any]:
    """Every table whose rows lie in an area today; what is history (tracks) stays where it happened."""
    mapped: list[Any] = [mapper.class_ for mapper in Base.registry.mappers if issubclass(mapper.class_, Located)]
    return [model for model in mapped if not model.__table__.info.get("history")]


def told_moves() -> list[dict[str, Any]]:
    """kind, was, now, count of everything that changed its area in this run."""
    rows = session().execute(
        sa.text(
            "SELECT kind, was, now, count(*) AS count FROM moves WHERE was IS DISTINCT FROM now GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
        )
    )
    return [dict(row._mapping) for row in rows]


def _next_rows(table: str, last: int, box: Bounds | None) -> list[Any]:
    within = "" if box is None else "AND point && ST_MakeEnvelope(:west, :south, :east, :north, 4490)"
    values: dict[str, Any] = {} if box is None else dict(zip(("west", "south", "east", "north"), box, strict=True))
    query = f"""
    SELECT id, ST_X(point), ST_Y(point), area_code, placed_by FROM {table}
    WHERE id > :last AND point IS NOT NULL AND coalesce(placed_by, '') != ALL(:followers) {within}
    ORDER BY id LIMIT {BATCH}
    """
    values |= {"last": last, "followers": list(FOLLOWERS)}
    return [tuple(row) for row in session().execute(sa.text(query), values)]


def _count(table: str) -> int:
    return int(session().scalar(sa.text(f"SELECT count(*) FROM {table} WHERE point IS NOT NULL")) or 0)


def _write(table: str, moves: list[tuple[str, int, str | None, str | None, str | None]]) -> None:
    session().execute(sa.text("CREATE TEMP TABLE IF NOT EXISTS moving (LIKE moves) ON COMMIT DROP"))
    session().execute(sa.text("DELETE FROM moving"))
    with raw_connection().cursor() as cursor, cursor.copy("COPY moving (kind, id, was, now, how) FROM STDIN") as copy:
        for row in moves:
            copy.write_row(row)
    session().execute(sa.text("INSERT INTO moves SELECT * FROM moving ON CONFLICT DO NOTHING"))
    _apply(table, "moving", "true")


def _apply(table: str, source: str = "moves", only: str = "(m.how IS NOT NULL OR m.was IS DISTINCT FROM m.now)") -> None:
    session().execute(
        sa.text(
            f"UPDATE {table} t SET area_code = m.now, placed_by = m.how, version = t.version + 1 FROM {source} m "
            f"WHERE m.kind = '{table}' AND {only} AND m.id = t.id "
            "AND (t.area_code, t.placed_by) IS DISTINCT FROM (m.now, m.how)"
        )
    )


def _widened(bounds: Bounds) -> Bounds:
    """So that points outside that take the nearest area are asked too."""
    west, south, east, north = bounds
    up = 2 * settings().nearest_m / METRES_PER_DEGREE + 1e-7
    across = up / max(float(np.cos(np.radians(max(abs(south), abs(north))))), 0.01)
    return west - across, south - up, east + across, north + up
