"""The house-status diagram as data: one query for the rooms of a building or an estate, laid out, coloured, searched, counted."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from gis_grid import audit, freshness
from gis_grid.access.guard import caller, check_right, scope_patterns
from gis_grid.areas.placing import day_of, today
from gis_grid.buildings.floors import Room
from gis_grid.db import ask, told_sql
from gis_grid.dictionary import names
from gis_grid.errors import BadRequest, NotFound
from gis_grid.house_status.colours import TRAITS, Colours, Rule, Scheme, colours
from gis_grid.house_status.rules import Cell, Diagram, Unit, lay_out
from gis_grid.house_status.search import matches_exactly, matches_keyword
from gis_grid.people.classes import visible_classes
from gis_grid.sealed import mask_name

_WORST = ("overdue", "never", "soon", "fresh")
MOST_BUILDINGS = 200  # of one estate


@dataclass(frozen=True)
class Asked:
    """by: the colour scheme; full_names: as they are, for those who may; exact/keyword: what to highlight."""

    by: str = "use"
    full_names: bool = False
    exact: Mapping[str, str] = field(default_factory=dict)
    keyword: str | None = None

    @property
    def searching(self) -> bool:
        return bool(self.exact or self.keyword)


class Recorded(NamedTuple):
    """One room with who lives there, as rooms.sql answers it."""

    id: int
    building_id: int
    unit_id: int
    number: str
    floor: int
    door: int
    door_span: int
    floor_span: int
    floor_label: str
    use: str | None
    due_on: date | None
    verified_at: datetime | None
    verified_by: str | None
    verified_how: str | None
    households: int
    persons: int | None
    people_due_on: date | None
    never: int | None
    heads: list[str | None] | None
    classes: str | None
    names: str | None
    shops: list[str] | None


class Told(NamedTuple):
    """One building with its units (id, name, position), as buildings.sql answers it."""

    id: int
    code: str
    name: str | None
    address: str | None
    estate_id: int | None
    estate: str | None
    area_code: str | None
    floors_above: int | None
    floors_below: int | None
    floor_order: list[str] | None
    units: list[list[Any]] | None


@dataclass(frozen=True)
class _View:
    """What one caller may see of the cells, today."""

    asked: Asked
    scheme: Scheme
    tags: dict[str, str]
    hows: dict[str, str]
    day: date
    people: bool
    colours: Colours


def house_status(building_id: int, asked: Asked, form: str = "data") -> dict[str, Any]:
    """One building's diagram. Refused: a scheme the caller has no right to; not found: a building of another area."""
    view = _view(asked)
    buildings = _buildings(building=building_id)
    if not buildings:
        raise NotFound(f"没有找到编号为 {building_id} 的楼栋，或它不在您的数据范围内。")
    told = buildings[0]
    rooms = _rooms([told.id], view)[told.id]
    answer = _described(told, _lay_out(told, rooms), {row.id: row for row in rooms}, view)
    answer |= _legend(answer["cells"], view)
    _remember("buildings", told.id, told.area_code, view, form, len(rooms))
    return answer


def estate_status(estate_id: int, asked: Asked, form: str = "data") -> dict[str, Any]:
    """All buildings of an estate as small diagrams with one legend over all of them."""
    view = _view(asked)
    buildings = _buildings(estate=estate_id)
    if not buildings:
        raise NotFound(f"没有找到编号为 {estate_id} 的小区，它没有楼栋，或不在您的数据范围内。")
    shown = buildings[:MOST_BUILDINGS]
    rooms = _rooms([told.id for told in shown], view)
    diagrams = [_described(told, _lay_out(told, rooms[told.id]), {row.id: row for row in rooms[told.id]}, view) for told in shown]
    cells = [cell for diagram in diagrams for cell in diagram["cells"]]
    estate = {"id": estate_id, "name": shown[0].estate, "buildings": len(buildings), "left_out": len(buildings) - len(shown)}
    _remember("estates", estate_id, shown[0].area_code, view, form, len(cells))
    return {"estate": estate, "diagrams": diagrams, **_legend(cells, view)}


def schemes() -> list[dict[str, Any]]:
    """The ways to colour that this caller's rights allow, each with the traits he may see (which can be coloured alone)."""
    return [
        {
            "name": one.name,
            "title": one.title,
            "traits": [{"trait": trait, "label": rule.label} for trait, rule in one.rules.items() if trait not in _hidden(one)],
        }
        for one in colours().schemes.values()
        if caller().may(one.right)
    ]


