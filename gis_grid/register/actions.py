"""The verbs of every register: list_page, find, keep, change, retire."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import orjson
import sqlalchemy as sa
from blinker import signal
from geoalchemy2 import Geometry
from marshmallow import fields as ma

from gis_grid import audit
from gis_grid.access.guard import check_area, scoped
from gis_grid.audit import AuditEntry
from gis_grid.config import settings
from gis_grid.db import Base, session
from gis_grid.dictionary import names
from gis_grid.errors import BadRequest, Changed, Conflict, NotFound
from gis_grid.sealed import Sealed

HIDDEN = {"id_number_hash", "phone_hash", "password_hash", "token_hash", "key_hash", "clearance", "initials"}
HIDDEN |= {"id_number_tail", "phone_tail"}
VERIFIED = {"verified_at", "verified_by", "verified_how", "due_on"}  # written by visits, never by hand
READ_ONLY = {"id", "created_at", "updated_at", "retired_at", "version", "area_code", "placed_by"} | VERIFIED


stepped = signal("register-stepped")  # a row was changed or retired by hand; `steps` keeps the way back


def _nothing(row: Any, extra: dict[str, Any]) -> None:
    return None


@dataclass(frozen=True, eq=False)
class Register:
    """One table as users know it. `prepare(row, extra)` places and checks a row before it is written."""

    name: str
    title: str
    model: Any
    read: str
    write: str
    codes: Mapping[str, str] = field(default_factory=dict)  # column -> code table
    search: Sequence[str] = ()  # columns that ?q= looks into
    prepare: Callable[[Any, dict[str, Any]], None] = _nothing
    retiring: Callable[[Any], None] = lambda row: None
    extra: Mapping[str, ma.Field] = field(default_factory=dict)  # accepted beside the columns, handed to prepare
    masks: Mapping[str, Callable[[str], str]] = field(default_factory=dict)  # sealed column -> how it is shown
    read_only: Sequence[str] = ()
    shown: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)  # column -> what this caller may see of it
    besides: Mapping[str, Any] = field(default_factory=dict)  # what a row tells beside its columns: name -> field
    labels: Mapping[str, str] = field(default_factory=dict)  # of what its audit entries tell beside the columns
    settable: Sequence[str] = ()  # normally read-only columns that callers do set here
    on_day: Callable[[date], Any] | None = None  # the condition for rows that were there on a day: ?at= then asks it
    told_on: Callable[[Sequence[Any], date], None] | None = None  # what those rows say otherwise than today's
    why: Callable[[Any], dict[str, Any]] | None = None  # why a row belongs to its grid: gives the register a route for it

    @property
    def key(self) -> sa.Column[Any]:
        return sa.inspect(self.model).primary_key[0]

    @property
    def columns(self) -> list[sa.Column[Any]]:
        """What a caller sees, in the table's order."""
        return [column for column in sa.inspect(self.model).columns if column.key not in HIDDEN]

    @property
    def writable(self) -> list[sa.Column[Any]]:
        """What a caller may set."""
        closed = (READ_ONLY | set(self.read_only)) - set(self.settable)
        return [column for column in self.columns if column.key not in closed]

    @property
    def filters(self) -> list[sa.Column[Any]]:
        """Columns that ?column=value compares with."""
        return [
            column
            for column in self.columns
            if isinstance(column.type, sa.String | sa.Integer | sa.Boolean)
            and not isinstance(column.type, Sealed | Geometry | sa.Text)
            and column.key not in ("version", "area_code")
        ]


REGISTERS: dict[str, Register] = {}  # by name: those with routes
WRITTEN: set[str] = set()  # those with routes that write


@dataclass(frozen=True)
class Page:
    """Rows and the opaque cursor of the next ones; none at the end."""

    items: list[Any]
    next: str | None


def list_page(register: Register, wanted: Mapping[str, Any]) -> Page:
    """One page within the caller's scope. `wanted`: q, area_code (prefix), sort, after, limit, retired, columns."""
    model, limit = register.model, wanted.get("limit", 50)
    query = scoped(sa.select(model), model)
    for column in register.filters:
        if column.key in wanted:
            query = query.where(column == wanted[column.key])
    if wanted.get("area_code"):
        own = model.area_code if hasattr(model, "area_code") else model.code
        query = query.where(own.startswith(wanted["area_code"], autoescape=True))
    if wanted.get("q"):
        looked = [getattr(model, name).contains(wanted["q"], autoescape=True) for name in register.search]
        query = query.where(sa.or_(*looked))
    if register.on_day and wanted.get("at"):
        query = query.where(register.on_day(wanted["at"]))
    elif not wanted.get("retired"):
        query = query.where(model.retired_at.is_(None))
    if wanted.get("unplaced"):
        query = query.where(model.area_code.is_(None))
    column, down = sort_column(register, wanted.get("sort"))
    parts = in_order(query, column, register.key, down, wanted.get("after"), nullable=bool(column.nullable))
    rows = first_of(parts, limit + 1)
    if register.told_on and wanted.get("at"):
        register.told_on(rows, wanted["at"])
    more = len(rows) > limit
    return Page(rows[:limit], cursor_of(rows[limit - 1], column, register.key) if more else None)


