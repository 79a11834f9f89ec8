"""Propose a division of a community into grids, and score any division: even, compact, edges on roads and water.

Roads and banks cut the community into blocks, lines halfway between buildings cut the blocks into atoms, and atoms are
put together (division_graph). Every vertex is a whole multiple of 1e-7 degrees from the start: nothing is rounded later.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from gis_grid.errors import Invalid
from gis_grid.geo import division_graph as net
from gis_grid.geo.division_graph import Bools, Floats, Graph, Ints, Many, Shapes

Counts = Sequence[int] | Ints
NEAR_ROAD_M = 12.0  # an edge so near to a road or bank is on it
REACH_M = 15.0  # an edge ends at a vertex of the outline that is so near
RIM_M = 8.0  # roads that run so near to the outline are the outline
TOUCHING_M = 0.5  # buildings nearer than this stay together
CUT_M2 = 0.01
ATTEMPTS = ((10.0, REACH_M), (5.0, REACH_M), (1.0, REACH_M), (3.0, 0.0), (0.0, 0.0))  # straightened by, ends moved by
SPOTS_M = ((6.0, 6.0), (6.0, 0.0), (0.0, 6.0), (1.0, 0.0), (0.0, 1.0), (0.3, 0.3))  # to either side of an end
DIGITS = 1e7  # of a degree: what is stored


@dataclass(frozen=True)
class Score:
    """Of a division: `spread` is the coefficient of variation of households, `compactness` the mean of 4 pi A / P^2 in
    metres (Polsby and Popper), `on_roads` the share of the inner edges within 12 m of a road or bank."""

    households: tuple[int, ...]
    share_in_rule: float
    spread: float
    compactness: float
    on_roads: float
    cut_buildings: int
    disconnected: int


@dataclass(frozen=True)
class Proposal:
    """Cells in CGCS2000 degrees, serial from west to east, then north to south; households in the same order."""

    cells: list[shapely.Polygon]
    score: Score


@dataclass(frozen=True)
class Plane:
    """Metres east and north of an origin; `unit`: metres of 1e-7 degrees of longitude and latitude there (GRS 80)."""

    origin: Ints
    unit: Floats

    def metres(self, shape: BaseGeometry | Shapes) -> BaseGeometry | Shapes:
        return shapely.transform(shape, lambda xy: (np.rint(xy * DIGITS) - self.origin) * self.unit)

    def degrees(self, shape: BaseGeometry | Shapes) -> BaseGeometry | Shapes:
        return shapely.transform(shape, lambda xy: (np.rint(xy / self.unit) + self.origin) / DIGITS)


@dataclass(frozen=True)
class Natural:
    """Roads and banks in metres, and the ground on or near a road or water, where an edge is natural."""

    lines: BaseGeometry
    near: BaseGeometry


@dataclass(frozen=True)
class Linework:
    """One part in metres: its segments, the two atoms beside each (-1: outside), and whether a road or bank drew it."""

    part: shapely.Polygon
    unit: Floats
    houses: shapely.STRtree
    vertices: Floats
    segments: Ints
    sides: Ints
    drawn: Bools


def propose(  # noqa: PLR0917 - what is divided, by what, and the rule: always in this order
    outline: BaseGeometry, footprints: Many, households: Counts, roads: Many, water: Many, low: int, high: int, seed: int = 0
) -> Proposal:
    """A seamless division of the outline into grids of `low` to `high` households; the same for the same seed.

    All shapes in CGCS2000 degrees, one number of households per footprint (0: nobody lives there). No footprint is cut.
    Each part of a multipolygon is divided by itself. A building above `high` or a part below `low` cannot keep the rule.
    """
    _refuse(outline, footprints, households, low, high)
    plane = _plane(outline)
    shapes, held = _known(plane.metres(_array(footprints)), np.asarray(households, np.int64))
    natural = _natural(plane, roads, water)
    cells: list[shapely.Polygon] = []
    parts = shapely.get_parts(plane.metres(outline))
    home = _most(shapes, parts)
    for i, part in enumerate(parts):
        cells += _divide(part, plane.unit, *_obstacles(shapes, np.where(home == i, held, 0), part), natural, low, high, seed)
    middles = shapely.centroid(np.array(cells))
    order = sorted(range(len(cells)), key=lambda i: (round(shapely.get_x(middles[i]) / 150), -shapely.get_y(middles[i])))
    found = [plane.degrees(cells[i]) for i in order]
    return Proposal(found, score(found, footprints, households, roads, water, low, high))


def score(  # noqa: PLR0917 - as propose
    cells: Many, footprints: Many, households: Counts, roads: Many, water: Many, low: int, high: int
) -> Score:
    """How even, compact and natural a division is (arguments as in `propose`); a footprint counts where most of it lies."""
    plane = _plane(shapely.multipolygons([part for cell in cells for part in shapely.get_parts(cell)]))
    areas = plane.metres(_array(cells))
    shapes, held = _known(plane.metres(_array(footprints)), np.asarray(households, np.int64))
    natural = _natural(plane, roads, water)
    best = _most(shapes, areas)
    counts = np.bincount(best[best >= 0], held[best >= 0], len(areas))
    house, cell, overlap = net.overlaps(shapes, areas)
    second = (overlap > CUT_M2) & (cell != best[house])
    inner = shapely.difference(
        shapely.union_all(shapely.boundary(areas)), shapely.buffer(shapely.boundary(shapely.union_all(areas)), 0.05)
    )
    return Score(
        households=tuple(int(n) for n in counts),
        share_in_rule=float(np.mean((counts >= low) & (counts <= high))),
        spread=float(counts.std() / counts.mean()) if counts.any() else 0.0,
        compactness=float(np.mean(4 * np.pi * shapely.area(areas) / shapely.length(areas) ** 2)),
        on_roads=shapely.intersection(inner, natural.near).length / inner.length if inner.length > 0 else 1.0,
        cut_buildings=len(np.unique(house[second])),
        disconnected=int(np.sum([shapely.get_num_geometries(area) != 1 for area in areas])),
    )


def _refuse(outline: BaseGeometry, footprints: Many, households: Counts, low: int, high: int) -> None:
    if low <= 0 or high < low:
        raise Invalid("每个网格的户数下限须大于 0，且不大于上限。", code="bad_rule")
    if outline is None or outline.is_empty or outline.geom_type not in ("Polygon", "MultiPolygon") or not outline.is_valid:
        raise Invalid("社区边界须是有效的面，请先修正边界。", code="bad_geometry")
    if len(households) != len(footprints) or (np.asarray(households) < 0).any():
        raise Invalid("每栋楼须有一个户数，且不小于 0。", code="bad_households")


def _array(shapes: Iterable[BaseGeometry]) -> Shapes:
    return shapely.force_2d(np.array([*shapes, None], dtype=object)[:-1])


def _plane(shape: BaseGeometry) -> Plane:
    west, south, east, north = shape.bounds
    lat = np.radians((south + north) / 2)
    w = 1 - 0.00669438002290 * np.sin(lat) ** 2
    scale = np.radians(np.array([6378137.0 / w**0.5 * np.cos(lat), 6378137.0 * (1 - 0.00669438002290) / w**1.5]))
    return Plane(np.rint(np.array([(west + east) / 2, (south + north) / 2]) * DIGITS).astype(np.int64), scale / DIGITS)


def _known(footprints: Shapes, households: Ints) -> tuple[Shapes, Ints]:
    """The footprints that are areas, made valid, with their households."""
    shapes = shapely.make_valid(footprints, method="structure", keep_collapsed=False)
    real = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes)) & (shapely.get_dimensions(shapes) == 2)
    return shapes[real], households[real]


def _natural(plane: Plane, roads: Many, water: Many) -> Natural:
    """What is natural about the ground; a bank along a road is that road."""
    ways, wet = shapely.union_all(plane.metres(_array(roads))), shapely.union_all(shapely.make_valid(plane.metres(_array(water))))
    banks = shapely.difference(shapely.boundary(wet), shapely.buffer(ways, 20.0))
    lines = [one for one in shapely.get_parts(shapely.union_all([ways, banks])) if one.geom_type == "LineString"]
    return Natural(shapely.MultiLineString(lines), shapely.buffer(shapely.union_all([ways, wet]), NEAR_ROAD_M))


def _most(houses: Shapes, areas: Shapes) -> Ints:
    """The area that most of each house lies in; -1: none."""
    house, area, overlap = net.overlaps(houses, areas)
    found, order = np.full(len(houses), -1), np.argsort(overlap, kind="stable")
    found[house[order]] = area[order]
    return found


def _obstacles(shapes: Shapes, held: Ints, part: shapely.Polygon) -> tuple[Shapes, Ints]:
    """What stands in the part: one polygon for buildings that touch and for buildings of several pieces; their households."""
    inside = np.flatnonzero(shapely.intersects(part, shapes))
    kept = shapely.intersection(shapes[inside], part)
    some = np.flatnonzero(shapely.area(kept) > CUT_M2)
    kept, weights = np.array([_bridged(one) for one in kept[some]] + [None])[:-1], held[inside[some]]
    if not len(kept):
        return kept, weights
    a, b = shapely.STRtree(kept).query(kept, "dwithin", TOUCHING_M)
    flat = Graph([], [0.0] * len(kept), [1.0] * len(kept), [0] * len(kept), [[] for _ in kept])
    group = net.grow(flat, np.ones(len(kept), bool), zip(a.tolist(), b.tolist(), strict=True))
    joined = [_bridged(shapely.union_all(kept[group == number])) for number in range(group.max() + 1)]
    return np.array([*joined, None])[:-1], np.bincount(group, weights).astype(np.int64)


def _bridged(shape: BaseGeometry) -> BaseGeometry:
    """The polygons of a shape joined by narrow bridges into one, without its courtyards."""
    parts = [shapely.polygons(one.exterior) for one in shapely.get_parts(shape) if one.geom_type == "Polygon" and one.area > 1e-4]
    whole = parts.pop(0)
    while parts:
        nearest = min(range(len(parts)), key=lambda i: whole.distance(parts[i]))
        bridge = shapely.shortest_line(whole, parts[nearest]).buffer(0.2, cap_style="square")
        whole = shapely.union_all([whole, parts.pop(nearest), bridge])
    return shapely.polygons(whole.exterior)


def _divide(  # noqa: PLR0917 - as propose
    part: shapely.Polygon, unit: Floats, houses: Shapes, held: Ints, natural: Natural, low: int, high: int, seed: int
) -> list[shapely.Polygon]:
    """The cells of one part, in metres."""
    if net.aim(held.tolist() or [0], low, high).count == 1:
        return [part]
    work, graph = _lay_atoms(part, unit, houses, held, natural)
    goal = net.aim(graph.households, low, high)
    fallback: list[shapely.Polygon] = [part]
    for attempt in range(3):
        cells = _drawn_cells(work, np.array(net.assign(graph, goal, seed + 7919 * attempt)), houses)
        if cells and sum(len(cell.interiors) for cell in cells) <= len(part.interiors):
            return cells
        fallback = cells if len(cells) > len(fallback) else fallback
    return fallback


def _lay_atoms(part: shapely.Polygon, unit: Floats, houses: Shapes, held: Ints, natural: Natural) -> tuple[Linework, Graph]:
    """The part cut along roads and banks, and between buildings; no atom edge touches a building."""
    tree = shapely.STRtree(houses)
    blocks = net.faces_of([*shapely.get_rings(part), *_ways(part, houses, natural.lines, tree)], part, unit)
    home = net.holder(blocks, houses)
    between = [line for i, block in enumerate(blocks) for line in net.halfway(block, _parting(block, houses, home == i, tree))]
    faces = net.faces_of([*shapely.get_rings(blocks), *between], part, unit)
    block = net.holder(blocks, faces)
    vertices, segments, raw = net.segments_of(faces, unit)
    length: Floats = np.hypot(*(vertices[segments[:, 1]] - vertices[segments[:, 0]]).T)
    middles = shapely.points(vertices[segments].mean(axis=1))
    shapely.prepare(natural.near)
    bare: Floats = np.where(shapely.intersects(natural.near, middles), 0.0, length)
    area: Floats = shapely.area(faces)
    house, face, overlap = net.overlaps(houses, faces)
    house, face = (one[overlap > CUT_M2 / 3] for one in (house, face))
    built = np.isin(np.arange(len(faces)), face)
    twice = [(int(a), int(b)) for a, b, same in zip(face, face[1:], house[1:] == house[:-1], strict=False) if same]
    group = net.grow(net.graph_of(raw, length, bare, area, block, np.zeros(len(faces), np.int64)), built, twice)
    sides = np.where(raw >= 0, group[raw], -1)
    count = int(group.max()) + 1
    owner, block_of = np.zeros(len(houses), np.int64), np.zeros(count, np.int64)
    owner[house], block_of[group] = group[face], block
    weights = np.bincount(owner, held, count).astype(np.int64)
    graph = net.graph_of(sides, length, bare, np.bincount(group, area, count).astype(float), block_of, weights)
    drawn = (raw[:, 1] >= 0) & (block[raw[:, 0]] != block[raw[:, 1]])
    return Linework(part, unit, tree, vertices, segments, sides, drawn), graph


def _ways(part: shapely.Polygon, houses: Shapes, natural: BaseGeometry, tree: shapely.STRtree) -> list[BaseGeometry]:
    """Roads and banks in the part, led to its outline and around the buildings that they would cut."""
    inner = shapely.intersection(natural, shapely.buffer(part, -RIM_M))
    lines = [line for line in shapely.get_parts(shapely.line_merge(inner)) if line.geom_type == "LineString"]
    if not lines:
        return []
    runs = [xy[::way] for xy in map(shapely.get_coordinates, lines) for way in (1, -1)]
    reached = shapely.dwithin(shapely.points([xy[0] for xy in runs]), part.boundary, RIM_M + 0.01)
    led = [_to_outline(part, tree, xy) for xy, near in zip(runs, reached, strict=True) if near]
    lines += [line for line in led if line is not None]
    crossed: Ints = np.unique(tree.query(lines, "dwithin", 0.1)[1])
    island = shapely.union_all(shapely.buffer(houses[crossed], 0.4 * TOUCHING_M, join_style="mitre"))
    return [*shapely.get_parts(shapely.difference(shapely.union_all(lines), island)), *shapely.get_parts(island.boundary)]


def _to_outline(part: shapely.Polygon, tree: shapely.STRtree, road: Floats) -> BaseGeometry | None:
    """The line that leads the start of a road on to the outline, best to a vertex of it; None where buildings stand."""
    end, back = road[0], road[min(2, len(road) - 1)]
    ahead = end + (end - back) * (3 * RIM_M / max(float(np.hypot(*(end - back))), 1e-9))
    hit = shapely.shortest_line(shapely.Point(end), shapely.intersection(shapely.LineString([end, ahead]), part.boundary))
    hit = shapely.shortest_line(shapely.Point(end), part.boundary) if hit is None or hit.is_empty else hit
    aim_at = shapely.get_coordinates(hit)[1]
    corners = shapely.get_coordinates(part)
    away = np.hypot(*(corners - aim_at).T)
    for corner in [*corners[np.argsort(away, kind="stable")][: int((away < REACH_M).sum())], aim_at]:
        line = shapely.LineString([end, corner])
        if not len(tree.query(line, "dwithin", 0.3)) and part.buffer(0.01).covers(line):
            return line
    return None


def _parting(block: shapely.Polygon, houses: Shapes, home: Bools, tree: shapely.STRtree) -> Shapes:
    """The buildings between which a block is cut: its own; for a long empty one, such as a river, those beside it."""
    if home.any() or block.length**2 < 25 * block.area:  # less than four times as long as wide
        return houses[home]
    return houses[tree.query(block, "dwithin", 60.0)]


def _drawn_cells(work: Linework, cell_of: Ints, houses: Shapes) -> list[shapely.Polygon]:
    """The cells with their edges straightened as far as they stay sound; none where not even the plain edges are."""
    cells = np.where(work.sides >= 0, cell_of[work.sides], -1)
    inner = np.flatnonzero((work.sides[:, 1] >= 0) & (cells[:, 0] != cells[:, 1]))
    rim = set(np.unique(work.segments[work.sides[:, 1] < 0]).tolist())
    chains = list(net.chains_of(work.segments[inner], work.drawn[inner], rim))
    for slack, reach in ATTEMPTS:
        pen = Pen(work, slack, reach, rim)
        faces = net.without_crumbs(pen.cells([pen.path(run, drawn) for run, drawn in chains]), len(np.unique(cell_of)))
        if _is_sound(faces, work.part, houses, len(np.unique(cell_of))):
            return list(faces)
    return []


def _is_sound(cells: Shapes, part: shapely.Polygon, houses: Shapes, count: int) -> bool:
    """Whether these are so many cells, seamless, as large as the part, and none cuts a building."""
    if len(cells) != count or not shapely.is_valid(cells).all() or not shapely.coverage_is_valid(cells):
        return False
    house, _, overlap = net.overlaps(houses, cells)
    return abs(shapely.area(cells).sum() - part.area) < 1.0 and bool((np.bincount(house[overlap > CUT_M2]) <= 1).all())


class Pen:
    """Draws one attempt: edges end on vertices of the outline within `reach` m and are straightened by `slack` m."""

    def __init__(self, work: Linework, slack: float, reach: float, rim: set[int]) -> None:
        self.work, self.slack, self.reach, self.rim = work, slack, reach, rim
        rings = [shapely.get_coordinates(ring) for ring in shapely.get_rings(work.part)]
        self.walls = np.concatenate([np.stack([ring[:-1], ring[1:]], axis=1) for ring in rings])
        self.corners = self.walls[:, 0]
        self.wall_tree = shapely.STRtree(shapely.linestrings(self.walls))
        self.nodes: dict[int, list[Floats]] = {}

    def cells(self, paths: Iterable[Floats]) -> Shapes:
        """What the edges and the outline enclose."""
        lines = [np.stack([path[:-1], path[1:]], axis=1) for path in paths]
        for i, wall in enumerate(self.walls):
            on = sorted(self.nodes.get(i, []), key=lambda node, a=wall[0]: float(np.hypot(*(node - a))))  # type: ignore[misc]
            points = np.array([wall[0], *on, wall[1]])
            lines.append(np.stack([points[:-1], points[1:]], axis=1))
        segments = np.concatenate(lines)
        segments = segments[(segments[:, 0] != segments[:, 1]).any(axis=1)]
        faces = shapely.get_parts(shapely.polygonize(shapely.linestrings(segments)))
        return faces[shapely.contains(self.work.part, shapely.point_on_surface(faces))]

    def path(self, run: list[int], flags: list[bool]) -> Floats:
        """The edge as it is drawn."""
        xy, drawn = self.work.vertices[run], list(flags)
        for at_end in (False, True):
            if run[-1 if at_end else 0] in self.rim:
                xy, drawn = self._landed(xy, drawn)
            xy, drawn = xy[::-1], drawn[::-1]
        turns = [0, *(i for i in range(1, len(drawn)) if drawn[i] != drawn[i - 1]), len(drawn)]
        parts = [self._straight(xy[a : b + 1], 1.0 if drawn[a] else self.slack) for a, b in pairwise(turns)]
        return np.concatenate([parts[0], *(part[1:] for part in parts[1:])])

    def _landed(self, xy: Floats, drawn: list[bool]) -> tuple[Floats, list[bool]]:
        """The edge with its first point moved to a vertex of the outline, or to a spot that is exactly on it."""
        away = np.hypot(*(self.corners - xy[0]).T)
        if away.min() < 1e-6:
            return xy, drawn
        passed = np.hypot(*(xy - xy[0]).T)
        for corner in np.argsort(away, kind="stable")[: int((away <= self.reach).sum())]:
            keep = int(np.argmax(passed > away[corner])) if passed.max() > away[corner] else len(xy) - 1
            moved = shapely.LineString([self.corners[corner], xy[keep]])
            swept = shapely.convex_hull(shapely.MultiPoint([*xy[: keep + 1], self.corners[corner]]))
            if not len(self.work.houses.query(swept, "dwithin", 0.05)) and self.work.part.buffer(0.02).covers(moved):
                return np.vstack([self.corners[corner], xy[keep:]]), [drawn[keep - 1], *drawn[keep:]]
        for back, on in SPOTS_M:
            wall, node = self._node(xy[0], back, on)
            swept = shapely.convex_hull(shapely.MultiPoint([*xy[:2], node]))
            if not len(self.work.houses.query(swept, "dwithin", 0.05)):
                break
        self.nodes.setdefault(wall, []).append(node)
        return np.vstack([node, xy[1:]]), drawn

    def _node(self, spot: Floats, back_m: float, on_m: float) -> tuple[int, Floats]:
        """The whole multiple of the unit near the spot that bends the outline least (by |cross| / 2 units), and its wall."""
        i = int(self.wall_tree.nearest(shapely.Point(spot)))
        a, b, p = (np.rint(one / self.work.unit).astype(np.int64) for one in (*self.walls[i], spot))
        d = b - a
        main = int(np.argmax(np.abs(d)))
        back, on = int(back_m / self.work.unit[main]), int(on_m / self.work.unit[main])
        low, high = sorted((int(a[main]), int(b[main])))
        steps = np.arange(max(low + 1, int(p[main]) - back), min(high, int(p[main]) + on + 1))
        if not len(steps):
            return i, self.walls[i][int(np.argmin(np.hypot(*(self.walls[i] - spot).T)))]
        other = np.rint(a[1 - main] + (steps - a[main]) * d[1 - main] / d[main]).astype(np.int64)
        cross = np.abs((steps - a[main]) * d[1 - main] - (other - a[1 - main]) * d[main])
        best = int(np.argmin(np.maximum(cross, 1) + np.abs(steps - p[main]) / 1000))
        node = np.where(np.arange(2) == main, steps[best], other[best])
        return i, node * self.work.unit

    def _straight(self, xy: Floats, slack: float) -> Floats:
        """Fewer points: none was further from the new edge than `slack`, and no building lies between (Douglas, Peucker)."""
        kept, open_runs = [0], [(0, len(xy) - 1)]
        while open_runs:
            first, last = open_runs.pop()
            if last - first > 1:
                way, points = xy[last] - xy[first], xy[first + 1 : last] - xy[first]
                share = np.clip(points @ way / max(float(way @ way), 1e-12), 0.0, 1.0)
                off = np.hypot(*(points - share[:, None] * way).T)
                hull = shapely.convex_hull(shapely.MultiPoint(xy[first : last + 1]))
                if off.max() > slack or len(self.work.houses.query(hull, "dwithin", 0.05)):
                    middle = first + 1 + int(np.argmax(off))
                    open_runs += [(middle, last), (first, middle)]
                    continue
            kept.append(last)
        return xy[kept]
