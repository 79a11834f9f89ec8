"""A proposed division: seamless, no building cut, even, the same for the same seed; on the demo town and on random towns."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import affinity
from shapely.geometry.base import BaseGeometry

from gis_grid.demo.streets import to_degrees
from gis_grid.demo.town import Town, make_town, stored
from gis_grid.errors import Invalid
from gis_grid.geo.division import Proposal, propose, score

WEST, SOUTH = 106.5, 29.5
EAST_M, NORTH_M = 1 / 96_900, 1 / 110_850  # degrees of a metre here, nearly
ROOM = 1 / (EAST_M * NORTH_M)  # square metres in a square degree


def degrees(shape: BaseGeometry) -> BaseGeometry:
    """A shape in metres, put on the map and rounded as stored."""
    moved = affinity.affine_transform(shape, [EAST_M, 0, 0, NORTH_M, WEST, SOUTH])
    return shapely.transform(moved, lambda xy: np.round(xy, 7))


def houses(columns: int, rows: int, pitch: float = 40.0) -> list[BaseGeometry]:
    return [
        degrees(shapely.box(x, y, x + 24, y + 12))
        for x in np.arange(columns) * pitch + 8
        for y in np.arange(rows) * pitch * 0.75 + 8
    ]


def town(width: float = 400.0, height: float = 300.0, **changes: Any) -> dict[str, Any]:
    """A rectangle of 10 times 10 houses with 30 households each, one road across."""
    footprints = changes.pop("footprints", houses(10, 10))
    road = degrees(shapely.LineString([(-20, 154.5), (width + 20, 154.5)]))
    given = {
        "outline": degrees(shapely.segmentize(shapely.box(0, 0, width, height), 20)),
        "footprints": footprints,
        "households": [30] * len(footprints),
        "roads": [road],
        "water": [],
        "low": 300,
        "high": 500,
    }
    return given | changes


def check(outline: BaseGeometry, proposal: Proposal) -> None:
    """What holds for every proposal."""
    cells = np.array(proposal.cells)
    assert shapely.is_valid(cells).all()
    assert set(shapely.get_type_id(cells)) == {3}
    assert shapely.coverage_is_valid(cells)
    assert shapely.union_all(cells).symmetric_difference(outline).area * ROOM < 0.01
    assert (shapely.get_coordinates(cells) == np.round(shapely.get_coordinates(cells), 7)).all()
    assert (proposal.score.cut_buildings, proposal.score.disconnected) == (0, 0)


@cache
def demo() -> tuple[Town, Any]:
    made = make_town(0, 0, True)
    return made, next(made.communities())


def demo_town() -> tuple[dict[str, Any], list[BaseGeometry]]:
    """The arguments for the demo's usual community, and its present grids."""
    made, community = demo()
    cells = [made.plan.outline(made.plan.cells[i]) for i in community.cells]
    lived_in = [sum(room[5] in ("01", "02") for room in house.rooms) for house in community.houses]
    return {
        "outline": shapely.coverage_union_all(cells),
        "footprints": [stored(made, house.footprint) for house in community.houses],
        "households": lived_in,
        "roads": [to_degrees(made.plan, road.line) for road in made.roads],
        "water": [to_degrees(made.plan, made.water)],
        "low": 300,
        "high": 500,
    }, cells


def test_grids_are_seamless_and_cut_no_building() -> None:
    given = town()
    proposal = propose(**given)
    check(given["outline"], proposal)
    house, cell = shapely.STRtree(proposal.cells).query(given["footprints"], "intersects")
    inside = shapely.area(shapely.intersection(np.array(given["footprints"])[house], np.array(proposal.cells)[cell])) * ROOM
    assert np.bincount(house[inside > 0.01]).max() == 1


def test_households_are_even_and_within_the_rule() -> None:
    found = propose(**town()).score
    assert sum(found.households) == 3000
    assert found.share_in_rule == 1.0
    assert found.spread < 0.2


def test_a_road_through_the_middle_is_an_edge() -> None:
    given = town(low=1400, high=1600)
    proposal = propose(**given)
    assert proposal.score.households == (1500, 1500)
    assert proposal.score.on_roads > 0.99


def test_the_same_seed_gives_the_same_grids() -> None:
    first, second = propose(**town(low=900, high=1100, seed=3)), propose(**town(low=900, high=1100, seed=3))
    assert [cell.wkb for cell in first.cells] == [cell.wkb for cell in second.cells]


def test_the_neighbours_vertices_stay_and_hardly_any_is_new() -> None:
    given = town()
    corners = {tuple(xy) for xy in shapely.get_coordinates(given["outline"])}
    ring = shapely.coverage_union_all(propose(**given).cells)
    assert {tuple(xy) for xy in shapely.get_coordinates(ring)} == corners


