"""Features written by other systems (OGC API Features Part 4): the register's rights, checks, placing and audit hold there."""

from __future__ import annotations

import json

import numpy as np
import pyproj
import pytest
import sqlalchemy as sa

from gis_grid.audit import AuditEntry
from gis_grid.events.models import Event
from gis_grid.premises import Premises
from tests.conftest import problem
from tests.factories import GRID_1, GRID_2, SIDE, SOUTH, WEST, geojson_point, make_town, middle

WRITERS = ["premises.read", "premises.write", "events.read", "events.write", "areas.read", "buildings.read"]
SHOPS, EVENTS = "/collections/premises/items", "/collections/events/items"
EPSG = "http://www.opengis.net/def/crs/EPSG/0/"


@pytest.fixture
def headers(session, bearer):
    make_town()
    return {**bearer(WRITERS), "Content-Type": "application/geo+json"}


def feature(column: int | None = 0, **properties) -> bytes:
    """A feature in the middle of a cell of the town; without a geometry for None."""
    geometry = geojson_point(column) if column is not None else None
    return json.dumps({"type": "Feature", "geometry": geometry, "properties": properties}).encode()


def path_of(answer) -> str:
    assert answer.status_code == 201, answer.data
    return answer.headers["Location"].removeprefix("http://localhost")


@pytest.fixture
def shop(client, headers) -> str:
    """The path of a shop made through the collection."""
    return path_of(client.post(SHOPS, data=feature(0, code="P1", name="面馆", trade="餐饮", address="一号"), headers=headers))


def last_audit(session) -> AuditEntry:
    return session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)).one()


def with_version(headers: dict, version: int) -> dict:
    return {**headers, "If-Match": f'"{version}"'}


def test_a_shop_is_created_placed_and_audited(client, headers, shop, session) -> None:
    found = client.get(shop, headers=headers)
    assert found.json["properties"] == {
        "code": "P1", "name": "面馆", "trade": "餐饮", "address": "一号", "area_code": GRID_1
    }  # fmt: skip
    assert found.json["geometry"]["coordinates"] == pytest.approx(middle(0))
    assert found.headers["ETag"] == '"1"'
    entry = last_audit(session)
    assert (entry.action, entry.target, entry.key) == ("create", "premises", shop.rsplit("/", 1)[1])


def test_an_event_is_created_with_its_owners(client, headers, session) -> None:
    body = feature(1, number="E1", title="路灯不亮", status="reported", reported_at="2026-03-01T08:00:00+08:00")
    made = client.get(path_of(client.post(EVENTS, data=body, headers=headers)), headers=headers).json
    assert (made["properties"]["area_code"], made["properties"]["reported_at"]) == (GRID_2, "2026-03-01T00:00:00Z")
    owners = client.get(f"/api/events/{made['id']}/owners", headers=headers).json
    assert GRID_2 in json.dumps(owners)


def test_the_place_is_the_registers_business_not_the_callers(client, headers, session) -> None:
    body = feature(0, code="P2", name="面馆", area_code=GRID_2, version=7, id=99)
    made = client.get(path_of(client.post(SHOPS, data=body, headers=headers)), headers=headers)
    assert made.json["properties"]["area_code"] == GRID_1
    assert made.headers["ETag"] == '"1"'


def test_replacing_empties_what_is_not_named(client, headers, shop, session) -> None:
    answer = client.put(shop, data=feature(1, code="P1", name="新面馆"), headers=with_version(headers, 1))
    assert (answer.status_code, answer.headers["ETag"]) == (204, '"2"')
    found = client.get(shop, headers=headers).json["properties"]
    assert found == {"code": "P1", "name": "新面馆", "trade": None, "address": None, "area_code": GRID_2}
    entry = last_audit(session)
    assert (entry.action, entry.before["name"], entry.after["name"]) == ("change", "面馆", "新面馆")


def test_updating_leaves_what_is_not_named(client, headers, shop) -> None:
    body = json.dumps({"type": "Feature", "properties": {"trade": "零售"}})
    assert client.patch(shop, data=body, headers=with_version(headers, 1)).status_code == 204
    found = client.get(shop, headers=headers).json
    assert (found["properties"]["trade"], found["properties"]["address"]) == ("零售", "一号")
    assert found["geometry"]["coordinates"] == pytest.approx(middle(0))


def test_moving_by_geometry_alone_moves_to_the_other_grid(client, headers, shop) -> None:
    body = json.dumps({"geometry": geojson_point(2)})
    assert client.patch(shop, data=body, headers=with_version(headers, 1)).status_code == 204
    assert client.get(shop, headers=headers).json["properties"]["area_code"].endswith("003")


