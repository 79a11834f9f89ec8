"""The query language: a JSON definition as a checked tree; pure.

{"all": [...]}  {"any": [...]}  {"not": {...}}
{"field": "birth_date", "op": "between", "value": ["1950-01-01", "1960-12-31"]}
{"text": "王小明"}  {"fresh": ["overdue", "never"]}
{"area": "500103001"}  {"inside": <GeoJSON polygon>}  {"near": {"lon": 106.5, "lat": 29.5, "metres": 300}}
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from gis_grid.errors import BadRequest
from gis_grid.freshness import STATES

MOST_DEPTH, MOST_CONDITIONS, MOST_VALUES, MOST_TEXT = 8, 60, 1_000, 200
MOST_METRES, MOST_DAYS = 50_000, 36_500
EMPTY = ("empty", "filled")
COMPARED = ("eq", "ne", "lt", "le", "gt", "ge", "between", "in", *EMPTY)
OPS: dict[str, Sequence[str]] = {
    "text": ("eq", "ne", "in", "starts", "contains", *EMPTY),
    "code": ("eq", "ne", "in", *EMPTY),
    "codes": ("in", "all", *EMPTY),
    "number": COMPARED,
    "day": COMPARED,
    "moment": (*COMPARED, "within_days", "older_days"),
    "truth": ("eq", *EMPTY),
    "sealed": ("eq", *EMPTY),
    "hidden": EMPTY,
    "age": ("eq", "lt", "le", "gt", "ge", "between"),
    "initials": ("starts",),
}


class BadQuery(BadRequest):
    """A definition that makes no sense; the sentence says which part."""

    code = "bad_query"


@dataclass(frozen=True)
class Asked:
    """One field a register can be asked by. `kind` is a key of OPS."""

    key: str
    label: str
    kind: str
    codes: str | None = None
    sortable: bool = False


@dataclass(frozen=True)
class Group:
    """all: every part holds; any: at least one; not: the one part does not."""

    how: str
    parts: tuple[Any, ...]


@dataclass(frozen=True)
class Condition:
    """A field held against values."""

    field: Asked
    op: str
    values: tuple[Any, ...]


@dataclass(frozen=True)
class Words:
    """What somebody typed into the one box."""

    text: str

    @property
    def is_number(self) -> bool:
        """A whole identity number or phone: looked up by fingerprint, never written down."""
        return bool(re.fullmatch(r"\+?[0-9]{7,17}[0-9Xx]", re.sub(r"[\s-]", "", self.text)))


@dataclass(frozen=True)
class Fresh:
    """In one of these states of freshness (STATES of `freshness`)."""

    states: tuple[str, ...]


@dataclass(frozen=True)
class InArea:
    code: str


@dataclass(frozen=True)
class Inside:
    geojson: Any


@dataclass(frozen=True)
class Near:
    lon: float
    lat: float
    metres: float


def read_query(given: Any, fields: Mapping[str, Asked]) -> Group:
    """The tree of a definition; nothing given asks for everything. BadQuery tells what is wrong."""
    counter = _Counter()
    if given in (None, {}, []):
        return Group("all", ())
    node = _node(given, fields, counter, 1)
    return node if isinstance(node, Group) else Group("all", (node,))


def fields_of(node: Any) -> set[str]:
    """Which fields a tree asks about."""
    if isinstance(node, Group):
        return set().union(*(fields_of(part) for part in node.parts))
    if isinstance(node, Words):
        return {"text", *(("id_number", "phone") if node.is_number else ())}
    return {node.field.key} if isinstance(node, Condition) else {type(node).__name__.lower()}


class _Counter:
    def __init__(self) -> None:
        self.count = 0

    def add(self) -> None:
        self.count += 1
        if self.count > MOST_CONDITIONS:
            raise BadQuery(f"条件太多，最多 {MOST_CONDITIONS} 个。")


def _node(given: Any, fields: Mapping[str, Asked], counter: _Counter, depth: int) -> Any:
    if depth > MOST_DEPTH:
        raise BadQuery(f"条件嵌套太深，最多 {MOST_DEPTH} 层。")
    if not isinstance(given, dict):
        raise BadQuery('每个条件须为对象，如 {"field": "sex", "op": "eq", "value": "1"}。')
    counter.add()
    for how in ("all", "any"):
        if given.keys() == {how}:
            parts = given[how]
            if not isinstance(parts, list) or not parts:
                raise BadQuery(f"{how} 须为非空的条件列表。")
            return Group(how, tuple(_node(part, fields, counter, depth + 1) for part in parts))
    if given.keys() == {"not"}:
        return Group("not", (_node(given["not"], fields, counter, depth + 1),))
    for name, read in _ALONE.items():
        if given.keys() == {name}:
            return read(given[name])
    if not given.keys() <= {"field", "op", "value"} or "field" not in given or "op" not in given:
        raise BadQuery("看不懂的条件：应有 field、op、value，或 all、any、not、text、fresh、area、inside、near 之一。")
    return _condition(given, fields)


def _condition(given: Mapping[str, Any], fields: Mapping[str, Asked]) -> Condition:
    asked = fields.get(given["field"]) if isinstance(given["field"], str) else None
    if asked is None:
        raise BadQuery(f"没有“{str(given['field'])[:40]}”这个字段，可用：{'、'.join(fields)}。")
    op = given["op"]
    if not isinstance(op, str) or op not in OPS[asked.kind]:
        raise BadQuery(f"“{asked.label}”不能用“{str(op)[:20]}”，可用：{'、'.join(OPS[asked.kind])}。")
    return Condition(asked, op, _values(asked, op, given.get("value")))


def _values(asked: Asked, op: str, value: Any) -> tuple[Any, ...]:
    if op in EMPTY:
        if value is not None:
            raise BadQuery(f"“{asked.label}”的 {op} 不带 value。")
        return ()
    if op in ("within_days", "older_days"):
        days = _number(asked, value)
        if not 0 < days <= MOST_DAYS:
            raise BadQuery(f"“{asked.label}”的天数应在 1 到 {MOST_DAYS} 之间。")
        return (days,)
    if op in ("in", "all", "between"):
        if not isinstance(value, list) or not 1 <= len(value) <= MOST_VALUES or (op == "between" and len(value) != 2):
            raise BadQuery(f"“{asked.label}”的 {op} 须为{'两个值的列表' if op == 'between' else f'1-{MOST_VALUES} 个值的列表'}。")
        return tuple(_value(asked, one) for one in value)
    return (_value(asked, value),)


def _value(asked: Asked, value: Any) -> Any:
    return _READ[asked.kind](asked, value)


def _text(asked: Asked, value: Any) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= MOST_TEXT or "\x00" in value:
        raise BadQuery(f"“{asked.label}”的值须为 1-{MOST_TEXT} 字的文字。")
    if any("\ud800" <= char <= "\udfff" for char in value):
        raise BadQuery(f"“{asked.label}”的值含有不能保存的字符。")
    return value


def _number(asked: Asked, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or abs(value) > 2**62:
        raise BadQuery(f"“{asked.label}”的值须为数字。")
    return value


def _day(asked: Asked, value: Any) -> date:
    try:
        return date.fromisoformat(_text(asked, value))
    except ValueError:
        raise BadQuery(f"“{asked.label}”的值须为日期，如 2020-01-05。") from None


def _moment(asked: Asked, value: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(_text(asked, value).replace("Z", "+00:00"))
    except ValueError:
        raise BadQuery(f"“{asked.label}”的值须为时间，如 2020-01-05T08:00:00+08:00。") from None
    if moment.tzinfo is None:
        raise BadQuery(f"“{asked.label}”的时间须带时区，如 +08:00。")
    return moment


def _truth(asked: Asked, value: Any) -> bool:
    if not isinstance(value, bool):
        raise BadQuery(f"“{asked.label}”的值须为 true 或 false。")
    return value


_READ = {
    "text": _text,
    "code": _text,
    "codes": _text,
    "number": _number,
    "day": _day,
    "moment": _moment,
    "truth": _truth,
    "sealed": _text,
    "age": _number,
    "initials": _text,
}


def _area(value: Any) -> InArea:
    if not isinstance(value, str) or not 1 <= len(value) <= 32 or not value.replace("-", "").replace("_", "").isalnum():
        raise BadQuery("area 须为区域编码。")
    return InArea(value)


def _near(value: Any) -> Near:
    if not isinstance(value, dict) or value.keys() != {"lon", "lat", "metres"}:
        raise BadQuery("near 须有 lon、lat、metres。")
    lon, lat, metres = (_number(Asked(name, name, "number"), value[name]) for name in ("lon", "lat", "metres"))
    if not (-180 <= lon <= 180 and -90 <= lat <= 90 and 0 < metres <= MOST_METRES):
        raise BadQuery(f"near 的经纬度超出范围，或距离不在 1-{MOST_METRES} 米之间。")
    return Near(lon, lat, metres)


def _words(value: Any) -> Words:
    return Words(_text(Asked("text", "text", "text"), value).strip())


def _fresh(value: Any) -> Fresh:
    if not isinstance(value, list) or not value or not all(isinstance(one, str) and one in STATES for one in value):
        raise BadQuery(f"fresh 须为列表，可用：{'、'.join(STATES)}。")
    return Fresh(tuple(dict.fromkeys(value)))


_ALONE = {"area": _area, "inside": Inside, "near": _near, "text": _words, "fresh": _fresh}