def _hidden(scheme: Scheme, tags: Mapping[str, str] | None = None) -> set[str]:
    """Traits of people's classes that the caller may not see."""
    if scheme.name != "people":
        return set()
    return set(scheme.rules) - set(visible_classes() if tags is None else tags) - {"plain", "empty"}


def _view(asked: Asked) -> _View:
    found = colours()
    scheme = found.schemes.get(asked.by)
    if scheme is None:
        known = "、".join(f"{one['name']}（{one['title']}）" for one in schemes())
        raise BadRequest(f"没有着色方式“{asked.by[:20]}”，可用：{known}。", code="unknown_scheme")
    check_right(scheme.right)
    if asked.full_names:
        check_right("people.unmask")
    return _View(asked, scheme, visible_classes(), names("verify_how"), today(), caller().may("people.read"), found)


def _buildings(*, building: int | None = None, estate: int | None = None) -> Sequence[Told]:
    values = {"building": building, "estate": estate, "scope": scope_patterns()}
    return [Told(*row) for row in ask(told_sql("buildings"), values)]


def _rooms(buildings: list[int], view: _View) -> dict[int, list[Recorded]]:
    values = {
        "buildings": buildings,
        "scope": scope_patterns(),
        "people": view.people,
        "premises": caller().may("premises.read"),
        "searching": view.asked.searching,
    }
    found: dict[int, list[Recorded]] = defaultdict(list)
    for row in map(Recorded._make, ask(told_sql("rooms"), values)):
        found[row.building_id].append(row)
    return found


def _lay_out(told: Told, rows: Sequence[Recorded]) -> Diagram:
    units = tuple(map(tuple, told.units or ()))
    return _laid_out(units, tuple((row[0], *row[2:9]) for row in rows), told.floors_above, tuple(told.floor_order or ()))


@lru_cache(maxsize=64)
def _laid_out(
    units: tuple[tuple[Any, ...], ...], rooms: tuple[tuple[Any, ...], ...], above: int | None, order: tuple[str, ...]
) -> Diagram:
    """The same rooms give the same diagram: who colours or searches one building again need not wait for it twice."""
    return lay_out([Unit(*unit) for unit in units], [Room(*room) for room in rooms], above, order)


def _described(told: Told, diagram: Diagram, rows: Mapping[int, Recorded], view: _View) -> dict[str, Any]:
    """A diagram as answered. Columns and rows count from 0, the top floor first."""
    units = {band.unit.id: band.unit.name for band in diagram.bands}
    floors = [floor.title for floor in diagram.floors]
    building = {name: getattr(told, name) for name in ("id", "code", "name", "address", "estate_id", "estate", "area_code")}
    building["title"] = " ".join(part for part in (told.estate, told.name or told.code) if part)
    return {
        "building": building,
        "columns": diagram.columns,
        "floors": [{"title": floor.title, "kind": floor.kind} for floor in diagram.floors],
        "units": [
            {"id": band.unit.id, "name": band.unit.name, "col": band.col, "cols": band.cols, "per_door": band.per_door}
            for band in diagram.bands
        ],
        "skipped": diagram.skipped,
        "cells": [
            _gap(cell, units, floors) if cell.room is None else _cell(cell, rows[cell.room.id], units, floors, view)
            for cell in diagram.cells
        ],
    }


def _place(cell: Cell, units: Mapping[int, str], floors: Sequence[str]) -> dict[str, Any]:
    place = {"row": cell.row, "col": cell.col, "rows": cell.rows, "cols": cell.cols, "unit_id": cell.unit_id}
    return place | {"number": cell.number, "floor": floors[cell.row + cell.rows - 1], "unit": units[cell.unit_id]}


def _gap(cell: Cell, units: Mapping[int, str], floors: Sequence[str]) -> dict[str, Any]:
    place = _place(cell, units, floors)
    text = f"{place['unit']} {place['floor']} {cell.number} 附近没有登记房屋"
    return {"kind": "gap", **place, "traits": [], "mark": "", "text": text, "hit": None}


