"""What a plan may do to a division, as geometry: seams stay closed, area is kept, codes are new."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from shapely import affinity

from gis_grid.areas.rules import LEVEL_CODES
from gis_grid.errors import Invalid
from gis_grid.geo.division import propose as propose_division
from gis_grid.geo.seams import Piece, find_faults
from gis_grid.plans import rules
from gis_grid.plans.rules import Place
from gis_grid.plans.world import pieces
from tests.geo.test_division import degrees as on_the_map
from tests.geo.test_division import town as division_town

WEST, SOUTH, SIDE = 106.5, 29.5, 0.001


def cell(column: int, row: int, width: int = 1, height: int = 1):
    xs = [round(WEST + (column + i) * SIDE, 7) for i in range(width + 1)]
    ys = [round(SOUTH + (row + j) * SIDE, 7) for j in range(height + 1)]
    ring = (
        [(x, ys[0]) for x in xs]
        + [(xs[-1], y) for y in ys[1:]]
        + [(x, ys[-1]) for x in xs[-2::-1]]
        + [(xs[0], y) for y in ys[-2:0:-1]]
    )
    return shapely.multipolygons([shapely.Polygon(ring)])


@pytest.fixture
def world() -> dict[str, Place]:
    """Two communities side by side, each of 2 x 2 grids; every corner is a vertex of all that meet there."""
    places = [
        Place("D", "district", "区", "ordinary", None, cell(0, 0, 4, 2)),
        Place("DS", "street", "街", "ordinary", "D", cell(0, 0, 4, 2)),
    ]
    for n, column in ((1, 0), (2, 2)):
        code = f"DS{n}"
        places.append(Place(code, "community", code, "ordinary", "DS", cell(column, 0, 2, 2)))
        for k, (i, j) in enumerate(((0, 0), (1, 0), (0, 1), (1, 1)), 1):
            places.append(Place(f"{code}0{k}", "grid", f"{code}格{k}", "ordinary", code, cell(column + i, j)))
    return {place.code: place for place in places}


def next_code(world):
    def make(parent: str, level: str) -> str:
        serial = 1 + max(
            [
                int(c[len(parent) :])
                for c in world
                if c.startswith(parent) and len(c) == len(parent) + (2 if level == "grid" else 1) and c[len(parent) :].isdigit()
            ]
            or [0]
        )
        width = 2 if level == "grid" else 1
        code = f"{parent}{serial:0{width}d}"
        world.setdefault(code, Place(code, level, "", "ordinary", parent, None))
        return code

    return make


def after(world, made) -> dict[str, Place]:
    return {**world, **{place.code: place for place in made}}


def check_sound(before, now) -> None:
    faults = find_faults(pieces([p for p in now.values() if p.shape is not None]), LEVEL_CODES)
    assert [(fault.kind, fault.codes, fault.message) for fault in faults] == []
    for level in ("community", "grid"):
        area = [sum(p.shape.area for p in w.values() if p.level == level and p.shape is not None) for w in (before, now)]
        assert area[0] == pytest.approx(area[1], rel=1e-9)


def test_split_keeps_the_code_for_the_larger_part_and_gives_neighbours_the_new_vertices(world) -> None:
    x = WEST + 0.6 * SIDE
    made = rules.split(
        world, "DS101", shapely.LineString([(x, SOUTH - 1e-4), (x + 1e-5, SOUTH + SIDE + 1e-4)]), next_code(world), ["北苑"]
    )
    acts = {place.code: place.action for place in made}
    assert acts == {"DS101": "draw", "DS105": "create", "DS103": "draw"}  # DS103 gets a vertex
    assert made[0].shape.area > made[1].shape.area
    assert made[1].name == "北苑"
    check_sound(world, after(world, made))


def test_a_line_that_parts_nothing_is_refused(world) -> None:
    with pytest.raises(Invalid, match="没有把网格分开"):
        rules.split(
            world, "DS101", shapely.LineString([(WEST + 1e-4, SOUTH + 1e-4), (WEST + 2e-4, SOUTH + 2e-4)]), next_code(world)
        )


def test_merge_retires_the_others_for_their_successor(world) -> None:
    made = rules.merge(world, ["DS102"], "DS101", next_code(world))
    assert [(p.code, p.action, p.successors) for p in made] == [("DS101", "draw", ()), ("DS102", "retire", ("DS101",))]
    check_sound(world, after(world, made))
    with pytest.raises(Invalid, match="不相邻"):
        rules.merge(world, ["DS104"], "DS101", next_code(world))
    with pytest.raises(Invalid, match="同一上级"):
        rules.merge(world, ["DS201"], "DS102", next_code(world))


def test_merging_communities_codes_their_grids_anew(world) -> None:
    made = rules.merge(world, ["DS2"], "DS1", next_code(world))
    created = [place for place in made if place.action == "create"]
    assert [(p.code, p.parent_code) for p in created] == [(f"DS10{n}", "DS1") for n in (5, 6, 7, 8)]
    assert {p.successors[0] for p in made if p.action == "retire" and p.level == "grid"} == {p.code for p in created}
    check_sound(world, after(world, made))


def test_transfer_between_communities_moves_their_edges_too(world) -> None:
    part = shapely.box(WEST + 2 * SIDE, SOUTH, WEST + 2.4 * SIDE, SOUTH + SIDE)
    made = rules.transfer(world, "DS201", "DS102", part)
    assert {"DS201", "DS102", "DS1", "DS2"} <= {place.code for place in made}
    now = after(world, made)
    check_sound(world, now)
    assert now["DS1"].shape.area == pytest.approx(4.4 * SIDE**2, rel=1e-6)


def test_move_edge(world) -> None:
    y = SOUTH + 1.3 * SIDE
    made = rules.move_edge(world, "DS101", "DS103", shapely.LineString([(WEST - 1e-4, y), (WEST + SIDE + 1e-4, y)]))
    now = after(world, made)
    check_sound(world, now)
    assert now["DS101"].shape.area == pytest.approx(1.3 * SIDE**2, rel=1e-6)


def test_redraw_takes_from_neighbours_and_leaves_nothing_ownerless(world) -> None:
    shape = shapely.box(WEST + 0.2 * SIDE, SOUTH, WEST + 1.3 * SIDE, SOUTH + 0.8 * SIDE)
    shape = shape.union(shapely.box(WEST + 0.2 * SIDE, SOUTH + 0.5 * SIDE, WEST + 0.9 * SIDE, SOUTH + 1.1 * SIDE))
    made = rules.redraw(world, "DS101", shape)
    now = after(world, made)
    faults = find_faults(pieces([p for p in now.values() if p.level == "grid"]), LEVEL_CODES)
    assert [fault.kind for fault in faults if fault.kind in ("gap", "overlap", "invalid", "sliver")] == []


def test_reparent_gives_a_new_code_and_moves_the_parents_edges(world) -> None:
    made = rules.reparent(world, "DS201", "DS1", next_code(world))
    now = after(world, made)
    assert (now["DS201"].shape, now["DS201"].successors) == (None, ("DS105",))
    assert now["DS105"].parent_code == "DS1"
    check_sound(world, now)
    with pytest.raises(Invalid, match="已经在这个上级"):
        rules.reparent(world, "DS101", "DS1", next_code(world))


def test_recode_takes_what_lies_below_along(world) -> None:
    made = rules.recode(world, "DS1", "DS9", "DS", next_code(world))
    assert {p.code: p.successors for p in made if p.action == "retire"} == {
        "DS1": ("DS9",), **{f"DS10{n}": (f"DS90{n}",) for n in (1, 2, 3, 4)}
    }  # fmt: skip
    check_sound(world, after(world, made))


@pytest.mark.parametrize("seed", range(25))
def test_random_cuts_never_open_a_seam(world, seed: int) -> None:
    rng = np.random.default_rng(seed)
    now = dict(world)
    for _ in range(4):
        grids = [place for place in now.values() if place.level == "grid" and place.shape is not None]
        place = grids[rng.integers(len(grids))]
        west, south, east, north = place.shape.bounds
        ends = [(west - 1e-4, rng.uniform(south, north)), (east + 1e-4, rng.uniform(south, north))]
        line = shapely.LineString([ends[0], ((west + east) / 2, rng.uniform(south, north)), ends[1]])
        try:
            made = rules.split(now, place.code, line, next_code(now))
        except Invalid:
            continue
        now = after(now, made)
    faults = find_faults(pieces([p for p in now.values() if p.shape is not None]), LEVEL_CODES)
    assert [
        fault.kind for fault in faults if fault.kind in ("gap", "overlap", "invalid", "outside_parent", "uncovered", "sliver")
    ] == []
    assert sum(p.shape.area for p in now.values() if p.level == "grid" and p.shape is not None) == pytest.approx(
        8 * SIDE**2, rel=1e-9
    )


def test_a_division_that_ends_between_vertices_of_the_outline_is_seamless_with_all_around() -> None:
    """The outline and what lies beyond it have vertices far apart; where grids end, everybody gets the vertex."""
    given = division_town(outline=affinity.rotate(on_the_map(shapely.box(0, 0, 400, 300)), 3))
    given["outline"] = shapely.transform(given["outline"], lambda xy: np.round(xy, 7))
    outline = given["outline"]
    (x1, y1), (x2, y2) = shapely.get_coordinates(outline)[[0, 1]]
    beyond = shapely.Polygon([(x1, y1), (x1 + 0.002, y1), (x2 + 0.002, y2), (x2, y2)])
    cells = propose_division(**given).cells
    world = {
        "C1": Place("C1", "community", "", "ordinary", None, outline),
        "C2": Place("C2", "community", "", "ordinary", None, beyond),
        "C201": Place("C201", "grid", "", "ordinary", "C2", beyond),
    }
    grids = [Piece(f"C1{n:02}", "grid", "C1", cell) for n, cell in enumerate(cells)]

    def faults(places) -> list[str]:
        around = [Piece(place.code, place.level, place.parent_code, place.shape) for place in places]
        return [one.kind for one in find_faults([*around, *grids], LEVEL_CODES, [])]

    assert faults(world.values()), "the grids alone have vertices that nobody else has"
    followed = {place.code: place for place in rules.share_outline(world, cells, outline)}
    assert faults({**world, **followed}.values()) == []
