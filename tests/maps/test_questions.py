"""Spatial questions of other systems: exact against brute force, paged without gaps, scoped, refused with a sentence."""

from __future__ import annotations

import json

import numpy as np
import pyproj
import pytest
import shapely
import sqlalchemy as sa
from shapely.geometry import mapping

from gis_grid.access.rules import RIGHTS
from gis_grid.db import session as current
from gis_grid.geo import shapes
from gis_grid.maps.changes import _tables
from gis_grid.maps.models import BaseFeature
from gis_grid.premises import Premises
from tests.conftest import problem
from tests.factories import GRID_1, GRID_2, GRID_3, SIDE, SOUTH, WEST, make_building, make_town, middle, square

GEOD = pyproj.Geod(a=6378137.0, rf=298.257222101)  # CGCS2000
ALL = sorted(RIGHTS)
MANY = 300


@pytest.fixture
def headers(session, bearer) -> dict[str, str]:
    make_town()
    return bearer(ALL)


@pytest.fixture
def shops(headers) -> dict[str, tuple[float, float]]:
    """Shops at random places of the town, some on the very same spot: code -> longitude, latitude."""
    random = np.random.default_rng(20260301)
    lon = np.round(WEST + random.random(MANY) * 3 * SIDE, 7)
    lat = np.round(SOUTH + random.random(MANY) * SIDE, 7)
    lon[:5], lat[:5] = lon[0], lat[0]
    column = np.minimum(((lon - WEST) / SIDE).astype(int), 2)
    current().add_all(
        Premises(
            code=f"P{n:03}",
            name=f"店{n}",
            point=shapes.to_column(shapely.Point(lon[n], lat[n])),
            area_code=(GRID_1, GRID_2, GRID_3)[column[n]],
            placed_by="inside",
        )
        for n in range(MANY)
    )
    current().flush()
    return {f"P{n:03}": (float(lon[n]), float(lat[n])) for n in range(MANY)}


def metres(places: dict[str, tuple[float, float]], lon: float, lat: float) -> dict[str, float]:
    """How far each place is from a point, on the ellipsoid, by PROJ."""
    far = np.array(list(places.values()))
    _, _, distance = GEOD.inv(np.full(len(far), lon), np.full(len(far), lat), far[:, 0], far[:, 1])
    return dict(zip(places, distance, strict=True))


def codes(answer) -> list[str]:
    assert answer.status_code == 200, answer.data
    return [one["properties"]["code"] for one in answer.json["items"]]


# near ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 7, 40, 1000])
def test_near_is_what_brute_force_says(client, headers, shops, n: int) -> None:
    random = np.random.default_rng(n)
    spots = [(WEST + random.random() * 3 * SIDE, SOUTH + random.random() * SIDE) for _ in range(8)]
    for lon, lat in [*spots, (WEST - 0.01, SOUTH + 0.02)]:
        answer = client.get(f"/api/near?layer=premises&lon={lon}&lat={lat}&n={n}", headers=headers)
        found = codes(answer)
        far = metres(shops, lon, lat)
        told = [one["distance_m"] for one in answer.json["items"]]
        assert told == sorted(told)
        assert np.allclose(told, sorted(far.values())[:n], atol=0.02)
        assert np.allclose(told, [far[code] for code in found], atol=0.02)
        assert len(set(found)) == len(found) == min(n, MANY)


def test_near_within_metres_is_what_brute_force_says(client, headers, shops) -> None:
    lon, lat = middle(1)
    far = metres(shops, lon, lat)
    for within in (0, 5, 20.5, 60, 150):
        found = codes(client.get(f"/api/near?layer=premises&lon={lon}&lat={lat}&n=1000&within_m={within}", headers=headers))
        assert set(found) == {code for code, distance in far.items() if distance <= within}, within


def test_near_measures_to_the_edge_of_a_polygon(client, headers) -> None:
    lon, lat = WEST - SIDE, SOUTH + SIDE / 2
    items = client.get(f"/api/near?layer=grids&lon={lon}&lat={lat}&n=3", headers=headers).json["items"]
    _, _, distance = GEOD.inv(lon, lat, WEST, lat)
    assert [one["id"] for one in items] == [GRID_1, GRID_2, GRID_3]
    assert items[0]["distance_m"] == pytest.approx(distance, abs=0.02)
    inside = client.get("/api/near?layer=grids&lon={}&lat={}&n=1".format(*middle(1)), headers=headers).json["items"]
    assert (inside[0]["id"], inside[0]["distance_m"]) == (GRID_2, 0)


