"""What a caller asks of a collection: the parameters of OGC API Features, read and refused one by one."""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from gis_grid.access.guard import caller, scope_patterns
from gis_grid.areas.placing import day_of, today
from gis_grid.config import settings
from gis_grid.db import ask, driver_text
from gis_grid.errors import BadRequest
from gis_grid.geo.crs import SHIFTED
from gis_grid.geo.reference import STORED, Reference, known
from gis_grid.maps import cql
from gis_grid.maps.collections import askable, columns, systems, zone
from gis_grid.maps.layers import Layer

USUAL, MOST = 10, 10_000  # features of a page
LONGEST_FILTER = 65_536
PARAMETERS = {
    "f", "limit", "after", "bbox", "bbox-crs", "crs", "datetime", "filter", "filter-lang", "filter-crs", "at", "resulttype",
    "properties", "sortby", "encoding", "skipGeometry",
}  # fmt: skip
_CASTS = {"integer": "bigint", "number": "double precision", "boolean": "boolean", "date": "date", "timestamp": "timestamptz"}


@dataclass(frozen=True)
class Asked:
    """A question to one layer: what to select, under which conditions, in which order, told in which system."""

    layer: Layer
    fields: tuple[str, ...]
    conditions: tuple[str, ...]
    values: dict[str, Any]
    limit: int | None  # none: not named
    after: tuple[Any, Any] | None
    sort: tuple[str, bool] | None  # field, downwards
    system: Reference
    shapes: bool
    at: date
    selective: bool  # the caller named conditions of his own
    own: Mapping[str, str] = field(default_factory=dict)  # the parameters as they came, for links

    def select(self, shown: str, tail: str) -> tuple[str, dict[str, Any]]:
        """A query over the layer's rows `l` under all conditions, and its values."""
        where = " AND ".join(self.conditions) or "true"
        return f"SELECT {shown} FROM ({self.layer.select}\n) l WHERE {where} {tail}", self.values


def read(layer: Layer, given: Mapping[str, str]) -> Asked:
    """The question in a query string; an unknown or malformed parameter is refused with its name (400)."""
    seen = layer.seen_by(caller())
    kinds = columns(layer.name).kinds
    named = askable(layer)
    unknown = [name for name in given if name not in PARAMETERS and name not in named]
    if unknown:
        raise BadRequest(f"没有参数“{unknown[0][:40]}”。可用的字段：{'、'.join(named)}。", code="unknown_parameter")
    conditions, values = _scope(layer)
    at = _asked_day(layer, given)
    values |= {"at": at, "zone": settings().time_zone}
    own = [
        *_box(given, values),
        *_period(layer, given.get("datetime"), values),
        *_equal(given, named, kinds, values),
        *_filter(layer, given, named, values),
    ]
    sort = _sort(given.get("sortby"), named, kinds)
    after = _after(given.get("after"), sort)
    return Asked(
        layer=layer,
        fields=_fields(given.get("properties"), seen),
        conditions=(*conditions, *own),
        values=values,
        limit=_limit(given.get("limit")),
        after=after,
        sort=sort,
        system=system_of(given.get("crs"), "crs"),
        shapes=given.get("skipGeometry", "false") != "true",
        at=at,
        selective=bool(own),
        own=dict(given),
    )


def _scope(layer: Layer) -> tuple[list[str], dict[str, Any]]:
    if not layer.scoped or "" in caller().scopes:
        return [], {}
    return ["l.area_code LIKE ANY(:scope)"], {"scope": scope_patterns()}


def system_of(text: str | None, name: str) -> Reference:
    """The reference system named by a parameter; the default is CRS84."""
    if not text:
        return next(iter(systems().values()))
    found = known(text, zone())
    if found is None or not _transformable(found.srid):
        offered = f"可用任何 EPSG 编号和 {'、'.join(SHIFTED)}，如：{'、'.join(systems())}"
        raise BadRequest(f"{name} 不支持坐标系“{text[:80]}”，{offered}。", code="unknown_crs")
    if found.shifted and name in ("bbox-crs", "filter-crs"):
        raise BadRequest(f"{name} 不能是 {found.shifted}：查询的范围请用有登记编号的坐标系给出。", code="unknown_crs")
    return found


@cache
def _transformable(srid: int) -> bool:
    """Whether the database knows it, too."""
    return bool(ask(driver_text("SELECT EXISTS (SELECT FROM spatial_ref_sys WHERE srid = :srid)"), {"srid": srid})[0][0])


def _asked_day(layer: Layer, given: Mapping[str, str]) -> date:
    """`at`; or `datetime`, when it is one moment and the layer has no time of its own but depends on the day (boundaries)."""
    moment = given.get("datetime", "")
    if "at" in given or not moment or "/" in moment or layer.time is not None or not layer.dated:
        return _day(given.get("at"))
    return day_of(_instant(moment)[0])


