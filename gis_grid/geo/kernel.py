"""The compiled loops behind `cells.py`: place points by a lattice of square cells that `kernel_lay.py` made. Needs numba.

A point's cell and an edge's cells come from the same monotone function, so a point never meets an edge that its cell does
not list. Signs that floating point cannot be sure of (Shewchuk's bound, "Adaptive precision floating-point arithmetic",
1997) are not guessed: such a point comes back as DOUBTFUL and is decided by GEOS.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

FAR, INSIDE, EDGE, NEAR, DOUBTFUL = 0, 1, 2, 4, 5  # what `place` says of a point; the first three as in locate.HOW
EMPTY, EMPTY_FAR = -1, -(2**31)  # a cell that no area touches; and one with nothing within reach
BOUND = 3.3306690738754716e-16  # (3 + 16 eps) eps
_BESIDE, _WEST, _EAST, _ON, _UNSURE = 0, 1, 2, 4, 8  # where an edge lies as seen from a point; beside: above or below it
_BLOCK = 2048


@njit(cache=True, nogil=True)
def place(lon: Any, lat: Any, lattice: Any, table: Any, records: Any, xy: Any, rank: Any, state: Any) -> None:
    """Write each point's winning rank (-1: none) and its state (FAR .. DOUBTFUL).

    Passes over blocks that stay in the cache: each only fetches what the next needs, so that the processor has many fetches
    on the way at once; with a lattice larger than the cache that is most of the time.
    """
    x0, y0, per = lattice[0], lattice[1], lattice[2]
    rows, columns = table.shape
    edge, at, first, last = np.empty((4, _BLOCK), np.int64)
    bits = np.empty(((records[0] + 31) >> 5, 3), np.int64)
    for block in range(0, len(lon), _BLOCK):
        end = min(block + _BLOCK, len(lon))
        for i in range(block, end):
            across, up = (lon[i] - x0) * per, (lat[i] - y0) * per
            inside = across >= 0 and up >= 0 and across < columns and up < rows  # false for what is no number
            rank[i] = table[int(up), int(across)] if inside else EMPTY_FAR
        edges = 0
        for i in range(block, end):
            cell = rank[i]
            state[i] = INSIDE
            if cell < 0:
                rank[i], state[i] = -1, FAR if cell == EMPTY_FAR else NEAR
                if cell < EMPTY and cell != EMPTY_FAR:
                    edge[edges], at[edges] = i, -2 - cell
                    edges += 1
        for k in range(edges):
            first[k] = min(records[at[k] + 1], len(xy) - 1)
            last[k] = min(records[at[k] + records[at[k]]] + 1, len(xy) - 1)
        for k in range(edges):
            first[k] += int(xy[first[k], 0] > 1e300) + int(xy[last[k], 1] > 1e300)  # fetched, never true
        for k in range(edges):
            i = edge[k]
            rank[i], state[i] = _test(lon[i], lat[i], at[k], records, xy, bits)


@njit(cache=True, nogil=True)
def place_by_rows(lon: Any, lat: Any, lattice: Any, table: Any, records: Any, xy: Any, rank: Any, state: Any, bands: int) -> None:
    """The same as `place`, band of rows after band of rows: for many points in a lattice far larger than the cache."""
    y0, per, rows = lattice[1], lattice[2], table.shape[0]
    band, begins = np.empty(len(lat), np.uint16), np.zeros(bands + 1, np.int64)
    for i in range(len(lat)):
        up = (lat[i] - y0) * per
        band[i] = int(up * bands / rows) if 0 <= up < rows else 0  # false for what is no number
        begins[band[i] + 1] += 1
    begins = np.cumsum(begins)
    order, x, y = np.empty(len(lat), np.int64), np.empty(len(lat)), np.empty(len(lat))
    for i in range(len(lat)):
        to = begins[band[i]]
        begins[band[i]] += 1
        order[to], x[to], y[to] = i, lon[i], lat[i]
    ranks, states = np.empty(len(lat), np.int32), np.empty(len(lat), np.uint8)
    place(x, y, lattice, table, records, xy, ranks, states)
    for k in range(len(lat)):
        rank[order[k]], state[order[k]] = ranks[k], states[k]


@njit(cache=True, nogil=True)
def _test(x: float, y: float, at: int, records: Any, xy: Any, bits: Any) -> Any:
    """Rank and state of a point in an edge cell, whose record begins at `at`; the lowest rank comes first.

    Each edge is looked at once, whichever areas share it, and gives a bit for each of west, east and on. Then each area picks
    its own out of them. Nothing branches on where an edge lies: the processor would guess wrong half of the time.
    """
    edges = records[at]
    at += 1
    words = (edges + 31) >> 5
    for word in range(words):
        west, east, on = 0, 0, 0
        first = at + (word << 5)
        for k in range(min(edges - (word << 5), 32)):
            edge = records[first + k]
            ax, ay, bx, by = xy[edge, 0] - x, xy[edge, 1] - y, xy[edge + 1, 0] - x, xy[edge + 1, 1] - y
            one, other = ax * by, bx * ay
            turn = one - other
            crosses = (ay > 0) != (by > 0)
            to_east = crosses & ((turn > 0) == (by > ay))
            side = crosses + to_east
            if abs(turn) <= BOUND * (abs(one) + abs(other)):
                side = _side_in_line(x, y, edge, xy)
                if side == _UNSURE:
                    return -1, DOUBTFUL
            west |= (side & _WEST) << k
            east |= ((side & _EAST) >> 1) << k
            on |= ((side & _ON) >> 2) << k
        bits[word, 0], bits[word, 1], bits[word, 2] = east, west, on
    at += edges
    areas = records[at]
    at += 1
    best, claims = -1, 0
    for _ in range(areas):
        rank, head = records[at], records[at + 1]
        met, touched = 0, 0
        for word in range(words):
            own = records[at + 2 + word]
            met ^= own & bits[word, head & 1]
            touched |= own & bits[word, 2]
        covers = int(touched != 0) | (_odd(met) ^ (head >> 1))
        best = rank if covers > claims else best
        claims += covers
        at += 2 + words
    return best, NEAR if claims == 0 else min(claims, EDGE)


@njit(cache=True, nogil=True, inline="always")
def _odd(bits: int) -> int:
    """1 if an odd number of the lower 32 bits are set."""
    bits ^= bits >> 16
    bits ^= bits >> 8
    bits ^= bits >> 4
    return (0x6996 >> (bits & 15)) & 1


@njit(cache=True, nogil=True)
def _side_in_line(x: float, y: float, edge: int, xy: Any) -> int:
    """Where an edge lies that runs nearly in line with the point: _BESIDE, _WEST, _EAST, _ON or _UNSURE."""
    ax, ay, bx, by = xy[edge, 0], xy[edge, 1], xy[edge + 1, 0], xy[edge + 1, 1]
    if (ax == x and ay == y) or (bx == x and by == y) or (ay == y and by == y and min(ax, bx) <= x <= max(ax, bx)):
        return _ON
    if (ay > y) == (by > y):
        return _BESIDE
    if max(ax, bx) < x:
        return _WEST
    return _EAST if min(ax, bx) > x else _UNSURE
