"""The one rule that gives a point its area, and why.

A point belongs to the one area of a level whose boundary covers it. Where several cover it (a shared edge or corner),
exclusive grids go before ordinary ones, then the lowest code. Outside all, the nearest within `nearest_m` metres takes
it (`nearest`). The lowest level that answers wins; whatever remains is unplaced.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from gis_grid.geo.bins import lay_bins
from gis_grid.geo.cells import Cells, lay_cells
from gis_grid.geo.outline import Outline

Floats = NDArray[np.float64]
METRES_PER_DEGREE = 110_574.0  # the shortest degree of latitude; only used to make search boxes wide enough
BATCH, LARGE_BATCH = 65_536, 1_048_576  # points at a time; the larger one where the lattice exceeds the processor's cache
WORTH_CELLS = 5_000  # so many points at once pay for laying the lattice and loading the compiler
NOWHERE, INSIDE, EDGE, NEAREST = 0, 1, 2, 3  # positions in HOW
HOW = np.array([None, "inside", "edge", "nearest"], dtype=object)


@dataclass(frozen=True)
class Bounded:
    """An area as the rule sees it: boundary in CGCS2000 degrees."""

    code: str
    level: str
    exclusive: bool
    shape: BaseGeometry


@dataclass(frozen=True)
class Placed:
    """Arrays as long as the points: code and placed_by (`inside`, `edge`, `nearest`) or None, distance_m for `nearest`."""

    code: NDArray[np.object_]
    how: NDArray[np.uint8]  # positions in HOW
    nearest: NDArray[np.int64]  # the points placed so, and their metres
    nearest_m: Floats

    @cached_property
    def placed_by(self) -> NDArray[np.object_]:
        """How each point got its code."""
        return HOW.take(self.how)

    @cached_property
    def distance_m(self) -> Floats:
        """Metres to the area that took the point as the nearest; NaN for all others."""
        metres = np.full(len(self.code), np.nan)
        metres[self.nearest] = self.nearest_m
        return metres


@dataclass(frozen=True)
class Reason:
    """Why one point got its area. `edge_m`: to the nearest edge of the winner; `candidates`: all that had a claim."""

    code: str | None
    level: str | None
    placed_by: str | None
    candidates: list[str] = field(default_factory=list)
    edge_m: float | None = None
    distance_m: float | None = None
    uncertain: bool = False
    could_be: list[str] = field(default_factory=list)


class AreaIndex:
    """All areas of one day in memory. `levels` from the top down; answers come from the lowest that has one."""

    def __init__(self, areas: Sequence[Bounded], levels: Sequence[str], nearest_m: float = 15.0) -> None:
        self.nearest_m = nearest_m
        self.size = len(areas)
        self._levels = [
            _Level(name, [area for area in areas if area.level == name], nearest_m)
            for name in reversed(levels)
            if any(area.level == name for area in areas)
        ]

    @property
    def lowest(self) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
        """Codes and shapes of the lowest level, in the order in which they win a tie; empty when there are no areas."""
        if not self._levels:
            return np.empty(0, object), np.empty(0, object)
        return self._levels[0].codes[:-1], self._levels[0].shapes

    def place(self, lon: Floats, lat: Floats) -> Placed:
        """The area of each point, in bounded memory. NaN is unplaced."""
        lon, lat = np.ascontiguousarray(lon, dtype=np.float64), np.ascontiguousarray(lat, dtype=np.float64)
        count = len(lon)
        code, how = np.empty(count, object), np.zeros(count, np.uint8)  # all None, nowhere
        nearest: list[tuple[NDArray[np.int64], Floats]] = []
        batch = LARGE_BATCH if count > BATCH and self._levels and self._levels[0].exceeds_cache else BATCH
        for start in range(0, count, batch):
            part = slice(start, start + batch)
            found = self._place_batch(lon[part], lat[part], code[part], how[part], count >= WORTH_CELLS)
            nearest += [(start + rows, metres) for rows, metres in found]
        rows, metres = (
            (np.concatenate(each) for each in zip(*nearest, strict=True)) if nearest else (np.empty(0, np.int64), np.empty(0))
        )
        return Placed(code, how, rows, metres)

    @property
    def nbytes(self) -> int:
        """Bytes of memory of the lattices laid so far; GEOS's own shapes and trees come on top."""
        return sum(level.cells.nbytes for level in self._levels if "cells" in vars(level) and level.cells)

    def claims(self, lon: Floats, lat: Floats) -> tuple[NDArray[np.int64], NDArray[np.object_]]:
        """Everybody of the lowest level that covers a point: positions of points and codes, pair by pair."""
        if not self._levels:
            return np.empty(0, np.int64), np.empty(0, object)
        level = self._levels[0]
        points, ranks = level.tree.query(shapely.points(lon, lat))
        covered = shapely.intersects_xy(level.shapes[ranks], np.asarray(lon)[points], np.asarray(lat)[points])
        return points[covered], level.codes[ranks[covered]]

    def explain(self, lon: float, lat: float, accuracy_m: float | None = None) -> Reason:
        """The same answer for one point, with its reason."""
        for level in self._levels:
            covering = level.covering(lon, lat)
            if len(covering):
                return self._reason(level, covering, lon, lat, accuracy_m)
            rank, metres = level.nearest(lon, lat, self.nearest_m)
            if rank >= 0:
                code = str(level.codes[rank])
                return Reason(code, level.name, "nearest", [code], edge_m=metres, distance_m=metres, uncertain=True)
        return Reason(None, None, None)

    def _place_batch(
        self, lon: Floats, lat: Floats, code: NDArray[np.object_], how: NDArray[np.uint8], many: bool
    ) -> Iterator[tuple[NDArray[np.int64], Floats]]:
        """Write code and how of each point; answers those placed as nearest, with their metres."""
        rows: NDArray[np.int64] | None = None  # still open; None: all
        reached = np.zeros(0, dtype=bool)  # near an edge of the lowest level
        for level in self._levels:
            x, y = (lon, lat) if rows is None else (lon[rows], lat[rows])
            rank, by, missed = level.place(x, y, many)
            if rows is not None and level.is_made_of(self._levels[0]):
                missed = missed[reached[rows[missed]]]
            found, away, close = level.nearest_some(x[missed], y[missed], self.nearest_m)
            near = found >= 0
            rank[missed[near]], by[missed[near]] = found[near], NEAREST
            if near.any():
                yield (missed if rows is None else rows[missed])[near], away[near]
            if rows is None:
                level.codes.take(rank, out=code, mode="wrap")  # -1 is the last: None
                how[:] = by
            else:
                code[rows], how[rows] = level.codes.take(rank), by
            left = np.flatnonzero(rank < 0)
            if not len(left):
                return
            if rows is None:
                reached = np.zeros(len(lon), dtype=bool)
                reached[missed] = close
            rows = left if rows is None else rows[left]

    def _reason(self, level: _Level, covering: NDArray[np.int64], lon: float, lat: float, accuracy_m: float | None) -> Reason:
        winner = int(covering[0])
        edge_m = level.edge_m(winner, lon, lat)
        claims = [str(level.codes[rank]) for rank in covering]
        uncertain = accuracy_m is not None and edge_m < accuracy_m
        could_be = level.within(lon, lat, accuracy_m) if uncertain and accuracy_m is not None else []
        how = "edge" if len(covering) > 1 else "inside"
        return Reason(claims[0], level.name, how, claims, edge_m=edge_m, uncertain=uncertain, could_be=could_be)


