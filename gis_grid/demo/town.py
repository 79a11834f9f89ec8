"""The demo town as a whole: areas with codes and boundaries, and what stands in each community; pure and deterministic."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from random import Random

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from gis_grid.db import SRID
from gis_grid.demo.houses import House, build, lay_rooms
from gis_grid.demo.names import COMMUNITY_HEADS, STREET_NAMES, estate_name
from gis_grid.demo.plan import Cell, Plan, draw_plan
from gis_grid.demo.streets import Road, river, roads, to_degrees
from gis_grid.demo.uses import EXCLUSIVE, HOMES

DISTRICT_NAMES = ("云江区 凤山区 龙溪区 青石区 锦川区 望江区 南桥区 北屏区 东林区 西泉区").split()
KIND_NAMES = {
    "school": "学校",
    "market": "农贸市场",
    "office": "商务楼",
    "mall": "购物中心",
    "hospital": "医院",
    "factory": "产业园",
    "park": "公园",
}


@dataclass(frozen=True)
class AreaRow:
    """An area of the town: boundary in degrees."""

    code: str
    name: str
    level: str
    parent: str | None
    kind: str
    extent: str
    shape: BaseGeometry


@dataclass
class Estate:
    """A residential estate: name and outline in degrees."""

    name: str
    outline: BaseGeometry
    road: str


@dataclass
class Community:
    """What stands in one community."""

    code: str
    name: str
    houses: list[House]
    estates: dict[int, Estate]
    cells: list[int]


@dataclass
class Town:
    """One district, or only one community of it."""

    plan: Plan
    only: int | None = None  # the one community to build
    taken: set[str] = field(default_factory=set)  # estate names already used

    @cached_property
    def water(self) -> BaseGeometry:
        return river(self.plan)

    @cached_property
    def roads(self) -> list[Road]:
        found = roads(self.plan, self.water)
        if self.only is None:
            return found
        near = shapely.union_all([self.plan.lot(cell) for cell in self.plan.members(self.only)]).buffer(60)
        kept = [Road(one.name, one.rank, one.width_m, one.line.intersection(near)) for one in found]
        return [one for one in kept if not one.line.is_empty]

    @cached_property
    def district(self) -> str:
        return f"9901{self.plan.number + 1:02d}"

    @cached_property
    def wanted(self) -> list[int]:
        """Numbers of the communities to build."""
        return [self.only] if self.only is not None else list(range(len(self.plan.street_of)))

    @cached_property
    def codes(self) -> dict[int, str]:
        """Cell number -> 15-digit grid code; serials from west to east, then from north to south."""
        codes = {}
        for community, code in self.community_codes.items():
            cells = [i for i, cell in enumerate(self.plan.cells) if cell.community == community]
            for serial, i in enumerate(self._ordered([self.plan.cells[i] for i in cells]), 1):
                codes[cells[i]] = f"{code}{serial:03d}"
        return codes

    @cached_property
    def community_codes(self) -> dict[int, str]:
        """Community number -> 12-digit code."""
        codes = {}
        for street, code in self.street_codes.items():
            members = [n for n in range(len(self.plan.street_of)) if self.plan.street_of[n] == street]
            for serial, i in enumerate(self._ordered([self._middle(n) for n in members]), 1):
                codes[members[i]] = f"{code}{serial:03d}"
        return codes

    @cached_property
    def street_codes(self) -> dict[int, str]:
        streets = sorted(set(self.plan.street_of))
        middles = [self._middle(self.plan.street_of.index(street)) for street in streets]
        return {streets[i]: f"{self.district}{serial:03d}" for serial, i in enumerate(self._ordered(middles), 1)}

    def areas(self) -> list[AreaRow]:
        """All areas from the top down; a parent's boundary is the exact union of its children's."""
        grids = [self._grid(i) for i, cell in enumerate(self.plan.cells) if cell.community in self.wanted]
        names = {self.community_codes[n]: self._community_name(n) for n in self.wanted}
        communities = self._above(grids, 12, "community", names)
        streets = {self.street_codes[self.plan.street_of[n]]: "" for n in self.wanted}
        named = {code: f"{STREET_NAMES[(int(code[6:]) - 1) % len(STREET_NAMES)]}街道" for code in streets}
        above = self._above(communities, 9, "street", named)
        top = self._above(above, 6, "district", {self.district: DISTRICT_NAMES[self.plan.number % len(DISTRICT_NAMES)]})
        return [*top, *above, *communities, *grids]

    def communities(self) -> Iterator[Community]:
        """What stands in each community, one after the other: memory holds one."""
        for number in self.wanted:
            yield self._community(number)

    def _community(self, number: int) -> Community:
        rng = np.random.default_rng([self.plan.seed, self.plan.number, 1, number])
        random = Random(f"{self.plan.seed}-{self.plan.number}-{number}-estates")
        cells = [i for i, cell in enumerate(self.plan.cells) if cell.community == number]
        houses: list[House] = []
        numbers: dict[int, int] = {}
        for i in cells:
            cell = self.plan.cells[i]
            for house in build(self.plan, cell, self.water, rng):
                house.cell, house.estate = i, cell.estate if cell.use in HOMES else -1
                house.number = numbers[house.estate] = numbers.get(house.estate, 0) + 1
                lay_rooms(house, rng)
                houses.append(house)
        estates = self._estates([self.plan.cells[i] for i in cells], random)
        return Community(self.community_codes[number], self._community_name(number), houses, estates, cells)

    def _estates(self, cells: Sequence[Cell], random: Random) -> dict[int, Estate]:
        made = {}
        for number in sorted({cell.estate for cell in cells if cell.use in HOMES}):
            outline = shapely.coverage_union_all([self.plan.outline(c) for c in cells if c.estate == number and c.use in HOMES])
            made[number] = Estate(estate_name(random, self.taken), outline, self.road_names(outline.centroid))
        return made

    def road_names(self, point: BaseGeometry) -> str:
        """The name of the nearest road to a place in degrees."""
        metres = self.plan.ground.metres(shapely.get_coordinates(point))[0]
        return self.roads[int(self._road_tree.nearest(shapely.Point(metres)))].name

    @cached_property
    def _road_tree(self) -> shapely.STRtree:
        return shapely.STRtree([road.line for road in self.roads])

    def _grid(self, i: int) -> AreaRow:
        cell = self.plan.cells[i]
        code = self.codes[i]
        kind = "exclusive" if cell.use in EXCLUSIVE else "ordinary"
        suffix = f"（{KIND_NAMES[cell.use]}）" if cell.use in KIND_NAMES else ""
        extent = "、".join(dict.fromkeys(self.road_names(shapely.Point(xy)) for xy in self.plan.degrees[cell.ring][::12]))
        name = f"第{int(code[12:])}网格{suffix}"
        return AreaRow(code, name, "grid", code[:12], kind, f"{extent}之间", self.plan.outline(cell))

    def _above(self, children: list[AreaRow], length: int, level: str, names: dict[str, str]) -> list[AreaRow]:
        made = []
        for code, name in sorted(names.items()):
            shape = shapely.coverage_union_all([child.shape for child in children if child.code.startswith(code)])
            parent = code[: length - 3] if level != "district" else None
            made.append(AreaRow(code, name, level, parent, "ordinary", "", shape))
        return made

    def _community_name(self, number: int) -> str:
        turn, head = divmod(number, len(COMMUNITY_HEADS))
        return f"{COMMUNITY_HEADS[head]}{('', '东路', '西路')[turn % 3]}社区"

    def _middle(self, community: int) -> BaseGeometry:
        return shapely.union_all([self.plan.lot(cell) for cell in self.plan.members(community)]).centroid

    def _ordered(self, things: Sequence[Cell | BaseGeometry]) -> list[int]:
        """Positions by west to east in columns of 150 m, then north to south."""
        middles = [self.plan.lot(thing).centroid if isinstance(thing, Cell) else thing.centroid for thing in things]
        return sorted(range(len(things)), key=lambda i: (round(middles[i].x / 150), -middles[i].y))


def make_town(seed: int, number: int = 0, only_community: bool = False) -> Town:
    """The district with this number; or only its community that is nearest to 2,500 households."""
    plan = draw_plan(seed, number)
    if not only_community:
        return Town(plan)
    sizes = {n: _homes_guess(plan, n) for n in range(len(plan.street_of))}
    return Town(plan, only=min(sizes, key=lambda n: abs(sizes[n] - 2500)))


def _homes_guess(plan: Plan, community: int) -> float:
    """Roughly how many households a community will have, from land and use."""
    per_hectare = {"slab": 150, "tower": 290, "mixed": 210, "old": 165, "village": 50}
    return sum(plan.lot(cell).area / 10_000 * per_hectare.get(cell.use, 0) * 0.8 for cell in plan.members(community))


def stored(town: Town, shape: BaseGeometry) -> BaseGeometry:
    """A shape in metres as it is stored."""
    return to_degrees(town.plan, shape)


def hexed(shape: BaseGeometry) -> str:
    """A shape in degrees as COPY takes it."""
    return str(shapely.to_wkb(shapely.set_srid(shape, SRID), hex=True, include_srid=True))
