"""Cells of a fixed lattice of degrees, for joining points with areas by an integer in SQL (`grids_of`)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

Ints = NDArray[np.int64]
CELLS_PER_AREA, MOST_CELLS = 120, 4_000_000
FINEST = 1e-5  # degrees, about a metre
STEPS = (64, 16, 4, 1)  # from coarse to fine: a coarse cell wholly inside one area needs no finer look
_SLACK = 1e-9  # degrees: rounding never puts a point into a cell that does not know of its areas


class LatticeCells(NamedTuple):
    """Columns and rows; `core`: the rank of the one area that holds the whole cell, or -1; `claims` of the others."""

    column: Ints
    row: Ints
    core: Ints
    claims: list[list[int]]  # one per cell with core -1, in order; ranks from the lowest


def cell_degrees(shapes: NDArray[np.object_]) -> float:
    """The side of a cell for these areas: a power of two of about a metre, some 120 cells per area."""
    covered = float(shapely.area(shapes).sum())
    side = max(np.sqrt(covered / (CELLS_PER_AREA * len(shapes))), np.sqrt(covered / MOST_CELLS), FINEST)
    return float(FINEST * 2.0 ** round(np.log2(side / FINEST)))


def lay_lattice(shapes: NDArray[np.object_], side: float, boxes: NDArray[np.float64]) -> LatticeCells:
    """All cells that touch an area within the boxes (n, 4: west, south, east, north degrees). Shapes in the order of ranks."""
    shapely.prepare(shapes)
    tree = shapely.STRtree(shapes)
    column, row = coarse_cells(boxes, side)
    done: list[tuple[Ints, Ints, Ints]] = []
    claims: list[list[int]] = []
    for size in STEPS:
        cell, rank = _touching(tree, shapes, column, row, side, size)
        count = np.bincount(cell, minlength=len(column))
        alone = count[cell] == 1
        whole = np.zeros(len(cell), bool)
        boxed = _boxes(column[cell[alone]], row[cell[alone]], side, size)
        whole[alone] = shapely.contains_properly(shapes[rank[alone]], boxed)
        done.append(_spread(column[cell[whole]], row[cell[whole]], rank[whole], size))
        cut = np.unique(cell[~whole])
        if size == 1:
            order = np.lexsort((rank[~whole], cell[~whole]))
            parts = np.split(rank[~whole][order], np.cumsum(count[cut])[:-1])
            claims = [part.tolist() for part in parts] if len(cut) else []
            done.append((column[cut], row[cut], np.full(len(cut), -1)))
        else:
            finer = size // STEPS[STEPS.index(size) + 1]
            column, row, _ = _spread(column[cut], row[cut], cut, size, size // finer)
    columns, rows, cores = (np.concatenate(each) for each in zip(*done, strict=True))
    return LatticeCells(columns, rows, cores, claims)


def coarse_cells(boxes: NDArray[np.float64], side: float) -> tuple[Ints, Ints]:
    """The coarse cells (their first fine column and row) that the boxes reach."""
    size = STEPS[0]
    found = set()
    for west, south, east, north in boxes:
        low, high = (np.floor((np.array(x) + 180) / side).astype(int) // size for x in (west - _SLACK, east + _SLACK))
        down, up = (np.floor((np.array(y) + 90) / side).astype(int) // size for y in (south - _SLACK, north + _SLACK))
        found |= {(c, r) for c in range(low, high + 1) for r in range(down, up + 1)}
    pairs = np.array(sorted(found), dtype=np.int64).reshape(-1, 2) * size
    return pairs[:, 0], pairs[:, 1]


def _boxes(column: Ints, row: Ints, side: float, size: int) -> NDArray[np.object_]:
    west, south = column * side - 180, row * side - 90
    boxes: NDArray[np.object_] = shapely.box(
        west - _SLACK, south - _SLACK, west + size * side + _SLACK, south + size * side + _SLACK
    )
    return boxes


def _touching(
    tree: shapely.STRtree, shapes: NDArray[np.object_], column: Ints, row: Ints, side: float, size: int
) -> tuple[Ints, Ints]:
    """Pairs of cell and rank that share a point."""
    boxes = _boxes(column, row, side, size)
    cell, rank = tree.query(boxes)
    touches = shapely.intersects(shapes[rank], boxes[cell])
    return cell[touches], rank[touches]


def _spread(column: Ints, row: Ints, value: Ints, size: int, step: int = 1) -> tuple[Ints, Ints, Ints]:
    """The cells of `step` within cells of `size`, each with its value."""
    offsets = np.arange(0, size, step)
    across, up = (grid.ravel() for grid in np.meshgrid(offsets, offsets))
    columns = (column[:, None] + across).ravel()
    rows = (row[:, None] + up).ravel()
    return columns, rows, np.repeat(value, len(across))
