"""Rooms lie on floors the building has: refused otherwise, with the reason, one by one and by layout."""

from __future__ import annotations

import pytest

from tests.conftest import problem
from tests.factories import make_building, make_room, make_town, make_unit

RIGHTS = ["buildings.read", "buildings.write"]


@pytest.fixture
def unit(session):
    make_town()
    made = make_unit(make_building(0, floors_above=6, floors_below=1))
    make_room(made, "101")
    return made


def keep(client, bearer, unit, **given):
    body = {"unit_id": unit.id, "number": "1", "floor": 1, "door": 2} | given
    return client.post("/api/rooms/", json=body, headers=bearer(RIGHTS))


def test_a_room_on_a_floor_the_building_lacks_is_refused(client, bearer, unit, session) -> None:
    assert keep(client, bearer, unit, number="701", floor=7).status_code == 201  # the sixth: no 4 is used
    for floor, said in ((8, "没有第 8 层"), (-2, "地下只有 1 层"), (0, "没有 0 层")):
        told = problem(keep(client, bearer, unit, number="x", floor=floor))
        assert said in told["detail"]
    assert keep(client, bearer, unit, number="401", floor=4).status_code == 201
    assert "没有第 7 层" in problem(keep(client, bearer, unit, number="702", floor=7))["detail"]


def test_a_layout_beyond_the_building_is_refused(client, bearer, unit) -> None:
    url = f"/api/units/{unit.id}/layout"
    refused = client.post(url, json={"highest": 8, "doors": 2}, headers=bearer(RIGHTS))
    assert problem(refused)["code"] == "no_such_floor"
    skipping = {"highest": 7, "doors": 2, "skipped_floors": [4]}
    assert client.post(url, json=skipping, headers=bearer(RIGHTS)).json == {"made": 11, "already_there": 1}


def test_named_floors_are_those_of_the_building(client, bearer, unit) -> None:
    headers = {**bearer(RIGHTS), "If-Match": '"1"'}
    order = {"floor_order": ["B1", "1", "夹层", "2", "3"]}
    assert client.patch(f"/api/buildings/{unit.building_id}", json=order, headers=headers).status_code == 200
    assert keep(client, bearer, unit, number="夹1", floor=1, floor_label="夹层").status_code == 201
    assert keep(client, bearer, unit, number="负101", floor=-1).status_code == 201
    assert "夹层" in problem(keep(client, bearer, unit, number="避1", floor=9, floor_label="避难层"))["detail"]