def test_near_understands_another_datum(client, headers, shops) -> None:
    from gis_grid.geo import crs

    lon, lat = middle(1)
    x, y = crs.from_stored(np.array([lon]), np.array([lat]), "gcj02")
    there = codes(client.get(f"/api/near?layer=premises&lon={x[0]}&lat={y[0]}&crs=gcj02&n=5", headers=headers))
    assert there == codes(client.get(f"/api/near?layer=premises&lon={lon}&lat={lat}&n=5", headers=headers))


def test_near_shows_only_ones_own_area(client, headers, shops, bearer) -> None:
    lon, lat = middle(0)
    own = bearer(ALL, (GRID_2,))
    items = client.get(f"/api/near?layer=premises&lon={lon}&lat={lat}&n=1000", headers=own).json["items"]
    assert {one["properties"]["area_code"] for one in items} == {GRID_2}
    other = bearer(ALL, ("620105",))
    assert client.get(f"/api/near?layer=premises&lon={lon}&lat={lat}", headers=other).json["items"] == []
    assert client.get(f"/api/near?layer=premises&lon={lon}&lat={lat}", headers=bearer(["areas.read"])).status_code == 404


# within --------------------------------------------------------------------------------------------------------------


def pages(client, headers, **body) -> list[str]:
    """All codes, page after page; no page longer than asked."""
    found: list[str] = []
    after = None
    while True:
        answer = client.post("/api/within", json={**body, "after": after} if after else body, headers=headers)
        page = codes(answer)
        assert len(page) <= body.get("limit", 200)
        found += page
        after = answer.json["next"]
        if after is None:
            return found
        assert page


@pytest.mark.parametrize("limit", [1, 7, 299, 300, 301])
def test_within_pages_have_every_feature_once(client, headers, shops, limit: int) -> None:
    if limit == 1:
        shape = shapely.box(WEST, SOUTH, WEST + 0.1 * SIDE, SOUTH + SIDE)
    else:
        shape = shapely.box(WEST - 1, SOUTH - 1, WEST + 1, SOUTH + 1)
    found = pages(client, headers, layers=["premises"], geometry=mapping(shape), limit=limit)
    meant = [code for code, place in shops.items() if shape.intersects(shapely.Point(place))]
    assert found == meant


@pytest.mark.parametrize("limit", [2, 3, 300, 303, 304, 2000])
def test_within_pages_go_on_from_layer_to_layer(client, headers, shops, limit: int) -> None:
    shape = mapping(shapely.box(WEST - 1, SOUTH - 1, WEST + 1, SOUTH + 1))
    if limit < 100:
        shape = mapping(shapely.box(WEST, SOUTH, WEST + 0.05 * SIDE, SOUTH + SIDE))
    asked = {"layers": ["communities", "premises", "grids", "buildings"], "geometry": shape, "limit": limit}
    found = pages(client, headers, **asked)
    everything = pages(client, headers, **{**asked, "limit": 2000})
    assert found == everything
    assert len(found) == len(set(found)) > 4


def test_within_a_grid_and_within_a_circle(client, headers, shops) -> None:
    found = pages(client, headers, layers=["premises"], area=GRID_2)
    assert set(found) == {code for code, place in shops.items() if square(1).intersects(shapely.Point(place))}
    lon, lat = middle(1)
    round_about = pages(client, headers, layers=["premises"], lon=lon, lat=lat, radius_m=40)
    far = metres(shops, lon, lat)
    assert {code for code in far if far[code] < 39.9} <= set(round_about) <= {code for code in far if far[code] <= 40.01}


def test_within_takes_a_shape_in_metres(client, headers, shops) -> None:
    to_zone = pyproj.Transformer.from_crs("EPSG:4490", "EPSG:4545", always_xy=True)
    shape = shapely.box(WEST, SOUTH, WEST + SIDE, SOUTH + SIDE)
    moved = shapely.transform(shape, lambda pairs: np.column_stack(to_zone.transform(pairs[:, 0], pairs[:, 1])))
    plain = pages(client, headers, layers=["premises"], geometry=mapping(shape))
    assert set(pages(client, headers, layers=["premises"], geometry=mapping(moved), crs="EPSG:4545")) ^ set(plain) == set()


def test_within_shows_only_ones_own_area(client, headers, shops, bearer) -> None:
    own = bearer(ALL, (GRID_2,))
    shape = mapping(shapely.box(WEST - 1, SOUTH - 1, WEST + 1, SOUTH + 1))
    found = pages(client, own, layers=["premises", "grids"], geometry=shape)
    assert found[-1] == GRID_2
    assert set(found[:-1]) == {code for code, place in shops.items() if square(1).intersects(shapely.Point(place))}
    assert pages(client, bearer(ALL, ("620105",)), layers=["premises", "grids"], geometry=shape) == []


# path ----------------------------------------------------------------------------------------------------------------


