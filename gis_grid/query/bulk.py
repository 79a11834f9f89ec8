"""One change of many rows: tried first, each row by the register's own rules, refused rows named, taken back as one."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from gis_grid import audit
from gis_grid.db import session
from gis_grid.errors import BadRequest, GridError
from gis_grid.query.told import titles
from gis_grid.register import Register
from gis_grid.register import actions as register_actions
from gis_grid.register.api import change_schema
from gis_grid.register.fields import BIGINT
from gis_grid.sealed import Sealed

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

    A dry run keeps nothing.
    """
    batch = batch or secrets.token_hex(8)
    changed: list[Any] = []
    same: list[Any] = []
    refused: list[dict[str, Any]] = []
    with session().begin_nested() as attempt:
        for row in rows:
            key = _checked(register, row["key"])
            try:
                with session().begin_nested():
                    (changed if _change_one(register, row, values, batch) else same).append(key)
            except GridError as why:
                refused.append({"key": key, "why": why.detail})
            except IntegrityError:
                refused.append({"key": key, "why": "与其他记录冲突。"})
        if dry_run:
            attempt.rollback()
    named = titles(register, [one["key"] for one in refused]) if refused else {}
    refused = [{**one, "title": named.get(one["key"]) or str(one["key"])} for one in refused]
    if not dry_run:
        audit.record("bulk", register.name, batch, after={"fields": sorted(values), "changed": len(changed)})
    return {"changed": changed, "same": same, "refused": refused, "batch": None if dry_run else batch}


def _change_one(register: Register, row: Mapping[str, Any], values: Mapping[str, Any], batch: str) -> bool:
    """Whether anything is different now."""
    seen = register_actions.find(register, row["key"]).version
    now = register_actions.change(register, row["key"], row.get("version") or seen, dict(values), batch=batch)
    return bool(now.version != seen)


def _checked(register: Register, key: Any) -> int | str:
    if isinstance(register.key.type, sa.Integer):
        if isinstance(key, int) and not isinstance(key, bool) and 0 <= key <= BIGINT:
            return key
    elif isinstance(key, str):
        return key
    raise BadRequest("行的主键 key 不对。", code="bad_key")
