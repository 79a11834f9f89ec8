"""The lattice with its compiled loops gives what GEOS gives: on overlaps, holes, corners, edges, bits of dust, and far away."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from gis_grid.geo import cells
from gis_grid.geo.lattice import cell_degrees, lay_lattice
from gis_grid.geo.locate import AreaIndex, Bounded

WEST, SOUTH = 106.5, 29.5
pytest.importorskip("numba")


def wobbly(rng: np.random.Generator, side: int) -> list[shapely.Polygon]:
    """A partition of irregular cells whose shared corners are the same vertices."""
    step = 0.001
    x, y = np.meshgrid(np.arange(side + 1), np.arange(side + 1))
    corners = np.dstack([WEST + x * step, SOUTH + y * step]) + rng.uniform(-0.3, 0.3, (side + 1, side + 1, 2)) * step
    corners = np.round(corners, 7)
    quads = [
        (corners[j, i], corners[j, i + 1], corners[j + 1, i + 1], corners[j + 1, i]) for i in range(side) for j in range(side)
    ]
    return [shapely.Polygon(quad) for quad in quads]


def hard_points(rng: np.random.Generator, shapes: list[shapely.Polygon]) -> np.ndarray:
    """Random ones, all vertices, edge middles, points on edges, and points one bit beside them."""
    rings = [shapely.get_coordinates(ring) for shape in shapes for ring in shapely.get_rings(shapely.get_parts(shape))]
    start, end = np.vstack([ring[:-1] for ring in rings]), np.vstack([ring[1:] for ring in rings])
    on = start + (end - start) * rng.uniform(0, 1, (len(start), 1))
    west, south, east, north = shapely.total_bounds(shapes)
    spread = rng.uniform((west - 2e-3, south - 2e-3), (east + 2e-3, north + 2e-3), (20_000, 2))
    beside = np.nextafter(on, on + rng.choice([-1.0, 1.0], on.shape))
    return np.vstack([spread, start, (start + end) / 2, on, beside, [[np.nan, 1], [1, np.inf], [1e9, -1e9], [200, 100]]])


def both(shapes: list, xy: np.ndarray, monkeypatch: pytest.MonkeyPatch, exclusive: int = -1) -> tuple:
    areas = [Bounded(f"G{n:04}", "grid", n == exclusive, shape) for n, shape in enumerate(shapes)]
    index = AreaIndex(areas, ("grid",))
    by_cells = index.place(xy[:, 0], xy[:, 1])
    assert index.nbytes > 0
    monkeypatch.setattr(cells, "kernel", lambda: None)
    plain = AreaIndex(areas, ("grid",))  # another: a lattice once laid is used for every question
    by_geos = plain.place(xy[:, 0], xy[:, 1])
    assert plain.nbytes == 0
    return by_cells, by_geos


@pytest.mark.parametrize("seed", range(6))
def test_random_partitions_overlaps_and_holes(seed: int, monkeypatch) -> None:
    rng = np.random.default_rng(seed)
    shapes = wobbly(rng, 7)
    shapes[3] = shapely.difference(shapes[3], shapely.centroid(shapes[3]).buffer(1e-4))
    shapes[9] = shapes[9].buffer(4e-4)  # over its neighbours
    shapes[20] = shapely.union(shapes[20], shapely.box(WEST - 0.004, SOUTH, WEST - 0.003, SOUTH + 0.001))  # two parts
    west, middle, east = WEST + 0.01, WEST + 0.011, WEST + 0.012
    touching = [shapely.box(west, SOUTH, middle, SOUTH + 0.001), shapely.box(middle, SOUTH, east, SOUTH + 0.001)]
    shapes += [shapely.multipolygons(touching), touching[0]]  # one edge twice in an area, and in another; some shapes twice
    shapes += shapes[40:42]
    del shapes[30]  # a gap
    one, other = both(shapes, hard_points(rng, shapes), monkeypatch, exclusive=9 if seed % 2 else -1)
    assert (one.code == other.code).all()
    assert (one.placed_by == other.placed_by).all()
    np.testing.assert_array_equal(one.distance_m, other.distance_m)
    assert {"inside", "edge", "nearest", None} == set(one.placed_by.tolist())


def test_a_neighbour_that_only_touches_a_core_cell_does_not_take_it(monkeypatch) -> None:
    """Edges that run exactly along the lines of the lattice belong to cells on one side only."""
    shapes = [
        shapely.box(WEST + i * 0.01, SOUTH + j * 0.01, WEST + (i + 1) * 0.01, SOUTH + (j + 1) * 0.01)
        for i in range(4)
        for j in range(4)
    ]
    laid = cells.lay_cells(np.array(shapes), 15.0)
    assert laid is not None
    west, south, per = laid.lattice
    columns, rows = np.arange(laid.table.shape[1]), np.arange(laid.table.shape[0])
    corners = np.array([[west + column / per, south + row / per] for column in columns[::3] for row in rows[::3]])
    middles = corners + 0.5 / per
    one, other = both(shapes, np.repeat(np.vstack([corners, middles]), 20, axis=0), monkeypatch)
    assert (one.code == other.code).all()
    assert (one.placed_by == other.placed_by).all()


def test_many_points_put_in_order_first_are_answered_the_same(monkeypatch) -> None:
    rng = np.random.default_rng(3)
    shapes = wobbly(rng, 9)
    laid = cells.lay_cells(np.array(shapes), 15.0)
    assert laid is not None
    xy = hard_points(rng, shapes)
    rank, state = laid.place(xy[:, 0], xy[:, 1])
    monkeypatch.setattr(cells, "MANY_POINTS", 0)
    monkeypatch.setattr(cells, "cache_bytes", lambda: 0)
    ordered_rank, ordered_state = laid.place(xy[:, 0], xy[:, 1])
    np.testing.assert_array_equal(rank, ordered_rank)
    np.testing.assert_array_equal(state, ordered_state)


def test_long_outlines_and_slivers(monkeypatch) -> None:
    rng = np.random.default_rng(1)
    angle = np.sort(rng.uniform(0, 2 * np.pi, 4000))
    radius = 0.01 * (1 + 0.2 * np.sin(40 * angle))
    blob = shapely.Polygon(np.column_stack([WEST + radius * np.cos(angle), SOUTH + radius * np.sin(angle)]))
    needle = shapely.Polygon([(WEST + 0.02, SOUTH), (WEST + 0.06, SOUTH + 1e-7), (WEST + 0.02, SOUTH + 2e-7)])
    xy = hard_points(rng, [blob, needle])
    one, other = both([blob, needle], xy, monkeypatch)
    assert (one.code == other.code).all()


def test_the_lattice_of_sql_covers_each_cell_once_and_cores_are_wholly_inside() -> None:
    shapes = np.array(wobbly(np.random.default_rng(3), 8))
    side = cell_degrees(shapes)
    laid = lay_lattice(shapes, side, np.array([shapely.total_bounds(shapes)]))
    assert len({*zip(laid.column.tolist(), laid.row.tolist(), strict=True)}) == len(laid.column)
    core = laid.core >= 0
    west, south = laid.column[core] * side - 180, laid.row[core] * side - 90
    assert shapely.contains(shapes[laid.core[core]], shapely.box(west, south, west + side, south + side)).all()
    assert len(laid.claims) == (~core).sum()
    covered = shapely.union_all(
        shapely.box(laid.column * side - 180, laid.row * side - 90, (laid.column + 1) * side - 180, (laid.row + 1) * side - 90)
    )
    assert shapely.union_all(shapes).difference(covered).area < 1e-12
