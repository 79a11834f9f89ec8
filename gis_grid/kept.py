"""What is kept in memory while the data it came from have not changed; never stale.

A trigger gives each named part of the data a new number in the changing transaction (`data_versions`). Whoever reads the
numbers in his own transaction, or outside of any, knows what he may still believe: whoever sees a change sees its number.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock, local
from typing import Any, Generic, TypeVar

import psycopg
import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from gis_grid import db
from gis_grid.db import Base, session
from gis_grid.errors import Unavailable

Kind = TypeVar("Kind")
_own = local()
_QUERY = "SELECT name, version FROM data_versions"


class DataVersion(Base):
    """How often something changed; the row is written in the changing transaction, so whoever sees it sees the change."""

    __tablename__ = "data_versions"

    name: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    version: Mapped[int] = mapped_column(sa.BigInteger, server_default="1")


class Kept(Generic[Kind]):
    """Answers by key, thrown away when one of the named parts of the data changes, the least used first when there are many."""

    def __init__(self, *parts: str, most: int = 1000) -> None:
        self._parts = parts
        self._most = most
        self._lock = Lock()
        self._answers: OrderedDict[Hashable, tuple[tuple[int, ...], Kind]] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], Kind]) -> Kind:
        """The answer kept under `key`, or what `make` answers now."""
        known = versions()
        now = tuple(known.get(part, 0) for part in self._parts)
        with self._lock:
            found = self._answers.get(key)
            if found is not None and found[0] == now:
                self._answers.move_to_end(key)
                return found[1]
        answer = make()
        with self._lock:
            self._answers[key] = (now, answer)
            while len(self._answers) > self._most:
                self._answers.popitem(last=False)
        return answer

    def forget(self, key: Hashable) -> None:
        """Throw one answer away."""
        with self._lock:
            self._answers.pop(key, None)


def versions() -> dict[str, int]:
    """The number of each part, as this transaction sees it. Read once, unless this transaction has begun to write."""
    current = session()
    if "begun" in current.info or not isinstance(db.engine(), sa.Engine):
        return {name: number for name, number in current.execute(sa.text(_QUERY))}
    if "versions" not in current.info:
        current.info["versions"] = _read_aside()
    found: dict[str, int] = current.info["versions"]
    return found


def committed_versions() -> dict[str, int]:
    """The numbers as everybody else sees them: those before this transaction's own changes."""
    return _read_aside()


def _read_aside() -> dict[str, int]:
    """Outside of any transaction: one trip to the database instead of three. A connection that died is replaced once."""
    for _ in range(2):
        try:
            return dict(_reader().execute(_QUERY).fetchall())
        except psycopg.OperationalError:
            _own.connection = None
    raise Unavailable("数据库暂时不可用，请稍后再试。")


def _reader() -> psycopg.Connection[Any]:
    """This thread's connection for reading the numbers: nothing to begin, to commit, or to hand back to a pool."""
    found: psycopg.Connection[Any] | None = getattr(_own, "connection", None)
    if found is None or found.closed:
        url = db.database_urls()[1].replace("postgresql+psycopg://", "postgresql://")
        found = _own.connection = psycopg.connect(url, autocommit=True, **db.connect_options())
    return found


@sa.event.listens_for(Session, "after_begin")
def _note_begin(current: Session, *_: Any) -> None:
    current.info["begun"] = True
    current.info.pop("versions", None)