def test_deleting_retires_and_loses_nothing(client, headers, shop, session) -> None:
    assert client.delete(shop, headers=with_version(headers, 1)).status_code == 204
    assert client.get(shop, headers=headers).status_code == 404
    assert client.get(SHOPS, headers=headers).json["features"] == []
    assert session.scalar(sa.select(Premises.retired_at).where(Premises.code == "P1")) is not None
    assert last_audit(session).action == "retire"


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_without_if_match_nothing_is_changed(client, headers, shop, method: str) -> None:
    answer = client.open(shop, method=method.upper(), data=feature(0, code="P1", name="x"), headers=headers)
    assert (answer.status_code, problem(answer)["status"]) == (428, 428)
    assert client.get(shop, headers=headers).json["properties"]["name"] == "面馆"


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_a_stale_version_is_refused_with_what_changed(client, headers, shop, method: str) -> None:
    client.patch(shop, data=feature(None, name="改过"), headers=with_version(headers, 1))
    answer = client.open(shop, method=method.upper(), data=feature(0, code="P1", name="x"), headers=with_version(headers, 1))
    told = problem(answer)
    assert (told["status"], told["version"]) == (412, 2)
    assert told["changes"][0]["after"]["name"] == "改过"
    assert client.get(shop, headers=headers).json["properties"]["name"] == "改过"


def test_reading_rights_do_not_write(client, headers, shop, bearer, session) -> None:
    reader = {**bearer(["premises.read"]), "Content-Type": "application/geo+json", "If-Match": '"1"'}
    for method, path in (("POST", SHOPS), ("PUT", shop), ("PATCH", shop), ("DELETE", shop)):
        told = problem(client.open(path, method=method, data=feature(0, code="P9", name="x"), headers=reader))
        assert (told["status"], told["right"]) == (403, "premises.write")
    assert session.scalar(sa.select(sa.func.count()).select_from(Premises)) == 1


def test_without_the_right_to_read_there_is_no_such_collection(client, headers, shop, bearer) -> None:
    stranger = {**bearer(["areas.read"]), "Content-Type": "application/geo+json", "If-Match": '"1"'}
    for method, path in (("GET", shop), ("POST", SHOPS), ("PUT", shop), ("DELETE", shop)):
        assert client.open(path, method=method, data=feature(0, code="P9", name="x"), headers=stranger).status_code == 404


def test_a_worker_of_the_next_grid_neither_sees_nor_writes_here(client, headers, shop, bearer) -> None:
    other = {**bearer(WRITERS, (GRID_2,)), "Content-Type": "application/geo+json", "If-Match": '"1"'}
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        assert client.open(shop, method=method, data=feature(0, code="P1", name="x"), headers=other).status_code == 404
    told = problem(client.post(SHOPS, data=feature(0, code="P9", name="x"), headers=other))
    assert (told["status"], told["code"]) == (403, "other_area")
    mine = path_of(client.post(SHOPS, data=feature(1, code="P8", name="x"), headers=other))
    moved = client.patch(mine, data=feature(0), headers=other)
    assert (moved.status_code, problem(moved)["code"]) == (403, "other_area")


@pytest.mark.parametrize("layer", ["grids", "roads", "communities"])
def test_a_layer_that_is_only_read_says_so(client, headers, bearer, layer: str) -> None:
    writer = {**bearer([*WRITERS, "areas.write"]), "Content-Type": "application/geo+json", "If-Match": '"1"'}
    items = f"/collections/{layer}/items"
    for method, path in (("POST", items), ("PUT", f"{items}/1"), ("PATCH", f"{items}/1"), ("DELETE", f"{items}/1")):
        told = problem(client.open(path, method=method, data=feature(0, name="x"), headers=writer))
        assert (told["status"], told["code"]) == (409, "read_only")
        assert "只供读取" in told["detail"]


BAD_GEOMETRIES = {
    "a polygon for a shop": {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]},
    "an unknown kind": {"type": "Dot", "coordinates": [1, 2]},
    "too few numbers": {"type": "Point", "coordinates": [106.5]},
    "text": {"type": "Point", "coordinates": ["106.5", "29.5"]},
    "off the earth": {"type": "Point", "coordinates": [1065, 295]},
    "not a mapping": [106.5, 29.5],
    "nothing": {},
}