def test_along_a_line_in_the_order_one_meets_it(client, headers, shops) -> None:
    lat = SOUTH + SIDE / 2
    line = {"type": "LineString", "coordinates": [[WEST, lat], [WEST + 3 * SIDE, lat]]}
    items = client.post("/api/path", json={"layers": ["premises"], "line": line, "within_m": 10}, headers=headers).json["items"]
    off = {code: GEOD.inv(lon, at, lon, lat)[2] for code, (lon, at) in shops.items()}
    assert {one["properties"]["code"] for one in items} == {code for code in off if off[code] <= 10}
    walked = [one["along_m"] for one in items]
    assert walked == sorted(walked)
    for one in items:
        lon, _ = shops[one["properties"]["code"]]
        assert one["along_m"] == pytest.approx(GEOD.inv(WEST, lat, lon, lat)[2], abs=0.2)
        assert one["off_m"] == pytest.approx(off[one["properties"]["code"]], abs=0.1)


def test_along_a_line_shows_only_ones_own_area(client, headers, shops, bearer) -> None:
    line = {"type": "LineString", "coordinates": [[WEST, SOUTH], [WEST + 3 * SIDE, SOUTH + SIDE]]}
    asked = {"layers": ["premises", "grids"], "line": line, "within_m": 500}
    items = client.post("/api/path", json=asked, headers=bearer(ALL, (GRID_3,))).json["items"]
    assert {one["properties"].get("area_code", GRID_3) for one in items} == {GRID_3}
    assert [one["id"] for one in items if one["layer"] == "grids"] == [GRID_3]


# responsible ---------------------------------------------------------------------------------------------------------


def test_who_is_responsible_names_the_grid_the_person_and_why(client, headers) -> None:
    told = client.get("/api/responsible?lon={}&lat={}&category=乱停车".format(*middle(1)), headers=headers).json
    assert told["grid"]["code"] == GRID_2
    assert told["category"] == "乱停车"
    assert told["owners"][0] | {"area_code": GRID_2, "is_responsible": True} == told["owners"][0]
    assert told["first"]["name"] == "网格员2"
    assert told["why"] and told["rule"]


def test_nobody_is_responsible_outside_of_all_grids(client, headers) -> None:
    told = client.get("/api/responsible?lon=100&lat=20", headers=headers).json
    assert (told["grid"]["code"], told["owners"], told["first"]) == (None, [], None)


def test_the_next_grids_people_are_not_told_to_strangers(client, headers, bearer) -> None:
    answer = client.get("/api/responsible?lon={}&lat={}".format(*middle(1)), headers=bearer(ALL, ("620105",)))
    assert "网格员2" not in answer.text
    assert "10000000000" not in answer.text


# changes -------------------------------------------------------------------------------------------------------------


def feed(client, headers, since: str, limit: int = 1000) -> tuple[list[dict], str]:
    """All changes after a mark, page after page."""
    found: list[dict] = []
    more = True
    while more:
        told = client.get(f"/api/changes?since={since}&limit={limit}", headers=headers).json
        found, since, more = found + told["items"], told["next"], told["more"]
        assert len(told["items"]) <= limit
    return found, since


@pytest.fixture
def mark(client, headers) -> str:
    return client.get("/api/changes", headers=headers).json["next"]


def test_what_is_created_changed_and_retired_is_told(client, headers, mark) -> None:
    made = client.post(
        "/api/events/", json={"number": "E1", "point": {"type": "Point", "coordinates": middle(0)}}, headers=headers
    )
    path = f"/api/events/{made.json['id']}"
    steps = [("created", 1)]
    found, mark = feed(client, headers, mark)
    assert steps == [(one["action"], one["version"]) for one in found if one["kind"] == "events"]
    client.patch(path, json={"title": "改"}, headers={**headers, "If-Match": '"1"'})
    found, mark = feed(client, headers, mark)
    (told,) = [one for one in found if one["kind"] == "events"]
    assert (told["action"], told["version"], told["href"], told["area_code"]) == ("changed", 2, path, GRID_1)
    client.delete(path, headers={**headers, "If-Match": '"2"'})
    found, _ = feed(client, headers, mark)
    assert [one["action"] for one in found if one["kind"] == "events"] == ["retired"]


@pytest.mark.parametrize("limit", [1, 7, 100])
def test_pages_of_changes_have_every_row(client, headers, mark, shops, limit: int) -> None:
    make_building()
    found, _ = feed(client, headers, mark, limit)
    told = [one["href"] for one in found if one["kind"] == "premises"]
    assert len(told) == len(set(told)) == MANY
    assert [one["kind"] for one in found].count("buildings") == 1


def test_no_table_keeps_its_changes_to_itself(session) -> None:
    """The feed skips tables whose number stands still: one without a trigger would never be told."""
    telling = "SELECT event_object_table FROM information_schema.triggers WHERE action_statement ~ 'bump_data|mark_table'"
    triggers = session.execute(sa.text(telling)).scalars().all()
    assert {table.source for table in _tables()} <= set(triggers)


