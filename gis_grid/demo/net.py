"""A net of lines in which every meeting point is one vertex, so that the areas between them share their edges exactly.

Lines are cut into quads again and again. A cut ends on two older lines and leaves a node on each; when all cuts are
made, `freeze` fills the lines with vertices, and both neighbours of a line read the same vertices from it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gis_grid.demo.ground import Points

SPACING_M = 11.0  # between two vertices of a line


class Side(NamedTuple):
    """A stretch of a line, from one parameter (0 to 1) to another."""

    line: int
    start: float
    end: float


class Quad(NamedTuple):
    """Four sides; bottom and top run the same way, left and right too."""

    bottom: Side
    right: Side
    top: Side
    left: Side

    def turned(self) -> Quad:
        """The same land with rows taken for columns."""
        return Quad(self.left, self.top, self.right, self.bottom)


@dataclass
class Line:
    """A straight line on the sheet: the nodes on it by parameter, its rank as a road, and the road it belongs to."""

    on: dict[float, int]
    rank: str
    road: int
    at: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    ids: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))


class Net:
    """Lines and the vertices they share."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.vertices: list[tuple[float, float]] = []
        self.roads = 0

    def vertex(self, x: float, y: float) -> int:
        self.vertices.append((x, y))
        return len(self.vertices) - 1

    def new_road(self) -> int:
        self.roads += 1
        return self.roads - 1

    def add(self, start: int, end: int, rank: str, road: int) -> int:
        """A line between two vertices."""
        self.lines.append(Line({0.0: start, 1.0: end}, rank, road))
        return len(self.lines) - 1

    def node(self, line: int, t: float) -> int:
        """The vertex at parameter t of a line, made if it is not there."""
        on = self.lines[line].on
        if t not in on:
            (x0, y0), (x1, y1) = self.vertices[on[0.0]], self.vertices[on[1.0]]
            on[t] = self.vertex(x0 + t * (x1 - x0), y0 + t * (y1 - y0))
        return on[t]

    def freeze(self) -> None:
        """Fill every line with vertices; no cuts after this."""
        for index, line in enumerate(self.lines):
            self._fill(index, line)

    def _fill(self, index: int, line: Line) -> None:
        ends = np.array([self.vertices[line.on[t]] for t in (0.0, 1.0)])
        length = float(np.hypot(*(ends[1] - ends[0])))
        at: list[float] = []
        nodes = sorted(line.on)
        for t, after in pairwise(nodes):
            steps = max(1, round((after - t) * length / SPACING_M))
            at += [t] + [t + (after - t) * k / steps for k in range(1, steps)]
        at.append(1.0)
        line.at = np.array(at)
        line.ids = np.array([self.node(index, t) for t in at])

    def along(self, side: Side) -> NDArray[np.int64]:
        """The vertices of a side from its start to its end."""
        line = self.lines[side.line]
        low, high = np.searchsorted(line.at, [min(side[1:]), max(side[1:])])
        ids = line.ids[low : high + 1]
        return ids if side.start < side.end else ids[::-1]

    def ring(self, quad: Quad) -> NDArray[np.int64]:
        """The vertices around a quad, the first not repeated."""
        parts = [self.along(quad.bottom), self.along(quad.right), self.along(quad.top)[::-1], self.along(quad.left)[::-1]]
        return np.concatenate([part[:-1] for part in parts])

    def size(self, quad: Quad) -> tuple[float, float]:
        """Width and height of a quad on the sheet, metres."""
        a, b, c, d = (np.array(self._corner(side)) for side in (quad.bottom, quad.top, quad.left, quad.right))
        return _mean_length(a, b), _mean_length(c, d)

    def _corner(self, side: Side) -> Points:
        line = self.lines[side.line]
        p, q = (np.array(self.vertices[line.on[t]]) for t in (0.0, 1.0))
        return np.array([p + side.start * (q - p), p + side.end * (q - p)])


def _mean_length(a: Points, b: Points) -> float:
    return float(np.hypot(*(a[1] - a[0])) + np.hypot(*(b[1] - b[0]))) / 2


def at(side: Side, fraction: float) -> float:
    """The line's parameter at a fraction of the side."""
    return side.start + fraction * (side.end - side.start)


def cut(net: Net, quad: Quad, low: float, high: float, rank: str, road: int) -> Side:
    """A new line across the quad, from parameter `low` of its bottom line to parameter `high` of its top line."""
    start, end = net.node(quad.bottom.line, low), net.node(quad.top.line, high)
    return Side(net.add(start, end, rank, road), 0.0, 1.0)


def columns(net: Net, quad: Quad, cuts: list[tuple[float, float]], ranks: list[str], roads: list[int]) -> list[Quad]:
    """The quad cut from bottom to top at pairs of line parameters; pieces from left to right."""
    pieces, left, start = [], quad.left, (quad.bottom.start, quad.top.start)
    for (low, high), rank, road in zip(cuts, ranks, roads, strict=True):
        right = cut(net, quad, low, high, rank, road)
        pieces.append(Quad(Side(quad.bottom.line, start[0], low), right, Side(quad.top.line, start[1], high), left))
        left, start = right, (low, high)
    bottom, top = Side(quad.bottom.line, start[0], quad.bottom.end), Side(quad.top.line, start[1], quad.top.end)
    return [*pieces, Quad(bottom, quad.right, top, left)]


def spread(rng: np.random.Generator, count: int, jitter: float) -> list[float]:
    """Fractions that cut a side into `count` nearly equal parts."""
    return [float((k + rng.uniform(-jitter, jitter)) / count) for k in range(1, count)]


def rows(net: Net, quad: Quad, count: int, rng: np.random.Generator, jitter: float, rank: str) -> list[Quad]:
    """The quad cut from left to right into rows, bottom first."""
    low, high = spread(rng, count, jitter), spread(rng, count, jitter)
    cuts = [(at(quad.left, a), at(quad.right, b)) for a, b in zip(low, high, strict=True)]
    strips = columns(net, quad.turned(), cuts, [rank] * len(cuts), [net.new_road() for _ in cuts])
    return [strip.turned() for strip in strips]


class Through(NamedTuple):
    """Where the cuts of one row met its top, so that the next row may carry the same roads on."""

    at: list[float]
    roads: list[int]


def row_cuts(
    net: Net, row: Quad, count: int, rng: np.random.Generator, jitter: float, before: Through | None
) -> tuple[list[tuple[float, float]], list[int]]:
    """Pairs of parameters for cutting a row into `count`, and the road each belongs to.

    `before` of the row beneath, if it has as many cuts, is carried on: crossings instead of T-junctions.
    """
    high = [at(row.top, f) for f in spread(rng, count, jitter)]
    if before is not None and len(before.at) == count - 1:
        return list(zip(before.at, high, strict=True)), before.roads
    low = [at(row.bottom, f) for f in spread(rng, count, jitter)]
    return list(zip(low, high, strict=True)), [net.new_road() for _ in low]
