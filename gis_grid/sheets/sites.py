"""Where rows with coordinates lie, and which estate or building on record a row means; new ones get a number of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import shapely
import sqlalchemy as sa

from gis_grid.access.guard import scope_clause
from gis_grid.addresses.spelling import normal, plain_part
from gis_grid.areas.actions import place_many
from gis_grid.areas.rules import LEVEL_CODES
from gis_grid.buildings import floors
from gis_grid.buildings.models import Building, Estate, Room, Unit
from gis_grid.config import settings
from gis_grid.db import SRID, session
from gis_grid.geo import crs

Row = dict[str, Any]


def locate_rows(rows: Sequence[Row], datum: str) -> dict[int, str]:
    """Give rows with lon and lat their point, area and source; answers position in `rows` -> fault of those that cannot be."""
    asked = [i for i, row in enumerate(rows) if "lon" in row or "lat" in row]
    half = {i: "经度和纬度须同时填写" for i in asked if len({"lon", "lat"} & rows[i].keys()) == 1}
    whole = [i for i in asked if i not in half]
    if not whole:
        return half
    x, y = (np.array([rows[i][name] for i in whole], dtype=float) for name in ("lon", "lat"))
    crs.check_plausible(x, y, datum)
    lon, lat = crs.to_stored(x, y, datum)
    good = crs.possible(lon, lat)
    lon, lat = np.where(good, lon, np.nan), np.where(good, lat, np.nan)
    placed = place_many(lon, lat)
    points = shapely.to_wkb(shapely.set_srid(shapely.points(lon, lat), SRID), hex=True, include_srid=True)
    for at, i in enumerate(whole):
        if not good[at]:
            half[i] = "坐标超出经纬度范围（经度 -180 到 180，纬度 -90 到 90）"
            continue
        rows[i].update(point=points[at], source_crs=datum, area_code=placed.code[at], placed_by=placed.placed_by[at])
    return half


@dataclass(frozen=True)
class Site:
    """An estate or a building on record."""

    id: int
    code: str
    name: str | None
    area_code: str | None
    placed_by: str | None
    estate_id: int | None = None


@dataclass
class Sites:
    """The estates and buildings within the caller's scope; read once per import, when a sheet of them asks."""

    given: dict[str, set[str]] = field(default_factory=lambda: {"estates": set(), "buildings": set()})

    @cached_property
    def estates(self) -> dict[str, Site]:
        return self._read(Estate, sa.null())

    @cached_property
    def buildings(self) -> dict[str, Site]:
        return self._read(Building, Building.estate_id)

    def _read(self, model: Any, estate: Any) -> dict[str, Site]:
        columns = (model.id, model.code, model.name, model.area_code, model.placed_by, estate)
        query = sa.select(*columns).where(model.retired_at.is_(None), scope_clause(model.area_code))
        return {row[1]: Site(*row) for row in session().execute(query)}

    @cached_property
    def estates_by_name(self) -> dict[str, list[Site]]:
        found: dict[str, list[Site]] = {}
        for site in self.estates.values():
            found.setdefault(normal(site.name or ""), []).append(site)
        return found

    @cached_property
    def buildings_by_name(self) -> dict[tuple[int | None, str], list[Site]]:
        found: dict[tuple[int | None, str], list[Site]] = {}
        for site in self.buildings.values():
            found.setdefault((site.estate_id, _number(site.name)), []).append(site)
        return found

    def estate(self, row: Mapping[str, Any]) -> Site | None:
        """The estate a row means: by its code, else the only one of its name (in the same community when the row lies in one)."""
        if row.get("code"):
            return self.estates.get(str(row["code"]))
        same = self.estates_by_name.get(normal(str(row["name"])), [])
        near = [site for site in same if row.get("area_code") and _community(site.area_code) == _community(row["area_code"])]
        return near[0] if len(near) == 1 else same[0] if len(same) == 1 and not row.get("area_code") else None

    def building(self, row: Mapping[str, Any]) -> Site | None:
        """The building a row means: by its code, else the only one of its name in the estate."""
        if row.get("code"):
            return self.buildings.get(str(row["code"]))
        same = self.buildings_by_name.get((row.get("estate_id"), _number(row.get("name"))), [])
        return same[0] if len(same) == 1 else None

    def code_of(self, estate_id: int) -> str | None:
        """The code of an estate within the caller's scope."""
        return next((site.code for site in self.estates.values() if site.id == estate_id), None)

    def unit(self, building_id: int, name: str) -> tuple[str | None, str | None] | None:
        """Where a unit on record lies: area and how it got there."""
        query = sa.select(Unit.area_code, Unit.placed_by).where(Unit.building_id == building_id, Unit.name == name)
        found = session().execute(query).one_or_none()
        return None if found is None else (found[0], found[1])

    def new_estate_code(self, row: Mapping[str, Any]) -> str:
        """As the manual numbers them: the community's code and the initials of the name's first two characters; then counted."""
        letters = session().scalar(sa.func.pinyin_initials(str(row["name"])[:2])) or "x"
        return self._free("estates", Estate, f"{_community(row.get('area_code')) or 'E'}{letters.upper()}")

    def new_building_code(self, row: Mapping[str, Any], estate_code: str | None) -> str:
        """The estate's code (or the grid's) and the building's number."""
        above = estate_code or row.get("area_code") or "B"
        return self._free("buildings", Building, f"{above}-{_number(row.get('name')) or 1}"[:56])

    def _free(self, kind: str, model: Any, stem: str) -> str:
        used = set(session().scalars(sa.select(model.code).where(model.code.startswith(stem, autoescape=True))))
        taken = used | self.given[kind]
        code = next(code for n in range(1, 100_000) if (code := stem if n == 1 else f"{stem}-{n}") not in taken)
        self.given[kind].add(code)
        return code


def _number(name: str | None) -> str:
    """3幢, 3号楼 and 3 are one building; a name stays a name."""
    return plain_part(name) or normal(name or "") if name else ""


def _community(code: str | None) -> str | None:
    return code[: settings().area_code_lengths.get(LEVEL_CODES[-2], 12)] if code else None


@dataclass
class Storeys:
    """Which floors buildings have, so that a room on a floor its building lacks is refused."""

    told: dict[int, tuple[int | None, int | None, list[str] | None]] = field(default_factory=dict)
    used: dict[int, set[int]] = field(default_factory=dict)

    def fault(self, row: Mapping[str, Any]) -> str | None:
        """None for a room on a floor its building has, otherwise the sentence to show."""
        building, floor = row["building_id"], row["floor"]
        if building not in self.told:
            columns = (Building.floors_above, Building.floors_below, Building.floor_order)
            self.told[building] = tuple(session().execute(sa.select(*columns).where(Building.id == building)).one())
            there = sa.select(Room.floor).where(Room.building_id == building, Room.retired_at.is_(None)).distinct()
            self.used[building] = set(session().scalars(there))
        span, label = row.get("floor_span") or 1, row.get("floor_label") or ""
        asked = floors.Room(0, row["unit_id"], str(row["number"]), floor, 1, floor_span=span, floor_label=label)
        others = [floors.Room(0, 0, "", number, 1) for number in self.used[building]]
        fault = floors.floor_fault(asked, others, *self.told[building])
        if fault is None:
            self.used[building].add(floor)
        return fault
