"""Visits: who verified what, what is stale, whom to visit today and in which order."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from gis_grid import freshness
from gis_grid.areas.placing import day_of, today
from gis_grid.people.models import Household, Resident
from gis_grid.premises import Premises
from gis_grid.visits.rules import Door, walking_order
from tests.conftest import problem
from tests.factories import GRID_1, GRID_2, make_building, make_room, make_town, make_unit, point

RIGHTS = ["buildings.read", "buildings.write", "people.read", "people.write", "premises.read", "premises.write"]
TODAY = today()


def test_a_record_is_due_by_its_shortest_class() -> None:
    day = date(2026, 1, 1)
    assert freshness.due_on("residents", ["veteran"], day) == day + timedelta(days=365)
    assert freshness.due_on("residents", ["floating", "elderly_alone"], day) == day + timedelta(days=30)
    assert freshness.due_on("rooms", ["02"], day) == day + timedelta(days=90)
    assert freshness.due_on("rooms", [None], None) is None
    late = datetime(2026, 5, 3, 17, 0, tzinfo=UTC)  # in China the 4th has begun
    assert freshness.due_on("rooms", ["02"], late) == date(2026, 5, 4) + timedelta(days=90)


def test_states_by_the_day() -> None:
    told = [freshness.state_of(day, TODAY) for day in (None, TODAY - timedelta(days=1), TODAY, TODAY + timedelta(days=15))]
    assert told == ["never", "overdue", "soon", "fresh"]


def test_the_walk_goes_to_the_nearest_entrance_and_through_a_house_from_the_top() -> None:
    doors = [Door(1, 1, 106.0, 29.0, 3), Door(2, 2, 106.02, 29.0), Door(3, 3, 106.01, 29.0)]
    doors += [Door(4, 1, 106.0, 29.0, 9), Door(5, 9, None, None)]
    assert [door.key for door in walking_order(doors)] == [4, 1, 3, 2, 5]
    assert [door.key for door in walking_order(doors, (106.03, 29.0))] == [2, 3, 4, 1, 5]
    assert walking_order([]) == []


@pytest.fixture
def street(session):
    """Two buildings in the first grid, one in the second; a room with two people in each."""
    make_town()
    rooms = []
    for column, code in ((0, "B1"), (0, "B2"), (1, "B3")):
        room = make_room(make_unit(make_building(column, code, name=code)), use="01")
        household = Household(number=f"H{code}", room_id=room.id, area_code=room.area_code, placed_by="room")
        session.add(household)
        session.flush()
        here = {"household_id": household.id, "area_code": room.area_code, "placed_by": "room"}
        session.add_all([Resident(name=f"{code}甲", relation="02", **here), Resident(name=f"{code}乙", **here)])
        rooms.append(room)
    session.add(Premises(code="P1", name="店", point=point(0), area_code=GRID_1, placed_by="inside"))
    session.flush()
    return rooms


@pytest.fixture
def send(client, bearer):
    def post(rights=RIGHTS, scopes=("",), **body):
        return client.post("/api/visits", json=body, headers=bearer(list(rights), scopes))

    return post


def test_a_visit_verifies_the_room_and_everybody_in_it(send, street, session) -> None:
    visit = send(room_id=street[0].id, result="confirmed", note="一切属实")
    assert (visit.status_code, len(visit.json["resident_ids"])) == (201, 2)
    session.expire_all()
    room = street[0]
    assert (room.verified_how, room.due_on) == ("visit", day_of(room.verified_at) + timedelta(days=365))
    verified = session.scalars(sa.select(Resident.name).where(Resident.verified_at.is_not(None)).order_by(Resident.name))
    assert list(verified) == ["B1乙", "B1甲"]


def test_a_visit_that_met_nobody_verifies_nothing(send, street, session) -> None:
    assert send(room_id=street[0].id, result="absent").status_code == 201
    session.expire_all()
    assert street[0].verified_at is None


def test_an_earlier_visit_entered_later_changes_no_later_one(send, street, session) -> None:
    send(room_id=street[0].id, result="confirmed")
    session.expire_all()
    was = street[0].verified_at
    send(room_id=street[0].id, result="confirmed", at="2026-01-01T00:00:00Z")
    session.expire_all()
    assert street[0].verified_at == was


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"result": "confirmed"}, "no_place"),
        ({"room_id": 1, "premises_id": 1, "result": "confirmed"}, "no_place"),
        ({"room_id": 1, "result": "confirmed", "at": (datetime.now(UTC) + timedelta(days=1)).isoformat()}, "bad_date"),
        ({"room_id": 1, "result": "maybe"}, "invalid"),
        ({"room_id": 0, "result": "confirmed"}, "invalid"),
        ({"room_id": 999_999, "result": "confirmed"}, "not_found"),
    ],
)
def test_visits_that_are_refused(send, street, body, code) -> None:
    assert problem(send(**body))["code"] == code


def test_people_who_live_elsewhere_and_others_areas_are_refused(send, street, session) -> None:
    other = session.scalar(sa.select(Resident.id).where(Resident.name == "B2甲"))
    assert problem(send(room_id=street[0].id, result="confirmed", resident_ids=[other]))["code"] == "not_a_member"
    assert send(room_id=street[0].id, result="confirmed", scopes=(GRID_2,)).status_code == 404


def test_todays_visits_are_the_most_overdue_of_my_grid(client, bearer, send, street, session) -> None:
    headers = bearer(RIGHTS, (GRID_1,))
    told = client.get("/api/visits/today", headers=headers).json["items"]
    assert [(one["kind"], one["stop"]) for one in told] == [("room", 1), ("room", 2), ("premises", 3)]
    assert {one["freshness"] for one in told} == {"never"}
    send(room_id=street[0].id, result="confirmed")
    told = client.get("/api/visits/today", headers=headers).json["items"]
    assert [one["title"] for one in told] == ["B2 1单元 101", "店"]
    old = session.scalars(sa.select(Resident).where(Resident.name == "B1甲")).one()
    old.classes, old.due_on = ["elderly_alone"], TODAY - timedelta(days=3)
    session.flush()
    told = client.get("/api/visits/today", headers=headers, query_string={"count": 1}).json["items"]
    assert [(one["title"], one["classes"], one["freshness"]) for one in told] == [("B1 1单元 101", ["独居老人"], "overdue")]
    assert client.get("/api/visits/today?lon=106", headers=headers).status_code == 422


def test_how_fresh_each_grid_is(client, bearer, send, street) -> None:
    send(room_id=street[2].id, result="confirmed")
    told = client.get("/api/freshness", headers=bearer(RIGHTS)).json
    assert told["total"]["rooms"] == {"fresh": 1, "soon": 0, "overdue": 0, "never": 2}
    assert told["total"]["residents"]["never"] == 4
    mine = client.get("/api/freshness", headers=bearer(["buildings.read"], (GRID_2,))).json
    assert (mine["total"], [one["area_code"] for one in mine["areas"]]) == (
        {"rooms": {"fresh": 1, "soon": 0, "overdue": 0, "never": 0}}, [GRID_2],
    )  # fmt: skip


def test_visits_are_listed_for_a_room_in_ones_own_area(client, bearer, send, street) -> None:
    send(room_id=street[0].id, result="refused")
    asked = {"room_id": street[0].id}
    told = client.get("/api/visits", headers=bearer(RIGHTS), query_string=asked).json["items"]
    assert [one["result"] for one in told] == ["refused"]
    assert client.get("/api/visits", headers=bearer(RIGHTS, (GRID_2,)), query_string=asked).json["items"] == []
    (recent,) = client.get("/api/visits/recent", headers=bearer(RIGHTS)).json["items"]
    assert (recent["result_name"], recent["how_name"], recent["room_id"]) == ("拒绝", "上门", street[0].id)
    assert recent["title"].startswith("B1") and recent["lon"]
    assert client.get("/api/visits/recent", headers=bearer(RIGHTS, (GRID_2,))).json["items"] == []
    assert client.get(f"/api/visits/recent?before={recent['id']}", headers=bearer(RIGHTS)).json["items"] == []


def test_changed_rules_give_the_days_anew(send, street, session, monkeypatch) -> None:
    from gis_grid.visits.actions import give_days_anew

    send(room_id=street[0].id, result="confirmed")
    shorter = {**freshness.rules().days, "rooms": {"default": 10}, "residents": {"default": 365, "floating": 5}}
    monkeypatch.setattr(freshness, "rules", lambda: freshness.Rules(2, 14, shorter))
    assert give_days_anew() == {"rooms": 1, "residents": 0, "premises": 0}
    session.expire_all()
    assert street[0].due_on - day_of(street[0].verified_at) == timedelta(days=10)
