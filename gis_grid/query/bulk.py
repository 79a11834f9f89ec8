"""One change of many rows: tried first, each row by the register's own rules, refused rows named, taken back as one."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import sqlalchemy as sa
from marshmallow import Schema
from sqlalchemy.exc import IntegrityError

from gis_grid import audit
from gis_grid.db import session
from gis_grid.errors import BadRequest, GridError
from gis_grid.query.told import names_beside, references, titles
from gis_grid.register import Register
from gis_grid.register import actions as register_actions
from gis_grid.register.api import change_schema, shown_schema
from gis_grid.register.fields import BIGINT
from gis_grid.sealed import Sealed

_KEPT_BY_US = ("version", "created_at", "updated_at")
MOST_ROWS = 200  # per call; the console goes on with the next ones, shows how far it is, and can stop


def bulk_fields(register: Register) -> list[str]:
    """Columns that may be the same for many rows: no number of a person, nothing that must differ, no shape."""
    if register.name not in register_actions.WRITTEN:
        return []
    alone = {"name", "code", "number", "credit_code", "point", "outline", "footprint", "source_crs", "accuracy_m"}
    return [
        column.key
        for column in register.writable
        if not isinstance(column.type, Sealed) and not column.unique and not column.primary_key and column.key not in alone
    ]


def read_values(register: Register, given: Mapping[str, Any]) -> dict[str, Any]:
    """The values to set; refuses columns that must not be the same for many rows (ValidationError: what they say is wrong)."""
    allowed = bulk_fields(register)
    if closed := [name for name in given if name not in allowed]:
        raise BadRequest(f"“{closed[0][:40]}”不能批量修改，请逐条修改。", code="not_in_bulk")
    values: dict[str, Any] = change_schema(register)().load(dict(given))
    return values


def change_many(
    register: Register, rows: Sequence[Mapping[str, Any]], values: Mapping[str, Any], *, dry_run: bool, batch: str | None
) -> dict[str, Any]:
    """What became of each row (`key`, and the `version` it was seen in): changed, same, or refused and why.

    A dry run keeps nothing, and tells of each row what would change: `changes`, field -> before and after.
    """
    batch = batch or secrets.token_hex(8)
    changed: dict[Any, dict[str, list[Any]]] = {}
    same: list[Any] = []
    refused: list[dict[str, Any]] = []
    told = shown_schema(register)()
    with session().begin_nested() as attempt:
        for row in rows:
            key = _checked(register, row["key"])
            try:
                with session().begin_nested():
                    changes = _change_one(register, row, values, batch, told)
                if changes is None:
                    same.append(key)
                else:
                    changed[key] = changes
            except GridError as why:
                refused.append({"key": key, "why": why.detail})
            except IntegrityError:
                refused.append({"key": key, "why": "与其他记录冲突。"})
        if dry_run:
            attempt.rollback()
    said = [one["key"] for one in refused] + (list(changed) if dry_run else [])
    named = titles(register, said) if said else {}
    title = {key: named.get(key) or str(key) for key in said}
    refused = [{**one, "title": title[one["key"]]} for one in refused]
    answer = {"changed": list(changed), "same": same, "refused": refused, "batch": None if dry_run else batch}
    if dry_run:
        each = [{"key": key, "title": title[key], "fields": fields} for key, fields in changed.items()]
        return {**answer, "changes": each, "names": _names(register, changed.values())}
    audit.record("bulk", register.name, batch, after={"fields": sorted(values), "changed": len(changed)})
    return answer


def _change_one(
    register: Register, row: Mapping[str, Any], values: Mapping[str, Any], batch: str, told: Schema
) -> dict[str, list[Any]] | None:
    """What is different now: field -> before and after as the register shows them; None when nothing is."""
    seen = register_actions.find(register, row["key"])
    version, before = seen.version, told.dump(seen)
    now = register_actions.change(register, row["key"], row.get("version") or version, dict(values), batch=batch)
    if now.version == version:
        return None
    after = told.dump(now)
    return {name: [before[name], after[name]] for name in after if name not in _KEPT_BY_US and before[name] != after[name]}


def _names(register: Register, changes: Iterable[Mapping[str, Sequence[Any]]]) -> dict[str, dict[str, str]]:
    """column -> value -> name, of what rows refer to before or after."""
    columns = references(register)
    rows = [
        SimpleNamespace(**{name: pair[side] for name, pair in fields.items()} | dict.fromkeys(columns.keys() - fields.keys()))
        for fields in changes
        for side in (0, 1)
    ]
    return names_beside(register, rows)


def _checked(register: Register, key: Any) -> int | str:
    if isinstance(register.key.type, sa.Integer):
        if isinstance(key, int) and not isinstance(key, bool) and 0 <= key <= BIGINT:
            return key
    elif isinstance(key, str):
        return key
    raise BadRequest("行的主键 key 不对。", code="bad_key")
