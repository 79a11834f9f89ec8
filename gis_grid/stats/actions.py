"""Count a register by area and up to two fields; drill down by area; people protected from who may not see them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import sqlalchemy as sa

from gis_grid import audit
from gis_grid.access.guard import caller, check_right
from gis_grid.areas.placing import current_index, today
from gis_grid.buildings.models import Building
from gis_grid.db import session
from gis_grid.errors import BadRequest
from gis_grid.query.actions import matching
from gis_grid.query.registers import LINKS, PEOPLE, REGISTERS, asked_register, fields_of, with_place
from gis_grid.query.rules import Group, read_query
from gis_grid.query.rules import fields_of as fields_asked
from gis_grid.register import Register
from gis_grid.sealed import fingerprint
from gis_grid.stats.fields import Counted, countable, counted_fields, in_order, label_of, periods_of, value_of
from gis_grid.stats.parts import Parts, parts_of
from gis_grid.stats.rules import LEAST_SHOWN, PERIODS, STEP, guarded

Row = tuple[str | None, tuple[Any, ...], int]  # area, values, count


@dataclass(frozen=True)
class Wanted:
    """What to count. `area` is the area whose parts are the rows (all of `level` below it when given); `at` the day whose
    boundaries are used."""

    register: str
    by: Sequence[str] = ()
    area: str | None = None
    where: Mapping[str, Any] | None = None
    at: date | None = None
    level: str | None = None


@dataclass
class _Sums:
    """What was counted, exactly; never told as it is."""

    cells: Counter[tuple[str, tuple[Any, ...]]] = field(default_factory=Counter)
    areas: Counter[str] = field(default_factory=Counter)
    values: Counter[tuple[Any, ...]] = field(default_factory=Counter)
    outside: int = 0


def count(wanted: Wanted) -> dict[str, Any]:
    """The areas with their counts, the cells (area x values), the values over all areas, the total; None where hidden."""
    register, hides = _countable(wanted)
    fields = counted_fields(register, wanted.by)
    tree = read_query(wanted.where, fields_of(register))
    day = wanted.at or today()
    parts = parts_of(wanted.area, day, wanted.level)
    rows = _rows(register, tree, fields, day)
    # who has several values is one all the same, and so is who has none
    people = _rows(register, tree, [], day) if any(one.is_many for one in fields) else rows
    sums = _summed(parts, rows, people, wanted.area)
    if register.name in PEOPLE:
        asked = {"by": list(wanted.by), "fields": sorted(fields_asked(tree)), "area": wanted.area}
        audit.record("count", register.name, after=asked)
    return {
        "register": register.name,
        "title": register.title,
        "fields": [{"key": one.key, "label": one.label, "codes": one.asked.codes, "period": one.period} for one in fields],
        "at": day.isoformat(),
        "path": parts.path,
        **_told(fields, parts, sums, _Shown(register.name, tuple(one.key for one in fields), hides)),
        "several": any(one.is_many for one in fields),
        "hidden_below": LEAST_SHOWN if hides else None,
        "rounded_to": STEP if hides else None,
    }


def countable_registers() -> list[dict[str, Any]]:
    """What the caller may count and by what; `hides`: small numbers are hidden from him, and he may not narrow."""
    may = caller().may
    return [
        {
            "name": one.name,
            "title": one.title,
            "hides": not may(one.read),
            "placed": _point(one) is not None,
            "fields": [
                {
                    "key": asked.key,
                    "label": asked.label,
                    "kind": asked.kind,
                    "codes": asked.codes,
                    "periods": [{"key": name, "label": PERIODS[name][0]} for name in periods_of(asked)],
                }
                for asked in countable(one).values()
            ],
        }
        for one in REGISTERS.values()
        if may(one.read) or (one.name in PEOPLE and may("areas.read"))
    ]


def _countable(wanted: Wanted) -> tuple[Register, bool]:
    """The register, and whether small numbers are hidden: whoever may not read people may still count them, coarsely."""
    found = REGISTERS.get(wanted.register)
    if found is not None and found.name in PEOPLE and not caller().may(found.read):
        check_right("areas.read")
        if wanted.where:
            check_right(found.read)  # who narrows at will comes down to one person, whatever is rounded
        return found, True
    return asked_register(wanted.register), False


def _point(register: Register) -> Any:
    """Where a row lies: its own point; people and rooms at their building's."""
    if "building" in LINKS.get(register.name, ()):
        return Building.point
    return getattr(register.model, "point", None)


