"""The compiled loops that lay polygons on a lattice of square cells for `kernel.py`. Needs numba."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

from gis_grid.geo.kernel import BOUND, EMPTY, EMPTY_FAR

_ON, _UNSURE = 2, 3
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
        ax, ay, bx, by = _upward(i, xy)
        low, high = int((ay - y0) * per), int((by - y0) * per)
        for row in range(low, high + 1):
            first, last = _columns(ax, ay, bx, by, row, low < high, x0, y0, per)
            first, last = max(0, first), min(columns - 1, last)
            for column in range(first, last + 1):
                if len(out):
                    out[found] = (base[rank] + row - row0[rank]) * columns + column
                found += 1
    return found


@njit(cache=True, nogil=True)
def _upward(edge: int, xy: Any) -> Any:
    """The ends of an edge, the lower one first."""
    if xy[edge, 1] > xy[edge + 1, 1]:
        return xy[edge + 1, 0], xy[edge + 1, 1], xy[edge, 0], xy[edge, 1]
    return xy[edge, 0], xy[edge, 1], xy[edge + 1, 0], xy[edge + 1, 1]


@njit(cache=True, nogil=True)
def _columns(ax: float, ay: float, bx: float, by: float, row: int, cut: bool, x0: float, y0: float, per: float) -> Any:
    """The first and last column that an edge, from its lower end (ax, ay) on, runs through in a row; cut: it leaves the row."""
    from_x, to_x = ax, bx
    if cut:
        slope = (bx - ax) / (by - ay)
        from_x = ax + slope * (max(ay, y0 + (row - _SLACK) / per) - ay)
        to_x = ax + slope * (min(by, y0 + (row + 1 + _SLACK) / per) - ay)
    left, right = min(from_x, to_x), max(from_x, to_x)
    return int((left - x0) * per - _SLACK), int((right - x0) * per + _SLACK)


@njit(cache=True, nogil=True)
def strip_edges(xy: Any, rank_of: Any, base: Any, row0: Any, lattice: Any, start: Any, edges: Any) -> None:
    """The edges of each strip, with their first and last column in it: counts into start[strip + 1] when `edges` (n, 3) is
    empty, otherwise they are written at start[strip]..."""
    x0, y0, per = lattice[0], lattice[1], lattice[2]
    for i in range(len(xy) - 1):
        rank = rank_of[i]
        if rank < 0:
            continue
        ax, ay, bx, by = _upward(i, xy)
        low, high = int((ay - y0) * per), int((by - y0) * per)
        for row in range(low, high + 1):
            strip = base[rank] + row - row0[rank]
            if len(edges):
                edges[start[strip], 0] = i
                edges[start[strip], 1:] = _columns(ax, ay, bx, by, row, low < high, x0, y0, per)
                start[strip] += 1
            else:
                start[strip + 1] += 1


@njit(cache=True, nogil=True)
def side_of(x: float, y: float, xy: Any, edges: Any, first: int, last: int, west: int) -> int:
    """0 outside, 1 inside, _ON the edge, or _UNSURE: the crossings of a ray to the east (or west) with a list of edges."""
    crossings = 0
    for k in range(first, last):
        i = edges[k, 0]
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
        if abs(turn) <= BOUND * (abs(one) + abs(other)):
            return _UNSURE
        if ((turn > 0) == (by > ay)) != (west == 1):
            crossings += 1
    return crossings & 1


@njit(cache=True, nogil=True)
def fill(marks: Any, base: Any, row0: Any, xy: Any, start: Any, edges: Any, lattice: Any, columns: int, table: Any) -> Any:
    """Fill `table` (rows, columns) and answer (list_start, list_rank, inside): a cell wholly inside one area holds its rank, a
    cell that an edge runs through or that several areas hold the number -2 - n of its list of ranks, lowest first; inside[k]
    tells whether the cells after marks[k], until the strip's next mark, are inside the area."""
    claims = np.zeros(table.shape, np.uint16)
    cut, inside = np.zeros(table.shape, np.bool_), np.zeros(len(marks), np.bool_)
    _runs(marks, base, row0, xy, start, edges, lattice, columns, 0, table, claims, cut, table, table[0], inside)
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
    _runs(marks, base, row0, xy, start, edges, lattice, columns, 1, table, claims, cut, at.reshape(1, -1), list_rank, inside)
    return list_start, list_rank, inside


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
    inside: Any,
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
        inside[k] = inside[k] if second else side_of(x, y, xy, edges, start[strip], start[strip + 1], 0) == 1
        if inside[k]:
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
    table: Any,
    list_start: Any,
    list_rank: Any,
    marks: Any,
    first_mark: Any,
    inside: Any,
    base: Any,
    row0: Any,
    same: Any,
    start: Any,
    edges: Any,
    out: Any,
) -> int:
    """What a point in an edge cell has to be tested against, in one array, read from front to back.

    Per cell: how many edges, the edges; how many areas; per area its rank, 2 (if inside where the ray ends) + 1 (if the ray goes
    west), then a bit for each edge that counts, 32 to a number. An edge that neighbours share is listed once: same[edge] is the
    first with its ends. An area's ray goes to the side with fewer edges and ends in the first cell of its row that no edge of the
    area runs through: marks[first_mark[strip]] .. are the strip's cells with edges. out[0] is the most edges that a cell has. The
    table then holds -2 - (where the cell's record begins) instead of its list's number. A call with an empty `out` changes
    nothing and answers how much to allocate.
    """
    columns = table.shape[1]
    seen, place_of = np.full(len(same), -1, np.int32), np.empty(len(same), np.int32)  # per edge: its last cell, its place there
    chosen = np.empty(len(edges) + len(list_rank), np.int32)
    size, most = 1, 0
    for row in range(table.shape[0]):
        for column in range(columns):
            which = -2 - table[row, column]
            if which < 0:
                continue
            if len(out):
                table[row, column] = -2 - size
            unique, found = 0, 0
            for rank in list_rank[list_start[which] : list_start[which + 1]]:
                strip = base[rank] + row - row0[rank]
                own = first_mark[strip], first_mark[strip + 1]
                ends = _until_free(strip * columns + column, marks[own[0] : own[1]], inside[own[0] : own[1]])
                in_strip = edges[start[strip] : start[strip + 1]]
                listed = out[size + 1 :] if len(out) else out
                unique, found = _choose(which, column, ends, in_strip, same, seen, place_of, unique, chosen, found, listed)
            most = max(most, unique)
            size = _record(list_rank[list_start[which] : list_start[which + 1]], unique, chosen, out, size)
    if len(out):
        out[0] = most
    return size


