"""Perfect partitions are perfect, each damage is told once with its measure, and a repair leaves none: GEOS is the judge."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import shapely
from shapely.geometry.base import BaseGeometry

from gis_grid.errors import Invalid
from gis_grid.geo.mend import MENDS, mend
from gis_grid.geo.seams import KINDS, Finding, Piece, find_faults
from gis_grid.geo.shapes import area_m2
from tests.conftest import DATA

LEVELS = ("community", "grid")
WEST, SOUTH, SIDE = 106.55, 29.56, 0.001  # cells of about 97 m x 111 m
EAST_M, NORTH_M = 96_890.0, 110_850.0  # per degree, there
SEAMS = ("overlap", "gap", "sliver", "unmatched")


def town(size: int = 5, seed: int = 1, with_parents: bool = True) -> list[Piece]:
    """Cells with shared crooked edges (a vertex in the middle of each); each row of cells is a community."""
    random = np.random.default_rng(seed)
    knots = np.stack(np.meshgrid(np.arange(2 * size + 1.0), np.arange(2 * size + 1.0), indexing="ij"), axis=-1) / 2
    inner = (slice(1, -1), slice(1, -1))
    knots[inner] += random.uniform(-0.12, 0.12, knots[inner].shape)
    knots = knots * SIDE + (WEST, SOUTH)
    around = [(0, 0), (1, 0), (2, 0), (2, 1), (2, 2), (1, 2), (0, 2), (0, 1)]
    cells = []
    for x in range(size):
        for y in range(size):
            ring = [knots[2 * x + i, 2 * y + j] for i, j in around]
            cells.append(Piece(f"G{x:03}{y:03}", "grid", f"C{y:03}" if with_parents else None, shapely.Polygon(ring)))
    if not with_parents:
        return cells
    rows = [[cell.shape for cell in cells if cell.parent_code == f"C{y:03}"] for y in range(size)]
    return [Piece(f"C{y:03}", "community", None, shapely.coverage_union_all(row)) for y, row in enumerate(rows)] + cells


def shape_of(pieces: Sequence[Piece], code: str) -> BaseGeometry:
    return next(piece.shape for piece in pieces if piece.code == code)


def changed(pieces: Sequence[Piece], shapes: dict[str, BaseGeometry]) -> list[Piece]:
    return [replace(piece, shape=shapes.get(piece.code, piece.shape)) for piece in pieces]


def moved(pieces: Sequence[Piece], code: str, corner: int, east_m: float = 0, north_m: float = 0) -> list[Piece]:
    """One vertex of one piece moved. Corner 3 is the middle of the east edge, 5 of the north edge, 1 of the south edge."""
    xy = shapely.get_coordinates(shape_of(pieces, code))[:-1]
    xy[corner] += (east_m / EAST_M, north_m / NORTH_M)
    return changed(pieces, {code: shapely.Polygon(xy)})


def is_seamless(pieces: Sequence[Piece]) -> bool:
    """GEOS's verdict: every level matches and has no hole."""
    for level in {piece.level for piece in pieces}:
        shapes = [piece.shape for piece in pieces if piece.level == level]
        if not shapely.coverage_is_valid(shapes, gap_width=1 / NORTH_M):
            return False
        if any(part.interiors for part in shapely.get_parts(shapely.coverage_union_all(shapes))):
            return False
    return True


def total_m2(pieces: Sequence[Piece], level: str = "grid") -> float:
    return sum(area_m2(piece.shape) for piece in pieces if piece.level == level)


def told(found: Sequence[Finding]) -> list[tuple[str, tuple[str, ...]]]:
    return [(one.kind, one.codes) for one in found]


def check_mended(whole: Sequence[Piece], damaged: Sequence[Piece], finding: Finding) -> None:
    """Every repair on offer leaves a perfect partition of the same area, and touches no vertex elsewhere."""
    for how in finding.mends:
        shapes = mend(damaged, finding, how, LEVELS)
        after = changed(damaged, shapes)
        assert find_faults(after, LEVELS) == [], how
        assert is_seamless(after), how
        assert total_m2(after) == pytest.approx(total_m2(whole), rel=1e-9)
        near = shapely.make_valid(finding.shape).buffer(1e-4)
        for code, shape in shapes.items():
            old, new = ({tuple(xy) for xy in shapely.get_coordinates(one)} for one in (shape_of(damaged, code), shape))
            assert all(near.covers(shapely.Point(xy)) for xy in old ^ new)