def _rows(register: Register, tree: Group, fields: Sequence[Counted], day: date) -> list[Row]:
    if day != today():
        return _rows_on(register, tree, fields, day)
    own = register.model.area_code if hasattr(register.model, "area_code") else register.model.code
    return [(code, tuple(values), number) for code, *values, number in _grouped(register, tree, fields, [own])]


def _rows_on(register: Register, tree: Group, fields: Sequence[Counted], day: date) -> list[Row]:
    """Placed again on another day's boundaries: by their own points, people and rooms by their building's."""
    point = _point(register)
    if point is None:
        raise BadRequest(f"{register.title}没有位置，只能按今天的边界统计。", code="no_place")
    rows = _grouped(register, tree, fields, [sa.func.ST_X(point), sa.func.ST_Y(point)], placed=point is Building.point)
    if not rows:
        return []
    lon, lat = (np.array([np.nan if row[at] is None else row[at] for row in rows], dtype=float) for at in (0, 1))
    codes = current_index(day).place(lon, lat).code
    return [(code, tuple(row[2:-1]), row[-1]) for code, row in zip(codes, rows, strict=True)]


def _grouped(
    register: Register, tree: Group, fields: Sequence[Counted], where: Sequence[Any], *, placed: bool = False
) -> list[Any]:
    query = matching(register, tree)
    query = with_place(register, query) if placed and register.name != "buildings" else query
    chosen = [column.label(f"v{i}") for i, column in enumerate([*where, *(value_of(register, one) for one in fields)])]
    inner = query.with_only_columns(*chosen).subquery()
    columns = list(inner.c)
    return list(session().execute(sa.select(*columns, sa.func.count()).group_by(*columns)).all())


def _summed(parts: Parts, rows: Sequence[Row], people: Sequence[Row], area: str | None) -> _Sums:
    sums = _Sums()
    for code, values, number in rows:
        part = parts.of(code)
        if part is not None:
            sums.cells[part, values] += number
            sums.values[values] += number
    for code, _, number in people:
        part = parts.of(code)
        if part is not None:
            sums.areas[part] += number
        elif area is None or (code or "").startswith(area):
            sums.outside += number
    return sums


@dataclass(frozen=True)
class _Shown:
    """Turns a count into what is told. The same count of the same people is told alike in every question."""

    register: str
    keys: tuple[str, ...]
    hides: bool

    def __call__(self, number: int, area: str, values: Sequence[Any] = ()) -> int | None:
        if not self.hides:
            return number
        what = sorted(f"{key}={value}" for key, value in zip(self.keys, values, strict=False))
        return guarded(number, fingerprint(f"{self.register} {area} {what} {number}")[0] % STEP)


def _told(fields: Sequence[Counted], parts: Parts, sums: _Sums, shown: _Shown) -> dict[str, Any]:
    labels = [label_of(one) for one in fields]
    axes = [in_order(one, {values[at] for values in sums.values}) for at, one in enumerate(fields)]
    ranks = [{value: at for at, value in enumerate(axis)} for axis in axes]

    def described(values: tuple[Any, ...], number: int, area: str) -> dict[str, Any]:
        said = [label(value) for label, value in zip(labels, values, strict=True)]
        return {"values": list(values), "labels": said, "count": shown(number, area, values)}

    def rank(values: tuple[Any, ...]) -> list[int]:
        return [of[value] for of, value in zip(ranks, values, strict=True)]

    everywhere = parts.path[-1]["code"] if parts.path else "".join(sorted(parts.names))
    return {
        "axes": [[{"value": value, "label": label(value)} for value in axis] for axis, label in zip(axes, labels, strict=True)],
        "areas": [{**one, "count": shown(sums.areas[one["code"]], one["code"])} for one in parts.told],
        "cells": [
            {"area_code": code, **described(values, number, code)}
            for (code, values), number in sorted(sums.cells.items(), key=lambda item: (item[0][0], rank(item[0][1])))
        ],
        "values": [
            described(values, number, everywhere)
            for values, number in sorted(sums.values.items(), key=lambda item: rank(item[0]))
        ],
        "total": shown(sum(sums.areas.values()), everywhere),
        "outside": shown(sums.outside, "outside"),
    }
