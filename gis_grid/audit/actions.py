"""Search the audit log and write what was found as a sheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import sqlalchemy as sa

from gis_grid.access.guard import scope_clause
from gis_grid.access.models import User
from gis_grid.audit.log import AuditEntry, record
from gis_grid.audit.words import ACTIONS, TARGETS
from gis_grid.config import settings
from gis_grid.db import session
from gis_grid.errors import Invalid

MOST_EXPORTED = 50_000
_SHEET = ("编号", "时间", "操作人", "操作人类型", "操作", "对象", "对象编号", "所属区域", "用途", "之前", "之后", "请求编号")
_EXACT = ("target", "key", "action", "user_id", "request_id")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would run what begins so


def search(asked: Mapping[str, Any]) -> Sequence[AuditEntry]:
    """Entries within the caller's scope that match all that is asked, the newest first; looking is itself remembered."""
    rows = _found(asked, asked["limit"])
    record("view", "audit_log", after=_told(asked))
    return rows


def export(asked: Mapping[str, Any]) -> str:
    """The same as CSV for Excel (with its byte order mark), up to 50,000 rows; refused when there are more, never cut."""
    rows = _found(asked, MOST_EXPORTED + 1)
    if len(rows) > MOST_EXPORTED:
        raise Invalid(f"超过 {MOST_EXPORTED:,} 条，请缩小时间范围后分次导出。", code="too_many_rows")
    record("export", "audit_log", after={**_told(asked), "rows": len(rows)})
    out = io.StringIO()
    out.write("\ufeff")
    sheet = csv.writer(out)
    sheet.writerow(_SHEET)
    zone = ZoneInfo(settings().time_zone)
    sheet.writerows([_safe(cell) for cell in _row(entry, zone)] for entry in rows)
    return out.getvalue()


def known_words() -> dict[str, dict[str, str]]:
    """Actions and targets that are in the log of the last year or have a name, with their names."""
    since = datetime.now(UTC) - timedelta(days=366)
    told = {"actions": dict(ACTIONS), "targets": dict(TARGETS)}
    for column, key in ((AuditEntry.action, "actions"), (AuditEntry.target, "targets")):
        for name in session().scalars(sa.select(column).where(AuditEntry.at > since).distinct()):
            told[key].setdefault(name, name)
    return told


def _found(asked: Mapping[str, Any], most: int) -> Sequence[AuditEntry]:
    query = sa.select(AuditEntry).where(scope_clause(AuditEntry.area_code), *_conditions(asked))
    return session().scalars(query.order_by(AuditEntry.id.desc()).limit(most)).all()


def _conditions(asked: Mapping[str, Any]) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = [getattr(AuditEntry, name) == asked[name] for name in _EXACT if asked.get(name)]
    if asked.get("actor"):
        account = sa.select(User.id).where(User.username == asked["actor"])  # two may be called the same
        found.append(AuditEntry.actor.contains(asked["actor"], autoescape=True) | AuditEntry.user_id.in_(account))
    if asked.get("area_code"):
        found.append(AuditEntry.area_code.startswith(asked["area_code"], autoescape=True))
    zone = ZoneInfo(settings().time_zone)
    if asked.get("since"):
        found.append(AuditEntry.at >= datetime.combine(asked["since"], datetime.min.time(), zone))
    if asked.get("until"):
        found.append(AuditEntry.at < datetime.combine(asked["until"] + timedelta(days=1), datetime.min.time(), zone))
    if asked.get("before_id"):
        found.append(AuditEntry.id < asked["before_id"])
    return found


def _told(asked: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value if isinstance(value, str | int) else str(value) for key, value in asked.items() if value is not None}


def _row(entry: AuditEntry, zone: ZoneInfo) -> list[Any]:
    shapes = [orjson.dumps(value).decode() if value is not None else "" for value in (entry.before, entry.after)]
    return [
        entry.id,
        entry.at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S"),
        entry.actor,
        entry.actor_kind,
        ACTIONS.get(entry.action, entry.action),
        TARGETS.get(entry.target, entry.target),
        entry.key or "",
        entry.area_code or "",
        entry.purpose or "",
        *shapes,
        entry.request_id or "",
    ]


def _safe(cell: Any) -> Any:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell
