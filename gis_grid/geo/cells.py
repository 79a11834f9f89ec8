"""Areas of one level on a lattice of square cells: a cell wholly inside one area answers at once, the others test exactly.

The compiled loops (kernel.py) give the same answers as GEOS and are some twenty times faster; without numba there is no
lattice and `locate.py` asks GEOS for every point.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

Floats = NDArray[np.float64]
CELLS_PER_AREA = 500  # about 1/22 of an area's width: nine of ten points fall in cells wholly inside
CELLS_PER_EDGE = 4  # long outlines want finer rows
MOST_CELLS = 24_000_000
MANY_POINTS, BANDS = 100_000, 256  # so many points in a lattice larger than the cache are put in order first
MOST_RECORDS = 2**31 - 8  # a cell of the table tells where its record begins


@cache
def cache_bytes() -> int:
    """The processor's last cache, as Linux tells it; 16 MB where it does not."""
    try:
        return int(Path("/sys/devices/system/cpu/cpu0/cache/index3/size").read_text().removesuffix("K\n")) * 1024
    except (OSError, ValueError):
        return 16 * 1024**2


def kernel() -> ModuleType | None:
    """The compiled loops, or None where numba is missing or finds no folder to keep what it compiled."""
    try:
        from gis_grid.geo import kernel as loops
    except (ImportError, RuntimeError):
        return None
    return loops


@dataclass(frozen=True)
class Cells:
    """The lattice of one level: the table of cells, and what to test in the cells that an edge runs through."""

    loops: Any
    lattice: Floats  # west, south, cells per degree
    table: NDArray[np.int32]
    records: NDArray[np.int32]
    xy: Floats

    @property
    def nbytes(self) -> int:
        """Bytes of memory it holds."""
        return sum(one.nbytes for one in (self.table, self.records, self.xy))

    @property
    def exceeds_cache(self) -> bool:
        """It pays to place many points together, in the order of their rows."""
        return self.nbytes > cache_bytes()

    def place(self, lon: Floats, lat: Floats) -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
        """Per point the winning rank (-1: none) and its state: FAR, INSIDE, EDGE, NEAR, DOUBTFUL (ask GEOS)."""
        rank, state = np.empty(len(lon), np.int32), np.empty(len(lon), np.uint8)
        held = (self.lattice, self.table, self.records, self.xy)
        if len(lon) >= MANY_POINTS and self.exceeds_cache:
            self.loops.place_by_rows(lon, lat, *held, rank, state, BANDS)
        else:
            self.loops.place(lon, lat, *held, rank, state)
        return rank, state


def lay_cells(shapes: NDArray[np.object_], reach_m: float) -> Cells | None:
    """The lattice of these polygons (degrees), in the order in which they win; None without numba or without areas."""
    loops = kernel()
    if loops is None or not len(shapes):
        return None
    from gis_grid.geo import kernel_lay as lay

    xy, rank_of = _edges(shapes)
    lattice, rows, columns = _lattice(shapes, len(xy), reach_m)
    base, row0 = _strips(lay, shapes, lattice)
    start, edges = _edges_by_strip(lay, xy, rank_of, base, row0, lattice)
    marks = np.empty(0, np.int64)
    marks = np.empty(lay.edge_cells(xy, rank_of, base, row0, lattice, columns, marks), np.int64)
    lay.edge_cells(xy, rank_of, base, row0, lattice, columns, marks)
    marks = np.unique(marks)
    table = np.full((rows, columns), loops.EMPTY, np.int32)
    list_start, list_rank, inside = lay.fill(marks, base, row0, xy, start, edges, lattice, columns, table)
    first_mark = np.searchsorted(marks, np.arange(len(start)) * columns)
    records = np.empty(0, np.int32)
    told = (table, list_start, list_rank, marks, first_mark, inside, base, row0, _same_edges(xy, rank_of), start, edges)
    size = lay.write_records(*told, records)
    if size > MOST_RECORDS:
        return None
    records = np.zeros(size, np.int32)
    lay.write_records(*told, records)
    lay.mark_far(table, *lay.reach(reach_m, lattice[2], _latitude(shapes)))
    return Cells(loops, lattice, table, records, xy)


