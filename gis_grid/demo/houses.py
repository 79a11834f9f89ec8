"""Buildings for each cell of the plan: rows of slabs, towers, old blocks, village houses, and what is no home."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import shapely
from shapely import affinity
from shapely.geometry.base import BaseGeometry

from gis_grid.demo.plan import Cell, Plan
from gis_grid.demo.streets import taken_by_roads

Sizes = tuple[tuple[float, float, int, int], ...]
GAP_M = 3.0  # buildings keep at least this apart


@dataclass
class House:
    """One building: footprint in metres, one entrance point per unit, floors and doors."""

    kind: str
    footprint: BaseGeometry
    entrances: list[tuple[float, float]]
    above: int
    below: int
    doors: int  # per unit and floor; 0: no rooms
    use: str
    shops: bool = False  # the ground floor
    cell: int = -1
    estate: int = -1
    number: int = 0
    rooms: list[tuple[int, int, int, int, str, str]] = field(default_factory=list)  # unit, floor, door, span, number, use


@dataclass(frozen=True)
class Site:
    """Where a cell may be built on, turned so that its rows run along x; `back` turns a shape to where it belongs."""

    free: BaseGeometry
    back: Callable[[BaseGeometry], BaseGeometry]
    rng: np.random.Generator

    @property
    def box(self) -> tuple[float, float, float, float]:
        return tuple(self.free.bounds)


def build(plan: Plan, cell: Cell, water: BaseGeometry, rng: np.random.Generator) -> list[House]:
    """The houses of one cell; none touches its edges, its roads, the river or another house."""
    free = plan.lot(cell).difference(shapely.union_all([taken_by_roads(plan, cell), water.buffer(22)]))
    parts = [part for part in shapely.get_parts(free) if part.area > 250]
    if not parts:
        return []
    site = _turned(max(parts, key=lambda part: part.area), rng)
    made: list[House] = []
    for house in BUILDERS[cell.use](site):
        if shapely.contains(site.free, house.footprint) and all(
            house.footprint.distance(other.footprint) > GAP_M for other in made
        ):
            made.append(house)
    for house in made:
        house.footprint = site.back(house.footprint)
        house.entrances = [_moved(site, point) for point in house.entrances]
    return made


def _turned(free: BaseGeometry, rng: np.random.Generator) -> Site:
    """The site with its most east-west edge along x: homes face south."""
    ring = shapely.get_coordinates(shapely.minimum_rotated_rectangle(free))
    angles = np.degrees(np.arctan2(*np.diff(ring, axis=0)[:2].T[::-1]))
    angle = min(((a + 90) % 180 - 90 for a in angles), key=abs)
    centre = free.centroid

    def back(shape: BaseGeometry) -> BaseGeometry:
        return affinity.rotate(shape, angle, origin=centre)

    return Site(affinity.rotate(free, -angle, origin=centre), back, rng)


def _moved(site: Site, point: tuple[float, float]) -> tuple[float, float]:
    moved = site.back(shapely.Point(point))
    return moved.x, moved.y


def _slab(x: float, y: float, units: int, width: float, depth: float) -> BaseGeometry:
    """A slab with a stairwell standing out at the back of each unit and bays in front."""
    body = [shapely.box(x, y, x + units * width, y + depth)]
    for unit in range(units):
        middle = x + (unit + 0.5) * width
        body.append(shapely.box(middle - 1.6, y + depth, middle + 1.6, y + depth + 1.3))
        body += [shapely.box(middle + side - 2.1, y - 0.9, middle + side + 2.1, y) for side in (-width / 4, width / 4)]
    return shapely.union_all(body)


def _rows(site: Site, depth: float, gap: float) -> Iterator[float]:
    _, south, _, north = site.box
    y = south + 2.5
    while y + depth + 2 < north:
        yield y
        y += depth + gap


def _slabs(site: Site, floors: tuple[int, int], gap: tuple[float, float], width: float, below: int) -> Iterator[House]:
    rng = site.rng
    depth = rng.uniform(11.5, 14)
    above = int(rng.integers(*floors))
    step = rng.uniform(*gap)
    west, _, east, _ = site.box
    shop_row = rng.random() < 0.45
    doors = int(rng.choice([2, 2, 2, 3]))
    for row, y in enumerate(_rows(site, depth, step)):
        x = west + 2 + rng.uniform(0, 6)
        while x + 2 * width < east:
            units = next((n for n in (int(rng.integers(2, 5)), 2, 1) if _fits(site, x, y, n * width, depth)), 0)
            if not units:
                x += 4
                continue
            ends = [(x + (n + 0.5) * width, y + depth + 1.3) for n in range(units)]
            height = max(2, above + int(rng.integers(-1, 1)))
            yield House("slab", _slab(x, y, units, width, depth), ends, height, below, doors, "01", shop_row and row == 0)
            x += units * width + rng.uniform(6, 10)


def _fits(site: Site, x: float, y: float, width: float, depth: float) -> bool:
    return bool(shapely.contains(site.free, shapely.box(x - 0.2, y - 1.1, x + width + 0.2, y + depth + 1.5)))


def _towers(site: Site) -> Iterator[House]:
    rng = site.rng
    west, _, east, _ = site.box
    side = rng.uniform(23, 28)
    above = int(rng.integers(18, 34))
    doors = int(rng.choice([4, 6, 6]))
    for row, y in enumerate(_rows(site, side, rng.uniform(17, 23))):
        x = west + 3 + (row % 2) * rng.uniform(6, 16)
        while x + side < east:
            if _fits(site, x, y, side, side):
                shape = _cross(x, y, side) if doors == 4 else _aitch(x, y, side)
                floors = above + int(rng.integers(-2, 1))
                yield House("tower", shape, [(x + side / 2, y)], floors, int(rng.integers(1, 3)), doors, "01", rng.random() < 0.3)
                x += side + rng.uniform(13, 19)
            else:
                x += 4


def _cross(x: float, y: float, side: float) -> BaseGeometry:
    notch = side * 0.24
    upright = shapely.box(x + notch, y, x + side - notch, y + side)
    return upright.union(shapely.box(x, y + notch, x + side, y + side - notch))


def _aitch(x: float, y: float, side: float) -> BaseGeometry:
    slot = side * 0.2
    middle = x + side / 2
    low, high = y + side * 0.2, y + side * 0.68
    wings = [shapely.box(x, y, middle - slot / 2, y + side), shapely.box(middle + slot / 2, y, x + side, y + side)]
    return shapely.union_all([*wings, shapely.box(x, low, x + side, high)])


def _shop_row(site: Site) -> Iterator[House]:
    """Low shops side by side along the northern pavement of about half the blocks."""
    rng = site.rng
    if rng.random() < 0.15:
        return
    west, _, east, north = site.box
    x, depth = west + 1, rng.uniform(7, 9)
    while x + 9 < east:
        width = rng.uniform(9, 16)
        spot = next((y for y in np.arange(north - depth - 1.6, north - 32, -2.0) if _fits(site, x, y, width, depth)), None)
        if spot is not None:
            shape = shapely.box(x, spot, x + width, spot + depth)
            yield House("shops", shape, [(x + width / 2, spot + depth)], int(rng.integers(1, 3)), 0, 3, "02", True)
        x += width + GAP_M + 0.2


def _estate(site: Site) -> Iterator[House]:
    yield from _shop_row(site)
    yield from _slabs(site, (6, 13), (13, 19), site.rng.uniform(17, 21), int(site.rng.random() < 0.5))
    yield from _sheds(site, int(site.rng.integers(2, 5)))


def _tower_estate(site: Site) -> Iterator[House]:
    yield from _shop_row(site)
    yield from _towers(site)
    yield from _sheds(site, int(site.rng.integers(2, 5)))


def _mixed(site: Site) -> Iterator[House]:
    west, south, east, north = site.box
    middle = south + (north - south) * site.rng.uniform(0.42, 0.55)
    upper = Site(site.free.intersection(shapely.box(west, middle, east, north)), site.back, site.rng)
    lower = Site(site.free.intersection(shapely.box(west, south, east, middle)), site.back, site.rng)
    if not upper.free.is_empty:
        yield from _towers(upper)
    if not lower.free.is_empty:
        yield from _slabs(lower, (6, 9), (13, 17), 18, 0)
    yield from _sheds(site, 3)


def _old(site: Site) -> Iterator[House]:
    yield from _shop_row(site)
    yield from _slabs(site, (5, 8), (8, 11), site.rng.uniform(14, 16.5), 0)
    yield from _sheds(site, int(site.rng.integers(3, 8)))


def _village(site: Site) -> Iterator[House]:
    rng = site.rng
    west, south, east, north = site.box
    for y in np.arange(south + 2, north - 9, 11.7):
        for x in np.arange(west + 1.5, east - 8, 12.2):
            if rng.random() < 0.07:
                continue
            w, d = rng.uniform(7.5, 9), rng.uniform(6.5, 8.2)
            shape = affinity.rotate(shapely.box(x, y, x + w, y + d), rng.uniform(-6, 6))
            if rng.random() < 0.4:
                shape = shape.union(shapely.box(x + 0.4, y - 2.2, x + w * 0.45, y + 1))
            yield House("village", shape, [(x + w / 2, shape.bounds[1])], int(rng.integers(1, 4)), 0, 1, "01")


def _sheds(site: Site, count: int) -> Iterator[House]:
    """Guard houses, substations, bicycle sheds: what stands between the homes."""
    rng = site.rng
    west, south, east, north = site.box
    for _ in range(count * 5):
        x, y = rng.uniform(west, east), rng.uniform(south, north)
        w, d = rng.uniform(4, 12), rng.uniform(3.5, 6)
        yield House("shed", shapely.box(x, y, x + w, y + d), [(x + w / 2, y)], 1, 0, 0, "07")


def _blocks(kind: str, use: str, sizes: Sizes, doors: int, shops: bool) -> Callable[[Site], Iterator[House]]:
    """Buildings of given sizes (width, depth, fewest and most floors), set where they fit, the largest first."""

    def place(site: Site) -> Iterator[House]:
        for width, depth, low, high in sizes:
            spot = _first_spot(site, width, depth)
            if spot:
                x, y = spot
                shape = shapely.box(x, y, x + width, y + depth)
                floors = int(site.rng.integers(low, high + 1))
                yield House(kind, shape, [(x + width / 2, y)], floors, int(floors > 8), doors, use, shops)
        yield from _sheds(site, 2)

    return place


def _first_spot(site: Site, width: float, depth: float) -> tuple[float, float] | None:
    west, south, east, north = site.box
    for _ in range(60):
        x = site.rng.uniform(west, max(west, east - width))
        y = site.rng.uniform(south, max(south, north - depth))
        if _fits(site, x, y, width, depth):
            return x, y
    return None


def _nothing(site: Site) -> Iterator[House]:
    yield from _sheds(site, 1)


BUILDERS: dict[str, Callable[[Site], Iterator[House]]] = {
    "slab": _estate,
    "tower": _tower_estate,
    "mixed": _mixed,
    "old": _old,
    "village": _village,
    "school": _blocks("school", "04", ((58, 14, 4, 5), (52, 13, 4, 5), (40, 22, 2, 3), (30, 13, 3, 4)), 0, False),
    "market": _blocks("market", "02", ((62, 34, 2, 2), (46, 28, 2, 2), (30, 12, 2, 2)), 12, True),
    "office": _blocks("office", "03", ((36, 30, 14, 28), (32, 26, 12, 22), (40, 16, 5, 8)), 6, True),
    "mall": _blocks("mall", "02", ((78, 46, 4, 6), (60, 36, 4, 6), (44, 30, 3, 5)), 14, True),
    "hospital": _blocks("hospital", "05", ((64, 20, 8, 14), (46, 18, 4, 6), (30, 16, 3, 4)), 0, False),
    "factory": _blocks("factory", "06", ((58, 30, 1, 2), (52, 28, 1, 2), (40, 24, 1, 1), (36, 14, 3, 4)), 0, False),
    "park": _nothing,
}  # fmt: skip


def lay_rooms(house: House, rng: np.random.Generator) -> None:
    """Rooms of a house: basements, shops on the ground, 4th and 14th floors sometimes skipped, some flats merged."""
    if not house.doors:
        return
    skipped = {4, 14, 24} if house.above > 6 and rng.random() < 0.3 else set()
    floors = [-floor for floor in range(house.below, 0, -1) if house.kind != "tower"]
    label = 0
    for _ in range(house.above):
        label += 1
        while label in skipped:
            label += 1
        floors.append(label)
    for unit in range(len(house.entrances)):
        for floor in floors:
            house.rooms += _floor_rooms(house, unit, floor, rng)


def _floor_rooms(house: House, unit: int, floor: int, rng: np.random.Generator) -> Iterator[tuple[int, int, int, int, str, str]]:
    top = floor == house.above and house.doors >= 2
    merged = house.doors >= 2 and rng.random() < (0.06 if top else 0.012)
    door = 1
    while door <= house.doors:
        span = 2 if merged and door == 1 else 1
        number = f"负{-floor}{door:02d}" if floor < 0 else f"{floor}{door:02d}"
        yield unit, floor, door, span, number, _room_use(house, floor, rng)
        door += span


def _room_use(house: House, floor: int, rng: np.random.Generator) -> str:
    if floor < 0 or (house.shops and floor == 1) or house.use != "01":
        return "99"
    return str(rng.choice(["01", "02", "03"], p=[0.69, 0.20, 0.11]))
