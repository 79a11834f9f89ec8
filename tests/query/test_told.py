"""What stands beside an answer: names, places, sums, spots on the map; the one box; freshness."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from gis_grid.access.rules import RIGHTS as RIGHTS_ALL
from gis_grid.areas.placing import today
from gis_grid.buildings.models import Estate, Room
from gis_grid.events.models import Event
from gis_grid.people.models import Household, Resident, Valuable
from gis_grid.premises import Premises, PremisesStaff
from gis_grid.sealed import fingerprint
from tests.conftest import problem
from tests.factories import GRID_1, GRID_2, make_building, make_room, make_town, make_unit, middle, point

RIGHTS = ["people.read", "people.write", "buildings.read", "areas.read"]
PHONE = "13800000001"


@pytest.fixture
def homes(session) -> dict[str, int]:
    """阳光家园 3幢 1单元 101 with two people in the first grid; the same address with one in the second."""
    make_town()
    ids = {}
    for column, (estate, area) in enumerate((("阳光家园", GRID_1), ("桃源华庭", GRID_2))):
        here = {"area_code": area, "placed_by": "room"}
        made = Estate(code=f"E{column}", name=estate, **here)
        session.add(made)
        session.flush()
        room = make_room(make_unit(make_building(column, f"B{column}", name="3幢", estate_id=made.id)), "101", area_m2=80.5)
        household = Household(number=f"H{column}", room_id=room.id, **here)
        session.add(household)
        session.flush()
        people = [("王小明", "02", PHONE), ("王美丽", "10", None)] if column == 0 else [("李四", "02", None)]
        for name, relation, phone in people:
            row = Resident(name=name, relation=relation, household_id=household.id, phone=phone, **here)
            row.phone_hash = fingerprint(phone) if phone else None
            row.due_on = today() - timedelta(days=1) if name == "王小明" else None
            session.add(row)
            session.flush()
            ids[name] = row.id
        ids[f"household{column}"] = household.id
    return ids


@pytest.fixture
def post(client, bearer, homes):
    """post(path, body, scopes=): the JSON answer."""

    def send(path: str, body: dict, scopes=("",)):
        answer = client.post(f"/api/queries/{path}", json=body, headers=bearer(RIGHTS, scopes))
        assert answer.status_code == 200, answer.data
        return answer.json

    return send


def test_a_number_comes_with_the_name_and_the_place_of_what_it_means(post, homes) -> None:
    told = post("ask/residents", {"told": True})
    home = homes["household0"]
    assert told["names"]["household_id"][str(home)] == "阳光家园 3幢 1单元 101 王小明"
    assert told["names"]["area_code"][GRID_1] == "名001"
    place = told["places"][str(homes["王小明"])]
    assert (place["lon"], place["lat"]) == pytest.approx(middle(0))
    assert place["address"] == "阳光家园 3幢 1单元 101"
    assert "names" not in post("ask/residents", {})


def test_every_register_tells_its_names_places_sums_and_spots(client, bearer, homes, session) -> None:
    session.add_all(
        [
            Event(number="E1", point=point(0), area_code=GRID_1, placed_by="inside"),
            Premises(code="P", name="店", point=point(0), area_code=GRID_1),
        ]
    )
    session.flush()
    shop = session.scalar(sa.select(Premises.id))
    session.add(PremisesStaff(premises_id=shop, name="赵六", area_code=GRID_1, placed_by="premises"))
    session.add(Valuable(resident_id=homes["王小明"], kind="car", name="轿车", area_code=GRID_1, placed_by="room"))
    session.flush()
    box = {"bounds": [106.49, 29.49, 106.51, 29.51], "zoom": 18}
    headers, placed = bearer(list(RIGHTS_ALL)), 0
    for register in client.get("/api/queries/registers", headers=headers).json["items"]:
        name = register["name"]
        told = client.post(f"/api/queries/ask/{name}", json={"told": True}, headers=headers)
        assert told.status_code == 200, (name, told.data)
        assert client.post(f"/api/queries/sums/{name}", json={}, headers=headers).json["total"] == len(told.json["items"]) > 0
        spots = client.post(f"/api/queries/spots/{name}", json=box, headers=headers).json["items"]
        assert sum(one["count"] for one in spots) == len(told.json["places"]), name
        placed += bool(spots)
    assert placed == 9  # all but areas, their staff, and estates that have no point here


def test_rows_are_summed_and_counted_within_ones_area(post, homes) -> None:
    assert post("sums/rooms", {}) == {"total": 2, "sums": {"area_m2": 161.0}}
    assert post("sums/rooms", {}, scopes=(GRID_2,)) == {"total": 1, "sums": {"area_m2": 80.5}}
    assert post("sums/residents", {})["total"] == 3


def test_spots_tell_how_many_live_where_and_nothing_of_other_areas(post, homes) -> None:
    box = {"bounds": [106.49, 29.49, 106.51, 29.51], "zoom": 18}
    told = post("spots/residents", box)
    assert told["exact"] is True
    assert [(one["count"], one["title"]) for one in told["items"]] == [(2, "阳光家园 3幢 1单元"), (1, "桃源华庭 3幢 1单元")]
    far = post("spots/residents", {**box, "zoom": 8})
    assert [(one["count"], one["title"]) for one in far["items"]] == [(3, None)]
    assert [one["count"] for one in post("spots/residents", box, scopes=(GRID_2,))["items"]] == [1]
    assert post("spots/residents", {**box, "bounds": [100, 20, 101, 21]})["items"] == []
    only = post("spots/households", {**box, "where": {"field": "number", "op": "eq", "value": "H1"}})
    assert [one["key"] for one in only["items"]] == [homes["household1"]]
    assert post("spots/areas", box)["items"] == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("王", ["王小明", "王美丽"]),
        ("wml", ["王美丽"]),
        ("138 0000 0001", ["王小明"]),
        ("13800000009", []),
        ("阳光家园3-1-101", ["王小明", "王美丽"]),
        ("小明", []),
    ],
)
def test_the_one_box_looks_into_names_initials_numbers_and_addresses(post, text: str, found: list[str]) -> None:
    assert [row["name"] for row in post("ask/residents", {"where": {"text": text}})["items"]] == found


def test_a_household_is_found_by_its_people_and_its_address(post, homes) -> None:
    for text in ("王美", "阳光家园3幢1单元101", "H0"):
        items = post("ask/households", {"where": {"text": text}})["items"]
        assert [row["id"] for row in items] == [homes["household0"]], text


def test_freshness_is_asked_by_state(post, client, bearer) -> None:
    def names(*states: str) -> list[str]:
        return [row["name"] for row in post("ask/residents", {"where": {"fresh": list(states)}})["items"]]

    assert names("overdue") == ["王小明"]
    assert names("never") == ["王美丽", "李四"]
    assert names("overdue", "never", "fresh", "soon") == ["王小明", "王美丽", "李四"]
    for register, where in (("residents", {"fresh": ["old"]}), ("estates", {"fresh": ["never"]})):
        answer = client.post(f"/api/queries/ask/{register}", json={"where": where}, headers=bearer(RIGHTS))
        assert problem(answer)["code"] == "bad_query"


def test_a_typed_number_is_no_condition_of_an_export(client, bearer, homes) -> None:
    body = {"where": {"text": PHONE}, "purpose": "核对台账"}
    answer = client.post("/api/sheets/export/residents", json=body, headers=bearer(RIGHTS))
    assert problem(answer)["code"] == "sealed_condition"


def test_a_register_tells_what_a_form_needs(client, bearer, homes) -> None:
    told = client.get("/api/queries/registers", headers=bearer(["people.read", "people.write"])).json["items"]
    people = next(one for one in told if one["name"] == "residents")
    fields = {one["key"]: one for one in people["fields"]}
    assert people["write"] and people["adds"] and people["placed"] and people["fresh"]
    assert fields["name"]["required"] and fields["name"]["length"] == 50
    assert fields["household_id"]["refers"] == "households"
    assert not fields["left_on"]["writable"]
    assert fields["ethnic"]["bulk"] and not fields["id_number"]["bulk"]
    reading = client.get("/api/queries/registers", headers=bearer(["people.read"])).json["items"]
    assert not any(one["write"] or one["adds"] for one in reading)
    assert Room.__tablename__ in {
        one["name"] for one in client.get("/api/queries/registers", headers=bearer(RIGHTS)).json["items"]
    }
