"""The audit log: what is kept of an act and of the row before and after it."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from geoalchemy2 import WKBElement
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column

from gis_grid.access import actions as access
from gis_grid.access.guard import caller
from gis_grid.access.rules import Caller
from gis_grid.db import Base, session
from gis_grid.errors import Unauthenticated
from gis_grid.geo.shapes import from_stored
from gis_grid.sealed import Sealed, fingerprint

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
_TARGETS = {"token": "tokens", "role": "roles"}  # what happened at the door was to a user, unless its name says otherwise
_NEVER = {
    "password_hash",
    "token_hash",
    "key_hash",
    "id_number_hash",
    "phone_hash",
    "id_number_tail",
    "phone_tail",
    "created_at",
    "updated_at",
    "version",
}


class AuditEntry(Base):
    """One act. The database refuses to change or delete it."""

    __tablename__ = "audit_log"
    __table_args__ = (
        sa.Index("ix_audit_log_at", "at"),
        sa.Index("ix_audit_log_target", "target", "key"),
        {"comment": "审计记录"},
    )

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True), server_default=sa.func.now(), comment="时间")
    actor: Mapped[str] = mapped_column(sa.String(120), comment="操作人")
    actor_kind: Mapped[str] = mapped_column(sa.String(10), comment="操作人类型")
    user_id: Mapped[int | None] = mapped_column(sa.BigInteger, comment="用户")
    action: Mapped[str] = mapped_column(sa.String(40), comment="操作")
    target: Mapped[str] = mapped_column(sa.String(40), comment="对象")
    key: Mapped[str | None] = mapped_column(sa.String(80), comment="对象编号")
    area_code: Mapped[str | None] = mapped_column(sa.String(32), comment="所属区域")
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB, comment="之前")
    after: Mapped[dict[str, Any] | None] = mapped_column(JSONB, comment="之后")
    version: Mapped[int | None] = mapped_column(sa.Integer, comment="对象版本")
    purpose: Mapped[str | None] = mapped_column(sa.String(200), comment="用途")
    request_id: Mapped[str | None] = mapped_column(sa.String(64), comment="请求编号")


def record(
    action: str,
    target: str,
    key: object = None,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    area_code: str | None = None,
    version: int | None = None,
    purpose: str | None = None,
    by: Caller | None = None,
    on: Session | None = None,
) -> None:
    """Keep one act, in this transaction (or in `on`, for what must survive a refusal)."""
    who = by or _whoever()
    entry = AuditEntry(
        actor=who.name if who else "未登录",
        actor_kind=who.kind if who else "nobody",
        user_id=who.user_id if who else None,
        action=action,
        target=target,
        key=None if key is None else str(key)[:80],
        area_code=area_code,
        before=None if before is None else dict(before),
        after=None if after is None else dict(after),
        version=version,
        purpose=purpose,
        request_id=request_id.get(),
    )
    (on or session()).add(entry)


def snapshot(row: Base) -> dict[str, Any]:
    """A row's columns as JSON; sealed values as a sign that differs when they differ, shapes as WKT cut to 200 characters."""
    columns = [column for column in sa.inspect(row).mapper.columns if column.key not in _NEVER]
    values = {column.key: (getattr(row, column.key), isinstance(column.type, Sealed)) for column in columns}
    return {key: _sign(value) if sealed else _plain(value) for key, (value, sealed) in values.items() if value is not None}


def _sign(value: str) -> str:
    """Shows that a sealed value changed, not what it is."""
    return "●" + fingerprint(value).hex()[:6]


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Only what changed, as it was and as it is."""
    changed = [key for key in {**before, **after} if before.get(key) != after.get(key)]
    return {key: before.get(key) for key in changed}, {key: after.get(key) for key in changed}


def _plain(value: Any) -> Any:
    if isinstance(value, WKBElement):
        shape = from_stored(value)
        return shape.wkt[:200] if shape is not None else None
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value if isinstance(value, str | int | float | bool | list | dict) else str(value)


def _whoever() -> Caller | None:
    try:
        return caller()
    except Unauthenticated:
        return None


@access.happened.connect
def _record_access(sender: object, **said: Any) -> None:
    target = next((name for what, name in _TARGETS.items() if what in said["what"]), "users")
    by, on = said.get("caller"), said.get("on")
    record(said["what"], target, said["key"], before=said.get("before"), after=said["detail"], by=by, on=on)