def test_a_perfect_partition_is_perfect() -> None:
    for seed in range(5):
        assert find_faults(town(seed=seed), LEVELS) == []
    assert find_faults(town(with_parents=False), LEVELS) == []


def test_eleven_thousand_cells_are_perfect() -> None:
    pieces = town(105)
    assert len(pieces) > 11_000
    assert find_faults(pieces, LEVELS) == []


@pytest.mark.parametrize("with_parents", [True, False])
@pytest.mark.parametrize(("east_m", "kind"), [(15, "overlap"), (-15, "gap"), (0.4, "sliver"), (-0.4, "sliver")])
def test_a_moved_edge_is_told_once_with_its_area_and_mended(east_m: float, kind: str, with_parents: bool) -> None:
    whole = town(with_parents=with_parents)
    damaged = moved(whole, "G001002", 3, east_m=east_m)
    found = find_faults(damaged, LEVELS)
    assert told(found) == [(kind, ("G001002", "G002002"))]
    lost = area_m2(shape_of(damaged, "G001002")) - area_m2(shape_of(whole, "G001002"))
    assert found[0].area_m2 == pytest.approx(abs(lost), rel=0.01)
    assert "G001002" in found[0].message and "平方米" in found[0].message
    assert found[0].key == find_faults(damaged, LEVELS)[0].key
    check_mended(whole, damaged, found[0])


def test_a_vertex_only_one_of_two_has_is_unmatched() -> None:
    whole = town()
    xy = shapely.get_coordinates(shape_of(whole, "G001002"))
    damaged = changed(whole, {"G001002": shapely.Polygon(np.insert(xy, 3, (xy[2] + xy[3]) / 2, axis=0))})
    found = find_faults(damaged, LEVELS)
    assert told(found) == [("unmatched", ("G001002", "G002002"))]
    assert 20 < found[0].length_m < 120
    assert found[0].area_m2 == 0
    check_mended(whole, damaged, found[0])


def test_a_corner_off_by_less_than_a_millimetre_is_unmatched_and_mended() -> None:
    whole = town()
    damaged = moved(whole, "G001002", 2, east_m=4e-4, north_m=3e-4)
    found = find_faults(damaged, LEVELS)
    assert {one.kind for one in found} <= {"sliver", "unmatched"}
    assert found
    assert is_seamless(mend_all(damaged)[0])


@pytest.mark.parametrize(("north_m", "kind"), [(-10, "uncovered"), (10, "outside_parent")])
def test_a_child_and_its_parent_at_the_outer_edge(north_m: float, kind: str) -> None:
    whole = town()
    damaged = moved(whole, "G002004", 5, north_m=north_m)
    found = find_faults(damaged, LEVELS)
    pair = ("C004", "G002004") if kind == "uncovered" else ("G002004", "C004")
    assert told(found) == [(kind, pair)]
    assert found[0].area_m2 == pytest.approx(SIDE * EAST_M * 10 / 2, rel=0.01)
    check_mended(whole, damaged, found[0])


def test_an_overlap_into_another_parent_may_be_clipped_by_it() -> None:
    whole = town()
    damaged = moved(whole, "G002002", 5, north_m=20)
    found = find_faults(damaged, LEVELS)
    assert told(found) == [("overlap", ("G002002", "G002003"))]
    assert found[0].mends == ("longest_edge", "clip_parent")
    after = changed(damaged, mend(damaged, found[0], "clip_parent", LEVELS))
    assert find_faults(after, LEVELS) == []
    assert is_seamless(after)
    assert shape_of(after, "G002003").equals_exact(shape_of(whole, "G002003"), 0, normalize=True)


