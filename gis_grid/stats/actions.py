"""Count a register by area and up to two fields; drill down by area; people protected from who may not see them."""

from __future__ import annotations

from collections import defaultdict
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
from gis_grid.stats.rules import LEAST_SHOWN, PERIODS, STEP, Tally, guarded

Row = tuple[str | None, tuple[Any, ...], Tally]  # area, values, how many


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

    cells: defaultdict[tuple[str, tuple[Any, ...]], Tally] = field(default_factory=lambda: defaultdict(Tally))
    areas: defaultdict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    values: defaultdict[tuple[Any, ...], Tally] = field(default_factory=lambda: defaultdict(Tally))
    outside: Tally = field(default_factory=Tally)


def count(wanted: Wanted) -> dict[str, Any]:
    """The areas with their counts, the cells (area x values), the values over all areas, the total; None where hidden.

    Cells and values that are not told are zero, or hidden where figures are: then those left out and those hidden look alike.
    """
    register, hides = _countable(wanted)
    fields = counted_fields(register, wanted.by, coarse=hides)
    tree = read_query(wanted.where, fields_of(register))
    day = wanted.at or today()
    parts = parts_of(wanted.area, day, wanted.level)
    rows = _rows(register, tree, fields, day, hides)
    # who has several values is one all the same, and so is who has none
    people = _rows(register, tree, [], day, hides) if any(one.is_many for one in fields) else rows
    if register.name in PEOPLE:
        asked = {"by": list(wanted.by), "fields": sorted(fields_asked(tree)), "area": wanted.area}
        audit.record("count", register.name, after=asked)
    return {
        "register": register.name,
        "title": register.title,
        "fields": [{"key": one.key, "label": one.label, "codes": one.asked.codes, "period": one.period} for one in fields],
        "at": day.isoformat(),
        "path": parts.path,
        **_told(fields, parts, _summed(parts, rows, people, wanted.area), _Shown(register.name, hides)),
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
                    "periods": [{"key": name, "label": PERIODS[name][0]} for name in periods_of(asked, coarse=not may(one.read))],
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


def _rows(register: Register, tree: Group, fields: Sequence[Counted], day: date, hides: bool) -> list[Row]:
    if day != today():
        return _rows_on(register, tree, fields, day, hides)
    own = register.model.area_code if hasattr(register.model, "area_code") else register.model.code
    return [(code, tuple(values), Tally(*tally)) for code, *values, tally in _grouped(register, tree, fields, [own], hides)]


def _rows_on(register: Register, tree: Group, fields: Sequence[Counted], day: date, hides: bool) -> list[Row]:
    """Placed again on another day's boundaries: by their own points, people and rooms by their building's."""
    point = _point(register)
    if point is None:
        raise BadRequest(f"{register.title}没有位置，只能按今天的边界统计。", code="no_place")
    where = [sa.func.ST_X(point), sa.func.ST_Y(point)]
    rows = _grouped(register, tree, fields, where, hides, placed=point is Building.point)
    if not rows:
        return []
    lon, lat = (np.array([np.nan if row[at] is None else row[at] for row in rows], dtype=float) for at in (0, 1))
    codes = current_index(day).place(lon, lat).code
    return [(code, tuple(row[2:-1]), Tally(*row[-1])) for code, row in zip(codes, rows, strict=True)]


def _grouped(
    register: Register, tree: Group, fields: Sequence[Counted], where: Sequence[Any], hides: bool, *, placed: bool = False
) -> list[list[Any]]:
    """Rows [*where, *values, (count, mark)], one for each group."""
    query = matching(register, tree)
    query = with_place(register, query) if placed and register.name != "buildings" else query
    chosen = [column.label(f"v{i}") for i, column in enumerate([*where, *(value_of(register, one) for one in fields)])]
    inner = query.with_only_columns(*chosen, register.key.label("own")).subquery()
    columns = list(inner.c)[:-1]
    mark = sa.func.bit_xor(sa.func.hashint8extended(inner.c.own, _seed())) if hides else sa.literal(0)
    found = session().execute(sa.select(*columns, sa.func.count(), mark).group_by(*columns))
    return [[*row[:-2], row[-2:]] for row in found]


def _seed() -> int:
    """What makes marks of rows that nobody outside can work out."""
    return int.from_bytes(fingerprint("marks of counted rows")[:8], signed=True)


def _summed(parts: Parts, rows: Sequence[Row], people: Sequence[Row], area: str | None) -> _Sums:
    sums = _Sums()
    for code, values, tally in rows:
        part = parts.of(code)
        if part is not None:
            sums.cells[part, values] += tally
            sums.values[values] += tally
    for code, _, tally in people:
        part = parts.of(code)
        if part is not None:
            sums.areas[part] += tally
        elif area is None or (code or "").startswith(area):
            sums.outside += tally
    return sums


@dataclass(frozen=True)
class _Shown:
    """Turns a count into what is told. The same people are told alike in every question, whatever it is called there."""

    register: str
    hides: bool

    def __call__(self, tally: Tally) -> int | None:
        if not self.hides:
            return tally.number
        drawn = fingerprint(f"{self.register} {tally.mark} {tally.number}")
        return guarded(tally.number, int.from_bytes(drawn[:8]) % STEP)


def _told(fields: Sequence[Counted], parts: Parts, sums: _Sums, shown: _Shown) -> dict[str, Any]:
    labels = [label_of(one) for one in fields]
    cells, values = _by_count(sums.cells, shown), _by_count(sums.values, shown)
    axes = [in_order(one, {told[at] for told in values}) for at, one in enumerate(fields)]
    ranks = [{value: at for at, value in enumerate(axis)} for axis in axes]

    def described(told: tuple[Any, ...], number: int) -> dict[str, Any]:
        said = [label(value) for label, value in zip(labels, told, strict=True)]
        return {"values": list(told), "labels": said, "count": number}

    def rank(told: tuple[Any, ...]) -> list[int]:
        return [of.get(value, len(of)) for of, value in zip(ranks, told, strict=True)]

    return {
        "axes": [[{"value": value, "label": label(value)} for value in axis] for axis, label in zip(axes, labels, strict=True)],
        "areas": [{**one, "count": shown(sums.areas[one["code"]])} for one in parts.told],
        "cells": [
            {"area_code": code, **described(told, number)}
            for (code, told), number in sorted(cells.items(), key=lambda item: (item[0][0], rank(item[0][1])))
        ],
        "values": [described(told, number) for told, number in sorted(values.items(), key=lambda item: rank(item[0]))],
        "total": shown(sum(sums.areas.values(), Tally())),
        "outside": shown(sums.outside),
    }


def _by_count(tallies: Mapping[Any, Tally], shown: _Shown) -> dict[Any, int]:
    """What is told at all: a value that only a hidden few have is not even named."""
    told = {key: shown(tally) for key, tally in tallies.items()}
    return {key: number for key, number in told.items() if number is not None}
