"""Engine, session, and what every table shares: Base, Stamped, Located; sql(name) reads the .sql beside a feature.

One session belongs to one request, command or job and is bound to it (`transaction`); only app, cli and jobs commit.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, declared_attr, mapped_column

from gis_grid import cluster
from gis_grid.config import settings
from gis_grid.errors import Unavailable

_FRESH_SECONDS = 1.0
SRID = 4490  # CGCS2000, longitude first; WGS 84 counts as equal to it (below a metre)

_spare: list[Apart] = []  # connections for single reading statements; appending and taking are atomic
_session: ContextVar[Session | Unopened] = ContextVar("session")


class Base(DeclarativeBase):
    """All tables."""

    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Stamped:
    """When a row was made and last changed, its version (optimistic concurrency), and when it was retired."""

    created_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), server_default=sa.func.now(), comment="登记时间")
    updated_at: Mapped[datetime] = mapped_column(
        sa.DateTime(timezone=True), server_default=sa.func.now(), onupdate=sa.func.now(), comment="更新时间"
    )
    retired_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True), comment="注销时间")
    version: Mapped[int] = mapped_column(sa.Integer, server_default="1", nullable=False, comment="版本")

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, object]:
        return {"version_id_col": cls.__table__.c.version, "eager_defaults": True}  # type: ignore[attr-defined]


class Located:
    """Which area a row lies in and how it got there; the one column behind assignment, scope and statistics."""

    @declared_attr
    def area_code(cls) -> Mapped[str | None]:
        follows = issubclass(cls, Follower)  # type: ignore[arg-type]
        known = () if follows else (sa.ForeignKey("areas.code", onupdate="CASCADE"),)
        return mapped_column(sa.String(32), *known, comment="所属网格")

    placed_by: Mapped[str | None] = mapped_column(
        sa.String(12), comment="定位方式"
    )  # inside, edge, nearest, room, unit, building, manual; none: unplaced

    @classmethod
    def area_index(cls, table: str) -> sa.Index:
        """The index that makes `area_code LIKE 'prefix%'` quick; each located table names it in __table_args__."""
        return sa.Index(f"ix_{table}_area", "area_code", postgresql_ops={"area_code": "text_pattern_ops"})


class Follower(Located):
    """A row that lies where another row lies, always: a room in its unit, a household in its room, a person with both.

    No foreign key: the leader's keeps the code good, and checking it again for each follower took 40 % of a re-assignment.
    """


class Pinned:
    """A point on the map and where it came from."""

    source_crs: Mapped[str | None] = mapped_column(sa.String(20), comment="原坐标系")
    accuracy_m: Mapped[float | None] = mapped_column(sa.Float, comment="精度（米）")


class Verified:
    """When somebody last made sure on the spot that a row is true, who and how, and the day it should be looked at again."""

    verified_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True), comment="核实时间")
    verified_by: Mapped[str | None] = mapped_column(sa.String(50), comment="核实人")
    verified_how: Mapped[str | None] = mapped_column(sa.String(12), comment="核实方式")
    due_on: Mapped[date | None] = mapped_column(sa.Date, comment="应复核日期")


def point_column(comment: str = "位置", *, nullable: bool = True, indexed: bool = True) -> Mapped:
    """A point geometry column with its GiST index, unless the table names a narrower one."""
    return mapped_column(Geometry("POINT", srid=SRID, spatial_index=indexed), nullable=nullable, comment=comment)


def area_column(comment: str, *, nullable: bool = True) -> Mapped:
    """A multipolygon geometry column with its GiST index."""
    return mapped_column(Geometry("MULTIPOLYGON", srid=SRID, spatial_index=True), nullable=nullable, comment=comment)


@cache
def database_urls() -> tuple[str, str]:
    """The owner's URL (migrations) and the service's, from the settings or from the private cluster."""
    given = settings().database_url
    if given:
        return _with_driver(settings().owner_database_url or given), _with_driver(given)
    found = cluster.urls(settings())
    if not found:
        raise Unavailable("没有数据库：请先运行 gis-grid db start，或设置 DATABASE_URL。")
    return found.owner, found.app


def _with_driver(url: str) -> str:
    for prefix in ("postgresql://", "postgres://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url[len(prefix) :]
    return url


@cache
def engine() -> sa.Engine:
    """The service's engine: few connections (2 x cores over all workers is enough), short spatial queries."""
    return make_engine(max(2, settings().threads))


def make_engine(pool_size: int, **options: Any) -> sa.Engine:
    """An engine for short queries: no parallel workers, no compiler, a time-out; a connection that idled is tried first."""
    made = sa.create_engine(
        database_urls()[1],
        pool_size=pool_size,
        max_overflow=4,
        hide_parameters=True,  # bound values are people's data and never reach a log
        pool_timeout=10,
        connect_args=connect_options(),
        **options,
    )
    sa.event.listen(made, "checkin", _note_time)
    sa.event.listen(made, "checkout", _try_after_idling)
    return made


def connect_options() -> dict[str, Any]:
    """How the service connects for short work."""
    options = (
        f"-c jit=off -c max_parallel_workers_per_gather=0 -c statement_timeout={settings().statement_timeout_ms}"
        " -c timezone=UTC -c client_connection_check_interval=5s -c idle_in_transaction_session_timeout=60000"
    )
    return {"options": options, "application_name": "gis-grid", "connect_timeout": 10}


def _note_time(connection: Any, record: Any) -> None:
    record.info["since"] = time.monotonic()


def _try_after_idling(connection: Any, record: Any, proxy: Any) -> None:
    """A connection that lay idle may be dead: the server was restarted, a firewall forgot it. Trying each time costs a trip."""
    if time.monotonic() - record.info.get("since", time.monotonic()) < _FRESH_SECONDS:
        return
    try:
        connection.execute("SELECT 1")
        connection.rollback()
    except psycopg.Error:
        raise sa.exc.DisconnectionError from None


