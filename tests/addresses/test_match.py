"""Matching addresses to our buildings and rooms: decided when sure, asked when not, never beyond the caller's scope."""

from __future__ import annotations

import pytest

from gis_grid.access.guard import acting
from gis_grid.addresses.actions import match_addresses
from gis_grid.addresses.places import is_nearly_in
from gis_grid.buildings.models import Estate
from tests.conftest import caller, problem
from tests.factories import GRID_1, GRID_2, make_building, make_room, make_town, make_unit


@pytest.fixture
def homes(session) -> dict[str, int]:
    """Two estates of nearly the same buildings; the rooms' ids by address."""
    make_town()
    rooms = {}
    for column, (name, address) in enumerate((("阳光家园", "梧桐路12号"), ("桃源华庭", "人民路88弄"))):
        estate = Estate(code=f"E{column}", name=name, address=address, area_code=(GRID_1, GRID_2)[column], placed_by="inside")
        session.add(estate)
        session.flush()
        for building_name in ("3幢", "12号楼"):
            building = make_building(column, f"{column}-{building_name}", name=building_name, estate_id=estate.id)
            for unit_name in ("1单元", "2单元"):
                unit = make_unit(building, unit_name)
                for number in ("101", "501") if unit_name == "1单元" else ("102", "501"):
                    rooms[f"{name}{building_name}{unit_name}{number}"] = make_room(unit, number).id
    return rooms


@pytest.mark.parametrize(
    "text",
    [
        "阳光家园3幢1单元501室",
        "桐花街道阳光家园3号楼一单元501",
        "阳光家园3-1-501",
        "梧桐路12号3栋1单元501",  # by the estate's address
        "阳光家园3幢1单元五0一",
    ],
)
def test_an_address_is_matched_however_it_is_written(homes, text: str) -> None:
    assert match_addresses([text])[0].decided.room_id == homes["阳光家园3幢1单元501"]


def test_a_wrong_character_in_the_name_is_asked(homes) -> None:
    found = match_addresses(["阳光花园3-1-501"])[0]
    assert found.decided is None
    assert found.candidates[0].room_id == homes["阳光家园3幢1单元501"]


@pytest.mark.parametrize(
    ("text", "unread"), [("阳光家园3", "3"), ("阳光家园 3号", "3"), ("阳光家园", None), ("梧桐路12号", None)]
)
def test_a_number_at_the_end_that_nothing_took_is_asked_not_dropped(homes, text: str, unread: str | None) -> None:
    found = match_addresses([text])[0]
    assert (found.question == f"末尾的“{unread}”看不出是栋、单元还是室，请核对。") == (unread is not None)


def test_a_room_that_only_one_unit_has_needs_no_unit(homes) -> None:
    assert match_addresses(["桃源华庭12幢102"])[0].decided.room_id == homes["桃源华庭12号楼2单元102"]


def test_two_rooms_of_that_number_are_asked(homes) -> None:
    found = match_addresses(["桃源华庭12幢501"])[0]
    assert found.decided is None
    assert {one.room_id for one in found.candidates} == {homes["桃源华庭12号楼1单元501"], homes["桃源华庭12号楼2单元501"]}
    assert found.question == "有 2 处可能，请选择。"


@pytest.mark.parametrize(
    ("text", "missing", "sentence"),
    [
        ("阳光家园9幢501", "building", "没有这一栋"),
        ("阳光家园3幢7单元501", "unit", "没有这个单元"),
        ("阳光家园3幢1单元909", "room", "没有这个房号"),
        ("火星路1号", None, "没有找到"),
    ],
)
def test_what_is_not_on_record_is_told(homes, text: str, missing: str | None, sentence: str) -> None:
    found = match_addresses([text])[0]
    assert found.decided is None
    assert sentence in found.question
    assert (found.candidates[0].missing if found.candidates else None) == missing


def test_without_an_estate_all_buildings_of_that_number_are_asked(homes) -> None:
    found = match_addresses(["3幢1单元501"])[0]
    assert found.decided is None
    assert len(found.candidates) == 2


def test_a_neighbour_sees_no_place_of_this_grid(homes) -> None:
    with acting(caller("buildings.read", scopes=(GRID_2,))):
        found = match_addresses(["阳光家园3幢1单元501"])[0]
    assert found.decided is None
    assert {one.area_code for one in found.candidates} == {GRID_2}  # only a 3幢 of his own, and not believed


def test_the_route_answers_in_order_and_refuses_nonsense(homes, client, bearer) -> None:
    headers = bearer(["buildings.read"])
    answer = client.post("/api/addresses/match", json={"texts": ["阳光家园3幢1单元501", "不知道"]}, headers=headers)
    first, second = answer.json["items"]
    assert first["decided"]["room"] == "501"
    assert first["parts"]["building"] == "3"
    assert second["decided"] is None
    for body in ({"texts": []}, {"texts": ["x"] * 501}, {"texts": "x"}, {}):
        told = problem(client.post("/api/addresses/match", json=body, headers=headers))
        assert told["status"] == 422


def test_a_name_is_found_with_one_character_out() -> None:
    assert is_nearly_in("阳光家园", "住阳光花园3幢")
    assert is_nearly_in("阳光家园", "住阳光园3幢")
    assert is_nearly_in("阳光家园", "住阳光大家园3幢")
    assert not is_nearly_in("阳光家园", "住月光花园3幢")
