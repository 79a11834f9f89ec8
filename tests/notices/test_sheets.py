"""Map sheets: the caller's layers drawn for paper by their own styles; what print cannot show is refused."""

from __future__ import annotations

import io

import pytest
from PIL import Image, ImageChops

from gis_grid.areas.placing import today
from gis_grid.geo import shapes
from gis_grid.maps.layers import layers
from gis_grid.notices.expressions import Seen, Unknown, evaluate
from gis_grid.notices.views import DRAWN, zoom_of
from tests.conftest import problem
from tests.factories import COMMUNITY, GRID_1, SIDE, SOUTH, WEST, make_building, make_town, square
from tests.notices.boards import page_sizes_mm, poppler

RIGHTS = ["boards.print", "areas.read", "buildings.read"]


@pytest.mark.parametrize(
    ("told", "value"),
    [
        ("#fff", "#fff"),
        (["get", "use"], "02"),
        (["match", ["get", "use"], "02", "a", ["03", "04"], "b", "c"], "a"),
        (["match", ["get", "none"], "02", "a", "c"], "c"),
        (["case", ["has", "none"], 1, ["==", ["get", "use"], "02"], 2, 3], 2),
        (["interpolate", ["linear"], ["zoom"], 14, 1, 18, 3], 2),
        (["interpolate", ["exponential", 2], ["zoom"], 14, 0, 18, 15], 3),
        (["step", ["zoom"], "far", 15, "near"], "near"),
        (["concat", ["get", "floors"], "层"], "6层"),
        (["slice", ["get", "code"], -3], "009"),
        (["all", [">=", ["zoom"], 16], ["!", ["in", ["get", "use"], ["literal", ["05"]]]]], True),
        (["format", ["get", "use"], {}, "\n", {}, ["get", "floors"], {"font-scale": 0.9}], "02\n6"),
        (["<", ["get", "none"], 3], False),
    ],
)
def test_expressions(told, value) -> None:
    assert evaluate(told, Seen({"use": "02", "floors": 6.0, "code": "990009"}, 16)) == value


def test_an_expression_print_does_not_know_is_not_guessed() -> None:
    with pytest.raises(Unknown, match="heatmap-density"):
        evaluate(["interpolate", ["linear"], ["heatmap-density"], 0, 1, 1, 2], Seen({}, 16))


@pytest.mark.parametrize("name", sorted(layers()))
def test_every_expression_of_every_layer_that_is_drawn_is_known(name: str) -> None:
    for entry in layers()[name].style:
        if entry["type"] in DRAWN:
            for value in [entry.get("filter"), *entry.get("paint", {}).values(), entry.get("layout", {}).get("text-field")]:
                evaluate(value, Seen({}, 16)) if not isinstance(value, list) or isinstance(value[0], str) else None


def test_a_scale_is_the_zoom_that_shows_it() -> None:
    assert zoom_of(4268, 0) == pytest.approx(16.08, abs=0.05)


@pytest.fixture
def mine(session, bearer):
    make_town()
    make_building(0, name="1号楼", use="01")
    return bearer(RIGHTS)


def test_a_view_comes_out_as_a_sheet(client, mine) -> None:
    sheet = client.get(f"/api/boards/sheet?area_code={COMMUNITY}&layers=grids&paper=a3&title=网格划分图", headers=mine)
    assert sheet.status_code == 200, sheet.data
    assert page_sizes_mm(sheet.data) == [pytest.approx((420, 297), abs=0.05)]
    text = poppler("pdftotext", sheet.data)
    for said in ("网格划分图", "普通网格", "制图日期", "示意图", "北"):
        assert said in text


def test_an_atlas_has_an_overview_and_a_page_for_each_grid_at_a_fixed_scale(client, mine) -> None:
    sheet = client.get(f"/api/boards/sheet?area_code={COMMUNITY}&layers=grids&each=true&scale=1000&title=网格图册", headers=mine)
    assert len(page_sizes_mm(sheet.data)) == 4
    text = poppler("pdftotext", sheet.data)
    assert poppler("pdftotext", sheet.data, "-f", "2").count("1:1000") == 3
    assert "4/4页" in text.replace(" ", "") and "网格图册" in text


def test_a_view_is_printed_as_it_is_seen_first_as_a_picture(client, mine) -> None:
    at = f"{WEST},{SOUTH},{WEST + SIDE},{SOUTH + SIDE}"
    asked = f"area_code={COMMUNITY}&layers=grids&bbox={at}&scale=2000"
    assert "1:2000" in poppler("pdftotext", client.get(f"/api/boards/sheet?{asked}", headers=mine).data)
    seen = client.get(f"/api/boards/sheet?{asked}&format=png&pixels=400", headers=mine)
    assert Image.open(io.BytesIO(seen.data)).size == pytest.approx((400, 283), abs=1)
    told = problem(client.get(f"/api/boards/sheet?area_code={COMMUNITY}&bbox=1,2,3", headers=mine))
    assert told["code"] == "bad_bbox"


