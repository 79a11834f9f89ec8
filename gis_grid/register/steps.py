"""What happened to a record, and the way back: who changed it by hand can take that back within a week."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import orjson
import sqlalchemy as sa
from geoalchemy2 import Geometry, WKBElement
from sqlalchemy.orm import Mapped, mapped_column

from gis_grid import audit
from gis_grid.access.guard import caller, check_area
from gis_grid.audit import AuditEntry
from gis_grid.db import SRID, Base, session
from gis_grid.errors import Conflict, GridError, NotFound
from gis_grid.register import actions
from gis_grid.register.actions import Register
from gis_grid.sealed import Sealed

KEPT_DAYS = 7
MOST_VERSIONS = 100
MOST_BATCH = 1_000


class UndoStep(Base):
    """The values that one change replaced; sealed as a whole, for they may hold numbers of people."""

    __tablename__ = "undo_steps"
    __table_args__ = (
        sa.Index("ix_undo_steps_row", "register", "key"),
        sa.Index("ix_undo_steps_made", "made_by", "made_at"),
        sa.Index("ix_undo_steps_batch", "batch", postgresql_where=sa.text("batch IS NOT NULL")),
        {"comment": "可撤销的修改"},
    )

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    register: Mapped[str] = mapped_column(sa.String(40), comment="登记表")
    key: Mapped[str] = mapped_column(sa.String(80), comment="记录编号")
    kind: Mapped[str] = mapped_column(sa.String(8), comment="修改或注销")  # change, retire
    version: Mapped[int] = mapped_column(sa.Integer, comment="修改后的版本")
    was: Mapped[str | None] = mapped_column(Sealed, comment="修改前的内容")
    batch: Mapped[str | None] = mapped_column(sa.String(24), comment="批次")
    made_by: Mapped[str] = mapped_column(sa.String(120), comment="操作人")
    user_id: Mapped[int | None] = mapped_column(sa.BigInteger, comment="用户")
    made_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), server_default=sa.func.now(), comment="时间")
    undone_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True), comment="撤销时间")


@actions.stepped.connect
def remember(register: Register, *, row: Any, kind: str, was: Mapping[str, Any], batch: str | None) -> None:
    """Keep the way back of one change; what is older than a week goes."""
    who = caller()
    old = sa.and_(UndoStep.made_by == who.name, UndoStep.made_at < datetime.now(UTC) - timedelta(days=KEPT_DAYS))
    session().execute(sa.delete(UndoStep).where(old))
    step = UndoStep(
        register=register.name,
        key=_key(register, row),
        kind=kind,
        version=row.version,
        was=packed(was),
        batch=batch,
        made_by=who.name,
        user_id=who.user_id,
    )
    session().add(step)
    session().flush()


def undo(register: Register, key: Any, version: int) -> Any:
    """The row as it was before one's own last change of it. Refused when it was changed since, or nothing is kept."""
    row = actions.find(register, key, lock=True)
    actions.check_version(register, row, version)
    step = session().scalar(_mine().where(UndoStep.register == register.name, UndoStep.key == _key(register, row)).limit(1))
    if step is None:
        raise Conflict(f"没有您可以撤销的修改（只能撤销自己 {KEPT_DAYS} 天内的修改）。", code="nothing_to_undo")
    return _take_back(register, row, step)


def undo_batch(batch: str) -> dict[str, Any]:
    """Take back one's own bulk change, row by row; rows that were changed since stay and are named."""
    steps = list(session().scalars(_mine().where(UndoStep.batch == batch).limit(MOST_BATCH)))
    if not steps:
        raise NotFound("没有这一批修改，或已经撤销。")
    refused = []
    for step in steps:
        register = actions.REGISTERS[step.register]
        try:
            with session().begin_nested():
                row = actions.find(register, _typed(register, step.key), lock=True)
                _take_back(register, row, step)
        except GridError as why:
            refused.append({"key": step.key, "why": why.detail})
    return {"undone": len(steps) - len(refused), "refused": refused}


def versions(register: Register, key: Any) -> list[dict[str, Any]]:
    """Who changed what of a row and when, the newest first, as this caller may see it; numbers only as changed."""
    row = actions.find(register, key)
    entries = session().scalars(
        sa.select(AuditEntry)
        .where(AuditEntry.target == register.name, AuditEntry.key == _key(register, row), AuditEntry.version.is_not(None))
        .order_by(AuditEntry.id.desc())
        .limit(MOST_VERSIONS)
    )
    return [
        {
            "at": entry.at,
            "by": entry.actor,
            "action": entry.action,
            "version": entry.version,
            "before": actions.as_shown(register, entry.before),
            "after": actions.as_shown(register, entry.after),
        }
        for entry in entries
    ]


def may_undo(register: Register, row: Any) -> bool:
    """Whether the caller's own change is the last one of this row."""
    query = _mine().where(UndoStep.register == register.name, UndoStep.key == _key(register, row)).limit(1)
    step = session().scalar(query)
    return step is not None and step.version == row.version


def _mine() -> Any:
    who = caller()
    mine = sa.and_(UndoStep.made_by == who.name, UndoStep.user_id.is_not_distinct_from(who.user_id))
    return sa.select(UndoStep).where(mine, UndoStep.undone_at.is_(None)).order_by(UndoStep.id.desc())


def _take_back(register: Register, row: Any, step: UndoStep) -> Any:
    if row.version != step.version:
        raise Conflict(f"这条{register.title}之后又被改过，不能撤销；请看变更记录后手工改回。", code="changed_since")
    step.undone_at = datetime.now(UTC)
    if step.kind == "retire":
        return _restore(register, row)
    was = unpacked(register, step.was or "{}")
    return actions.change(register, getattr(row, register.key.key), row.version, was, undoing=True)


def _restore(register: Register, row: Any) -> Any:
    row.retired_at = None
    register.prepare(row, {})
    check_area(actions.area_of(row))
    session().flush()
    audit.record("restore", register.name, _key(register, row), area_code=actions.area_of(row), version=row.version)
    return row


def _key(register: Register, row: Any) -> str:
    return str(getattr(row, register.key.key))


def _typed(register: Register, key: str) -> Any:
    return int(key) if isinstance(register.key.type, sa.Integer) else key


def packed(values: Mapping[str, Any]) -> str:
    """Values of a row as one text. It may hold numbers of people: seal it before it is kept."""
    return orjson.dumps({name: _packed(value) for name, value in values.items()}).decode()


def unpacked(register: Register, text: str) -> dict[str, Any]:
    """The values that `packed` made a text of."""
    columns = {column.key: column for column in register.columns}
    return {name: _unpacked(columns[name], value) for name, value in orjson.loads(text).items()}


def _packed(value: Any) -> Any:
    return {"wkb": value.desc} if isinstance(value, WKBElement) else value


def _unpacked(column: sa.Column[Any], value: Any) -> Any:
    if value is None or not isinstance(value, dict | str):
        return value
    if isinstance(column.type, Geometry) and isinstance(value, dict):
        return WKBElement(bytes.fromhex(value["wkb"]), srid=SRID, extended=True)
    for kind, read in ((sa.DateTime, datetime.fromisoformat), (sa.Date, date.fromisoformat)):
        if isinstance(column.type, kind) and isinstance(value, str):
            return read(value)
    return value