def test_changes_of_the_next_grid_are_not_told(client, headers, mark, shops, bearer) -> None:
    found, _ = feed(client, bearer(ALL, (GRID_2,)), mark)
    assert {one["area_code"] for one in found} == {GRID_2}
    found, _ = feed(client, bearer(["events.read"]), mark)
    assert {one["kind"] for one in found} <= {"events"}


# bad input -----------------------------------------------------------------------------------------------------------

SQUARE = {"type": "Polygon", "coordinates": [[[106, 29], [107, 29], [107, 30], [106, 30], [106, 29]]]}
LINE = {"type": "LineString", "coordinates": [[106, 29], [107, 30]]}
BAD_QUERIES = [
    "near?layer=premises&lon=106",
    "near?lon=106&lat=29",
    "near?layer=nonsense&lon=106&lat=29",
    "near?layer=premises&lon=x&lat=29",
    "near?layer=premises&lon=nan&lat=29",
    "near?layer=premises&lon=1060&lat=29",
    "near?layer=premises&lon=106&lat=29&n=0",
    "near?layer=premises&lon=106&lat=29&n=100000",
    "near?layer=premises&lon=106&lat=29&within_m=-1",
    "near?layer=premises&lon=106&lat=29&crs=mars",
    "near?layer=premises&lon=106&lat=29&at=yesterday",
    "near?layer=premises&lon=106&lat=29&nonsense=1",
    "near?layer=premises%27--&lon=106&lat=29",
    "responsible?lon=106",
    "responsible?lon=106&lat=95",
    "responsible?lon=106&lat=29&category=",
    "changes?since=nonsense",
    "changes?since=W10",
    "changes?since=eyJhIjoxfQ",
    "changes?limit=0",
]
BAD_BODIES = [
    ("within", {}),
    ("within", {"layers": ["premises"]}),
    ("within", {"layers": [], "geometry": SQUARE}),
    ("within", {"layers": ["nonsense"], "geometry": SQUARE}),
    ("within", {"layers": ["premises"], "geometry": SQUARE, "area": GRID_1}),
    ("within", {"layers": ["premises"], "geometry": LINE}),
    ("within", {"layers": ["premises"], "geometry": {"type": "Polygon"}}),
    (
        "within",
        {"layers": ["premises"], "geometry": {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [0, 1], [1, 0], [0, 0]]]}},
    ),
    ("within", {"layers": ["premises"], "area": "999"}),
    ("within", {"layers": ["premises"], "radius_m": 10}),
    ("within", {"layers": ["premises"], "lon": 106, "lat": 29, "radius_m": 1e9}),
    ("within", {"layers": ["premises"], "lon": 1060, "lat": 29, "radius_m": 10}),
    ("within", {"layers": ["premises"], "geometry": SQUARE, "after": "nonsense"}),
    ("within", {"layers": ["premises"], "geometry": SQUARE, "after": "WzAsImEiXQ"}),
    ("within", {"layers": ["premises"], "geometry": SQUARE, "limit": 0}),
    ("within", {"layers": ["premises"], "geometry": SQUARE, "crs": "EPSG:4545"}),
    ("path", {"layers": ["premises"]}),
    ("path", {"layers": ["premises"], "line": SQUARE}),
    ("path", {"layers": ["premises"], "line": LINE, "within_m": -1}),
    ("path", {"layers": ["nonsense"], "line": LINE}),
]


def check_sentence(answer) -> None:
    assert answer.status_code in (400, 404, 422), answer.data
    told = problem(answer)
    assert any("\u4e00" <= char <= "\u9fff" for char in told["detail"]), told


@pytest.mark.parametrize("query", BAD_QUERIES)
def test_a_bad_question_gets_a_sentence(client, headers, query: str) -> None:
    check_sentence(client.get(f"/api/{query}", headers=headers))


@pytest.mark.parametrize(("path", "body"), BAD_BODIES, ids=[json.dumps(body)[:60] for _, body in BAD_BODIES])
def test_a_bad_body_gets_a_sentence(client, headers, path: str, body: dict) -> None:
    check_sentence(client.post(f"/api/{path}", json=body, headers=headers))


def test_the_ground_of_the_map_is_everybodys(client, headers, bearer) -> None:
    line = shapes.to_column(shapely.linestrings([(WEST, SOUTH), (WEST + SIDE, SOUTH)]))
    current().add(BaseFeature(source="t", kind="road", name="人民路", geom=line))
    current().flush()
    answer = client.get("/api/near?layer=roads&lon={}&lat={}".format(*middle(0)), headers=bearer(ALL, ("620105",)))
    assert answer.json["items"][0]["properties"]["name"] == "人民路"
