"""The plan: no two names touch, none is cut, the scale bar is true, what cannot be named is told."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
import shapely

from gis_grid.errors import Invalid
from gis_grid.geo.shapes import distance_m
from gis_grid.notices.extent import extent_in_words
from gis_grid.notices.font import missing_glyphs, size_to_fit, width_em, wrap
from gis_grid.notices.ground import Ground, House, Mark, flat
from gis_grid.notices.labels import Name, Spot, overlaps, place
from gis_grid.notices.plan import draw_plan
from gis_grid.notices.scale import SCALES, bar_metres, fit
from gis_grid.notices.spots import _forms, box, readable, short_names
from gis_grid.notices.style import Letters, Paper
from tests.conftest import DATA
from tests.notices.grounds import SHAPES, real, town

A4_MAP = Paper(190, 140)


def spots_of(plan):
    return [spot for _, spot in plan.placement.placed]


def cut_names(plan, paper) -> list[str]:
    """Names whose box reaches over the map's edge."""
    frame = shapely.box(0, 0, plan.window.width, plan.window.height)
    return [name.key for name, spot in plan.placement.placed if not frame.contains(shapely.Polygon(spot.corners()))]


@pytest.mark.parametrize("shape", sorted(SHAPES))
def test_on_every_shape_no_names_touch_none_is_cut_and_every_building_is_named(shape: str) -> None:
    plan = draw_plan(SHAPES[shape](), A4_MAP)
    assert overlaps(spots_of(plan)) == 0
    assert cut_names(plan, A4_MAP) == []
    assert plan.unnamed == []
    assert plan.window.scale in SCALES


@pytest.mark.skipif(not DATA.is_dir(), reason="real buildings lie beside the project")
@pytest.mark.parametrize(("name", "half_x", "half_y"), [("tsinghua", 0.0035, 0.003), ("suzhou", 0.0025, 0.002)])
def test_on_real_buildings_no_names_touch(name: str, half_x: float, half_y: float) -> None:
    ground = real(name, half_x, half_y)
    assert len(ground.houses) > 50
    plan = draw_plan(ground, Paper(277, 190))
    assert overlaps(spots_of(plan)) == 0
    assert cut_names(plan, None) == []
    assert len(plan.unnamed) <= 0.02 * len(ground.houses)


def test_four_hundred_houses_on_a4_all_bear_their_number_written_alike() -> None:
    plan = draw_plan(town(shapely.box(0, 0, 400, 320), 20, 20), A4_MAP)
    assert plan.unnamed == []
    assert overlaps(spots_of(plan)) == 0
    written = {spot.lines[0] for name, spot in plan.placement.placed if name.style == "house"}
    assert written == {str(n) for n in range(1, 401)}  # not one 41号楼 beside 42


def test_the_name_of_a_house_astride_the_edge_stands_on_one_side_of_it() -> None:
    ground = SHAPES["water"]()
    plan = draw_plan(ground, A4_MAP)
    edge = shapely.boundary(plan.window.to_paper()(ground.area))
    names = [spot for name, spot in plan.placement.placed if name.style == "house"]
    assert [spot.lines for spot in names if edge.intersects(shapely.Polygon(spot.tight()))] == []


def test_the_number_of_a_house_stands_clear_of_the_key_place_in_it() -> None:
    ground = town(shapely.box(0, 0, 200, 160), 5, 6)
    marks = tuple(Mark(f"老人食堂{n}", house.shape.centroid, "place") for n, house in enumerate(ground.houses[:6]))
    plan = draw_plan(replace(ground, marks=marks), A4_MAP)
    assert not [name for name in plan.placement.missing if name.style == "house"]
    to_paper = plan.window.to_paper()
    covers = [
        (name.key, mark.name)
        for name, spot in plan.placement.placed
        for mark in marks
        if name.style == "house" and shapely.Polygon(spot.tight()).intersects(to_paper(mark.point).buffer(0.9))
    ]
    assert covers == []


def test_a_name_on_two_lines_breaks_where_one_would_pause() -> None:
    (found, *_) = [lines for _, lines in _forms(("荷塘社区第11网格",)) if len(lines) == 2]
    assert found == ("荷塘社区", "第11网格")


def test_names_stand_within_their_buildings_where_they_fit() -> None:
    plan = draw_plan(town(), A4_MAP)
    to_paper = plan.window.to_paper()
    footprints = {house.names[0]: to_paper(house.shape) for house in town().houses}
    inside = [
        footprints[name.key].contains(shapely.Polygon(spot.corners()).buffer(-0.3))
        for name, spot in plan.placement.placed
        if name.style == "house"
    ]
    assert len(inside) == 12
    assert all(inside)