def _day(text: str | None) -> date:
    if not text:
        return today()
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadRequest(f"at 须为日期，如 2026-01-31，收到“{text[:40]}”。", code="bad_at") from None


def _limit(text: str | None) -> int | None:
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,18}", text) or int(text) < 1:
        raise BadRequest("limit 须为正整数。", code="bad_limit")
    return min(int(text), MOST)


def numbers(text: str, name: str) -> list[float]:
    """Finite numbers separated by commas."""
    try:
        found = [float(part) for part in text.split(",")]
    except ValueError:
        found = [math.nan]
    if not all(math.isfinite(number) for number in found):
        raise BadRequest(f"{name} 须为逗号分隔的数字，收到“{text[:60]}”。", code=f"bad_{name}")
    return found


def _box(given: Mapping[str, str], values: dict[str, Any]) -> list[str]:
    text = given.get("bbox")
    if text is None:
        if "bbox-crs" in given:
            system_of(given["bbox-crs"], "bbox-crs")
        return []
    corners = numbers(text, "bbox")
    if len(corners) not in (4, 6):
        raise BadRequest(f"bbox 须有 4 个数（西,南,东,北）或 6 个数，收到 {len(corners)} 个。", code="bad_bbox")
    system = system_of(given.get("bbox-crs"), "bbox-crs")
    half = len(corners) // 2
    (x1, y1), (x2, y2) = corners[:2], corners[half : half + 2]
    if system.flipped:
        x1, y1, x2, y2 = y1, x1, y2, x2
    if y1 > y2:
        raise BadRequest("bbox 的南边界大于北边界。", code="bad_bbox")
    degrees = system.srid == STORED
    if degrees and not (max(abs(x1), abs(x2)) <= 180 and max(abs(y1), abs(y2)) <= 90):
        raise BadRequest("bbox 超出经度 ±180、纬度 ±90。", code="bad_bbox")
    if x1 <= x2:
        return [_touching([(x1, x2)], y1, y2, system, values)]
    if not degrees:
        raise BadRequest("bbox 的西边界大于东边界。", code="bad_bbox")
    return [_touching([(x1, 180.0), (-180.0, x2)], y1, y2, system, values)]  # across the antimeridian


def _touching(spans: list[tuple[float, float]], south: float, north: float, system: Reference, values: dict[str, Any]) -> str:
    """The shape meets one of the boxes: by index first, then exactly."""
    told = []
    for number, (west, east) in enumerate(spans):
        values |= {f"w{number}": west, f"e{number}": east, "south": south, "north": north}
        box = f"ST_MakeEnvelope(:w{number}, :south, :e{number}, :north, {system.srid})"
        box = box if system.srid == STORED else f"ST_Transform(ST_Segmentize({box}, 1000), {STORED})"
        told.append(f"ST_Intersects(l.geom, {box})")
    return f"({' OR '.join(told)})"


def _period(layer: Layer, text: str | None, values: dict[str, Any]) -> list[str]:
    """RFC 3339 instant, or interval with `..` or nothing for an open side. What has no time matches (Core, requirement 26 C)."""
    if text is None:
        return []
    sides = text.split("/")
    if len(sides) > 2 or sides in (["", ""], ["..", ".."], ["", ".."], ["..", ""], [""], [".."]):
        raise BadRequest("datetime 须为一个时刻或“开始/结束”，一侧可写 ..。", code="bad_datetime")
    ends = [None if side in ("", "..") and len(sides) == 2 else _instant(side) for side in sides]
    first, last = (ends[0], ends[1]) if len(ends) == 2 else (ends[0], ends[0])
    if first and last and first[0] > last[1]:
        raise BadRequest("datetime 的开始晚于结束。", code="bad_datetime")
    if layer.time is None:
        return []
    told = []
    kind = columns(layer.name).kinds[layer.time]
    if first:
        values["time_from"] = first[0].date() if kind == "date" else first[0]
        told.append(f"l.{layer.time} >= :time_from")
    if last:
        values["time_to"] = last[1].date() if kind == "date" else last[1]
        told.append(f"l.{layer.time} <= :time_to")
    return [f"({' AND '.join(told)} OR l.{layer.time} IS NULL)"]


def _instant(text: str) -> tuple[datetime, datetime]:
    """First and last moment meant: a date alone means the whole day in the configured zone."""
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            day = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(settings().time_zone))
            return day, day + timedelta(days=1) - timedelta(microseconds=1)
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9:.]{8,15}([Zz]|[+-][0-9]{2}:[0-9]{2})", text):
            raise ValueError(text)
        moment = datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadRequest(
            f"datetime 读不懂“{text[:40]}”，应如 2026-01-31T08:00:00Z 或 2026-01-31。", code="bad_datetime"
        ) from None
    return moment, moment


