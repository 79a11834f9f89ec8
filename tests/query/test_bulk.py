"""One change of many rows: tried, done, refused row by row, taken back as one."""

from __future__ import annotations

import pytest

from gis_grid.people.models import Household, Resident
from tests.conftest import problem
from tests.factories import GRID_1, make_home, make_town

RIGHTS = ["people.read", "people.write"]


@pytest.fixture
def people(session) -> dict[str, Resident]:
    make_town()
    found = {}
    for column, names in ((0, "甲乙"), (1, "丙")):
        room = make_home(column, f"B{column}")
        home = Household(number=f"H{column}", room_id=room.id, area_code=room.area_code, placed_by="room")
        session.add(home)
        session.flush()
        for name in names:
            found[name] = Resident(name=name, household_id=home.id, area_code=home.area_code, placed_by="room")
            session.add(found[name])
    session.flush()
    return found


def rows(*people: Resident) -> list[dict]:
    return [{"key": one.id, "version": one.version} for one in people]


def test_a_trial_keeps_nothing_and_a_change_is_taken_back_as_one(client, bearer, people, session) -> None:
    headers = bearer(RIGHTS)
    body = {"rows": rows(*people.values()), "values": {"occupation": "教师"}}
    tried = client.post("/api/queries/bulk/residents", json={**body, "dry_run": True}, headers=headers).json
    assert (len(tried["changed"]), tried["batch"]) == (3, None)
    assert {one["key"]: one["title"] for one in tried["changes"]} == {one.id: name for name, one in people.items()}
    assert all(one["fields"] == {"occupation": [None, "教师"]} for one in tried["changes"])
    session.expire_all()
    assert people["甲"].occupation is None
    done = client.post("/api/queries/bulk/residents", json=body, headers=headers).json
    assert len(done["changed"]) == 3
    again = {"rows": [{"key": people["甲"].id}], "values": {"occupation": "教师"}}
    assert client.post("/api/queries/bulk/residents", json=again, headers=headers).json["same"] == [people["甲"].id]
    session.expire_all()
    assert {one.occupation for one in people.values()} == {"教师"}
    people["乙"].occupation = "医生"
    session.flush()
    undone = client.post(f"/api/queries/batches/{done['batch']}/undo", headers=headers).json
    assert undone["undone"] == 2
    assert "又被改过" in undone["refused"][0]["why"]
    session.expire_all()
    assert [people[name].occupation for name in "甲乙丙"] == [None, "医生", None]
    assert client.post(f"/api/queries/batches/{done['batch']}/undo", headers=headers).status_code in (200, 404)


def test_rows_of_others_and_rows_changed_meanwhile_are_refused_one_by_one(client, bearer, people, session) -> None:
    body = {"rows": [*rows(people["甲"], people["丙"]), {"key": people["乙"].id, "version": 9}], "values": {"occupation": "教师"}}
    told = client.post("/api/queries/bulk/residents", json=body, headers=bearer(RIGHTS, (GRID_1,))).json
    assert told["changed"] == [people["甲"].id]
    why = {one["key"]: one["why"] for one in told["refused"]}
    assert "不在您的数据范围内" in why[people["丙"].id]
    assert "刚被他人" in why[people["乙"].id]


@pytest.mark.parametrize(
    ("values", "status"),
    [({"id_number": "1"}, 400), ({"name": "王"}, 400), ({"version": 3}, 400), ({"birth_date": "x"}, 422), ({}, 422)],
)
def test_what_must_differ_or_makes_no_sense_is_refused(client, bearer, people, values: dict, status: int) -> None:
    body = {"rows": rows(people["甲"]), "values": values}
    assert problem(client.post("/api/queries/bulk/residents", json=body, headers=bearer(RIGHTS)))["status"] == status


def test_reading_is_not_enough_and_a_batch_belongs_to_its_maker(client, bearer, people, session) -> None:
    body = {"rows": rows(people["甲"]), "values": {"occupation": "教师"}}
    answer = client.post("/api/queries/bulk/residents", json=body, headers=bearer(["people.read"]))
    assert problem(answer)["right"] == "people.write"
    done = client.post("/api/queries/bulk/residents", json=body, headers=bearer(RIGHTS)).json
    from gis_grid.access.actions import create_token

    _, other = create_token("别人", RIGHTS, [""], 1)
    session.commit()
    undo = f"/api/queries/batches/{done['batch']}/undo"
    assert client.post(undo, headers={"Authorization": f"Bearer {other}"}).status_code == 404
