"""MapIt's grammar: what its clients ask, and what is odd."""

from __future__ import annotations

import pytest

from tests.conftest import problem
from tests.factories import COMMUNITY, DISTRICT, GRID_1, GRID_2, GRID_3, STREET, make_town, middle


@pytest.fixture
def get(client, bearer, session):
    make_town()
    headers = bearer(["areas.read"])
    return lambda path: client.get(path, headers=headers)


def test_a_point_has_all_that_cover_it(get) -> None:
    lon, lat = middle(1)
    found = get(f"/point/4326/{lon},{lat}").json
    assert list(found) == [DISTRICT, STREET, COMMUNITY, GRID_2]
    assert found[GRID_2]["type"] == "grid"
    assert found[GRID_2]["parent_area"] == COMMUNITY
    assert list(get(f"/point/4326/{lon},{lat}?type=grid").json) == [GRID_2]


def test_a_point_in_gauss_kruger(get) -> None:
    from gis_grid.geo import crs

    x, y = crs.from_stored([middle(2)[0]], [middle(2)[1]], "EPSG:4545")
    assert GRID_3 in get(f"/point/4545/{x[0]:.3f},{y[0]:.3f}").json


def test_areas_and_their_relations(get) -> None:
    assert get(f"/area/{GRID_1}").json["name"]
    assert list(get("/areas/grid").json) == [GRID_1, GRID_2, GRID_3]
    assert list(get(f"/area/{COMMUNITY}/children").json) == [GRID_1, GRID_2, GRID_3]
    assert list(get(f"/area/{GRID_1}/touches").json) == [GRID_2]
    assert list(get(f"/area/{COMMUNITY}/covers?type=grid").json) == [GRID_1, GRID_2, GRID_3]
    assert list(get(f"/area/{GRID_1}/covered").json) == [DISTRICT, STREET, COMMUNITY]
    feature = get(f"/area/{GRID_1}.geojson")
    assert feature.mimetype == "application/geo+json"
    assert feature.json["geometry"]["type"] == "MultiPolygon"
    assert get(f"/area/{GRID_1}.wkt").text.startswith("MULTIPOLYGON")
    assert [one["id"] for one in get("/areas/grid.geojson").json["features"]] == [GRID_1, GRID_2, GRID_3]
    assert [one["id"] for one in get(f"/area/{GRID_1}/touches.geojson").json["features"]] == [GRID_2]
    assert list(get("/areas/street,community").json) == [STREET, COMMUNITY]
    assert list(get(f"/areas/{GRID_3},{GRID_1}").json) == [GRID_1, GRID_3]
    lon, lat = middle(0)
    assert get(f"/point/4326/{lon},{lat}.json").json == get(f"/point/4326/{lon},{lat}").json


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/point/4326/abc", 400),
        ("/point/4326/29.5,106.5", 422),  # swapped
        ("/point/4326/nan,1", 400),
        ("/point/999999/1,2", 422),
        ("/area/nothing", 404),
        (f"/area/{GRID_1}.kml", 400),
        ("/areas/planet", 404),
        (f"/area/{GRID_1}?at=yesterday", 422),
        (f"/area/{GRID_1}/neighbours", 404),
        (f"/area/{GRID_1}/touches.kml", 400),
        (f"/areas/{GRID_1},nothing", 404),
        ("/point/wgs84/106.5,29.5", 404),
        ("/point/4326/1_0,2", 400),
        ("/generations", 404),
    ],
)
def test_odd_questions_get_a_sentence(get, path: str, status: int) -> None:
    answer = get(path)
    assert answer.status_code == status, answer.data
    assert problem(answer)["detail"]


def test_nobody_without_the_right_asks(client, bearer, session) -> None:
    assert client.get("/areas/grid").status_code == 401
    assert client.get("/areas/grid", headers=bearer(["events.read"])).status_code == 403