class _Level:
    """The areas of one level, in the order in which they win a tie. codes[-1] is None: nobody's."""

    def __init__(self, name: str, areas: Sequence[Bounded], reach_m: float) -> None:
        ordered = sorted(areas, key=lambda area: (not area.exclusive, area.code))
        self.name = name
        self.codes = np.array([*(area.code for area in ordered), None], dtype=object)
        self.shapes = np.array([area.shape for area in ordered], dtype=object)
        self.reach_m = reach_m
        shapely.prepare(self.shapes)
        self.tree = shapely.STRtree(self.shapes)
        self.bins = lay_bins(shapely.bounds(self.shapes))
        self._outlines: dict[int, Outline] = {}
        self._reached: tuple[float, shapely.STRtree | None] = (0.0, None)
        self._made_of: tuple[_Level | None, bool] = (None, False)

    @cached_property
    def cells(self) -> Cells | None:
        """The lattice for many points at once, laid when first needed; None without the compiled loops."""
        return lay_cells(self.shapes, self.reach_m)

    @property
    def exceeds_cache(self) -> bool:
        """Its lattice is larger than the processor's cache."""
        return self.cells is not None and self.cells.exceeds_cache

    def place(self, lon: Floats, lat: Floats, many: bool) -> tuple[NDArray[np.int32], NDArray[np.uint8], NDArray[np.int64]]:
        """Per point the winning rank (-1: none) and how; and which points are in no area, but may be near one."""
        if not (many or "cells" in vars(self)) or self.cells is None:
            rank, how = self._by_tree(lon, lat)
            missed = np.flatnonzero((rank < 0) & (np.abs(lon) <= 180) & (np.abs(lat) <= 90))
        else:
            rank, how = self.cells.place(lon, lat)
            loops = self.cells.loops
            open_yet = np.flatnonzero(how >= loops.NEAR)
            doubtful = open_yet[how[open_yet] == loops.DOUBTFUL]
            how[open_yet] = NOWHERE
            if len(doubtful):
                rank[doubtful], how[doubtful] = self._by_tree(lon[doubtful], lat[doubtful])
            missed = open_yet[rank[open_yet] < 0]
        return rank, how, missed

    def _by_tree(self, lon: Floats, lat: Floats) -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
        """The same through GEOS alone."""
        points, ranks = self.tree.query(shapely.points(lon, lat))
        covered = shapely.intersects_xy(self.shapes[ranks], lon[points], lat[points])
        points, ranks = points[covered], ranks[covered]
        none = len(self.shapes)
        winner = np.full(len(lon), none, dtype=np.int32)
        np.minimum.at(winner, points, ranks)
        claims = np.bincount(points, minlength=len(lon))
        winner[winner == none] = -1
        return winner, np.minimum(claims, 2).astype(np.uint8)

    def covering(self, lon: float, lat: float) -> NDArray[np.int64]:
        """Ranks of all areas that cover the point, the winner first."""
        ranks = self.bins.at(lon, lat)
        return ranks[shapely.intersects_xy(self.shapes[ranks], lon, lat)] if len(ranks) else ranks

    def is_made_of(self, lower: _Level) -> bool:
        """Whether each edge of these areas is one of the lower level's too: what is near none of those is near none of these."""
        if self._made_of[0] is not lower:
            self._made_of = lower, bool(np.isin(_edges_of(self.shapes), _edges_of(lower.shapes)).all())
        return self._made_of[1]

    def nearest_some(self, lon: Floats, lat: Floats, radius_m: float) -> tuple[NDArray[np.int64], Floats, NDArray[np.bool_]]:
        """What `nearest` answers for each of these points, all at once; and which had an area about so near at all."""
        best, best_m = np.full(len(lon), -1, dtype=np.int64), np.full(len(lon), np.nan)
        close = np.zeros(len(lon), dtype=bool)
        if not len(lon) or radius_m <= 0:
            return best, best_m, close
        reach_x = radius_m / METRES_PER_DEGREE / np.maximum(np.cos(np.radians(lat)), 0.01)
        places = shapely.points(lon, lat)
        points, ranks = self._tree_of_reach(float(reach_x.max())).query(places)
        near = shapely.dwithin(self.shapes[ranks], places[points], reach_x[points])
        order = np.flatnonzero(near)[np.lexsort((ranks[near], points[near]))]
        points, ranks = points[order], ranks[order]
        close[points] = True
        metres = self._edges_m(ranks, lon[points], lat[points])
        first = np.flatnonzero(np.append(True, np.diff(points) != 0)) if len(points) else np.zeros(0, np.int64)
        turn = np.arange(len(points)) - np.repeat(first, np.diff(np.append(first, len(points))))
        for each in range(int(turn.max(initial=-1)) + 1):  # the first candidate of every point, then the second ...
            here = np.flatnonzero(turn == each)
            at, away = points[here], metres[here]
            better = (away <= radius_m) & ((best[at] < 0) | (away < best_m[at] - 0.001))
            best[at[better]], best_m[at[better]] = ranks[here[better]], away[better]
        return best, best_m, close

    def _tree_of_reach(self, reach: float) -> shapely.STRtree:
        """The boxes of the areas, wider by at least `reach` degrees: points are found in them without a box of their own."""
        widest, tree = self._reached
        if tree is None or reach > widest:
            widest = reach * 1.01
            west, south, east, north = shapely.bounds(self.shapes).T
            tree = shapely.STRtree(shapely.box(west - widest, south - widest, east + widest, north + widest))
            self._reached = widest, tree
        return tree

    def _edges_m(self, ranks: NDArray[np.int64], lon: Floats, lat: Floats) -> Floats:
        """Geodesic metres from each point to the nearest edge of the area of this rank."""
        metres = np.empty(len(ranks))
        order = np.argsort(ranks, kind="stable")
        for same in np.split(order, np.flatnonzero(np.diff(ranks[order])) + 1) if len(ranks) else ():
            metres[same] = self._outline(int(ranks[same[0]])).metres_of(lon[same], lat[same])
        return metres

    def nearest(self, lon: float, lat: float, radius_m: float) -> tuple[int, float]:
        """The rank of the nearest area within the radius and its geodesic metres; -1 when there is none."""
        best, best_m = -1, radius_m
        ranks = np.sort(self._in_reach(lon, lat, radius_m))
        away = self._edges_m(ranks, np.full(len(ranks), lon), np.full(len(ranks), lat))  # as for many: the same to the last bit
        for rank, metres in zip(ranks, away.tolist(), strict=True):
            if metres <= radius_m and (best < 0 or metres < best_m - 0.001):
                best, best_m = int(rank), metres
        return best, best_m

    def within(self, lon: float, lat: float, radius_m: float) -> list[str]:
        """Codes of all areas that the point may lie in, given its accuracy."""
        ranks = np.sort(self._in_reach(lon, lat, radius_m))
        near = [r for r in ranks if shapely.intersects_xy(self.shapes[r], lon, lat) or self._is_near(r, lon, lat, radius_m)]
        return [str(self.codes[rank]) for rank in near]

    def edge_m(self, rank: int, lon: float, lat: float) -> float:
        """Geodesic metres from the point to the nearest edge of an area."""
        return self._outline(rank).metres(lon, lat)

    def _outline(self, rank: int) -> Outline:
        if rank not in self._outlines:
            self._outlines[rank] = Outline(self.shapes[rank])
        return self._outlines[rank]

    def _is_near(self, rank: int, lon: float, lat: float, radius_m: float) -> bool:
        return self.edge_m(int(rank), lon, lat) <= radius_m

    def _in_reach(self, lon: float, lat: float, radius_m: float) -> NDArray[np.int64]:
        reach_y = radius_m / METRES_PER_DEGREE
        reach_x = reach_y / max(float(np.cos(np.radians(lat))), 0.01)
        return self.tree.query(shapely.box(lon - reach_x, lat - reach_y, lon + reach_x, lat + reach_y), "intersects")


def _edges_of(shapes: NDArray[np.object_]) -> NDArray[np.void]:
    """Each segment of the outlines as one value, whichever way it runs."""
    ends, ring = shapely.get_coordinates(shapely.get_rings(shapes), return_index=True)
    along = ring[1:] == ring[:-1]
    begin, end = ends[:-1][along], ends[1:][along]
    swap = (begin[:, 0] > end[:, 0]) | ((begin[:, 0] == end[:, 0]) & (begin[:, 1] > end[:, 1]))
    begin, end = np.where(swap[:, None], end, begin), np.where(swap[:, None], begin, end)
    return np.ascontiguousarray(np.hstack([begin, end])).view([("", np.float64)] * 4).ravel()