@njit(cache=True, nogil=True)
def _choose(
    which: int, column: int, ends: Any, in_strip: Any, same: Any, seen: Any, place_of: Any, unique: int, chosen: Any, found: int,
    out: Any,
) -> Any:  # fmt: skip
    """The edges of one area that count for a cell: 4 * (how many) + the two bits of its record, their places among the cell's."""
    west, east = column - ends[0], column + ends[1]
    to_west, count = _fewer(column, west, east, in_strip)
    chosen[found] = 4 * count + 2 * (ends[2] if to_west else ends[3]) + to_west
    found += 1
    for k in range(len(in_strip)):
        if _counts(in_strip[k], to_west, column, west, east):
            one = same[in_strip[k, 0]]
            if seen[one] != which:
                seen[one], place_of[one] = which, unique
                if len(out):
                    out[unique] = one
                unique += 1
            chosen[found] = place_of[one]
            found += 1
    return unique, found


@njit(cache=True, nogil=True)
def _until_free(cell: int, marks: Any, inside: Any) -> Any:
    """How many cells with edges of an area lie side by side to the west and to the east of one, and whether the first cell
    without on either side is inside the area. In a cell that no edge of the area runs through: itself."""
    at = np.searchsorted(marks, cell)
    if at == len(marks) or marks[at] != cell:
        return -1, -1, True, True
    first, last = at, at
    while first > 0 and marks[first - 1] == marks[first] - 1:
        first -= 1
    while last + 1 < len(marks) and marks[last + 1] == marks[last] + 1:
        last += 1
    return at - first, last - at, first > 0 and inside[first - 1], inside[last]


@njit(cache=True, nogil=True)
def _record(ranks: Any, unique: int, chosen: Any, out: Any, head: int) -> int:
    """The rest of a cell's record, after its edges; answers where it ends."""
    words = (unique + 31) >> 5
    if len(out):
        out[head], out[head + 1 + unique] = unique, len(ranks)
    size, found = head + 2 + unique, 0
    for rank in ranks:
        count = chosen[found] >> 2
        if len(out):
            out[size], out[size + 1] = rank, chosen[found] & 3
            for place in chosen[found + 1 : found + 1 + count]:
                out[size + 2 + (place >> 5)] |= np.int32(1) << np.int32(place & 31)
        size += 2 + words
        found += 1 + count
    return size


@njit(cache=True, nogil=True)
def _fewer(column: int, west: int, east: int, in_strip: Any) -> Any:
    """1 if fewer edges count for a ray to the west than for one to the east, otherwise 0; how many."""
    to_west, to_east = 0, 0
    for k in range(len(in_strip)):
        to_west += _counts(in_strip[k], 1, column, west, east)
        to_east += _counts(in_strip[k], 0, column, west, east)
    return (1, to_west) if to_west < to_east else (0, to_east)


@njit(cache=True, nogil=True)
def _counts(edge: Any, to_west: int, column: int, west: int, east: int) -> bool:
    """Whether a ray from within a cell may meet an edge (itself, its first and last column) before it ends."""
    return west <= edge[1] <= column if to_west else column <= edge[2] <= east


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


def floors(values: Any, origin: float, per: float) -> Any:
    """The rows of y values (or columns of x values): the very function the loops use."""
    return ((values - origin) * per).astype(np.int64)


def reach(metres: float, per: float, latitude: float) -> tuple[int, int]:
    """Rows and columns of cells that a distance in metres may span."""
    degrees = metres / 110_574.0
    return math.ceil(degrees * per) + 1, math.ceil(degrees / max(math.cos(math.radians(latitude)), 0.01) * per) + 1
