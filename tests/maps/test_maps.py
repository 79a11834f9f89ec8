"""Layers and tiles: what is there, whose it is, and what a broken layer file says."""

from __future__ import annotations

import math

import mapbox_vector_tile
import pytest

from gis_grid.access.rules import RIGHTS
from gis_grid.maps.layers import BadLayer, layers, read_layer
from gis_grid.maps.tiles import tile_bounds
from tests.conftest import problem
from tests.factories import GRID_1, GRID_2, geojson_point, make_town, middle

ALL = [right for right in RIGHTS if right != "users.manage"]


def tile_of(lon: float, lat: float, z: int) -> str:
    side = 2**z
    y = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * side
    return f"{z}/{int((lon + 180) / 360 * side)}/{int(y)}"


def codes(answer) -> set[str]:
    return {f["properties"]["code"] for f in mapbox_vector_tile.decode(answer.data)["grids"]["features"]}


@pytest.fixture
def town(session):
    make_town()


def test_every_layer_file_is_good_and_answers_a_tile(client, bearer, town) -> None:
    headers = bearer(ALL)
    names = [one["name"] for one in client.get("/api/layers", headers=headers).json["layers"]]
    assert set(names) == set(layers())
    for name in names:
        answer = client.get(f"/tiles/{name}/{tile_of(*middle(0), layers()[name].maxzoom)}", headers=headers)
        assert answer.status_code in (200, 204), (name, answer.data[:200])


def test_a_tile_shows_only_ones_own_area(client, bearer, town) -> None:
    url = f"/tiles/grids/{tile_of(*middle(0), 13)}"
    assert len(codes(client.get(url, headers=bearer(ALL)))) == 3
    assert codes(client.get(url, headers=bearer(ALL, (GRID_1,)))) == {GRID_1}
    assert client.get(url, headers=bearer(ALL, ("620105",))).status_code == 204


def test_several_layers_in_one_tile(client, bearer, town) -> None:
    headers = bearer(ALL)
    client.post("/api/events/", json={"number": "E1", "point": geojson_point(0)}, headers=headers)
    answer = client.get(f"/tiles/grids,events,water/{tile_of(*middle(0), 15)}", headers=headers)
    assert set(mapbox_vector_tile.decode(answer.data)) == {"grids", "grids-label", "events"}
    assert answer.mimetype == "application/vnd.mapbox-vector-tile"


def test_a_change_shows_in_the_next_request_and_no_change_is_304(client, bearer, town) -> None:
    headers = bearer(ALL)
    url = f"/tiles/grids,events/{tile_of(*middle(0), 15)}"
    first = client.get(url, headers=headers)
    same = client.get(url, headers={**headers, "If-None-Match": first.headers["ETag"]})
    assert same.status_code == 304
    client.post("/api/events/", json={"number": "E1", "point": geojson_point(0)}, headers=headers)
    assert client.get(url, headers={**headers, "If-None-Match": first.headers["ETag"]}).status_code == 200


def test_a_grid_is_named_once_however_many_tiles_it_lies_in(client, bearer, town) -> None:
    headers = bearer(ALL)
    z = 18
    lon, lat = middle(0)
    x0, y0 = (int(part) for part in tile_of(lon, lat, z).split("/")[1:])
    inside = 0
    for x in range(x0 - 2, x0 + 3):
        for y in range(y0 - 2, y0 + 3):
            answer = client.get(f"/tiles/grids/{z}/{x}/{y}", headers=headers)
            layers_ = mapbox_vector_tile.decode(answer.data) if answer.status_code == 200 else {}
            for point in layers_.get("grids-label", {}).get("features", []):
                px, py = point["geometry"]["coordinates"]
                inside += point["properties"]["code"] == GRID_1 and 0 <= px < 4096 and 0 <= py < 4096
    assert inside == 1


def test_a_layer_without_the_right_is_not_there(client, bearer, town) -> None:
    headers = bearer(["areas.read"])
    assert "events" not in [one["name"] for one in client.get("/api/layers", headers=headers).json["layers"]]
    assert client.get("/tiles/events/14/1/1", headers=headers).status_code == 404


BAD_TILES = "grids/30/0/0 grids/2/9/0 nonsense/2/0/0 grids,nonsense/2/0/0 grids/2/0/0?at=x ,/1/0/0"


@pytest.mark.parametrize("path", BAD_TILES.split())
def test_bad_tiles_get_a_sentence(client, bearer, town, path: str) -> None:
    answer = client.get(f"/tiles/{path}", headers=bearer(ALL))
    assert 400 <= answer.status_code < 500
    problem(answer)


def test_tile_bounds_are_those_of_web_mercator() -> None:
    assert tile_bounds(1, 0, 0) == pytest.approx((-180, 0, 0, 85.0511287798))


def test_search_finds_areas_buildings_and_shops_of_ones_own_area(client, bearer, town) -> None:
    headers = bearer(ALL)
    client.post("/api/buildings/", json={"code": "B9", "name": "望江楼", "point": geojson_point(0)}, headers=headers)
    client.post("/api/premises/", json={"code": "P9", "name": "望江茶馆", "point": geojson_point(1)}, headers=headers)

    def found(query: str, **given) -> list[str]:
        return [one["title"] for one in client.get(f"/api/search?q={query}", headers=bearer(ALL, **given)).json["items"]]

    assert found("望江") == ["望江楼", "望江茶馆"]
    assert found("望江", scopes=(GRID_2,)) == ["望江茶馆"]
    assert found(GRID_1) == ["名001"]
    assert found("%25") == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("title: x\ngroup: [\n", "bad.yaml:3"),
        ("title: x\nnonsense: 1\n", "bad.yaml:2: unknown entry"),
        ("title: x\n", "'group' is missing"),
        ("- a\n", "bad.yaml:1: a layer is a mapping"),
    ],
)
def test_a_broken_layer_names_its_line(tmp_path, text: str, said: str) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    with pytest.raises(BadLayer, match=said):
        read_layer(path)


def test_a_layer_must_be_scoped_or_say_so(tmp_path) -> None:
    path = tmp_path / "bad.yaml"
    text = "title: x\ngroup: y\norder: 1\nright: areas.read\nzooms: [1, 2]\nselect: SELECT 1 AS id, geom\nfields: {}\n"
    path.write_text(text)
    with pytest.raises(BadLayer, match=r"bad\.yaml:6: a scoped layer must select area_code"):
        read_layer(path)
