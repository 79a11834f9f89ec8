"""Pins: the grid is told before saving; locked pins stay; a move is undone; a household's pin moves nobody to another grid."""

from __future__ import annotations

import pytest

from gis_grid.people.models import Household
from gis_grid.premises import Premises
from tests.conftest import problem
from tests.factories import GRID_1, GRID_2, make_home, make_town, middle, point

RIGHTS = ["areas.read", "people.read", "people.write", "premises.read", "premises.write", "buildings.read", "buildings.write"]


@pytest.fixture
def keys(session) -> dict[str, int]:
    make_town()
    room = make_home(0)
    household = Household(number="H1", room_id=room.id, area_code=GRID_1, placed_by="room")
    shop = Premises(code="P1", name="店", point=point(0), area_code=GRID_1, placed_by="inside")
    session.add_all([household, shop])
    session.flush()
    return {"households": household.id, "premises": shop.id, "buildings": room.building_id}


@pytest.fixture
def pin(client, bearer, keys, session):
    def send(method: str, kind: str, path: str = "", version: int = 1, scopes=("",), rights=RIGHTS, **body):
        headers = {**bearer(rights, scopes), "If-Match": f'"{version}"'}
        given = {"query_string": body} if method == "GET" else {"json": body}
        answer = client.open(f"/api/pins/{kind}/{keys[kind]}{path}", method=method, headers=headers, **given)
        session.expire_all()
        return answer

    return send


def at(column: int) -> dict[str, float]:
    lon, lat = middle(column)
    return {"lon": lon, "lat": lat}


def test_the_grid_is_shown_before_anything_is_saved(pin) -> None:
    told = pin("GET", "premises", "/preview", **at(1)).json
    assert (told["grid_now"], told["grid_then"], told["lies_in"], told["moved_m"]) == (
        GRID_1,
        GRID_2,
        GRID_2,
        pytest.approx(97, 0.01),
    )
    assert told["remarks"] == ["所属网格将由 名001 变为 名002。"]
    assert pin("GET", "premises").json["area_code"] == GRID_1


@pytest.mark.parametrize("kind", ["premises", "buildings"])
def test_a_moved_pin_takes_its_grid_and_goes_back(pin, kind) -> None:
    moved = pin("PUT", kind, **at(1))
    assert (moved.status_code, moved.json["area_code"]) == (200, GRID_2)
    assert pin("GET", kind).json["can_undo"] is True
    back = pin("POST", kind, "/undo", version=moved.json["version"])
    assert (back.status_code, back.json["area_code"], back.json["lon"]) == (200, GRID_1, pytest.approx(middle(0)[0]))
    assert problem(pin("POST", kind, "/undo", version=back.json["version"]))["code"] == "nothing_to_undo"


def test_a_households_pin_moves_nobody(pin, session, keys) -> None:
    told = pin("GET", "households", "/preview", **at(1)).json
    assert (told["grid_then"], told["lies_in"]) == (GRID_1, GRID_2)
    assert told["remarks"] == ["图上位置落在另一网格，但归属随房屋或楼栋，不变。"]
    assert pin("PUT", "households", **at(1)).json["area_code"] == GRID_1
    assert pin("POST", "households", "/undo", version=2).json["lon"] is None


def test_a_locked_pin_stays(pin, client, bearer, keys) -> None:
    locked = pin("PUT", "premises", "/lock", locked=True).json
    assert locked["locked"] is True
    for method, path in (("PUT", ""), ("POST", "/undo")):
        body = at(1) if method == "PUT" else {}
        assert problem(pin(method, "premises", path, version=2, **body))["code"] == "pin_locked"
        stale = problem(pin(method, "premises", path, version=1, **body))  # who was quicker is told first
        assert (stale["status"], stale["changes"][0]["fields"][0]["label"]) == (412, "锁定位置")
    lon, lat = middle(1)
    body = {"point": {"type": "Point", "coordinates": [lon, lat]}}
    answer = client.patch(f"/api/premises/{keys['premises']}", json=body, headers={**bearer(RIGHTS), "If-Match": '"2"'})
    assert problem(answer)["code"] == "pin_locked"
    assert pin("PUT", "premises", "/lock", version=2, locked=False).json["locked"] is False
    assert pin("PUT", "premises", version=3, **at(1)).status_code == 200


def test_refusals(pin, client, bearer, keys) -> None:
    assert pin("PUT", "premises", version=7, **at(1)).status_code == 412
    assert pin("PUT", "premises", scopes=(GRID_1,), **at(1)).status_code == 403
    assert pin("GET", "premises", scopes=(GRID_2,)).status_code == 404
    assert pin("PUT", "premises", rights=["areas.read", "premises.read"], **at(1)).status_code == 403
    assert pin("PUT", "premises", lon=500, lat=1).status_code == 422
    assert client.get("/api/pins/rooms/1", headers=bearer(RIGHTS)).status_code == 404