def _edges(shapes: NDArray[np.object_]) -> tuple[Floats, NDArray[np.int32]]:
    """The vertices of all rings in a row; edge i goes from vertex i to i + 1 and belongs to area rank_of[i] (-1: no edge)."""
    parts, rank_of_part = shapely.get_parts(shapes, return_index=True)
    rings, part_of_ring = shapely.get_rings(parts, return_index=True)
    xy, ring_of = shapely.get_coordinates(rings, return_index=True)
    goes_on = np.append(ring_of[1:] == ring_of[:-1], False)
    return xy, np.where(goes_on, rank_of_part[part_of_ring][ring_of], -1).astype(np.int32)


def _same_edges(xy: Floats, rank_of: NDArray[np.int32]) -> NDArray[np.int32]:
    """Per edge the first one with the same ends, whichever way it runs; itself where an area has such an edge twice."""
    bits = np.ascontiguousarray(xy).view(np.uint64)
    mixed = bits * np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F], np.uint64)
    mixed ^= mixed >> np.uint64(29)
    ends = mixed[:, 0] ^ (mixed[:, 1] * np.uint64(0x165667B19E3779F9))
    both = ends[:-1] + ends[1:]  # the same from either end
    order = np.argsort(both, kind="stable")
    begins = np.flatnonzero(np.append(True, both[order][1:] != both[order][:-1]))
    first = np.repeat(order[begins], np.diff(np.append(begins, len(order))))
    along = (xy[order] == xy[first]).all(axis=1) & (xy[order + 1] == xy[first + 1]).all(axis=1)
    back = (xy[order] == xy[first + 1]).all(axis=1) & (xy[order + 1] == xy[first]).all(axis=1)
    twice = np.zeros(len(xy), bool)  # by the first edge
    twice[first[1:][(first[1:] == first[:-1]) & (rank_of[order[1:]] == rank_of[order[:-1]])]] = True
    same = np.arange(len(xy), dtype=np.int32)
    same[order] = np.where((along | back) & ~twice[first], first, order)
    return same


def _latitude(shapes: NDArray[np.object_]) -> float:
    bounds = shapely.total_bounds(shapes)
    return float(max(abs(bounds[1]), abs(bounds[3])))


def _lattice(shapes: NDArray[np.object_], edges: int, reach_m: float) -> tuple[Floats, int, int]:
    west, south, east, north = shapely.total_bounds(shapes)
    covered = float(shapely.area(shapes).sum()) or 1e-12
    wanted = max(CELLS_PER_AREA * len(shapes), CELLS_PER_EDGE * edges)
    box = max((east - west) * (north - south), 1e-12)
    side = max(np.sqrt(covered / wanted), np.sqrt(box / MOST_CELLS), 1e-7)
    margin = 2 * reach_m / 110_574.0 / max(np.cos(np.radians(_latitude(shapes))), 0.01) + 2 * side
    west, south = west - margin, south - margin
    per = 1 / side
    rows, columns = int((north + margin - south) * per) + 2, int((east + margin - west) * per) + 2
    return np.array([west, south, per]), rows, columns


def _strips(lay: Any, shapes: NDArray[np.object_], lattice: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """base (one more than shapes) and row0: the strip of a row of an area is base[rank] + row - row0[rank]."""
    bounds = shapely.bounds(shapes)
    low, high = lay.floors(bounds[:, 1], lattice[1], lattice[2]), lay.floors(bounds[:, 3], lattice[1], lattice[2])
    return np.concatenate([[0], np.cumsum(high - low + 1)]), low


def _edges_by_strip(
    lay: Any, xy: Floats, rank_of: NDArray[np.int32], base: Any, row0: Any, lattice: Floats
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    start = np.zeros(int(base[-1]) + 1, np.int64)
    lay.strip_edges(xy, rank_of, base, row0, lattice, start, np.empty((0, 3), np.int32))
    start = np.cumsum(start)
    edges = np.empty((int(start[-1]), 3), np.int32)
    lay.strip_edges(xy, rank_of, base, row0, lattice, start[:-1].copy(), edges)
    return start, edges
