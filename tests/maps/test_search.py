"""Search as one types: every kind is found by whoever may see it, and by nobody else; finding people is noted."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from gis_grid.access.rules import RIGHTS
from gis_grid.audit import AuditEntry
from gis_grid.buildings.models import Estate
from gis_grid.people.actions import prepare_resident
from gis_grid.people.models import Household, Resident
from tests.factories import GRID_1, GRID_2, geojson_point, make_building, make_room, make_town, make_unit, point

ALL = [right for right in RIGHTS if right != "users.manage"]
ID = "110101199003077715"


@pytest.fixture
def home(session):
    """望江苑3幢2单元502 in the first grid, where 王小明 lives."""
    make_town()
    here = {"area_code": GRID_1, "placed_by": "inside"}
    estate = Estate(code="E1", name="望江苑", point=point(0), **here)
    session.add(estate)
    session.flush()
    room = make_room(make_unit(make_building(name="3幢", estate_id=estate.id), "2单元"), "502")
    household = Household(number="H1", room_id=room.id, area_code=GRID_1, placed_by="room")
    session.add(household)
    session.flush()
    person = Resident(name="王小明", household_id=household.id, relation="01", phone="13812345577", id_number=ID)
    person.area_code, person.placed_by = GRID_1, "room"
    session.add(person)
    prepare_resident(person, {})
    session.flush()
    return room


@pytest.fixture
def found(client, bearer):
    def ask(text: str, rights=ALL, scopes=("",)) -> list[tuple[str, str]]:
        answer = client.get("/api/search", query_string={"q": text}, headers=bearer(list(rights), scopes))
        return [(item["kind"], item["title"]) for item in answer.json["items"]]

    return ask


@pytest.mark.parametrize("text", ["3-2-502", "望江苑3-2-502", "3幢2单元502室", "3号楼2-502", "3-502"])
def test_a_room_is_found_as_people_write_it(home, found, text: str) -> None:
    assert ("room", "望江苑3幢2单元502") in found(text)


def test_another_unit_or_estate_is_not_that_room(home, found) -> None:
    assert found("3-1-502") == []
    assert found("江畔苑3-2-502") == []


def test_a_room_leads_to_its_building_and_lies_where_it_stands(home, client, bearer) -> None:
    item = client.get("/api/search?q=3-2-502", headers=bearer(ALL)).json["items"][0]
    assert item["building_id"] == home.building_id
    assert [item["lon"], item["lat"]] == pytest.approx(geojson_point(0)["coordinates"])


@pytest.mark.parametrize("text", ["王小明", "王小", "wxm", "WX", "5577", "7715", "13812345577", ID, ID.lower()])
def test_a_resident_is_found_by_name_initials_and_numbers(home, found, text: str) -> None:
    assert ("resident", "王小明") in found(text)


def test_residents_are_masked_and_the_search_is_noted_without_the_number(home, client, bearer, session) -> None:
    answer = client.get("/api/search?q=5577", headers=bearer(ALL))
    person = next(item for item in answer.json["items"] if item["kind"] == "resident")
    assert "138****5577" in person["subtitle"]
    assert "望江苑3幢2单元502" in person["subtitle"]
    assert "13812345577" not in answer.text
    note = session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "search")).one()
    assert note.after == {"by": ["phone_tail"], "found": 1}


def test_nobody_finds_anothers_people(home, found) -> None:
    assert found("王小明", scopes=(GRID_2,)) == []
    assert found("3-2-502", scopes=(GRID_2,)) == []
    assert found("王小明", rights=["areas.read", "buildings.read"]) == []


def test_the_end_of_an_identity_number_is_for_those_who_may_see_it_whole(home, found) -> None:
    may = [right for right in ALL if right != "people.unmask"]
    assert ("resident", "王小明") not in found("7715", rights=may)
    assert ("resident", "王小明") in found("5577", rights=may)


def test_a_changed_phone_is_found_by_its_new_end_only(home, found, session) -> None:
    person = session.scalars(sa.select(Resident)).one()
    person.phone = "13812340001"
    prepare_resident(person, {})
    session.flush()
    assert ("resident", "王小明") in found("0001")
    assert ("resident", "王小明") not in found("5577")


def test_an_event_is_found_by_its_number(home, client, bearer, found) -> None:
    headers = bearer(ALL)
    client.post(
        "/api/events/", json={"number": "SJ20261122-0007", "title": "路灯不亮", "point": geojson_point(0)}, headers=headers
    )
    for said in ("sj20261122", "0007", "1122-0007"):
        assert ("event", "路灯不亮") in found(said), said
    assert found("SJ20261122-000") == [("event", "路灯不亮")]
    assert ("event", "路灯不亮") not in found("1122")
    assert found("SJ20261122-0007", scopes=(GRID_2,)) == []


def test_coordinates_are_places(home, found) -> None:
    assert found("106.5005, 29.5005")[0] == ("coordinate", "106.500500°, 29.500500°")


def test_no_kind_crowds_out_another(home, client, bearer) -> None:
    for n in range(12):
        make_building(0, f"W{n}", name=f"望江楼{n}")
    answer = client.get("/api/search?q=望江&limit=5", headers=bearer(ALL))
    assert {item["kind"] for item in answer.json["items"]} == {"estate", "building"}
    assert len(answer.json["items"]) == 5
