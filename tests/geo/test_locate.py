"""One point, one area, always the same one: against plain shapely, on edges, corners, gaps and random points."""

from __future__ import annotations

import json

import numpy as np
import pytest
import shapely
import shapely.affinity

from gis_grid.geo.locate import AreaIndex, Bounded
from tests.conftest import DATA
from tests.factories import SIDE, SOUTH, WEST, square

LEVELS = ("community", "grid")


def index(*exclusive: str, nearest_m: float = 15.0) -> AreaIndex:
    cells = [(f"G{column}{row}", square(column, row)) for column in range(3) for row in range(3)]
    areas = [Bounded(code, "grid", code in exclusive, shape) for code, shape in cells]
    community = Bounded("C", "community", False, shapely.box(WEST, SOUTH, WEST + 9 * SIDE, SOUTH + 9 * SIDE))
    return AreaIndex([*areas, community], LEVELS, nearest_m)


def test_a_shared_edge_goes_to_the_lowest_code() -> None:
    reason = index().explain(WEST + SIDE, SOUTH + SIDE / 2)
    assert (reason.code, reason.placed_by, reason.candidates) == ("G00", "edge", ["G00", "G10"])
    assert reason.edge_m == pytest.approx(0, abs=1e-6)


def test_an_exclusive_grid_goes_before_a_lower_code() -> None:
    assert index("G10").explain(WEST + SIDE, SOUTH + SIDE / 2).code == "G10"


def test_a_corner_of_four_has_four_claims_and_one_answer() -> None:
    reason = index().explain(WEST + SIDE, SOUTH + SIDE)
    assert reason.candidates == ["G00", "G01", "G10", "G11"]


def test_outside_but_near_is_told_with_its_distance() -> None:
    only_grids = AreaIndex([Bounded("G", "grid", False, square(0))], LEVELS)
    ten_metres = 10 / 110_574
    reason = only_grids.explain(WEST + SIDE / 2, SOUTH - ten_metres)
    assert (reason.code, reason.placed_by) == ("G", "nearest")
    assert reason.distance_m == pytest.approx(10, abs=0.1)
    assert only_grids.explain(WEST + SIDE / 2, SOUTH - 2 * ten_metres).code is None


def test_nearest_measures_metres_not_degrees() -> None:
    """At 60 degrees north a degree of longitude is half as long: 20 m east is nearer than 30 m south."""
    south = shapely.box(10, 59.9, 10.1, 60 - 30 / 111_412)
    east = shapely.box(10.05 + 20 / 55_800, 59.95, 10.2, 60.1)
    found = AreaIndex([Bounded("A", "grid", False, south), Bounded("B", "grid", False, east)], LEVELS, 50).explain(10.05, 60)
    assert found.code == "B"


def test_where_no_grid_covers_the_community_does() -> None:
    reason = index().explain(WEST + 5 * SIDE, SOUTH + 5 * SIDE)
    assert (reason.code, reason.level) == ("C", "community")


def test_accuracy_makes_an_answer_uncertain_and_names_the_others() -> None:
    reason = index().explain(WEST + SIDE * 0.95, SOUTH + SIDE / 2, accuracy_m=30)
    assert reason.uncertain
    assert reason.could_be == ["G00", "G10"]
    assert not index().explain(WEST + SIDE / 2, SOUTH + SIDE / 2, accuracy_m=30).uncertain


def test_many_points_get_what_each_gets_alone() -> None:
    random = np.random.default_rng(7)
    found = index()
    edges = np.array([[WEST + i * SIDE / 2, SOUTH + j * SIDE / 2] for i in range(-1, 8) for j in range(-1, 8)])
    near = edges + random.normal(0, 8e-5, edges.shape)
    xy = np.vstack([edges, near, [[np.nan, 1], [200, 100]]])
    placed = found.place(xy[:, 0], xy[:, 1])
    alone = [found.explain(*pair) if np.isfinite(pair).all() else None for pair in xy]
    assert [one and one.code for one in alone] == placed.code.tolist()
    assert [one and one.placed_by for one in alone] == placed.placed_by.tolist()


def test_nothing_is_unplaced_inside_a_partition_however_many_points() -> None:
    random = np.random.default_rng(3)
    lon, lat = random.uniform(WEST, WEST + 3 * SIDE, 200_000), random.uniform(SOUTH, SOUTH + 3 * SIDE, 200_000)
    placed = index().place(lon, lat)
    column, row = (lon - WEST) // SIDE, (lat - SOUTH) // SIDE
    expected = [f"G{int(x)}{int(y)}" for x, y in zip(column, row, strict=True)]
    assert (placed.code.astype(str) == expected).mean() > 0.99999  # floor() and the exact rule differ only on edges


@pytest.mark.skipif(not DATA.exists(), reason="the shared data are not here")
def test_every_shared_vertex_and_edge_midpoint_of_a_real_partition() -> None:
    features = json.loads((DATA / "grid_tainan_li" / "tainan_villages.geojson").read_text())["features"]
    shapes = [shapely.make_valid(shapely.from_geojson(json.dumps(one["geometry"]))) for one in features]
    codes = [one["properties"]["VILLCODE"] for one in features]
    found = AreaIndex([Bounded(c, "grid", False, s) for c, s in zip(codes, shapes, strict=True)], LEVELS)
    vertices = np.unique(shapely.get_coordinates(shapes), axis=0)
    lines = [shapely.get_coordinates(ring) for shape in shapes for ring in shapely.get_rings(shape)]
    middles = np.vstack([(line[1:] + line[:-1]) / 2 for line in lines])
    xy = np.vstack([vertices, middles])
    placed = found.place(xy[:, 0], xy[:, 1])
    tree = shapely.STRtree(shapes)
    pairs = tree.query(shapely.points(xy), predicate="intersects")
    best: dict[int, str] = {}
    for point, area in pairs.T:
        best[int(point)] = min(best.get(int(point), "~"), codes[area])
    covered = [best.get(i) for i in range(len(xy))]
    inside = [code if how in ("inside", "edge") else None for code, how in zip(placed.code, placed.placed_by, strict=True)]
    assert inside == covered
    assert (placed.placed_by == "edge").sum() > 10_000


def test_many_points_near_areas_are_given_as_one_by_one() -> None:
    """With a gap between two areas that both reach, and one millimetre that must not decide."""
    gap = 12 / 110_574
    areas = [
        Bounded("B", "grid", False, square(0)),
        Bounded("A", "grid", False, shapely.affinity.translate(square(0), 0, SIDE + gap)),
    ]
    found = AreaIndex(areas, LEVELS)
    random = np.random.default_rng(3)
    lon = WEST + random.uniform(-0.2, 1.2, 3_000) * SIDE
    lat = SOUTH + SIDE + random.uniform(-2, 3, 3_000) * gap
    lat[0] = SOUTH + SIDE + gap / 2
    placed = found.place(lon, lat)
    told = [found.explain(x, y) for x, y in zip(lon, lat, strict=True)]
    assert placed.code.tolist() == [one.code for one in told]
    near = placed.placed_by == "nearest"
    assert near.sum() > 300
    assert placed.distance_m[near] == pytest.approx([one.distance_m for one in told if one.placed_by == "nearest"], abs=1e-9)