def test_a_child_in_the_wrong_parent_is_clipped_and_its_neighbour_takes_the_rest() -> None:
    whole = town()
    there = moved(whole, "G002002", 5, north_m=20)
    xy = shapely.get_coordinates(shape_of(whole, "G002003"))[:-1]
    xy[1] = shapely.get_coordinates(shape_of(there, "G002002"))[5]
    damaged = changed(there, {"G002003": shapely.Polygon(xy)})
    found = find_faults(damaged, LEVELS)
    assert told(found) == [("outside_parent", ("G002002", "C002"))]
    check_mended(whole, damaged, found[0])


def test_a_detached_part_goes_to_a_neighbour_of_the_same_parent() -> None:
    whole = town()
    both = shapely.multipolygons([shape_of(whole, "G000002"), shape_of(whole, "G003002")])
    damaged = [piece for piece in changed(whole, {"G000002": both}) if piece.code != "G003002"]
    found = find_faults(damaged, LEVELS)
    assert told(found) == [("disconnected", ("G000002",))]
    assert found[0].area_m2 == pytest.approx(min(area_m2(part) for part in both.geoms), rel=0.01)
    check_mended(whole, damaged, found[0])


def test_an_invalid_ring_is_repaired() -> None:
    whole = town()
    xy = shapely.get_coordinates(shape_of(whole, "G002002"))
    spike = np.insert(xy, 4, [xy[:-1].mean(axis=0), xy[3]], axis=0)
    damaged = changed(whole, {"G002002": shapely.Polygon(spike)})
    found = find_faults(damaged, LEVELS)
    assert told(found) == [("invalid", ("G002002",))]
    assert "自相交" in found[0].message
    after = changed(damaged, mend(damaged, found[0], "repair_ring", LEVELS))
    assert find_faults(after, LEVELS) == []
    assert is_seamless(after)


def test_a_hole_without_a_cell_is_a_gap_between_all_its_neighbours() -> None:
    whole = town(with_parents=False)
    damaged = [piece for piece in whole if piece.code != "G002002"]
    found = find_faults(damaged, LEVELS)
    assert [one.kind for one in found] == ["gap"]
    assert {"G001002", "G003002", "G002001", "G002003"} <= set(found[0].codes)
    assert found[0].area_m2 == pytest.approx(area_m2(shape_of(whole, "G002002")), rel=0.001)
    check_mended(whole, damaged, found[0])


def test_a_gap_that_opens_to_the_outside_is_a_sliver() -> None:
    whole = town(with_parents=False)
    damaged = moved(whole, "G002004", 4, east_m=-0.6)
    found = find_faults(damaged, LEVELS)
    assert told(found) == [("sliver", ("G002004", "G003004"))]
    assert found[0].area_m2 == pytest.approx(
        area_m2(shape_of(whole, "G002004")) - area_m2(shape_of(damaged, "G002004")), rel=0.01
    )
    check_mended(whole, damaged, found[0])


def test_a_narrow_piece_is_no_gap() -> None:
    strip = 0.5 / EAST_M
    edges = [WEST, WEST + SIDE, WEST + SIDE + strip, WEST + SIDE + 2 * strip]
    boxes = [shapely.box(a, SOUTH, b, SOUTH + SIDE) for a, b in pairwise(edges)]
    assert find_faults([Piece(f"G{i}", "grid", None, box) for i, box in enumerate(boxes)], LEVELS) == []


def test_an_enclave_drawn_over_its_surroundings_is_cut_out_of_them() -> None:
    whole = town(with_parents=False)
    inner = shapely.Point(shape_of(whole, "G002002").centroid).buffer(SIDE / 5, quad_segs=3)
    damaged = [*whole, Piece("X", "grid", None, inner)]
    found = find_faults(damaged, LEVELS)
    assert told(found) == [("overlap", ("G002002", "X"))]
    after = changed(damaged, mend(damaged, found[0], "longest_edge", LEVELS))
    assert find_faults(after, LEVELS) == []
    assert shape_of(after, "X").equals(inner)
    assert total_m2(after) == pytest.approx(total_m2(whole), rel=1e-9)