def find(register: Register, key: Any, *, lock: bool = False) -> Any:
    """One row within the caller's scope; what lies outside is not found."""
    query = scoped(sa.select(register.model), register.model).where(register.key == key)
    row = session().scalar(query.with_for_update() if lock else query)
    if row is None:
        raise NotFound(f"没有找到编号为 {str(key)[:40]} 的{register.title}，或它不在您的数据范围内。")
    return row


def keep(register: Register, values: dict[str, Any]) -> Any:
    """A new row: prepared (placed, checked), within the caller's scope, audited."""
    extra = {name: values.pop(name) for name in register.extra if name in values}
    row = register.model(**values)
    register.prepare(row, extra)
    check_area(area_of(row))
    session().add(row)
    session().flush()
    _record(register, "create", row, after=audit.snapshot(row))
    return row


def change(
    register: Register, key: Any, version: int, values: dict[str, Any], *, batch: str | None = None, undoing: bool = False
) -> Any:
    """Change an unchanged row (same version), prepared again, within the caller's scope before and after."""
    row = find(register, key, lock=True)
    check_version(register, row, version)
    if row.retired_at:
        raise Conflict(f"该{register.title}已注销，不能修改。", code="already_retired")
    extra = {name: values.pop(name) for name in register.extra if name in values}
    before, own = audit.snapshot(row), _own_values(register, row)
    for name, value in values.items():
        setattr(row, name, value)
    register.prepare(row, extra)
    check_area(area_of(row))
    session().flush()
    was, now = audit.difference(before, audit.snapshot(row))
    if now:
        _record(register, "undo" if undoing else "change", row, before=was, after=now)
    replaced = {name: value for name, value in own.items() if getattr(row, name) != value}
    if replaced and not undoing:
        stepped.send(register, row=row, kind="change", was=replaced, batch=batch)
    return row


def _own_values(register: Register, row: Any) -> dict[str, Any]:
    """What a caller may set of a row, as it is now."""
    return {column.key: getattr(row, column.key) for column in register.writable if not column.primary_key}


def retire(register: Register, key: Any, version: int) -> Any:
    """Take a row out of use; it is never deleted. Refused while others in use hang on it."""
    row = find(register, key, lock=True)
    check_version(register, row, version)
    if row.retired_at:
        raise Conflict(f"该{register.title}已注销。", code="already_retired")
    for title, count in _dependents(row):
        raise Conflict(f"还有 {count} 条{title}属于该{register.title}，请先处理它们再注销。", code="in_use")
    register.retiring(row)
    row.retired_at = datetime.now(UTC)
    session().flush()
    _record(register, "retire", row)
    if register.retiring is Register.retiring:  # what else was ended with it has no way back here
        stepped.send(register, row=row, kind="retire", was={}, batch=None)
    return row


def free_mark(column: Any, first: str) -> str:
    """`first` where no row has it, otherwise DH12 -> DH12-2, DH12-3 ...: the first that is free."""
    stem = first.rsplit("-", 1)[0][:34]
    with session().no_autoflush:
        taken = set(session().scalars(sa.select(column).where(column.startswith(stem, autoescape=True))))
    return first if first not in taken else next(f"{stem}-{n}" for n in range(2, 100_000) if f"{stem}-{n}" not in taken)


def check_version(register: Register, row: Any, version: int) -> None:
    """Refuse a change of a row that somebody else changed meanwhile, and say what changed."""
    if row.version == version:
        return
    entries = session().scalars(
        sa.select(AuditEntry)
        .where(
            AuditEntry.target == register.name,
            AuditEntry.key == str(getattr(row, register.key.key)),
            AuditEntry.version > version,
        )
        .order_by(AuditEntry.id)
        .limit(50)
    )
    changes: list[dict[str, Any]] = [
        {
            "at": entry.at.isoformat(),
            "by": entry.actor,
            "action": entry.action,
            "before": (before := as_shown(register, entry.before)),
            "after": (after := as_shown(register, entry.after)),
            "fields": _told_fields(register, before or {}, after or {}),
        }
        for entry in entries
    ]
    who = f"（{changes[-1]['by']}）" if changes else ""
    labels = list(dict.fromkeys(field["label"] for change in changes for field in change["fields"]))
    what = f"，改了{'、'.join(labels[:5])}{'等' if len(labels) > 5 else ''}" if labels else ""
    raise Changed(f"这条{register.title}刚被他人{who}修改过{what}，请刷新后再改。", version=row.version, changes=changes)


