"""Residents: sealed numbers, masks, search by fingerprint, unmasking with a purpose, and where they live."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from gis_grid.audit import AuditEntry
from gis_grid.people.models import Household, Resident
from tests.conftest import problem
from tests.factories import GRID_1, GRID_2, make_home, make_town

ID = "50010319000101001X"
RIGHTS = ["people.read", "people.write"]


@pytest.fixture
def household(session) -> Household:
    make_town()
    room = make_home(0)
    made = Household(number="H1", room_id=room.id, area_code=room.area_code, placed_by="room")
    session.add(made)
    session.flush()
    return made


def keep(client, headers, household, **given):
    body = {"name": "王小明", "household_id": household.id, "id_number": ID.lower(), "phone": "100-0000-0001"} | given
    return client.post("/api/residents/", json=body, headers=headers)


def test_a_good_number_fills_birth_date_and_sex(client, bearer, household) -> None:
    made = keep(client, bearer(RIGHTS), household).json
    assert (made["birth_date"], made["sex"]) == ("1900-01-01", "1")
    assert (made["area_code"], made["placed_by"]) == (GRID_1, "room")


def test_a_household_without_a_number_is_given_one(client, bearer, household) -> None:
    body = {"room_id": household.room_id}
    made = [client.post("/api/households/", json=body, headers=bearer(RIGHTS)) for _ in range(2)]
    first, second = (one.json["number"] for one in made)
    assert first == f"R{household.room_id}"
    assert second == f"R{household.room_id}-2"


def test_numbers_are_sealed_in_the_table_and_masked_on_the_way_out(client, bearer, household, session) -> None:
    made = keep(client, bearer(RIGHTS), household).json
    assert made["id_number"] == "500103************"
    assert made["phone"] == "100****0001"
    raw = session.execute(sa.text("SELECT residents::text AS row, id_number, phone FROM residents")).one()
    assert ID not in raw.row
    assert ID.encode() not in bytes(raw.id_number)
    assert b"10000000001" not in bytes(raw.phone)
    told = session.execute(sa.text("SELECT string_agg(coalesce(after::text, ''), '') FROM audit_log")).scalar()
    assert ID not in told
    assert "10000000001" not in told


def test_people_are_found_by_the_whole_number_however_written(client, bearer, household) -> None:
    headers = bearer(RIGHTS)
    made = keep(client, headers, household).json
    for asked in ({"id_number": ID.lower()}, {"id_number": "５００１０３１９０００１０１００１x"}, {"phone": "10000000001"}):
        found = client.post("/api/residents/find", json=asked, headers=headers).json["items"]
        assert [row["id"] for row in found] == [made["id"]]
    assert client.post("/api/residents/find", json={"id_number": ID}, headers=bearer(RIGHTS, (GRID_2,))).json["items"] == []
    assert client.post("/api/residents/find", json={}, headers=headers).status_code == 422


def test_unmasking_needs_the_right_a_purpose_and_leaves_a_trace(client, bearer, household, session) -> None:
    made = keep(client, bearer(RIGHTS), household).json
    url = f"/api/residents/{made['id']}/unmask"
    assert client.post(url, json={"purpose": "核对户籍信息"}, headers=bearer(RIGHTS)).status_code == 403
    headers = bearer([*RIGHTS, "people.unmask"])
    assert client.post(url, json={}, headers=headers).status_code == 422
    assert client.post(url, json={"purpose": "核对户籍信息"}, headers=bearer(["people.unmask"], (GRID_2,))).status_code == 404
    assert client.post(url, json={"purpose": "核对户籍信息"}, headers=headers).json == {"id_number": ID, "phone": "10000000001"}
    entry = session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "unmask")).one()
    assert (entry.purpose, entry.key, entry.area_code) == ("核对户籍信息", str(made["id"]), GRID_1)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"id_number": "500103190001010011"}, "bad_id_number"),
        ({"id_number": "123456"}, "bad_id_number"),
        ({"phone": "拨打"}, "bad_phone"),
        ({"sex": "x"}, "invalid"),
        ({"classes": ["nonsense"]}, "invalid"),
        ({"household_id": 99999}, "unknown_reference"),
        ({"household_id": None}, "no_household"),
    ],
)
def test_residents_that_are_refused(client, bearer, household, given: dict, code: str) -> None:
    answer = keep(client, bearer(RIGHTS), household, **given)
    assert answer.status_code == 422
    assert problem(answer)["code"] == code


def test_one_number_one_person(client, bearer, household) -> None:
    headers = bearer(RIGHTS)
    assert keep(client, headers, household).status_code == 201
    answer = keep(client, headers, household, name="另一人")
    assert problem(answer)["code"] == "id_number_taken"
    assert ID not in answer.text


def test_other_documents_are_not_checked_as_identity_cards(client, bearer, household) -> None:
    assert keep(client, bearer(RIGHTS), household, id_type="414", id_number="E12345678").status_code == 201


def test_a_household_that_moves_takes_its_people_along(client, bearer, household, session) -> None:
    headers = bearer(RIGHTS)
    made = keep(client, headers, household).json
    new_room = make_home(1, "B2")
    moved = client.patch(f"/api/households/{household.id}", json={"room_id": new_room.id}, headers={**headers, "If-Match": '"1"'})
    assert moved.json["area_code"] == GRID_2
    session.expire_all()
    assert session.get(Resident, made["id"]).area_code == GRID_2


def test_a_building_that_moves_takes_everyone_along(client, bearer, household, session) -> None:
    from gis_grid.buildings.models import Building, Room
    from gis_grid.premises import Premises
    from tests.factories import geojson_point

    made = keep(client, bearer(RIGHTS), household).json
    room = session.get(Room, household.room_id)
    shop = Premises(code="P", name="店", room_id=room.id, building_id=room.building_id, area_code=GRID_1, placed_by="room")
    session.add(shop)
    session.flush()
    url = f"/api/buildings/{room.building_id}"
    headers = {**bearer(["buildings.read", "buildings.write"]), "If-Match": '"1"'}
    answer = client.patch(url, json={"point": geojson_point(1)}, headers=headers)
    assert answer.status_code == 200, answer.data
    session.expire_all()
    rows = (session.get(Building, room.building_id), session.get(Room, room.id), session.get(Household, household.id), shop)
    assert {row.area_code for row in (*rows, session.get(Resident, made["id"]))} == {GRID_2}


def test_a_masked_number_is_never_written_back(client, bearer, household) -> None:
    headers = bearer([*RIGHTS, "people.unmask"])
    made = keep(client, headers, household, id_type="414", id_number="E12345678").json
    answer = client.patch(
        f"/api/residents/{made['id']}", json={"id_number": made["id_number"]}, headers={**headers, "If-Match": '"1"'}
    )
    assert answer.status_code == 422
    shown = client.post(f"/api/residents/{made['id']}/unmask", json={"purpose": "核对证件"}, headers=headers).json
    assert shown["id_number"] == "E12345678"


def test_a_retired_persons_number_is_free_again(client, bearer, household) -> None:
    headers = bearer(RIGHTS)
    made = keep(client, headers, household).json
    assert client.delete(f"/api/residents/{made['id']}", headers={**headers, "If-Match": '"1"'}).status_code == 204
    assert keep(client, headers, household).status_code == 201


def test_what_finds_people_follows_every_change_of_them(session, household) -> None:
    def keys() -> list[tuple]:
        told = "SELECT {} FROM {} ORDER BY 1".format
        names = "initials, phone_hash, phone_tail, id_number_tail"
        kept = session.execute(sa.text(told(f"resident_id, {names}", "resident_keys"))).all()
        assert kept == session.execute(sa.text(told(f"id, {names}", "residents"))).all()
        return [tuple(row) for row in kept]

    session.add_all([Resident(name="王小明", household_id=household.id, phone_hash=b"1", phone_tail=1) for _ in range(2)])
    session.flush()
    before = keys()
    assert [row[1:] for row in before] == [("wxm", b"1", 1, None)] * 2
    session.execute(sa.text("UPDATE residents SET name = '李四', id_number_tail = 7 WHERE id = :id"), {"id": before[0][0]})
    assert [row[1:] for row in keys()] == [("ls", b"1", 1, 7), ("wxm", b"1", 1, None)]
    session.execute(sa.text("DELETE FROM residents WHERE id = :id"), {"id": before[0][0]})
    assert keys() == before[1:]