def test_two_pieces_with_the_same_boundary_are_refused() -> None:
    whole = town(with_parents=False)
    damaged = [*whole, Piece("X", "grid", None, shape_of(whole, "G002002"))]
    found = find_faults(damaged, LEVELS)
    assert told(found) == [("overlap", ("G002002", "X"))]
    with pytest.raises(Invalid, match="边界相同"):
        mend(damaged, found[0], "longest_edge", LEVELS)


def test_a_repair_above_takes_the_children_along() -> None:
    """Two communities overlap, and so do their grids: giving the part to one community gives it to its grid as well."""
    whole = town()
    damaged = moved(whole, "G002002", 5, north_m=20)
    row = [piece.shape for piece in damaged if piece.parent_code == "C002"]
    damaged = changed(damaged, {"C002": shapely.coverage_union_all(row)})
    found = find_faults(damaged, LEVELS)
    assert told(found) == [("overlap", ("C002", "C003")), ("overlap", ("G002002", "G002003"))]
    shapes = mend(damaged, found[0], "longest_edge", LEVELS)
    after = changed(damaged, shapes)
    assert find_faults(after, LEVELS) == []
    assert is_seamless(after)
    assert len({code[0] for code in shapes}) == 2


def test_a_gap_between_communities_is_filled_down_to_the_grid() -> None:
    whole = town()
    damaged = moved(whole, "G002002", 5, north_m=-20)
    row = [piece.shape for piece in damaged if piece.parent_code == "C002"]
    damaged = changed(damaged, {"C002": shapely.coverage_union_all(row)})
    found = find_faults(damaged, LEVELS)
    assert told(found) == [("gap", ("C002", "C003"))]
    after = changed(damaged, mend(damaged, found[0], "longest_edge", LEVELS))
    assert find_faults(after, LEVELS) == []
    assert is_seamless(after)


def test_a_cut_building_goes_wholly_to_the_larger_share() -> None:
    whole = town()
    x, y = shapely.get_coordinates(shape_of(whole, "G001002"))[3]
    house = shapely.box(x - 2e-4, y - 1e-4, x + 1e-4, y + 1e-4)
    away = shapely.box(*(shape_of(whole, "G000000").centroid.buffer(1e-5).bounds))
    found = find_faults(whole, LEVELS, [(7, house), (8, away)])
    assert told(found) == [("cut_building", ("G001002", "G002002"))]
    assert found[0].footprint == 7
    assert "楼栋 7" in found[0].message
    after = changed(whole, mend(whole, found[0], "give_building", LEVELS))
    assert find_faults(after, LEVELS, [(7, house), (8, away)]) == []
    assert is_seamless(after)
    assert total_m2(after) == pytest.approx(total_m2(whole), rel=1e-9)


def test_a_building_across_two_parents_is_refused() -> None:
    whole = town()
    x, y = shapely.get_coordinates(shape_of(whole, "G002002"))[5]
    house = shapely.box(x - 1e-4, y - 2e-4, x + 1e-4, y + 1e-4)
    found = find_faults(whole, LEVELS, [("A", house)])
    with pytest.raises(Invalid, match="新的问题"):
        mend(whole, found[0], "give_building", LEVELS)


def test_a_repair_that_does_not_fit_is_refused() -> None:
    damaged = moved(town(), "G001002", 3, east_m=15)
    with pytest.raises(Invalid, match="不能修复"):
        mend(damaged, find_faults(damaged, LEVELS)[0], "repair_ring", LEVELS)


def test_a_finding_about_pieces_that_are_gone_is_refused() -> None:
    damaged = moved(town(), "G001002", 3, east_m=15)
    finding = find_faults(damaged, LEVELS)[0]
    with pytest.raises(Invalid, match="重新体检"):
        mend([piece for piece in damaged if piece.code != "G001002"], finding, "longest_edge", LEVELS)


def test_every_repair_on_offer_has_a_label() -> None:
    assert {name for _, names in KINDS.values() for name in names} == set(MENDS)


