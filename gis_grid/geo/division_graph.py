"""Shapes cut into pieces that meet exactly, pieces grown into atoms, atoms put together into cells that keep the rule.

The cells: neighbours are united and cut anew along random spanning trees (recombination; DeFord, Duchin and Solomon
2021) that leave the roads to be cut, under a falling temperature.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from math import ceil, exp, floor, pi, sqrt
from random import Random

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Shapes = NDArray[np.object_]
Many = Sequence[BaseGeometry] | Shapes
SLIVER_M2 = 400.0  # pieces without a building that are smaller join a neighbour
OUTSIDE_THE_RULE, PER_SHARE_OUTSIDE, UNEVEN, ROUND, OFF_ROAD = 6.0, 40.0, 7.0, 2.0, 4.0
TREE_CUTS, FIRST_TREES = 250, 12  # per cell, per bisection


@dataclass(frozen=True)
class Graph:
    """Atoms: households, areas (m2), what of the edge is outline (m), blocks; per atom (neighbour, m shared, m off road)."""

    households: list[int]
    area: list[float]
    outer: list[float]
    block: list[int]
    near: list[list[tuple[int, float, float]]]


@dataclass(frozen=True)
class Aim:
    """The rule, how many cells there should be, and what each should hold."""

    low: int
    high: int
    count: int
    each: float

    def unevenness(self, held: int) -> float:
        """What it costs that a cell holds so many households."""
        off = (held - self.each) / self.each
        cost = UNEVEN * min(off * off, 4.0)
        outside = max(self.low - held, held - self.high, 0)
        return cost + (OUTSIDE_THE_RULE + PER_SHARE_OUTSIDE * outside / self.each if outside else 0.0)


@dataclass(frozen=True)
class Sums:
    """What a set of atoms comes to: households, m2, m of edge, m of edge off road."""

    households: int
    area: float
    edge: float
    off: float


def faces_of(lines: Many, part: shapely.Polygon, unit: Floats) -> Shapes:
    """The faces of all lines inside the part, on whole multiples of the unit (snap rounding: no face is lost or folded)."""
    whole = shapely.union_all(shapely.transform(np.array(lines), lambda xy: xy / unit), grid_size=1.0)
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(whole)))
    faces = shapely.transform(faces, lambda xy: np.rint(xy) * unit)
    return faces[shapely.contains(part, shapely.point_on_surface(faces))]


def segments_of(faces: Shapes, unit: Floats) -> tuple[Floats, Ints, Ints]:
    """Vertices, segments as pairs of vertex numbers, and the one or two faces beside each segment."""
    rings, face = shapely.get_rings(faces, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    whole = np.rint(xy / unit).astype(np.int64)
    _, first, number = np.unique(whole[:, 0] * (1 << 32) + whole[:, 1], return_index=True, return_inverse=True)
    same = ring[1:] == ring[:-1]
    ends = np.sort(np.column_stack([number[:-1], number[1:]])[same], axis=1)
    owner = face[ring[:-1]][same]
    order = np.lexsort((owner, ends[:, 1], ends[:, 0]))
    ends, owner = ends[order], owner[order]
    fresh = np.r_[True, (ends[1:] != ends[:-1]).any(axis=1)]
    sides = np.column_stack([owner, np.r_[np.where(fresh[1:], -1, owner[1:]), -1]])[fresh]
    return whole[first] * unit, ends[fresh], sides


def halfway(block: shapely.Polygon, houses: Shapes) -> list[BaseGeometry]:
    """Lines halfway between the buildings, inside the block."""
    if len(houses) < 2:
        return []
    points, owner = _along(houses)
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.MultiPoint(points), extend_to=block, ordered=True))
    xy, cell = shapely.get_coordinates(cells, return_index=True)
    same = cell[1:] == cell[:-1]
    ends = np.stack([xy[:-1], xy[1:]], axis=1)[same]
    turned = (ends[:, 0, 0] > ends[:, 1, 0]) | ((ends[:, 0, 0] == ends[:, 1, 0]) & (ends[:, 0, 1] > ends[:, 1, 1]))
    ends[turned] = ends[turned, ::-1]
    _, number = np.unique(ends.reshape(-1, 4), axis=0, return_inverse=True)
    number = number.ravel()
    order = np.argsort(number, kind="stable")
    whose = owner[cell[:-1][same]][order]
    pairs = np.flatnonzero((number[order][1:] == number[order][:-1]) & (whose[1:] != whose[:-1]))
    lines = shapely.line_merge(shapely.multilinestrings(shapely.linestrings(ends[order[pairs]])))
    return list(shapely.get_parts(shapely.intersection(lines, block.buffer(0.05))))


def _along(houses: Shapes) -> tuple[Floats, Ints]:
    """Points along the walls, the denser the nearer the next building, and whose they are."""
    rings, ring_of = shapely.get_coordinates(shapely.get_exterior_ring(houses), return_index=True)
    same = ring_of[1:] == ring_of[:-1]
    walls, owner = np.stack([rings[:-1], rings[1:]], axis=1)[same], ring_of[:-1][same]
    lines = shapely.linestrings(walls)
    wall, other = shapely.STRtree(houses).query(lines, "dwithin", 6.0)
    foreign = owner[wall] != other
    wall, other = wall[foreign], other[foreign]
    gap = np.full(len(walls), 6.0)
    np.minimum.at(gap, wall, shapely.distance(lines[wall], houses[other]))
    count = np.ceil(shapely.length(lines) / np.clip(0.8 * gap, 0.35, 5.0)).astype(np.int64)
    which = np.repeat(np.arange(len(walls)), count)
    step = (np.arange(len(which)) - np.repeat(np.cumsum(count) - count, count) + 0.5) / count[which]
    return walls[which, 0] + step[:, None] * (walls[which, 1] - walls[which, 0]), owner[which]


def chains_of(segments: Ints, drawn: Bools, stops: set[int]) -> Iterator[tuple[list[int], list[bool]]]:
    """Runs of inner segments between meeting points, as vertex numbers, and whether a road or bank drew each segment."""
    ways: dict[int, list[tuple[int, bool]]] = {}
    for (a, b), way in zip(segments.tolist(), drawn.tolist(), strict=True):
        ways.setdefault(a, []).append((b, way))
        ways.setdefault(b, []).append((a, way))
    ends = {v for v, near in ways.items() if len(near) != 2 or v in stops}
    for start in [*sorted(ends), *sorted(set(ways) - ends)]:
        while ways[start]:
            run, flags = [start], []
            while len(run) == 1 or (run[-1] not in ends and run[-1] != start):
                after, way = ways[run[-1]].pop()
                ways[after].remove((run[-1], way))
                run.append(after)
                flags.append(way)
            yield run, flags


def overlaps(houses: Shapes, areas: Shapes) -> tuple[Ints, Ints, Floats]:
    """Which house lies in which area, and with how many square metres."""
    house, area = shapely.STRtree(areas).query(houses, "intersects")
    return house, area, shapely.area(shapely.intersection(houses[house], areas[area]))


def without_crumbs(faces: Shapes, count: int) -> Shapes:
    """At most so many faces: the smallest join the neighbour with the longest shared edge."""
    while len(faces) > count:
        crumb = int(np.argmin(shapely.area(faces)))
        shared = shapely.length(shapely.intersection(shapely.boundary(faces), faces[crumb].boundary))
        shared[crumb] = -1.0
        faces[np.argmax(shared)] = shapely.coverage_union(faces[np.argmax(shared)], faces[crumb])
        faces = np.array([*shapely.get_parts(faces[np.arange(len(faces)) != crumb]), None])[:-1]
    return faces


def holder(areas: Shapes, shapes: Shapes) -> Ints:
    """The area that a point inside each shape lies in; -1: none."""
    found = np.full(len(shapes), -1)
    if len(shapes):
        shape, area = shapely.STRtree(areas).query(shapely.point_on_surface(shapes), "intersects")
        found[shape] = area
    return found


def graph_of(sides: Ints, length: Floats, bare: Floats, area: Floats, block: Ints, households: Ints) -> Graph:
    """The graph of pieces whose shared segments have these two `sides` (-1: outside), metres, and metres off road."""
    count = len(area)
    outer = np.bincount(sides[sides[:, 1] < 0, 0], length[sides[:, 1] < 0], count)
    inner = (sides[:, 1] >= 0) & (sides[:, 0] != sides[:, 1])
    pairs, where = np.unique(np.sort(sides[inner], axis=1), axis=0, return_inverse=True)
    shared, off = (np.bincount(where.ravel(), one[inner], len(pairs)) for one in (length, bare))
    near: list[list[tuple[int, float, float]]] = [[] for _ in range(count)]
    for (a, b), metres, open_m in zip(pairs.tolist(), shared.tolist(), off.tolist(), strict=True):
        near[a].append((b, metres, open_m))
        near[b].append((a, metres, open_m))
    return Graph(households.tolist(), area.tolist(), outer.tolist(), block.tolist(), near)


def grow(pieces: Graph, built: Bools, together: Iterable[tuple[int, int]]) -> Ints:
    """The atom of each piece: pairs that share a building are one; slivers, and what is enclosed, join a neighbour."""
    group = {piece: piece for piece in range(len(built))}
    for a, b in together:
        group[root_of(group, a)] = root_of(group, b)
    homely = {block for block, has in zip(pieces.block, built, strict=True) if has}
    shared = {block for block, times in Counter(pieces.block).items() if times > 1}
    for piece in sorted(range(len(built)), key=lambda one: pieces.area[one]):
        block = pieces.block[piece]
        if not built[piece] and pieces.near[piece] and (pieces.area[piece] < SLIVER_M2 or block in shared):
            inside = block in homely  # what lies cut off joins its own block; a piece of a river joins the bank
            other = max(pieces.near[piece], key=lambda one: ((pieces.block[one[0]] == block) == inside, built[one[0]], one[1]))[0]
            group[root_of(group, piece)] = root_of(group, other)
    while _join_enclosed(pieces, group):
        pass
    roots = [root_of(group, piece) for piece in range(len(built))]
    return np.unique(roots, return_inverse=True)[1].astype(np.int64)


def _join_enclosed(pieces: Graph, group: dict[int, int]) -> bool:
    """Whether an atom was found that has one neighbour only and no outline; it has joined that one."""
    around: dict[int, set[int]] = {}
    for piece, near in enumerate(pieces.near):
        mine = around.setdefault(root_of(group, piece), set())
        mine.update(root_of(group, other) for other, _, _ in near)
        if pieces.outer[piece] > 0:
            mine.add(-1)
    found = False
    for atom, others in around.items():
        rest = {root_of(group, other) if other >= 0 else -1 for other in others} - {root_of(group, atom)}
        if len(rest) == 1 and -1 not in rest:
            group[root_of(group, atom)] = rest.pop()
            found = True
    return found


def aim(households: list[int], low: int, high: int) -> Aim:
    """So many cells that their mean is nearest to the middle of the rule; an atom above the rule takes one alone."""
    giants = [h for h in households if h > high]
    rest = sum(households) - sum(giants)
    most, least = floor(rest / low), ceil(rest / high)
    count = round(rest / ((low + high) / 2))
    count = min(max(count, least), most) if least <= most else min(least, max(count, 1))
    if rest < low:
        count = 0 if giants else 1
    total = max(1, min(count + len(giants), len(households)))
    return Aim(low, high, total, max(rest / count if count else (low + high) / 2, 1.0))


def assign(graph: Graph, goal: Aim, seed: int) -> list[int]:
    """The cell of each atom, 0 to count - 1; every cell is contiguous. The same for the same seed."""
    if goal.count == 1:
        return [0] * len(graph.area)
    cells = _Cells(graph, goal, Random(seed))  # noqa: S311 - no secret, a repeatable draw
    cells.recombine(TREE_CUTS * goal.count)
    return cells.best


class _Cells:
    """The division while it is improved; remembers the best it has been."""

    def __init__(self, graph: Graph, goal: Aim, random: Random) -> None:
        self.graph, self.goal, self.random = graph, goal, random
        self.label = [0] * len(graph.area)
        self._bisect(set(range(len(graph.area))), goal.count, 0)
        self.members = [{atom for atom, cell in enumerate(self.label) if cell == number} for number in range(goal.count)]
        self.sums = [self._sums(atoms) for atoms in self.members]
        self.costs = [self._cost(one) for one in self.sums]
        self.best_cost, self.best = sum(self.costs), self.label.copy()

    def recombine(self, times: int, hot: float = 0.5) -> None:
        """Unite two neighbouring cells and cut them anew, `times` times."""
        for step in range(times):
            heat = hot * (0.02 ** (step / times))
            atom = self.random.randrange(len(self.label))
            others = [b for b, _, _ in self.graph.near[atom] if self.label[b] != self.label[atom]]
            if others:
                self._recut(self.label[atom], self.label[self.random.choice(others)], heat)

    def _sums(self, atoms: set[int]) -> Sums:
        graph = self.graph
        edge = off = 0.0
        for atom in atoms:
            edge += graph.outer[atom]
            for other, length, bare in graph.near[atom]:
                if other not in atoms:
                    edge += length
                    off += bare
        return Sums(sum(graph.households[a] for a in atoms), sum(graph.area[a] for a in atoms), edge, off)

    def _parted(self, half: set[int], whole: set[int], all_in: Sums) -> tuple[Sums, Sums]:
        """The sums of a half and of the rest of a whole whose sums are known."""
        graph = self.graph
        area = edge = off = cut = cut_off = 0.0
        households = 0
        for atom in half:
            households += graph.households[atom]
            area += graph.area[atom]
            edge += graph.outer[atom]
            for other, length, bare in graph.near[atom]:
                if other not in whole:
                    edge += length
                    off += bare
                elif other not in half:
                    cut += length
                    cut_off += bare
        rest = Sums(all_in.households - households, all_in.area - area, all_in.edge - edge + cut, all_in.off - off + cut_off)
        return Sums(households, area, edge + cut, off + cut_off), rest

    def _cost(self, one: Sums) -> float:
        area = max(one.area, 1.0)
        shape = ROUND * one.edge * one.edge / (4 * pi * area) + OFF_ROAD * one.off / (2 * sqrt(pi * area))
        return self.goal.unevenness(one.households) + shape

    def _takes(self, gain: float, heat: float) -> bool:
        return gain >= 0 or self.random.random() < exp(max(gain / heat, -50.0))

    def _note(self) -> None:
        cost = sum(self.costs)
        if cost < self.best_cost - 1e-9:
            self.best_cost, self.best = cost, self.label.copy()

    def _recut(self, first: int, second: int, heat: float) -> None:
        whole = self.members[first] | self.members[second]
        all_in = self._sums(whole)
        order, parent, size = self._tree(whole)
        uneven, total = self.goal.unevenness, all_in.households
        ranked = nsmallest(5, order[1:], key=lambda atom: uneven(size[atom]) + uneven(total - size[atom]))
        halves = [_below(top, order, parent) for top in ranked]
        options = [(half, self._parted(half, whole, all_in)) for half in halves]
        half, sums = min(options, key=lambda option: self._cost(option[1][0]) + self._cost(option[1][1]))
        costs = [self._cost(one) for one in sums]
        if not self._takes(self.costs[first] + self.costs[second] - sum(costs), heat):
            return
        for cell, atoms, one, cost in zip((first, second), (half, whole - half), sums, costs, strict=True):
            self.members[cell], self.sums[cell], self.costs[cell] = atoms, one, cost
            for atom in atoms:
                self.label[atom] = cell
        self._note()

    def _bisect(self, whole: set[int], count: int, first: int) -> None:
        """Cut the atoms into `count` cells numbered from `first`: the best of some random trees, cut where it is fair."""
        if count == 1 or len(whole) == 1:
            for atom in whole:
                self.label[atom] = first
            return
        all_in, small = self._sums(whole), count // 2
        options: list[tuple[float, int, set[int]]] = []
        for _ in range(FIRST_TREES):
            order, parent, size = self._tree(whole)
            wanted = all_in.households * small / count
            for top in nsmallest(
                3, order[1:], key=lambda a: min(abs(size[a] - wanted), abs(all_in.households - size[a] - wanted))
            ):
                half = _below(top, order, parent)
                half = half if abs(size[top] - wanted) <= abs(all_in.households - size[top] - wanted) else whole - half
                one, other = self._parted(half, whole, all_in)
                missing = max(small - len(half), 0) + max(count - small - len(whole) + len(half), 0)
                shape = sum(each.edge**2 / (4 * pi * max(each.area, 1.0)) for each in (one, other))
                uneven = abs(one.households - wanted) / self.goal.each
                options.append((1000.0 * missing + 4 * uneven + shape + one.off / sqrt(max(one.area, 1.0)), len(options), half))
        half = min(options)[2]
        self._bisect(half, small, first)
        self._bisect(whole - half, count - small, first + small)

    def _tree(self, whole: set[int]) -> tuple[list[int], dict[int, int], dict[int, int]]:
        """A random spanning tree: atoms from the root on, each one's parent, households of each with all below it."""
        parent, order = self._span(sorted(whole))
        size = {atom: self.graph.households[atom] for atom in order}
        for atom in reversed(order[1:]):
            size[parent[atom]] += size[atom]
        return order, parent, size

    def _span(self, atoms: list[int]) -> tuple[dict[int, int], list[int]]:
        graph, draw = self.graph, self.random.random
        inside = set(atoms)
        edges = []
        for a in atoms:
            for b, length, bare in graph.near[a]:
                if a < b and b in inside:  # bare ground is held together, roads are left to be cut
                    edges.append((draw() * (1.0 if bare < 0.5 * length else 0.35) / (length + 5.0) ** 0.5, a, b))
        edges.sort()
        group = {a: a for a in atoms}
        branches: dict[int, list[int]] = {a: [] for a in atoms}
        for _, a, b in edges:
            one, two = root_of(group, a), root_of(group, b)
            if one != two:
                group[one] = two
                branches[a].append(b)
                branches[b].append(a)
        start = atoms[self.random.randrange(len(atoms))]
        parent, order = {start: -1}, [start]
        for a in order:
            for b in branches[a]:
                if b != parent[a]:
                    parent[b] = a
                    order.append(b)
        return parent, order


def _below(top: int, order: Iterable[int], parent: dict[int, int]) -> set[int]:
    found = {top}
    for atom in order:
        if parent[atom] in found:
            found.add(atom)
    return found


def root_of(group: dict[int, int], atom: int) -> int:
    while group[atom] != atom:
        group[atom] = group[group[atom]]
        atom = group[atom]
    return atom