THEME = f"area_code={COMMUNITY}&layers=roads,buildings&theme_area={COMMUNITY}&theme=buildings~~count~choropleth~equal~5~grid"


def test_colours_by_a_count_are_on_the_sheet_with_their_legend(client, mine) -> None:
    sheet = client.get(f"/api/boards/sheet?{THEME}&classes=0~0~edf8b1,1~1~0c2c84", headers=mine)
    assert sheet.status_code == 200, sheet.data
    text = poppler("pdftotext", sheet.data, "-layout").replace(" ", "")
    assert "楼栋（数量）" in text and "2个区域" in text and "1个区域" in text
    seen = client.get(f"/api/boards/sheet?{THEME}&classes=0~0~edf8b1,1~1~0c2c84&format=png&pixels=400", headers=mine)
    red, _, blue = Image.open(io.BytesIO(seen.data)).convert("RGB").split()
    assert ImageChops.subtract(blue, red).point(lambda more: more > 60 and 255).histogram()[255] > 1000  # a third of the map
    bubbles = THEME.replace("choropleth", "bubbles").replace("count", "density")
    text = poppler("pdftotext", client.get(f"/api/boards/sheet?{bubbles}", headers=mine).data)
    assert "圆面积与每平方公里成正比" in text and "/平方公里" in text


def test_numbers_that_changed_since_are_not_printed_in_wrong_colours(client, mine) -> None:
    told = problem(client.get(f"/api/boards/sheet?{THEME}&classes=5~9~edf8b1", headers=mine))
    assert (told["status"], told["code"]) == (409, "counts_changed")
    assert problem(client.get(f"/api/boards/sheet?{THEME}&classes=five", headers=mine))["code"] == "bad_theme"


def test_small_numbers_of_people_stay_hidden_on_paper(client, mine) -> None:
    events = THEME.replace("theme=buildings", "theme=events")
    assert client.get(f"/api/boards/sheet?{events}", headers=mine).status_code == 403  # no right to them: not counted at all
    people = THEME.replace("theme=buildings", "theme=residents")
    text = poppler("pdftotext", client.get(f"/api/boards/sheet?{people}&classes=0~0~edf8b1", headers=mine).data).replace(" ", "")
    assert "凑整到5的倍数" in text


def test_a_sheet_of_another_day_says_so(client, mine) -> None:
    asked = f"/api/boards/sheet?area_code={COMMUNITY}&layers=grids"
    assert "边界与数据" in poppler("pdftotext", client.get(f"{asked}&at={today()}", headers=mine).data)


def test_a_long_legend_is_told_whole(client, session, bearer) -> None:
    make_town()
    make_building(0, name="1号楼", use="01", footprint=shapes.to_column(square(0)))
    wanted = ("buildings", "people_by_building", "staleness", "people_by_grid", "grids")
    headers = bearer([*RIGHTS, "people.read"])
    sheet = client.get(f"/api/boards/sheet?area_code={COMMUNITY}&layers={','.join(wanted)}", headers=headers)
    text = poppler("pdftotext", sheet.data).replace(" ", "")
    told = [entry["label"].replace(" ", "") for name in ("buildings", "staleness", "grids") for entry in layers()[name].legend]
    assert len(told) >= 12
    assert [label for label in told if label not in text] == []


def test_the_visit_list_says_no_more_than_the_visits_do(client, session, bearer) -> None:
    make_town()
    make_building(0, name="1号楼", use="01")
    told = client.get(f"/api/boards/visit-list?area_code={GRID_1}", headers=bearer(["people.read"]))
    assert told.status_code == 200, told.data[:300]
    text = poppler("pdftotext", told.data)
    assert "走访清单" in text and "内部资料" in text
    other = bearer(["people.read"], ("620105",))
    assert client.get(f"/api/boards/visit-list?area_code={GRID_1}", headers=other).status_code == 403


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("layers=nothing", 404, "not_found"),
        ("layers=events", 404, "not_found"),  # no right to it: as if it were not there
        ("scale=50", 422, "scale_too_large"),
        ("paper=b9", 422, "invalid"),
    ],
)
def test_what_cannot_be_printed_is_refused(client, mine, query: str, status: int, code: str) -> None:
    told = problem(client.get(f"/api/boards/sheet?area_code={GRID_1}&{query}", headers=mine))
    assert (told["status"], told["code"]) == (status, code)


def test_heat_is_for_screens(client, session, bearer) -> None:
    make_town()
    headers = bearer(["boards.print", "events.read", "areas.read"])
    told = problem(client.get(f"/api/boards/sheet?area_code={GRID_1}&layers=event_heat", headers=headers))
    assert told["code"] == "not_printable"


def test_anothers_area_is_not_printed(client, mine, bearer) -> None:
    other = bearer(RIGHTS, ("620105",))
    assert client.get(f"/api/boards/sheet?area_code={GRID_1}", headers=other).status_code == 403