def _equal(given: Mapping[str, str], seen: tuple[str, ...], kinds: Mapping[str, str], values: dict[str, Any]) -> list[str]:
    """?status=closed: a field equals a value."""
    told = []
    for name in seen:
        if name in given and name not in PARAMETERS:
            values[f"is_{name}"] = typed(given[name], kinds[name], name)
            told.append(f":is_{name} = ANY(l.{name})" if kinds[name] == "array" else f"l.{name} = :is_{name}")
    return told


def typed(text: str, kind: str, name: str) -> Any:
    """A parameter as the kind of its field; refused when it is none."""
    try:
        if kind == "integer":
            return _bounded(int(text))
        if kind == "number":
            return numbers(text, name)[0]
        if kind == "boolean":
            return {"true": True, "false": False}[text]
        if kind == "date":
            return date.fromisoformat(text)
        if kind == "timestamp":
            return datetime.fromisoformat(text)
    except (ValueError, KeyError):
        raise BadRequest(f"参数 {name} 的值“{text[:40]}”不是 {kind}。", code="bad_value") from None
    if "\x00" in text or any("\ud800" <= char <= "\udfff" for char in text):
        raise BadRequest(f"参数 {name} 含有不能保存的字符。", code="bad_value")
    return text


def _bounded(number: int) -> int:
    if abs(number) >= 2**63:
        raise ValueError(number)
    return number


def _filter(layer: Layer, given: Mapping[str, str], seen: tuple[str, ...], values: dict[str, Any]) -> list[str]:
    """CQL2 text or JSON (Part 3)."""
    text = given.get("filter")
    if text is None:
        for name in ("filter-lang", "filter-crs"):
            if name in given:
                raise BadRequest(f"给了 {name} 却没有 filter。", code="bad_filter")
        return []
    if len(text) > LONGEST_FILTER:
        raise BadRequest(f"filter 长 {len(text)} 字符，最多 {LONGEST_FILTER}。", code="bad_filter")
    kinds = columns(layer.name).kinds
    fields = {name: cql.Queryable(name, f"l.{name}", kinds[name]) for name in seen}
    fields["geom"] = cql.Queryable("geom", "l.geom", "geometry")
    system = system_of(given.get("filter-crs"), "filter-crs")
    condition, own = cql.to_sql(
        cql.parse(text, given.get("filter-lang", "cql2-text")),
        fields,
        srid=system.srid,
        flip=system.flipped,
        zone=settings().time_zone,
    )
    values |= own
    return [f"({condition})"]


def _fields(text: str | None, seen: tuple[str, ...]) -> tuple[str, ...]:
    if text is None:
        return seen
    wanted = text.split(",") if text else []
    for name in wanted:
        if name not in seen:
            raise BadRequest(f"properties 中没有字段“{name[:40]}”，可用：{'、'.join(seen)}。", code="unknown_field")
    return tuple(name for name in seen if name in wanted)


def _sort(text: str | None, seen: tuple[str, ...], kinds: Mapping[str, str]) -> tuple[str, bool] | None:
    if not text:
        return None
    name = text.lstrip("+- ")
    if name not in seen or kinds[name] == "array" or text[: -len(name)] not in ("", "+", "-", " "):
        raise BadRequest(f"不能按“{text[:40]}”排序，可用一个字段：{'、'.join(seen)}，降序前加 -。", code="unknown_sort")
    return name, text.startswith("-")


def _after(text: str | None, sort: tuple[str, bool] | None) -> tuple[Any, Any] | None:
    if not text:
        return None
    try:
        value, last = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        if not isinstance(last, int) or abs(last) >= 2**63 or not (value is None or isinstance(value, str)):
            raise ValueError(text)
    except (ValueError, TypeError):
        raise BadRequest("翻页标记 after 无效，请从第一页重新开始。", code="bad_cursor") from None
    return value, last


def cursor(value: str | None, last: int) -> str:
    """The opaque mark of the row after which the next page begins."""
    return base64.urlsafe_b64encode(orjson.dumps([value, last])).decode().rstrip("=")


def beyond(asked: Asked) -> tuple[str, str, dict[str, Any]]:
    """Condition of the rows after the mark, the order that makes pages repeatable, and the values."""
    if asked.sort is None:
        found = {"last": asked.after[1]} if asked.after else {}
        return ("l.id > :last" if asked.after else "true"), "ORDER BY l.id", found
    name, down = asked.sort
    order = f"ORDER BY l.{name} {'DESC' if down else 'ASC'} NULLS LAST, l.id {'DESC' if down else 'ASC'}"
    if asked.after is None:
        return "true", order, {}
    value, last = asked.after
    sign = "<" if down else ">"
    if value is None:
        return f"l.{name} IS NULL AND l.id {sign} :last", order, {"last": last}
    kind = columns(asked.layer.name).kinds[name]
    mark = f"CAST(:mark AS {_CASTS.get(kind, 'text')})"
    later = f"(l.{name} {sign} {mark} OR l.{name} = {mark} AND l.id {sign} :last OR l.{name} IS NULL)"
    return later, order, {"mark": value, "last": last}
