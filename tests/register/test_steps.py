"""The way back of a change by hand, and the record of who changed what."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from gis_grid.people.models import Household, Resident
from gis_grid.register.steps import UndoStep
from tests.conftest import problem
from tests.factories import GRID_1, GRID_2, make_home, make_town

RIGHTS = ["people.read", "people.write"]


@pytest.fixture
def resident(session) -> str:
    """The address of a resident of the first grid with a phone."""
    make_town()
    room = make_home(0)
    home = Household(number="H", room_id=room.id, area_code=GRID_1, placed_by="room")
    session.add(home)
    session.flush()
    row = Resident(name="王", household_id=home.id, area_code=GRID_1, placed_by="room", phone="13800000001")
    session.add(row)
    session.flush()
    return f"/api/residents/{row.id}"


def change(client, address: str, headers: dict, values: dict):
    version = client.get(address, headers=headers).json["version"]
    answer = client.patch(address, json=values, headers={**headers, "If-Match": f'"{version}"'})
    assert answer.status_code == 200, answer.data
    return {**headers, "If-Match": answer.headers["ETag"]}


def test_the_last_change_is_taken_back_numbers_too(client, bearer, resident, session) -> None:
    headers = bearer(RIGHTS)
    after = change(client, resident, headers, {"name": "汪", "phone": "13900000009"})
    stored = session.scalar(sa.select(sa.func.encode(sa.type_coerce(UndoStep.was, sa.LargeBinary), "escape")))
    assert "13800000001" not in stored
    assert client.get(f"{resident}/versions", headers=headers).json["may_undo"] is True
    back = client.post(f"{resident}/undo", headers=after)
    assert (back.json["name"], back.json["phone"]) == ("王", "138****0001")
    again = client.post(f"{resident}/undo", headers={**headers, "If-Match": back.headers["ETag"]})
    assert problem(again)["code"] == "nothing_to_undo"
    told = client.get(f"{resident}/versions", headers=headers).json
    assert [one["action"] for one in told["items"]] == ["undo", "change"]
    assert told["items"][1]["after"]["name"] == "汪"
    assert "1390" not in str(told)
    assert told["may_undo"] is False


def test_a_retired_row_comes_back(client, bearer, resident) -> None:
    headers = {**bearer(RIGHTS), "If-Match": '"1"'}
    assert client.delete(resident, headers=headers).status_code == 204
    back = client.post(f"{resident}/undo", headers={**headers, "If-Match": '"2"'})
    assert back.status_code == 200
    assert back.json["retired_at"] is None


def test_what_others_changed_since_stays(client, bearer, resident, session) -> None:
    headers = bearer(RIGHTS)
    change(client, resident, headers, {"name": "汪"})
    session.execute(sa.update(Resident).values(remark="别人写的", version=Resident.version + 1))
    version = client.get(resident, headers=headers).json["version"]
    answer = client.post(f"{resident}/undo", headers={**headers, "If-Match": f'"{version}"'})
    assert problem(answer)["code"] == "changed_since"
    assert problem(client.post(f"{resident}/undo", headers={**headers, "If-Match": '"1"'}))["status"] == 412


def test_another_grid_reads_no_versions(client, bearer, resident) -> None:
    assert client.get(f"{resident}/versions", headers=bearer(RIGHTS, (GRID_2,))).status_code == 404
