"""Count a register by area and up to two fields; drill down by area; small numbers hidden from who may not see the people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import sqlalchemy as sa

from gis_grid import audit
from gis_grid.access.guard import caller, check_right, scope_clause
from gis_grid.areas.models import Area
from gis_grid.areas.placing import current_index, today
from gis_grid.buildings.models import Building
from gis_grid.db import session
from gis_grid.dictionary import names
from gis_grid.errors import BadRequest, NotFound
from gis_grid.query.actions import matching
from gis_grid.query.registers import LINKS, PEOPLE, REGISTERS, asked_register, fields_of, with_place
from gis_grid.query.rules import Asked, Group, read_query
from gis_grid.query.rules import fields_of as fields_asked
from gis_grid.register import Register

MOST_FIELDS = 2
LEAST_SHOWN = 5  # k: who may not read the people themselves sees no number below it
BAND_YEARS, LAST_BAND = 5, 100
FREE_TEXT = {("premises", "trade")}  # few enough different words to be counted by
_COUNTABLE = ("code", "codes", "truth", "age")
Row = tuple[str | None, tuple[Any, ...], int]  # area, values, count


@dataclass(frozen=True)
class Wanted:
    """What to count. `area` is the area whose parts are the rows; `at` the day whose boundaries are used."""

    register: str
    by: Sequence[str] = ()
    area: str | None = None
    where: Mapping[str, Any] | None = None
    at: date | None = None


def count(wanted: Wanted) -> dict[str, Any]:
    """areas (code, name, count), and for the fields: their labels, values and cells (area, values, count or None if hidden)."""
    register, hides = _countable(wanted)
    fields = _fields(register, wanted.by)
    tree = read_query(wanted.where, fields_of(register))
    day = wanted.at or today()
    rows = _rows_today(register, tree, fields) if day == today() else _rows_on(register, tree, fields, day)
    parts = _parts(wanted.area)
    cells: Counter[tuple[str, tuple[Any, ...]]] = Counter()
    outside = 0
    for code, values, number in rows:
        part = next((code[:length] for length in parts.lengths if code and code[:length] in parts.names), None)
        if part is None:
            outside += number
        else:
            cells[part, values] += number
    if register.name in PEOPLE:
        audit.record(
            "count", register.name, after={"by": list(wanted.by), "fields": sorted(fields_asked(tree)), "area": wanted.area}
        )
    return _told(register, fields, parts, cells, 0 if wanted.area else outside, hides)


@dataclass(frozen=True)
class Parts:
    """The areas that are the rows of an answer."""

    names: dict[str, str]
    lengths: list[int]  # of their codes, the longest first


def _countable(wanted: Wanted) -> tuple[Register, bool]:
    """The register, and whether small numbers are hidden: whoever may not read people may still count them, coarsely."""
    found = REGISTERS.get(wanted.register)
    if found is not None and found.name in PEOPLE and not caller().may(found.read):
        check_right("areas.read")
        if wanted.where:
            check_right(found.read)  # subtracting two questions would tell of one person
        return found, True
    return asked_register(wanted.register), False


def _fields(register: Register, by: Sequence[str]) -> list[Asked]:
    known = {
        key: one
        for key, one in fields_of(register).items()
        if one.kind in _COUNTABLE or (register.name, key) in FREE_TEXT
    }  # fmt: skip
    if len(by) > MOST_FIELDS or len(set(by)) < len(by):
        raise BadRequest(f"最多按 {MOST_FIELDS} 个不同的字段统计。", code="too_many_fields")
    if unknown := [key for key in by if key not in known]:
        raise BadRequest(f"不能按“{unknown[0][:40]}”统计，可用：{'、'.join(known)}。", code="no_field")
    return [known[key] for key in by]


def _parts(area: str | None) -> Parts:
    """The areas right below one; without one, the caller's own."""
    query = sa.select(Area.code, Area.name).where(Area.retired_at.is_(None), scope_clause(Area.code))
    if area is not None:
        if session().scalar(sa.select(Area.code).where(Area.code == area, scope_clause(Area.code))) is None:
            raise NotFound(f"没有区域 {area[:32]}，或它不在您的数据范围内。")
        found = {code: name for code, name in session().execute(query.where(Area.parent_code == area))}
        found = found or {code: name for code, name in session().execute(query.where(Area.code == area))}
    else:
        mine = {code: name for code, name in session().execute(query.order_by(sa.func.length(Area.code)))}
        found = {code: name for code, name in mine.items() if not any(code != other and code.startswith(other) for other in mine)}
    return Parts(found, sorted({len(code) for code in found}, reverse=True))