def test_noise_is_tolerated_but_not_hidden() -> None:
    """A millimetre pulled back is no area worth telling, yet the edges do not match: GEOS and we agree."""
    damaged = moved(town(with_parents=False), "G001002", 3, east_m=-1e-5)
    assert [one.kind for one in find_faults(damaged, LEVELS)] == ["unmatched"]


def mend_all(pieces: Sequence[Piece], steps: int = 40) -> tuple[list[Piece], list[str]]:
    """Mend the most serious fault that can be mended until none is left."""
    pieces, refusals = list(pieces), []
    for _ in range(steps):
        for finding, how in [(one, how) for one in find_faults(pieces, LEVELS) for how in one.mends]:
            try:
                pieces = changed(pieces, mend(pieces, finding, how, LEVELS))
                break
            except Invalid as refusal:
                refusals.append(f"{finding.kind} {how}: {refusal.detail}")
        else:
            return pieces, refusals
    return pieces, refusals


def random_damage(pieces: list[Piece], random: np.random.Generator) -> list[Piece]:
    """One to three faults of random kinds somewhere inside a 5 x 5 town."""
    for _ in range(random.integers(1, 4)):
        code = f"G{random.integers(1, 4):03}{random.integers(1, 4):03}"
        xy = shapely.get_coordinates(shape_of(pieces, code))[:-1]
        at, size = int(random.integers(len(xy))), float(random.choice([0.0005, 0.2, 3, 15]))
        step = random.uniform(-size, size, 2) / (EAST_M, NORTH_M)
        if random.random() < 0.3:
            xy = np.insert(xy, at, (xy[at] + xy[at - 1]) / 2 + step * (random.random() < 0.5), axis=0)
        else:
            xy[at] += step
        if shapely.Polygon(xy).is_valid:
            pieces = changed(pieces, {code: shapely.Polygon(xy)})
    return pieces


@pytest.mark.parametrize("seed", range(30))
def test_random_damage_is_found_as_geos_finds_it_and_mended(seed: int) -> None:
    random = np.random.default_rng(seed)
    whole = town(seed=seed, with_parents=bool(seed % 2))
    damaged = random_damage(whole, random)
    found = find_faults(damaged, LEVELS)
    assert is_seamless(damaged) == (not {one.kind for one in found} & {*SEAMS, "uncovered"})
    after, refusals = mend_all(damaged)
    assert find_faults(after, LEVELS) == [], refusals
    assert is_seamless(after)
    assert total_m2(after) == pytest.approx(total_m2(whole), rel=1e-8)


@pytest.mark.skipif(not DATA.exists(), reason="the shared data are not here")
def test_the_villages_of_tainan_have_one_fault_and_lose_it() -> None:
    features = json.loads((DATA / "grid_tainan_li" / "tainan_villages.geojson").read_text())["features"]
    pieces = [
        Piece(one["properties"]["VILLCODE"], "grid", None, shapely.from_geojson(json.dumps(one["geometry"]))) for one in features
    ]
    assert {one.kind for one in find_faults(pieces, LEVELS)} == {"invalid", "overlap", "disconnected"}
    after, _ = mend_all(pieces)
    assert find_faults(after, LEVELS) == []
    assert is_seamless(after)


@pytest.mark.skipif(not DATA.exists(), reason="the shared data are not here")
def test_faults_of_the_subdistricts_of_beijing_are_mended_one_by_one() -> None:
    features = json.loads((DATA / "admin_cn" / "beijing_111_jiedao_epsg32650_assumed.geojson").read_text())["features"]
    shapes = [shapely.from_geojson(json.dumps(one["geometry"])) for one in features]
    pieces = [Piece(f"{at:03}", "grid", None, shape) for at, shape in enumerate(shapes)]
    found = [one for one in find_faults(pieces, LEVELS) if one.kind in SEAMS]
    assert len(found) > 100
    for finding in found[:5]:
        after = changed(pieces, mend(pieces, finding, finding.mends[-1], LEVELS))
        left = [one for one in find_faults(after, LEVELS) if one.kind in SEAMS]
        assert len(left) < len(found)
        assert finding.key not in {one.key for one in left}
