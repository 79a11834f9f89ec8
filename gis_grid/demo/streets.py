"""What lies between the buildings: roads with names and widths, the river with its bridges, parks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from gis_grid.demo.ground import HALF_WIDTH_M, Points
from gis_grid.demo.plan import HALF_ROAD_M, Cell, Plan

BANK_ROAD_M = 13.0  # its middle from the water; houses keep 22 m away
BANK_ROADS = ("云江南岸路", "云江北岸路")
RIVER_HALF_SHEET_M = 34.0  # of the sheet; bending makes it some 75 m to each side
ROAD_NAMES = (
    "云江 望江 滨江 凤鸣 翠屏 长春 文昌 学府 兴业 康宁 和平 友谊 解放 建设 人民 新华 龙腾 金桂 银杏 梧桐 槐荫 荷塘 松涛 竹园"
).split()
ENDINGS = {"trunk": "大道", "main": "路", "street": "街", "lane": "巷"}


@dataclass(frozen=True)
class Road:
    """A road's middle line in metres; `width_m` with pavements."""

    name: str
    rank: str
    width_m: float
    line: BaseGeometry


def river(plan: Plan) -> BaseGeometry:
    """The river in metres."""
    x = np.linspace(-HALF_WIDTH_M * 1.02, HALF_WIDTH_M * 1.02, 240)
    banks = [plan.ground.bend(np.column_stack([x, np.full_like(x, side)])) for side in (-RIVER_HALF_SHEET_M, RIVER_HALF_SHEET_M)]
    return shapely.Polygon(np.vstack([banks[0], banks[1][::-1]])).buffer(0)


def roads(plan: Plan, water: BaseGeometry) -> list[Road]:
    """All roads; those that reach the river end at its bank unless they are bridges. Seams inside estates are no roads."""
    made = []
    names: dict[int, str] = {}
    for line in plan.net.lines:
        if line.rank in ("river", "path"):
            continue
        shape = shapely.LineString(plan.metres[line.ids])
        if line.road not in plan.spans:
            shape = shape.difference(water.buffer(6))
        if shape.is_empty:
            continue
        name = names.setdefault(line.road, _road_name(len(names), line.rank))
        made.append(Road(name, line.rank, 2 * HALF_ROAD_M[line.rank], shape))
    return made + _bank_roads(plan, water)


def _bank_roads(plan: Plan, water: BaseGeometry) -> list[Road]:
    """A road along each bank, south and north, from one end of the district to the other."""
    district = shapely.coverage_union_all([plan.lot(cell) for cell in plan.cells])
    edges = water.buffer(BANK_ROAD_M).exterior.intersection(district)
    lines = sorted(shapely.get_parts(shapely.line_merge(edges)), key=lambda part: part.length)[-2:]
    lines.sort(key=lambda part: part.centroid.y)
    return [Road(name, "street", 14.0, line) for name, line in zip(BANK_ROADS, lines, strict=True)]


def taken_by_roads(plan: Plan, cell: Cell) -> BaseGeometry:
    """The parts of a cell that its roads and pavements cover, metres."""
    sides = []
    for side in cell.quad:
        rank = plan.net.lines[side.line].rank
        line = shapely.LineString(plan.metres[plan.net.along(side)])
        sides.append(line.buffer(HALF_ROAD_M[rank] + 1.2, cap_style="square"))
    return shapely.union_all(sides)


def to_degrees(plan: Plan, shape: BaseGeometry) -> BaseGeometry:
    """A shape in metres as it is stored: degrees with seven decimals."""

    def convert(xy: Points) -> Points:
        return plan.ground.degrees(xy)

    return shapely.transform(shape, convert)


def _road_name(number: int, rank: str) -> str:
    base, turn = ROAD_NAMES[number % len(ROAD_NAMES)], number // len(ROAD_NAMES)
    marks = ("", "东", "西", "南", "北", "中", "上", "下")
    mark = marks[turn % len(marks)] + ("" if turn < len(marks) else f"{turn // len(marks) + 1}")
    return f"{base}{mark}{ENDINGS[rank]}"