def _value(register: Register, one: Asked) -> Any:
    column = getattr(register.model, "birth_date" if one.kind == "age" else one.key)
    if one.kind == "codes":
        seen = register.shown.get(one.key, list)(list(names(one.codes or "")))
        kept: Any = sa.select(sa.func.array_agg(sa.column("c"))).select_from(sa.func.unnest(column).alias("c"))
        return sa.func.unnest(kept.where(sa.column("c").in_(seen)).scalar_subquery())
    if one.kind != "age":
        return column
    years = sa.func.date_part("year", sa.func.age(today(), column))
    band = sa.cast(sa.func.least(sa.func.floor(years / BAND_YEARS) * BAND_YEARS, LAST_BAND), sa.Integer)
    return sa.case((column.is_(None), sa.null()), else_=band)  # least() passes over what is not known


def _rows_today(register: Register, tree: Group, fields: Sequence[Asked]) -> list[Row]:
    own = register.model.area_code if hasattr(register.model, "area_code") else register.model.code
    return [(code, tuple(values), number) for code, *values, number in _grouped(register, tree, fields, [own])]


def _rows_on(register: Register, tree: Group, fields: Sequence[Asked], day: date) -> list[Row]:
    """Placed again on another day's boundaries: by their own points, people and rooms by their building's."""
    indoor = "building" in LINKS.get(register.name, ())
    point = Building.point if indoor else getattr(register.model, "point", None)
    if point is None:
        raise BadRequest(f"{register.title}没有位置，只能按今天的边界统计。", code="no_place")
    rows = _grouped(register, tree, fields, [sa.func.ST_X(point), sa.func.ST_Y(point)], placed=indoor)
    if not rows:
        return []
    lon, lat = (np.array([np.nan if row[at] is None else row[at] for row in rows], dtype=float) for at in (0, 1))
    codes = current_index(day).place(lon, lat).code
    return [(code, tuple(row[2:-1]), row[-1]) for code, row in zip(codes, rows, strict=True)]


def _grouped(
    register: Register, tree: Group, fields: Sequence[Asked], where: Sequence[Any], *, placed: bool = False
) -> list[Any]:
    query = matching(register, tree)
    query = with_place(register, query) if placed else query
    chosen = [column.label(f"v{i}") for i, column in enumerate([*where, *(_value(register, one) for one in fields)])]
    inner = query.with_only_columns(*chosen).subquery()
    columns = list(inner.c)
    return list(session().execute(sa.select(*columns, sa.func.count()).group_by(*columns)).all())


def _told(
    register: Register, fields: Sequence[Asked], parts: Parts, cells: Counter[Any], outside: int, hides: bool
) -> dict[str, Any]:
    def shown(number: int) -> int | None:
        return None if hides and 0 < number < LEAST_SHOWN else number

    totals: Counter[str] = Counter()
    for (code, _), number in cells.items():
        totals[code] += number
    labels = [_labels(one) for one in fields]
    told = [
        {
            "area_code": code,
            "values": list(values),
            "labels": [label(value) for label, value in zip(labels, values, strict=True)],
            "count": shown(number),
        }
        for (code, values), number in sorted(cells.items(), key=lambda item: (item[0][0], [str(value) for value in item[0][1]]))
    ]
    open_totals = {code for code in parts.names if code not in {cell["area_code"] for cell in told if cell["count"] is None}}
    return {
        "register": register.name,
        "fields": [{"key": one.key, "label": one.label, "codes": one.codes} for one in fields],
        "areas": [
            {"code": code, "name": name, "count": shown(totals[code]) if code in open_totals else None}
            for code, name in sorted(parts.names.items())
        ],  # a total beside one hidden number would tell it
        "cells": told,
        "outside": shown(outside),
        "hidden_below": LEAST_SHOWN if hides else None,
    }


def _labels(one: Asked) -> Any:
    if one.kind == "age":
        return lambda low: "未知" if low is None else f"{low}+" if low >= LAST_BAND else f"{low}-{low + BAND_YEARS - 1}"
    if one.kind == "truth":
        return lambda value: "未填" if value is None else "是" if value else "否"
    known = names(one.codes) if one.codes else {}
    return lambda value: "未填" if value is None else known.get(value, value)