@cache
def long_engine() -> sa.Engine:
    """The engine for imports, migrations and other long work: no time-out, more memory for sorting."""
    return sa.create_engine(
        database_urls()[1],
        pool_size=1,
        max_overflow=3,
        pool_pre_ping=True,
        hide_parameters=True,  # bound values are people's data and never reach a log
        connect_args={
            "options": "-c jit=off -c timezone=UTC -c work_mem=64MB -c client_connection_check_interval=5s",
            "application_name": "gis-grid-job",
        },
    )


class Unopened:
    """Stands for a session until one is needed: most plain questions are answered from memory."""

    def __init__(self) -> None:
        self.info: dict[str, Any] = {}
        self.opened: Session | None = None

    def open(self) -> Session:
        if self.opened is None:
            self.opened = Session(engine(), expire_on_commit=False, join_transaction_mode="create_savepoint")
            self.opened.begin()
        return self.opened


def session() -> Session:
    """The session of this request, command or job."""
    found = _session.get()
    return found.open() if isinstance(found, Unopened) else found


def notes() -> dict[str, Any]:
    """What is remembered as long as the session, without opening it."""
    found = _session.get()
    return (found.opened or found).info if isinstance(found, Unopened) else found.info


def raw_connection() -> psycopg.Connection[Any]:
    """The session's psycopg connection, for COPY."""
    connection: psycopg.Connection[Any] = session().connection().connection.driver_connection  # type: ignore[assignment]
    return connection


def is_apart() -> bool:
    """Whether a reading statement may go beside this session: nothing was written in it yet (and no test holds it)."""
    return "begun" not in notes() and isinstance(engine(), sa.Engine)


class Apart(psycopg.Connection[Any]):
    """A connection for single reading statements: nothing to begin, to commit, or to ask a pool for."""

    prepared = False  # whether `kept` has prepared its question on it


@contextmanager
def apart() -> Iterator[Apart]:
    """A spare connection, or a new one. As many are kept as requests are answered at once."""
    connection = _spare.pop() if _spare else _connect_apart()
    try:
        yield connection
    finally:
        if connection.closed or connection.broken or len(_spare) >= max(2, settings().threads):
            connection.close()
        else:
            _spare.append(connection)


def drop_apart() -> None:
    """One connection was dead, so the others are: the server was restarted."""
    while _spare:
        _spare.pop().close()


def _connect_apart() -> Apart:
    url = database_urls()[1].replace("postgresql+psycopg://", "postgresql://")
    try:
        return Apart.connect(url, autocommit=True, prepare_threshold=2, **connect_options())
    except psycopg.OperationalError:
        raise Unavailable("数据库暂时不可用，请稍后再试。") from None


def ask(query: str, values: dict[str, Any], *, prepare: bool | None = None) -> list[Any]:
    """The rows of one reading statement with %(name)s values; beside the session where that sees the same.

    prepare=False has it planned for these very values: one plan for all of them can cost four times as much.
    """
    if not is_apart():
        return list(session().connection().exec_driver_sql(query, values))
    try:
        with apart() as connection:
            return connection.execute(query, values, binary=True, prepare=prepare).fetchall()
    except psycopg.Error as fault:
        raise sa.exc.DBAPIError.instance(query, {}, fault, psycopg.Error, hide_parameters=True) from None


def kinds_of(query: str, values: dict[str, Any]) -> dict[str, str]:
    """Column -> PostgreSQL's name of its type, for a query that reads."""
    known = psycopg.adapters.types
    with apart() as connection:
        told = connection.execute(query, values).description or ()
    return {column.name: getattr(known.get(column.type_code), "name", "text") for column in told}


@lru_cache(500)
def driver_text(query: str) -> str:
    """A query with :name values as psycopg wants it."""
    return str(sa.text(query).compile(dialect=postgresql.psycopg.dialect()))


@contextmanager
def bound(current: Session) -> Iterator[Session]:
    """Make `current` what session() answers within the block."""
    token = _session.set(current)
    try:
        yield current
    finally:
        _session.reset(token)


@contextmanager
def transaction(on: sa.Engine | None = None) -> Iterator[Session]:
    """A session of its own, committed at the end or rolled back on any error. For app, cli and jobs only."""
    with (
        Session(on or engine(), expire_on_commit=False, join_transaction_mode="create_savepoint") as current,
        current.begin(),
        bound(current),
    ):
        yield current


@contextmanager
def reading() -> Iterator[None]:
    """Like `transaction` for what most often needs no session: one is opened when asked for. For app only."""
    unopened = Unopened()
    token = _session.set(unopened)
    try:
        yield
        if unopened.opened is not None:
            unopened.opened.commit()
    finally:
        _session.reset(token)
        if unopened.opened is not None:
            unopened.opened.close()  # rolls back what was not committed


@contextmanager
def aside() -> Iterator[Session]:
    """A short session of its own for what must survive a refusal: a failed sign-in, an audited denial."""
    with Session(session().get_bind().engine) as current, current.begin():
        yield current


def sql(name: str) -> sa.TextClause:
    """The query in `<name>.sql` beside the calling file."""
    return sa.text(_read_sql(sys._getframe(1).f_code.co_filename, name))


def told_sql(name: str) -> str:
    """The query in `<name>.sql` beside the calling file, as `ask` wants it."""
    return driver_text(_read_sql(sys._getframe(1).f_code.co_filename, name))


@cache
def _read_sql(beside: str, name: str) -> str:
    return (Path(beside).parent / f"{name}.sql").read_text(encoding="utf-8")