def test_an_edge_far_from_any_vertex_ends_on_the_outline_all_the_same() -> None:
    given = town(outline=affinity.rotate(degrees(shapely.box(0, 0, 400, 300)), 3))
    given["outline"] = shapely.transform(given["outline"], lambda xy: np.round(xy, 7))
    check(given["outline"], propose(**given))


def test_it_is_more_even_than_the_demo_division() -> None:
    given, present = demo_town()
    proposal = propose(**given)
    check(given["outline"], proposal)
    rest = {name: value for name, value in given.items() if name != "outline"}
    now = score(present, **rest)
    assert sum(now.households) == sum(proposal.score.households)
    assert proposal.score.spread < now.spread / 2
    assert proposal.score.share_in_rule == 1.0 > now.share_in_rule
    assert proposal.score.on_roads > 0.7
    assert proposal.score.compactness > 0.5


def test_serials_run_from_west_to_east_then_from_north_to_south() -> None:
    given = town(outline=degrees(shapely.box(0, 0, 800, 80)), footprints=houses(20, 2), roads=[])
    middles = [cell.centroid.x for cell in propose(**given).cells]
    assert len(middles) == 3
    assert middles == sorted(middles)


@pytest.mark.parametrize("roads", [[], None])
def test_without_buildings_it_stays_one_grid(roads: list[BaseGeometry] | None) -> None:
    given = town(footprints=[], **({} if roads is None else {"roads": roads}))
    proposal = propose(**given)
    check(given["outline"], proposal)
    assert (len(proposal.cells), proposal.score.households) == (1, (0,))


def test_fewer_households_than_the_rule_wants_stay_one_grid() -> None:
    assert propose(**town(low=4000, high=5000)).score.households == (3000,)


def test_one_tower_above_the_rule_is_one_atom() -> None:
    footprints = houses(10, 10)
    given = town(footprints=footprints, households=[0] * 55 + [900] + [0] * 44)
    proposal = propose(**given)
    check(given["outline"], proposal)
    assert max(proposal.score.households) == 900


def test_a_building_that_a_road_runs_through_stays_whole() -> None:
    given = town(roads=[degrees(shapely.LineString([(-20, 75), (420, 230)]))])
    check(given["outline"], propose(**given))


def test_a_river_is_shared_out_among_those_beside_it() -> None:
    outline = degrees(shapely.segmentize(shapely.box(0, 0, 400, 400), 20))
    given = town(outline=outline, water=[degrees(shapely.box(-50, 310, 450, 500))], low=500, high=700)
    proposal = propose(**given)
    check(outline, proposal)
    assert min(proposal.score.households) > 0


@pytest.mark.parametrize(
    "shape",
    [
        shapely.box(0, 0, 400, 300).difference(shapely.box(160, -1, 500, 150)),
        shapely.box(0, 0, 400, 300).difference(shapely.box(160, 120, 240, 180)),
        shapely.union(shapely.box(0, 0, 200, 300), shapely.box(230, 0, 400, 300)),
    ],
    ids=["a bent outline", "an outline with a hole", "an outline of two parts"],
)
def test_odd_outlines(shape: BaseGeometry) -> None:
    outline = degrees(shapely.segmentize(shape, 20))
    check(outline, propose(**town(outline=outline)))


@pytest.mark.parametrize(
    "wrong", [{"low": 500, "high": 300}, {"low": 0}, {"households": [1]}, {"outline": shapely.Point(WEST, SOUTH)}]
)
def test_nonsense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        propose(**town(**wrong))


@settings(max_examples=6, deadline=None, derandomize=True)
@given(st.integers(0, 2**32))
def test_random_towns(seed: int) -> None:
    rng = np.random.default_rng(seed)
    footprints = [
        degrees(affinity.rotate(shapely.box(x, y, x + rng.uniform(5, 30), y + rng.uniform(5, 30)), rng.uniform(0, 90)))
        for x, y in rng.uniform(20, 480, (int(rng.integers(1, 80)), 2))
    ]
    roads = [degrees(shapely.LineString(rng.uniform(-100, 600, (3, 2)))) for _ in range(int(rng.integers(0, 7)))]
    water = [degrees(shapely.Point(*rng.uniform(0, 500, 2)).buffer(rng.uniform(10, 120)))] if rng.random() < 0.5 else []
    outline = degrees(shapely.segmentize(shapely.convex_hull(shapely.MultiPoint(rng.uniform(-60, 560, (9, 2)))), 40))
    households = rng.integers(0, 90, len(footprints))
    proposal = propose(outline, footprints, households, roads, water, 100, 250, seed=int(rng.integers(100)))
    check(outline, proposal)
