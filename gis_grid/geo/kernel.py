"""The compiled loops behind `cells.py`: lay polygons on a lattice of square cells, place points by it. Needs numba.

A point's cell and an edge's cells come from the same monotone function, so a point never meets an edge that its cell does
not list. Signs that floating point cannot be sure of (Shewchuk's bound, "Adaptive precision floating-point arithmetic",
1997) are not guessed: such a point comes back as DOUBTFUL and is decided by GEOS.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

FAR, NEAR, INSIDE, EDGE, DOUBTFUL = 0, 1, 2, 3, 4  # what `place` says of a point
EMPTY, EMPTY_FAR = -1, -(2**31)  # a cell that no area touches; and one with nothing within reach
_ON, _UNSURE = 2, 3
_BOUND = 3.3306690738754716e-16  # (3 + 16 eps) eps
_BLOCK = 2048
_SLACK = 1e-6  # of a cell: an edge is listed in cells it only nearly reaches


@njit(cache=True, nogil=True)
def edge_cells(xy: Any, rank_of: Any, base: Any, row0: Any, lattice: Any, columns: int, out: Any) -> int:
    """Write strip * columns + column of every cell that an edge runs through into `out`; answers how many.

    `xy` (n, 2) vertices of all rings in a row; edge i goes from vertex i to i + 1 unless rank_of[i] is -1 (end of a ring).
    A strip is one row of one polygon: base[rank] + row - row0[rank]. With an empty `out` only counts.
    """
    x0, y0, per = lattice[0], lattice[1], lattice[2]
    found = 0
    for i in range(len(xy) - 1):
        rank = rank_of[i]
        if rank < 0:
            continue
        ax, ay, bx, by = xy[i, 0], xy[i, 1], xy[i + 1, 0], xy[i + 1, 1]
        if ay > by:
            ax, ay, bx, by = bx, by, ax, ay
        low, high = int((ay - y0) * per), int((by - y0) * per)
        for row in range(low, high + 1):
            from_x, to_x = ax, bx
            if high > low:
                slope = (bx - ax) / (by - ay)
                from_x = ax + slope * (max(ay, y0 + (row - _SLACK) / per) - ay)
                to_x = ax + slope * (min(by, y0 + (row + 1 + _SLACK) / per) - ay)
            left, right = min(from_x, to_x), max(from_x, to_x)
            first = max(0, int((left - x0) * per - _SLACK))
            last = min(columns - 1, int((right - x0) * per + _SLACK))
            for column in range(first, last + 1):
                if len(out):
                    out[found] = (base[rank] + row - row0[rank]) * columns + column
                found += 1
    return found


@njit(cache=True, nogil=True)
def strip_edges(xy: Any, rank_of: Any, base: Any, row0: Any, lattice: Any, start: Any, edges: Any) -> None:
    """The edges of each strip: counts into start[strip + 1] when `edges` is empty, otherwise the edges at start[strip]..."""
    y0, per = lattice[1], lattice[2]
    for i in range(len(xy) - 1):
        rank = rank_of[i]
        if rank < 0:
            continue
        low, high = int((xy[i, 1] - y0) * per), int((xy[i + 1, 1] - y0) * per)
        for row in range(min(low, high), max(low, high) + 1):
            strip = base[rank] + row - row0[rank]
            if len(edges):
                edges[start[strip]] = i
                start[strip] += 1
            else:
                start[strip + 1] += 1


@njit(cache=True, nogil=True)
def side_of(x: float, y: float, xy: Any, edges: Any, first: int, last: int, west: int) -> int:
    """0 outside, 1 inside, _ON the edge, or _UNSURE: the crossings of a ray to the east (or west) with a list of edges."""
    crossings = 0
    for k in range(first, last):
        i = edges[k]
        ax, bx = xy[i, 0], xy[i + 1, 0]
        if (ax > x and bx > x) if west else (ax < x and bx < x):
            continue
        ay, by = xy[i, 1], xy[i + 1, 1]
        if bx == x and by == y:
            return _ON
        if ay == y and by == y:
            if min(ax, bx) <= x <= max(ax, bx):
                return _ON
            continue
        if (ay > y) == (by > y):
            continue
        one, other = (ax - x) * (by - y), (bx - x) * (ay - y)
        turn = one - other
        if abs(turn) <= _BOUND * (abs(one) + abs(other)):
            return _UNSURE
        if ((turn > 0) == (by > ay)) != (west == 1):
            crossings += 1
    return crossings & 1


@njit(cache=True, nogil=True)
def fill(marks: Any, base: Any, row0: Any, xy: Any, start: Any, edges: Any, lattice: Any, columns: int, table: Any) -> Any:
    """Fill `table` (rows, columns) and answer (list_start, list_rank): a cell wholly inside one area holds its rank, a cell
    that an edge runs through or that several areas hold the number -2 - n of its list of ranks, lowest first."""
    claims = np.zeros(table.shape, np.uint16)
    cut = np.zeros(table.shape, np.bool_)
    _runs(marks, base, row0, xy, start, edges, lattice, columns, 0, table, claims, cut, table, table[0])
    lists, size = 0, 0
    for row in range(table.shape[0]):
        for column in range(columns):
            if cut[row, column] or claims[row, column] > 1:
                table[row, column] = -2 - lists
                lists += 1
                size += claims[row, column]
    list_start, list_rank = np.zeros(lists + 1, np.int64), np.empty(size, np.int32)
    for row in range(table.shape[0]):
        for column in range(columns):
            if table[row, column] <= -2:
                list_start[-1 - table[row, column]] = claims[row, column]
    list_start = np.cumsum(list_start)
    at = list_start[:-1].copy()
    _runs(marks, base, row0, xy, start, edges, lattice, columns, 1, table, claims, cut, at.reshape(1, -1), list_rank)
    return list_start, list_rank


@njit(cache=True, nogil=True)
def _runs(
    marks: Any,
    base: Any,
    row0: Any,
    xy: Any,
    start: Any,
    edges: Any,
    lattice: Any,
    columns: int,
    second: int,
    table: Any,
    claims: Any,
    cut: Any,
    at: Any,
    list_rank: Any,
) -> None:
    """Walk over all cells of all areas, edge cells and runs of inner cells between them. First: count; second: list."""
    x0, y0, per = lattice[0], lattice[1], lattice[2]
    rank = 0
    for k in range(len(marks)):
        strip, column = marks[k] // columns, marks[k] % columns
        while strip >= base[rank + 1]:
            rank += 1
        row = row0[rank] + strip - base[rank]
        _claim(row, column, rank, True, second, table, claims, cut, at, list_rank)
        if k + 1 == len(marks) or marks[k + 1] // columns != strip or marks[k + 1] == marks[k] + 1:
            continue
        x, y = x0 + (column + 1.5) / per, y0 + (row + 0.5) / per
        if side_of(x, y, xy, edges, start[strip], start[strip + 1], 0) == 1:
            for inner in range(column + 1, marks[k + 1] % columns):
                _claim(row, inner, rank, False, second, table, claims, cut, at, list_rank)


@njit(cache=True, nogil=True)
def _claim(
    row: int, column: int, rank: int, is_edge: bool, second: int, table: Any, claims: Any, cut: Any, at: Any, list_rank: Any
) -> None:
    if second == 0:
        claims[row, column] += 1
        table[row, column] = rank
        if is_edge:
            cut[row, column] = True
    elif table[row, column] <= -2:
        which = -2 - table[row, column]
        list_rank[at[0, which]] = rank
        at[0, which] += 1


@njit(cache=True, nogil=True)
def write_records(
    table: Any, list_start: Any, list_rank: Any, base: Any, row0: Any, xy: Any, start: Any, edges: Any, lattice: Any, out: Any
) -> int:
    """What a point in an edge cell has to be tested against, in one array, read from front to back.

    Per cell: how many areas; per area its rank, 2 * (how many edges) + (1 if the ray goes west), the edges. Of the edges in the
    cell's row only those on the side with fewer count. The table then holds -2 - (where the cell's record begins) instead of
    its list's number. A call with an empty `out` changes nothing and answers how much to allocate.
    """
    x0, per = lattice[0], lattice[2]
    size = 0
    for row in range(table.shape[0]):
        for column in range(table.shape[1]):
            which = -2 - table[row, column]
            if which < 0:
                continue
            if len(out):
                table[row, column] = -2 - size
                out[size] = list_start[which + 1] - list_start[which]
            size += 1
            left, right = x0 + (column - _SLACK) / per, x0 + (column + 1 + _SLACK) / per
            for k in range(list_start[which], list_start[which + 1]):
                rank = list_rank[k]
                strip = base[rank] + row - row0[rank]
                size = _record(rank, left, right, xy, edges, start[strip], start[strip + 1], out, size)
    return size


@njit(cache=True, nogil=True)
def _record(rank: int, left: float, right: float, xy: Any, edges: Any, first: int, last: int, out: Any, size: int) -> int:
    east, west = 0, 0
    for k in range(first, last):
        ax, bx = xy[edges[k], 0], xy[edges[k] + 1, 0]
        east += max(ax, bx) >= left
        west += min(ax, bx) <= right
    to_west = west < east
    count = west if to_west else east
    if len(out):
        out[size], out[size + 1] = rank, 2 * count + to_west
        at = size + 2
        for k in range(first, last):
            ax, bx = xy[edges[k], 0], xy[edges[k] + 1, 0]
            if (min(ax, bx) <= right) if to_west else (max(ax, bx) >= left):
                out[at] = edges[k]
                at += 1
    return size + 2 + count


@njit(cache=True, nogil=True)
def mark_far(table: Any, reach_rows: int, reach_columns: int) -> None:
    """Empty cells with no area within reach become EMPTY_FAR."""
    rows, columns = table.shape
    near = np.zeros(table.shape, np.bool_)
    for row in range(rows):
        last = -reach_columns - 1
        for column in range(columns):
            if table[row, column] != EMPTY:
                for back in range(max(last + 1, column - reach_columns, 0), min(column + reach_columns + 1, columns)):
                    near[row, back] = True
                last = column + reach_columns
    for column in range(columns):
        until = -1
        for row in range(rows):
            for ahead in range(row, min(row + reach_rows + 1, rows)):
                if near[ahead, column]:
                    until = max(until, ahead + reach_rows)
                    break
            if row > until and table[row, column] == EMPTY:
                table[row, column] = EMPTY_FAR


@njit(cache=True, nogil=True)
def place(lon: Any, lat: Any, lattice: Any, table: Any, records: Any, xy: Any, rank: Any, state: Any) -> None:
    """Write each point's winning rank (-1: none) and its state (FAR .. DOUBTFUL).

    Passes over blocks that stay in the cache: each only fetches what the next needs, so that the processor has many fetches
    on the way at once; with a lattice larger than the cache that is most of the time.
    """
    x0, y0, per = lattice[0], lattice[1], lattice[2]
    rows, columns = table.shape
    edge, at, touch = np.empty(_BLOCK, np.int64), np.empty(_BLOCK, np.int64), np.empty(_BLOCK, np.int64)
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
            touch[k] = min(records[at[k] + 3], len(xy) - 1)  # nearly always the first edge to test
        for k in range(edges):
            touch[k] += int(xy[touch[k], 0] > 1e300)  # fetched, never true
        for k in range(edges):
            i = edge[k]
            rank[i], state[i] = _test(lon[i], lat[i], at[k], records, xy)


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
def _test(x: float, y: float, at: int, records: Any, xy: Any) -> Any:
    """Rank and state of a point in an edge cell, whose record begins at `at`; the lowest rank comes first."""
    best, state = -1, NEAR
    areas = records[at]
    at += 1
    for _ in range(areas):
        count = records[at + 1] >> 1
        side = side_of(x, y, xy, records, at + 2, at + 2 + count, records[at + 1] & 1)
        if side == _UNSURE:
            return -1, DOUBTFUL
        if side > 0:
            state = INSIDE if best < 0 else EDGE
            best = records[at] if best < 0 else best
        at += 2 + count
    return best, state


def floors(values: Any, origin: float, per: float) -> Any:
    """The rows of y values (or columns of x values): the very function the loops use."""
    return ((values - origin) * per).astype(np.int64)


def reach(metres: float, per: float, latitude: float) -> tuple[int, int]:
    """Rows and columns of cells that a distance in metres may span."""
    degrees = metres / 110_574.0
    return math.ceil(degrees * per) + 1, math.ceil(degrees / max(math.cos(math.radians(latitude)), 0.01) * per) + 1