def test_four_hundred_buildings_on_a4_are_all_named_or_told() -> None:
    ground = town(shapely.box(0, 0, 600, 450), 20, 20)
    plan = draw_plan(ground, A4_MAP)
    named = {name.key for name, _ in plan.placement.placed if name.style == "house"}
    assert named | set(plan.unnamed) == {house.names[0] for house in ground.houses}
    assert overlaps(spots_of(plan)) == 0


def test_no_letter_is_smaller_than_can_be_read() -> None:
    letters = Letters(building=6, street=7, area=8, note=6, least=5)
    plan = draw_plan(SHAPES["many"](), Paper(580, 420, letters))
    assert min(spot.size for spot in spots_of(plan)) >= 5


@pytest.mark.parametrize("shape", sorted(SHAPES))
def test_the_scale_bar_is_true_to_half_a_percent(shape: str) -> None:
    plan = draw_plan(SHAPES[shape](), A4_MAP)
    told = re.search(r'data-metres="([\d.]+)" data-mm="([\d.]+)"', plan.svg)
    metres, millimetres = float(told[1]), float(told[2])
    assert millimetres * plan.window.scale / 1000 == pytest.approx(metres, rel=0.005)
    quarters = re.findall(r'<rect x="[\d.]+" y="[\d.]+" width="([\d.]+)" height="[\d.]+" fill="#\w+" stroke="#222222"', plan.svg)
    rects = [float(width) for width in quarters]
    assert sum(rects) == pytest.approx(millimetres, rel=0.005)  # as drawn


def test_metres_on_paper_are_metres_on_the_ellipsoid() -> None:
    lon, lat = 106.5, 29.5
    metres = flat(lon, lat)
    for dx, dy in ((0.02, 0.0), (0.0, 0.02), (0.01, -0.015)):
        at = metres(shapely.Point(lon + dx, lat + dy))
        assert (at.x**2 + at.y**2) ** 0.5 == pytest.approx(distance_m(lon, lat, lon + dx, lat + dy), rel=0.001)


def test_the_scale_is_the_largest_round_one_that_fits() -> None:
    window = fit((0, 0, 150, 100), 190, 140, 10)
    assert window.scale == 1000
    assert bar_metres(1000, 45) == 20


def test_an_area_without_boundary_is_refused() -> None:
    with pytest.raises(Invalid, match="没有边界"):
        draw_plan(Ground(None), A4_MAP)


def test_a_building_that_finds_no_room_is_told_and_nothing_is_covered() -> None:
    crowd = tuple(House((f"很长的楼栋名称{n}号楼",), shapely.Point(100 + n % 3, 60 + n // 3)) for n in range(200))
    plan = draw_plan(town(houses=crowd), Paper(80, 70))
    assert plan.unnamed
    assert overlaps(spots_of(plan)) == 0


def test_a_name_may_push_another_that_has_room_elsewhere() -> None:
    left, right = box(("甲",), 10, 10, 4), box(("甲",), 30, 10, 4, cost=1)
    placement = place([Name("甲", "", 0, [left, right]), Name("乙", "", 1, [box(("乙",), 11, 10, 4)])], (0, 0, 60, 20))
    assert placement.missing == []
    assert [spot.x for _, spot in placement.placed] == [30, 11]


def test_overlaps_are_counted_apart_from_placing() -> None:
    spot = Spot(("甲",), 10, 10, 4, 4, 4)
    assert overlaps([spot, Spot(("乙",), 12, 10, 4, 4, 4)]) == 1
    assert overlaps([spot, Spot(("乙",), 15, 10, 4, 4, 4)]) == 0


def test_short_names() -> None:
    assert short_names("梧桐里8幢", "梧桐里") == ("梧桐里8幢", "8幢", "8")
    assert short_names("教学楼", None) == ("教学楼",)
    assert short_names(None) == ()


def test_no_letter_stands_on_its_head() -> None:
    assert [readable(angle) for angle in (0, 45, 90, 135, 180, -90, 270)] == [0, 45, 90, -45, 0, 90, 90]


def test_the_extent_in_words_names_what_runs_along_each_side() -> None:
    assert extent_in_words(town()) == "东至清水河，南至人民路，西至解放巷，北至第2网格"
    assert extent_in_words(Ground(shapely.box(0, 0, 10, 10))) is None


def test_text_is_measured_and_wrapped_with_numbers_whole() -> None:
    assert width_em("网格") == 2
    assert wrap("电话023-12345678，来人", 8) == ["电话", "023-12345678，", "来人"]
    assert size_to_fit("网" * 40, 50, 20, 5, 2) is not None
    assert size_to_fit("网" * 400, 50, 20, 5, 2) is None


def test_characters_the_font_lacks_are_found() -> None:
    assert missing_glyphs(["张骨直", "王𪛖"]) == ["𪛖"]