@pytest.mark.parametrize("geometry", BAD_GEOMETRIES.values(), ids=BAD_GEOMETRIES)
def test_a_bad_geometry_is_refused_with_a_sentence(client, headers, session, geometry) -> None:
    body = json.dumps({"type": "Feature", "geometry": geometry, "properties": {"code": "P1", "name": "x"}})
    answer = client.post(SHOPS, data=body, headers=headers)
    assert answer.status_code in (400, 422), answer.data
    assert any("\u4e00" <= char <= "\u9fff" for char in json.dumps(problem(answer), ensure_ascii=False))
    assert session.scalar(sa.select(sa.func.count()).select_from(Premises)) == 0


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'{"type": "FeatureCollection", "features": []}', b'{"type": "Feature", "properties": []}'],
    ids=str,
)
def test_what_is_no_feature_is_refused(client, headers, body: bytes) -> None:
    assert problem(client.post(SHOPS, data=body, headers=headers))["status"] in (400, 422)


@pytest.mark.parametrize(
    "properties",
    [{"code": "P1"}, {"code": "P1", "name": "x", "nonsense": 1}, {"code": "P1", "name": "\x00"}, {"code": "P1", "name": None}],
    ids=["a name is wanted", "an unknown field", "NUL", "an empty name"],
)
def test_the_registers_own_checks_hold(client, headers, properties: dict) -> None:
    answer = client.post(SHOPS, data=feature(0, **properties), headers=headers)
    assert (answer.status_code, problem(answer)["status"]) == (422, 422)


def test_the_same_code_twice_is_a_conflict(client, headers, shop) -> None:
    assert problem(client.post(SHOPS, data=feature(0, code="P1", name="x"), headers=headers))["status"] == 409


@pytest.mark.parametrize("code", ["4326", "4490", "4545", "3857"])
def test_another_system_by_content_crs_is_the_same_place(client, headers, code: str) -> None:
    x, y = pyproj.Transformer.from_crs("OGC:CRS84", f"EPSG:{code}").transform(*middle(1))
    body = json.dumps(
        {"type": "Feature", "geometry": {"type": "Point", "coordinates": [x, y]}, "properties": {"code": "P1", "name": "x"}}
    )
    made = path_of(client.post(SHOPS, data=body, headers={**headers, "Content-Crs": f"<{EPSG}{code}>"}))
    found = client.get(made, headers=headers).json
    assert found["properties"]["area_code"] == GRID_2
    assert np.allclose(found["geometry"]["coordinates"], middle(1), atol=1e-7)
    back = client.get(f"{made}?crs={EPSG}{code}", headers=headers).json["geometry"]["coordinates"]
    assert np.allclose(back, [x, y], atol=0.01 if code in ("4545", "3857") else 1e-7)


def test_an_unknown_content_crs_is_refused(client, headers) -> None:
    given = {**headers, "Content-Crs": f"<{EPSG}999999>"}
    assert problem(client.post(SHOPS, data=feature(0, code="P1", name="x"), headers=given))["code"] == "unknown_crs"


def test_a_building_is_written_with_its_outline(client, session, bearer) -> None:
    make_town()
    writer = {**bearer(["buildings.read", "buildings.write"]), "Content-Type": "application/geo+json"}
    ring = [[WEST, SOUTH], [WEST + SIDE / 2, SOUTH], [WEST + SIDE / 2, SOUTH + SIDE / 2], [WEST, SOUTH + SIDE / 2], [WEST, SOUTH]]
    body = json.dumps(
        {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [ring]}, "properties": {"code": "B7", "name": "七栋"}}
    )
    made = client.get(path_of(client.post("/collections/buildings/items", data=body, headers=writer)), headers=writer).json
    assert (made["properties"]["area_code"], made["geometry"]["type"]) == (GRID_1, "MultiPolygon")


def test_what_is_written_here_is_the_same_row_as_in_the_register(client, headers, shop, session) -> None:
    key = shop.rsplit("/", 1)[1]
    row = client.get(f"/api/premises/{key}", headers=headers)
    assert (row.json["name"], row.json["area_code"], row.headers["ETag"]) == ("面馆", GRID_1, '"1"')
    client.patch(
        f"/api/premises/{key}",
        json={"name": "从接口改"},
        headers={**headers, "If-Match": '"1"', "Content-Type": "application/json"},
    )
    found = client.get(shop, headers=headers)
    assert (found.json["properties"]["name"], found.headers["ETag"]) == ("从接口改", '"2"')
    assert session.scalar(sa.select(sa.func.count()).select_from(Event)) == 0
