"""What changed since a mark, so that others need not read whole tables: registers and boundaries, at least once, never missed.

A mark is the oldest transaction that was running when it was given: whatever it or a later one wrote is told next time. Rows are
retired, never deleted, so the table itself knows all; nothing is logged beside it.
"""

from __future__ import annotations

import base64
import zlib
from dataclasses import dataclass
from typing import Any

import orjson

from gis_grid.access.guard import caller, scope_patterns
from gis_grid.db import ask, driver_text
from gis_grid.errors import BadRequest, Gone
from gis_grid.kept import states
from gis_grid.register.actions import REGISTERS

_LONGEST = 2**31 - 1_000_000  # transactions; older marks cannot be compared any more
_NOW = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint"


@dataclass(frozen=True)
class Table:
    """Something that is told: its name for callers, its table, its key, and what is shown of a row."""

    name: str
    source: str
    key: str
    shown: str


def feed(since: str | None, most: int) -> dict[str, Any]:
    """A page of changes after `since` (none: nothing yet, only the mark to begin with) and the mark for the next call."""
    tables = _tables()
    states = _states(tables)  # read before the rows: a change in between is told twice, never missed
    oldest = ask(_NOW, {})[0][0]
    if since is None:
        return {"items": [], "more": False, "next": _mark([oldest, states])}
    start, then, end, first, last = _parsed(since, oldest, states)
    items: list[dict[str, Any]] = []
    for number in range(first, len(tables)):
        if then[number : number + 1] == states[number : number + 1]:
            continue  # nobody wrote this table since
        items += _changed(tables[number], start, last if number == first else None, most - len(items))
        if len(items) == most:
            key = items[-1]["key"] if items[-1]["kind"] == tables[number].name else None
            return {"items": items, "more": True, "next": _mark([start, then, end, number, key])}
    return {"items": items, "more": False, "next": _mark(end)}


def _states(tables: list[Table]) -> list[int]:
    """A number for the state of each table."""
    known = states()
    return [zlib.crc32(str(known.get(f"table {table.source}", 0)).encode()) for table in tables]


def _tables() -> list[Table]:
    """What the caller may read, in a fixed order."""
    found = []
    for name, register in sorted(REGISTERS.items()):
        table = register.model.__table__
        if not caller().may(register.read) or "version" not in table.c or "retired_at" not in table.c:
            continue
        area = "l.area_code" if "area_code" in table.c else "l.code" if name == "areas" else "NULL::text"
        shown = f"{area} AS area_code, l.version, l.created_at, l.updated_at, l.retired_at"
        found.append(Table(name, table.name, register.key.key, shown))
    if caller().may("areas.read"):
        shown = "l.area_code, 1 AS version, l.created_at, l.created_at AS updated_at, NULL::timestamptz AS retired_at"
        found.append(Table("boundaries", "boundaries", "id", shown))
    return found


def _changed(table: Table, start: int, last: Any, most: int) -> list[dict[str, Any]]:
    """Rows written by the transaction `start` or a later one: those not older than it is."""
    after = f" AND l.{table.key} > :last" if last is not None else ""
    scope = "" if "" in caller().scopes else " WHERE q.area_code LIKE ANY(:scope)"
    text = f"""
      SELECT q.* FROM (
        SELECT l.{table.key} AS key, {table.shown} FROM {table.source} l
        WHERE age(l.xmin) <= age(CAST(CAST(:start AS text) AS xid)){after}
      ) q{scope} ORDER BY key LIMIT :most
    """
    values = {"start": start % 2**32, "most": most, "last": last, "scope": scope_patterns()}
    rows = ask(driver_text(text), {told: value for told, value in values.items() if f":{told}" in text})
    return [_told(table.name, row) for row in rows]


def _told(name: str, row: Any) -> dict[str, Any]:
    key, area_code, version, created, updated, retired = row[:6]
    action = "retired" if retired else "created" if version == 1 else "changed"
    return {
        "kind": name,
        "key": key,
        "action": action,
        "version": version,
        "area_code": area_code,
        "at": retired or updated or created,
        "href": f"/api/{name}/{key}" if name != "boundaries" else f"/api/areas/{area_code}/boundary",
    }


def _mark(parts: list[Any]) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(parts)).decode().rstrip("=")


def _parsed(text: str, oldest: int, states: list[int]) -> tuple[int, list[int], list[Any], int, Any]:
    """Where the round began and the states then, the mark it ends with, and the table and key after which this page begins."""
    try:
        parts = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        start, then, end, first, last = parts if len(parts) == 5 else (*parts, [oldest, states], 0, None)
        if not (isinstance(start, int) and 0 <= start <= oldest and isinstance(then, list) and isinstance(first, int)):
            raise ValueError(text)
    except (ValueError, TypeError, KeyError):
        raise BadRequest("标记 since 无效，请用上次答复中的 next。", code="bad_cursor") from None
    if oldest - start > _LONGEST:
        raise Gone("标记太旧，请重新读取全部数据，再从新的标记开始。", code="mark_too_old")
    return start, then if len(then) == len(states) else [], list(end), first, last
