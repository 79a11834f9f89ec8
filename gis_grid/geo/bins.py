"""Which areas' boxes hold a point: a table of squares, so that one point costs a few additions instead of a tree's search."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
MOST_PER_SIDE = 2_000
MOST_SQUARES = 64  # of a box, on average


@dataclass(frozen=True)
class Bins:
    """Ranks by square, ascending: those of square n are ranks[begins[n] : begins[n + 1]]."""

    west: float
    south: float
    east: float
    north: float
    per_degree: tuple[float, float]
    columns: int
    begins: NDArray[np.int64]
    ranks: NDArray[np.int64]

    def at(self, lon: float, lat: float) -> NDArray[np.int64]:
        """The areas (ascending ranks) whose boxes may hold this point."""
        if not (self.west <= lon <= self.east and self.south <= lat <= self.north):  # also NaN
            return self.ranks[:0]
        square = int((lat - self.south) * self.per_degree[1]) * self.columns + int((lon - self.west) * self.per_degree[0])
        return self.ranks[self.begins[square] : self.begins[square + 1]]


def lay_bins(bounds: Floats) -> Bins:
    """Bins over boxes (rows of west, south, east, north in degrees), about as many squares; fewer where boxes overlap much."""
    west, south = bounds[:, :2].min(axis=0).tolist()
    east, north = bounds[:, 2:].max(axis=0).tolist()
    side = min(MOST_PER_SIDE, max(1, math.isqrt(len(bounds))))
    while True:
        per_degree = side / max(east - west, 1e-9), side / max(north - south, 1e-9)
        first_x, first_y, last_x, last_y = ((bounds - [west, south] * 2) * [*per_degree, *per_degree]).astype(np.int64).T
        wide, high = last_x - first_x + 1, last_y - first_y + 1
        count = wide * high
        if side == 1 or count.sum() <= MOST_SQUARES * len(bounds):
            break
        side //= 2
    ranks = np.repeat(np.arange(len(bounds)), count)
    turn = np.arange(len(ranks)) - np.repeat(np.cumsum(count) - count, count)
    columns = side + 1  # a point on the last edge has a square of its own
    square = (first_y[ranks] + turn // wide[ranks]) * columns + first_x[ranks] + turn % wide[ranks]
    order = np.argsort(square, kind="stable")
    begins = np.searchsorted(square[order], np.arange(columns * columns + 1))
    return Bins(west, south, east, north, per_degree, columns, begins, ranks[order])