def _cell(cell: Cell, row: Recorded, units: Mapping[int, str], floors: Sequence[str], view: _View) -> dict[str, Any]:
    place = _place(cell, units, floors)
    tags = dict(Counter(code for code in row.classes.split(",") if code in view.tags)) if row.classes else {}
    heads = [name for name in row.heads or () if name]
    use = "commercial" if row.shops else view.colours.use_of.get(row.use or "", "unknown")
    state = _state(row, view.day)
    told: dict[str, Any] = {
        "kind": "room",
        "id": row.id,
        **place,
        "use": use,
        "use_name": view.colours.schemes["use"].rules[use].label,
        "households": row.households or 0,
        "heads": heads if view.asked.full_names else [mask_name(name) for name in heads],
        "persons": row.persons or 0,
        "tags": tags,
        "shops": row.shops or [],
        "freshness": state,
        "freshness_name": freshness.STATES[state],
        "verified_on": row.verified_at and day_of(row.verified_at).isoformat(),
        "verified_by": row.verified_by,
        "verified_how": row.verified_how and view.hows.get(row.verified_how, row.verified_how),
        "fault": cell.fault,
        "doors": cell.room.door_span if cell.room else 1,
    }
    rules = view.scheme.ranked(TRAITS[view.scheme.name](told))
    told["traits"] = [rule.trait for rule in rules]
    told["mark"] = "".join(rule.mark for rule in rules[:3])
    told["text"] = _spoken(told, rules, view)
    told["hit"] = _is_hit(told, heads, row.names, view)
    return told


def _state(row: Recorded, day: date) -> str:
    """The worst of the room and whoever lives in it."""
    states = [freshness.state_of(row.due_on, day)]
    if row.people_due_on is not None:
        states.append(freshness.state_of(row.people_due_on, day))
    if row.never:
        states.append("never")
    return min(states, key=_WORST.index)


def _spoken(told: dict[str, Any], rules: Sequence[Rule], view: _View) -> str:
    """The cell in words: what a screen reader says and what a pointer is shown."""
    said = [f"{told['unit']} {told['floor']} {told['number']} 室", told["use_name"]]
    if told["rows"] > 1:
        said[0] += f"（上下 {told['rows']} 层）"
    if told["doors"] > 1:
        said[0] += f"（{told['doors']} 间合并）"
    if told["shops"]:
        said.append("、".join(told["shops"][:3]))
    if told["households"]:
        more = f"等 {told['households']} 户" if told["households"] > 1 else ""
        said.append(f"户主 {'、'.join(told['heads'][:2]) or '未登记'}{more}，{told['persons']} 人")
    said += [f"{view.tags[code]}{f' {count} 人' if count > 1 else ''}" for code, count in told["tags"].items()]
    said.append(told["freshness_name"])
    return "，".join([*said, told["fault"]] if told["fault"] else said)


def _is_hit(told: dict[str, Any], heads: list[str], names: str | None, view: _View) -> bool | None:
    asked = view.asked
    if not asked.searching:
        return None
    seen = {
        **told,
        "unit_name": told["unit"],
        "tag_names": [view.tags[code] for code in told["tags"]],
        "people": (names or "").split(",") if names else [],
        "plain_heads": heads,
    }
    if asked.exact and not matches_exactly(seen, asked.exact):
        return False
    return not asked.keyword or matches_keyword(seen, asked.keyword)


def _legend(cells: Sequence[dict[str, Any]], view: _View) -> dict[str, Any]:
    """What the colours mean and how many rooms have each; every rule of the scheme that the caller may see is in it."""
    rooms = [cell for cell in cells if cell["kind"] == "room"]
    counts = Counter(trait for cell in rooms for trait in cell["traits"])
    hidden = _hidden(view.scheme, view.tags)
    rules = [rule for rule in view.scheme.ranked(set(view.scheme.rules)) if rule.trait not in hidden]
    return {
        "scheme": view.scheme.name,
        "scheme_title": view.scheme.title,
        "schemes": schemes(),
        "colours_version": view.colours.version,
        "day": view.day.isoformat(),
        "names": "full" if view.asked.full_names else "masked",
        "legend": [
            {
                **{name: getattr(rule, name) for name in ("trait", "label", "mark", "color", "pattern")},
                "count": counts[rule.trait],
            }
            for rule in rules
        ],
        "counts": {
            "rooms": len(rooms),
            "gaps": len(cells) - len(rooms),
            "households": sum(cell["households"] for cell in rooms),
            "persons": sum(cell["persons"] for cell in rooms),
            "hits": sum(cell["hit"] is True for cell in rooms) if view.asked.searching else None,
        },
    }


def _remember(target: str, key: int, area_code: str | None, view: _View, form: str, rooms: int) -> None:
    """Who looked at whose homes; a picture or a print is an export."""
    if view.people:
        seen = {"form": form, "by": view.scheme.name, "names": "full" if view.asked.full_names else "masked", "rooms": rooms}
        audit.record("view" if form == "data" else "export", f"{target}.house_status", key, after=seen, area_code=area_code)
