"""Why somebody belongs to a grid: the entrance that decides is named, whatever hangs on it."""

from __future__ import annotations

import pytest

from gis_grid.people.models import Household, Resident
from tests.factories import GRID_1, GRID_2, make_building, make_room, make_town, make_unit, point

RIGHTS = ["buildings.read", "people.read"]


@pytest.fixture
def home(session) -> dict[str, int]:
    """A building in the first grid whose second unit has its entrance in the second grid; somebody lives in each."""
    make_town()
    building = make_building(0)
    beside, own = make_unit(building), make_unit(building, "2单元", point=point(1))
    own.area_code = GRID_2
    ids = {"building": building.id, "beside": beside.id, "own": own.id}
    for name, unit in (("甲", beside), ("乙", own)):
        room = make_room(unit)
        household = Household(number=name, room_id=room.id, area_code=unit.area_code, placed_by="room")
        session.add(household)
        session.flush()
        resident = Resident(name=name, household_id=household.id, area_code=unit.area_code, placed_by="room")
        session.add(resident)
        session.flush()
        ids |= {f"{name}room": room.id, f"{name}home": household.id, name: resident.id}
    return ids


@pytest.fixture
def why(client, bearer, home):
    headers = bearer(RIGHTS)
    return lambda register, which: client.get(f"/api/{register}/{home[which]}/why", headers=headers).json


@pytest.mark.parametrize(
    ("register", "which"), [("units", "own"), ("rooms", "乙room"), ("households", "乙home"), ("residents", "乙")]
)
def test_the_entrance_of_the_unit_decides(why, register: str, which: str) -> None:
    told = why(register, which)
    assert told["area_code"] == told["by_place"]["code"] == GRID_2
    assert f"按2单元自己的入口：该点落在 名002 内，距最近边界 48.5 米。楼栋本身归 {GRID_1}。" in told["sentence"]


@pytest.mark.parametrize(("register", "which"), [("units", "beside"), ("rooms", "甲room"), ("residents", "甲")])
def test_without_one_the_building_decides(why, register: str, which: str) -> None:
    told = why(register, which)
    assert told["by_place"]["code"] == GRID_1
    assert "1单元没有自己的入口，随楼栋归属。按楼栋的入口或代表点：该点落在 名001 内" in told["sentence"]


def test_another_areas_person_is_not_explained(client, bearer, home) -> None:
    path = f"/api/residents/{home['乙']}/why"
    assert client.get(path, headers=bearer(RIGHTS, (GRID_1,))).status_code == 404
    assert client.get(path, headers=bearer(["buildings.read"])).status_code == 403
