"""What is kept in memory while the data it came from have not changed; never stale.

A trigger gives each named part of the data a new number in the changing transaction (`data_versions`; `table_marks` for busy
tables). Whoever reads the
numbers in his own transaction, or outside of any, knows what he may still believe: whoever sees a change sees its number.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, Generic, TypeVar

import sqlalchemy as sa
from psycopg.pq import ExecStatus
from sqlalchemy.orm import Mapped, Session, mapped_column

from gis_grid import db
from gis_grid.db import Base, session
from gis_grid.errors import Unavailable

Kind = TypeVar("Kind")
_NUMBERS = "SELECT name, version FROM data_versions ORDER BY name"  # ordered: by the key, past what a long import left dead
_STATES = "SELECT 'table ' || name, bit_xor(mark) FROM table_marks GROUP BY name"


class DataVersion(Base):
    """How often something changed; the row is written in the changing transaction, so whoever sees it sees the change."""

    __tablename__ = "data_versions"

    name: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    version: Mapped[int] = mapped_column(sa.BigInteger, server_default="1")


class TableMark(Base):
    """A random number for every change of a busy table, added in the changing transaction: all of them xored tell its state.

    Numbered rows (DataVersion) would make every writer wait for the one before him to commit.
    """

    __tablename__ = "table_marks"

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(63))
    mark: Mapped[int] = mapped_column(sa.BigInteger)


class Kept(Generic[Kind]):
    """Answers by key, thrown away when one of the named parts of the data changes, the least used first when there are many."""

    def __init__(self, *parts: str, most: int = 1000) -> None:
        self._parts = parts
        self._most = most
        self._lock = Lock()
        self._answers: OrderedDict[Hashable, tuple[tuple[int | None, ...], Kind]] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], Kind]) -> Kind:
        """The answer kept under `key`, or what `make` answers now."""
        known = versions()
        now = tuple(map(known.get, self._parts))
        found = self._answers.get(key)
        if found is not None and found[0] == now:
            if 2 * len(self._answers) > self._most:
                self._note_use(key)
            return found[1]
        answer = make()
        with self._lock:
            self._answers[key] = (now, answer)
            while len(self._answers) > self._most:
                self._answers.popitem(last=False)
        return answer

    def _note_use(self, key: Hashable) -> None:
        with self._lock:
            if key in self._answers:
                self._answers.move_to_end(key)

    def forget(self, key: Hashable) -> None:
        """Throw one answer away."""
        with self._lock:
            self._answers.pop(key, None)


def versions() -> dict[str, int]:
    """The number of each part, as this transaction sees it. Read once, unless this transaction has begun to write."""
    return _read("versions", _NUMBERS)


def states() -> dict[str, int]:
    """The same with the state of each busy table, under `table x`."""
    return {**versions(), **_read("states", _STATES)}


def committed_versions() -> dict[str, int]:
    """The numbers as everybody else sees them: those before this transaction's own changes."""
    return _read_aside("versions")


def _read(name: str, query: str) -> dict[str, int]:
    known = db.notes()
    found: dict[str, int] | None = known.get(name)
    if found is None:
        if not db.is_apart():
            return {part: number for part, number in session().execute(sa.text(query))}
        found = known[name] = _read_aside(name)
    return found


def _read_aside(name: str) -> dict[str, int]:
    """Outside of any transaction, below psycopg's cursors (three times the cost). A dead connection is replaced once."""
    for _ in range(2):
        with db.apart() as connection:
            if not connection.prepared:
                connection.pgconn.prepare(b"versions", _NUMBERS.encode())
                connection.pgconn.prepare(b"states", _STATES.encode())
                connection.prepared = True
            found = connection.pgconn.exec_prepared(name.encode(), [])
            if found.status == ExecStatus.TUPLES_OK:
                rows = range(found.ntuples)
                return {(found.get_value(row, 0) or b"").decode(): int(found.get_value(row, 1) or 0) for row in rows}
            connection.close()
        db.drop_apart()
    raise Unavailable("数据库暂时不可用，请稍后再试。")


@sa.event.listens_for(Session, "after_begin")
def _note_begin(current: Session, *_: Any) -> None:
    current.info["begun"] = True
    current.info.pop("versions", None)
    current.info.pop("states", None)
