"""One HTML file with chosen layers: whole in itself, within the caller's rights and scope, and harmless whatever people typed."""

from __future__ import annotations

import re

import pytest

from tests.conftest import problem
from tests.factories import COMMUNITY, GRID_1, make_building, make_town

RIGHTS = ["boards.print", "areas.read", "buildings.read"]


@pytest.fixture
def mine(session, bearer):
    make_town()
    make_building(0, "B1", name="<img src=x onerror=alert(1)>", use="01")
    return bearer(RIGHTS)


def page(client, headers, **asked):
    query = "&".join(f"{name}={value}" for name, value in {"area_code": COMMUNITY, "layers": "grids,units", **asked}.items())
    return client.get(f"/api/boards/map-page?{query}", headers=headers)


def test_nothing_is_asked_of_others_and_the_data_are_in_it(client, mine) -> None:
    answer = page(client, mine, title="网格划分")
    assert answer.status_code == 200, answer.data[:300]
    assert "attachment" in answer.headers["Content-Disposition"]
    text = answer.text
    assert re.findall(r'(?:src|href)="(?!data:|#)[^"]*"', text) == []
    assert "default-src 'none'" in text
    assert "网格划分" in text and GRID_1 in text and "普通网格" in text


def test_what_people_typed_is_no_markup(client, mine) -> None:
    assert "<img src=x" not in page(client, mine, layers="grids,buildings,units", title="<script>x</script>").text
    assert "<script>x" not in page(client, mine, title="<script>x</script>").text


def test_a_neighbour_gets_only_what_is_his(client, mine, bearer) -> None:
    one = bearer(RIGHTS, (GRID_1,))
    assert GRID_1 in page(client, one, area_code=GRID_1, layers="grids").text
    assert page(client, one, area_code=COMMUNITY).status_code == 403


@pytest.mark.parametrize("layers", ["events", "residents", "nothing"])
def test_layers_one_has_no_right_to_are_not_there(client, mine, layers: str) -> None:
    assert problem(page(client, mine, layers=layers))["status"] == 404


def test_too_much_for_a_browser_is_refused(client, mine, monkeypatch) -> None:
    from gis_grid.notices import folium_page

    monkeypatch.setattr(folium_page, "MOST_FEATURES", 2)
    told = problem(page(client, mine, layers="grids"))
    assert told["code"] == "too_many_features" and "少选图层" in told["detail"]