def _told_fields(register: Register, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each changed field with its label, and what it was and is, in words where it is a code."""
    columns = {column.key: column for column in register.columns}
    return [
        {
            "field": key,
            "label": str(columns[key].comment or key) if key in columns else register.labels.get(key, key),
            "before": in_words(register, key, before.get(key)),
            "after": in_words(register, key, after.get(key)),
        }
        for key in {**before, **after}
        if key not in ("version", "updated_at")
    ]


def in_words(register: Register, key: str, value: Any) -> Any:
    """A column's value as users know it: codes by their names."""
    if key not in register.codes or value is None:
        return value
    known = names(register.codes[key])
    return "、".join(str(known.get(one, one)) for one in value) if isinstance(value, list) else known.get(value, value)


def as_shown(register: Register, values: dict[str, Any] | None) -> dict[str, Any] | None:
    """Values of the audit log as this caller may see them."""
    if not values:
        return values
    return {name: register.shown[name](value) if name in register.shown else value for name, value in values.items()}


def _dependents(row: Any) -> list[tuple[str, int]]:
    own = row.__table__
    found = []
    for table in Base.metadata.sorted_tables:
        if "retired_at" not in table.c or table.info.get("history"):
            continue
        for column in table.c:
            for key in column.foreign_keys:
                if key.column.table is own:
                    value = getattr(row, key.column.key)
                    in_use = sa.and_(column == value, table.c.retired_at.is_(None), *_not_over(table))
                    count = session().scalar(sa.select(sa.func.count()).select_from(table).where(in_use)) or 0
                    if count:
                        found.append((table.comment or table.name, count))
    return found


def _not_over(table: Any) -> list[Any]:
    """Where a table tells by which column its rows are over (info: over): those that are not, where the grids are."""
    if "over" not in table.info:
        return []
    day = table.c[table.info["over"]]
    today = sa.cast(sa.func.timezone(settings().time_zone, sa.func.now()), sa.Date)
    return [sa.or_(day.is_(None), day > today)]


def _record(register: Register, action: str, row: Any, **what: Any) -> None:
    key = getattr(row, register.key.key)
    audit.record(action, register.name, key, area_code=area_of(row), version=row.version, **what)


def area_of(row: Any) -> str | None:
    """The area a row lies in (an area lies in itself)."""
    code: str | None = row.area_code if hasattr(row, "area_code") else row.code
    return code


def sort_column(register: Register, sort: str | None) -> tuple[sa.Column[Any], bool]:
    name = (sort or register.key.key).removeprefix("-")
    for column in register.columns:
        if column.key == name and not isinstance(column.type, Geometry | Sealed | sa.ARRAY | sa.JSON):
            return column, (sort or "").startswith("-")
    raise BadRequest(f"不能按“{name[:40]}”排序。", code="unknown_sort")


def in_order(query: Any, column: Any, key: Any, down: bool, cursor: str | None, *, nullable: bool) -> list[Any]:
    """The query in its order beyond a cursor: rows that have a value, then those that have none, each part by its own query.

    Taken apart each can walk an index, on the last page as on the first; in one query neither "or is null" nor
    NULLS LAST downwards can.
    """
    value, last = _parse_cursor(cursor, column, key) if cursor else (None, None)
    by_key = key.desc() if down else key.asc()
    after_key = query if last is None else query.where(key < last if down else key > last)
    if column is key:
        return [after_key.order_by(by_key)]
    filled = query.where(column.is_not(None)) if nullable else query
    if value is not None:
        pair, known = sa.tuple_(column, key), (value, last)
        filled = filled.where(pair < known if down else pair > known)
    filled = filled.order_by(column.desc() if down else column.asc(), by_key)
    empty = (query if value is not None else after_key).where(column.is_(None)).order_by(by_key)
    if cursor and value is None:
        return [empty]
    return [filled, empty] if nullable else [filled]


def first_of(parts: Sequence[Any], most: int) -> list[Any]:
    """The first rows of the parts, the later ones asked only where the earlier do not fill the page."""
    rows: list[Any] = []
    for part in parts:
        if len(rows) < most:
            rows += session().scalars(part.limit(most - len(rows)))
    return rows


def cursor_of(row: Any, column: Any, key: Any) -> str:
    pair = [getattr(row, column.key), getattr(row, key.key)]
    return base64.urlsafe_b64encode(orjson.dumps(pair)).decode().rstrip("=")


def _parse_cursor(cursor: str, column: Any, key: Any) -> tuple[Any, Any]:
    try:
        value, last = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        return _as(column, value), _as(key, last)
    except (ValueError, TypeError, AttributeError):
        raise BadRequest("翻页标记 after 无效，请从第一页重新开始。", code="bad_cursor") from None


def _as(column: Any, value: Any) -> Any:
    wanted = column.type.python_type
    if value is None or wanted in (datetime, date):
        return value if value is None else wanted.fromisoformat(value)
    if isinstance(value, bool) is not (wanted is bool) or not isinstance(value, wanted | int if wanted is float else wanted):
        raise ValueError(value)
    return value
