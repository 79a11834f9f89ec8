"""Which file column fills which field, and how a cell becomes a value; pure."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from gis_grid.sealed import Sealed

_FORMATS = (
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M",
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y%m%d",
    "%Y年%m月%d日",
)
_TRUE, _FALSE = ("1", "true", "是", "y", "yes"), ("0", "false", "否", "n", "no")


def map_columns(
    fields: Sequence[sa.Column[Any]],
    header: Sequence[str],
    given: Mapping[str, str],
    synonyms: Mapping[str, Sequence[str]],
) -> dict[str, str]:
    """field -> file column: as given ("": none), else of the same name, label or synonym (case does not matter)."""
    by_name = {name.strip().lower(): name for name in reversed(list(header))}
    found = {}
    for field in fields:
        if field.key in given:
            if given[field.key]:
                found[field.key] = given[field.key]
            continue
        for name in (field.key, field.comment or "", *synonyms.get(field.key, ())):
            if name and name.lower() in by_name:
                found[field.key] = by_name[name.lower()]
                break
    return found


def to_value(cell: Any, column: sa.Column[Any], zone: ZoneInfo) -> Any:
    """The cell as the column's type; empty is None. ValueError tells the fault in Chinese."""
    if isinstance(cell, str):
        cell = cell.strip()
    if cell is None or cell == "" or (isinstance(cell, float) and math.isnan(cell)):
        return None
    for types, convert in _CONVERT:
        if isinstance(column.type, types):
            return convert(cell, column, zone)
    raise ValueError("该字段不能导入")


def _text(cell: Any, column: sa.Column[Any], _: ZoneInfo) -> str:
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)  # spreadsheets turn codes into numbers
    text = str(cell).replace("\x00", "")
    if isinstance(column.type, Sealed) and "*" in text:
        raise ValueError("是脱敏后的号码，不能导入；不改此项请清空")
    longest = getattr(column.type, "length", None)
    if longest and len(text) > longest:
        raise ValueError(f"太长（{len(text)} 字，最多 {longest}）")
    return text


def _whole(cell: Any, column: sa.Column[Any], _: ZoneInfo) -> int:
    try:
        number = float(cell)
    except (TypeError, ValueError):
        raise ValueError("不是整数") from None
    top = 2**15 if isinstance(column.type, sa.SmallInteger) else 2**31
    if not number.is_integer() or abs(number) >= top:
        raise ValueError("不是整数或超出范围")
    return int(number)


def _number(cell: Any, _: sa.Column[Any], __: ZoneInfo) -> float:
    try:
        number = float(cell)
    except (TypeError, ValueError):
        raise ValueError("不是数字") from None
    if number in (float("inf"), float("-inf")):
        raise ValueError("不是有限的数字")
    return number


def _moment(cell: Any, _: sa.Column[Any], zone: ZoneInfo) -> datetime:
    moment = cell if isinstance(cell, datetime) else _parse_moment(str(cell))
    if not 1850 <= moment.year <= 2200:
        raise ValueError("年份应在 1850 到 2200 之间")
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def _parse_moment(text: str) -> datetime:
    for form in _FORMATS:
        try:
            return datetime.strptime(text, form)
        except ValueError:
            continue
    try:
        return datetime.fromisoformat(re.sub(r"Z$", "+00:00", text))
    except ValueError:
        raise ValueError("不是可识别的时间，如 2026-01-31 08:00:00") from None


def _day(cell: Any, column: sa.Column[Any], zone: ZoneInfo) -> date:
    return cell if type(cell) is date else _moment(cell, column, zone).date()


def _truth(cell: Any, _: sa.Column[Any], __: ZoneInfo) -> bool:
    text = str(cell).strip().lower()
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    raise ValueError("应为 是 或 否")


_CONVERT: tuple[tuple[Any, Callable[[Any, Any, ZoneInfo], Any]], ...] = (
    (sa.String | Sealed, _text),
    (sa.DateTime, _moment),
    (sa.Date, _day),
    (sa.Boolean, _truth),
    (sa.Integer, _whole),
    (sa.Float, _number),
)


def derived_key(wkb: bytes | None, values: Mapping[str, Any], identity: Sequence[str]) -> str:
    """A key for rows that bring none: the same shape and identity fields give the same key again."""
    digest = hashlib.sha256(wkb or b"")
    for name in identity:
        digest.update(b"\x1f" + str(values.get(name) or "").encode())
    return "auto-" + digest.hexdigest()[:24]
