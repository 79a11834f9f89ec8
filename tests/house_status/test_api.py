"""The house-status diagram over the API: data first, pictures of exactly that data, masked and scoped."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from gis_grid.audit import AuditEntry
from gis_grid.buildings.models import Building, Room
from gis_grid.house_status.colours import product
from gis_grid.people.models import Household, Resident
from gis_grid.premises import Premises
from tests.conftest import problem
from tests.factories import GRID_1, GRID_2, make_building, make_town, make_unit

READ = ["buildings.read", "people.read", "premises.read"]


def make_flat(unit, number: str, floor: int, door: int, **given) -> Room:
    place = {"area_code": unit.area_code, "placed_by": "unit", "building_id": unit.building_id}
    return Room(unit_id=unit.id, number=number, floor=floor, door=door, **place, **given)


def make_people(room: Room, *names: str, **given) -> list[Resident]:
    from gis_grid.db import session

    here = {"area_code": room.area_code, "placed_by": "room"}
    household = Household(number=f"H{room.id}-{names[0]}", room_id=room.id, **here)
    session().add(household)
    session().flush()
    made = [
        Resident(name=name, household_id=household.id, relation="02" if i == 0 else "20", **here, **given)
        for i, name in enumerate(names)
    ]
    session().add_all(made)
    session().flush()
    return made


@pytest.fixture
def building(session) -> Building:
    """Two floors of two flats, a shop below: 101 a shop, 201 let, 202 empty, 301 own with an old man alone, 302 not recorded."""
    make_town()
    made = make_building(0, name="1幢", floors_above=3)
    unit = make_unit(made)
    rooms = {
        number: make_flat(unit, number, floor, door, use=use)
        for number, floor, door, use in (
            ("101", 1, 1, "99"), ("102", 1, 2, None), ("201", 2, 1, "02"), ("202", 2, 2, "03"), 
            ("301", 3, 1, "01"), ("302", 3, 2, "01"),
        )
    }  # fmt: skip
    session.add_all(rooms.values())
    session.flush()
    shop = {"area_code": GRID_1, "placed_by": "room", "building_id": made.id}
    session.add(Premises(code="S1", name="小面馆", room_id=rooms["101"].id, **shop))
    make_people(rooms["201"], "王小明", "李四", classes=["floating"])
    make_people(rooms["301"], "欧阳娜", classes=["elderly_alone", "disabled"])
    make_people(rooms["301"], "赵六")  # two households in one room: it is one cell
    return made


def show(client, headers, building, **asked):
    return client.get(f"/api/buildings/{building.id}/house-status", headers=headers, query_string=asked)


def cells(answer) -> dict[str, dict]:
    return {cell["number"]: cell for cell in answer.json["cells"]}


def test_each_room_is_one_cell_with_use_householder_and_count(client, bearer, building) -> None:
    told = cells(show(client, bearer(READ), building))
    assert {number: cell["use"] for number, cell in told.items()} == {
        "101": "commercial", "102": "unknown", "201": "let", "202": "vacant", "301": "self", "302": "self",
    }  # fmt: skip
    assert (told["201"]["heads"], told["201"]["persons"], told["201"]["tags"]) == (["王*明"], 2, {"floating": 2})
    assert (told["301"]["households"], told["301"]["heads"], told["301"]["persons"]) == (2, ["欧*娜", "赵*"], 2)
    assert told["101"]["shops"] == ["小面馆"]
    assert (told["301"]["row"], told["301"]["col"], told["101"]["row"]) == (0, 0, 2)


def test_the_legend_counts_what_is_drawn(client, bearer, building) -> None:
    answer = show(client, bearer(READ), building).json
    assert {one["label"]: one["count"] for one in answer["legend"]} == {
        "商用": 1, "出租": 1, "自住": 2, "空置": 1, "其他": 0, "未采集": 1,
    }  # fmt: skip
    assert (answer["counts"]["rooms"], answer["counts"]["persons"], answer["colours_version"]) == (6, 4, 1)


def test_without_the_right_to_people_nobody_is_seen(client, bearer, building) -> None:
    headers = bearer(["buildings.read"])
    answer = show(client, headers, building)
    assert {cell["persons"] for cell in answer.json["cells"]} == {0}
    assert "王" not in answer.text
    assert [one["name"] for one in answer.json["schemes"]] == ["use", "freshness"]
    assert problem(show(client, headers, building, by="people"))["right"] == "people.read"
    assert problem(show(client, headers, building, by="mood"))["code"] == "unknown_scheme"


def test_full_names_need_their_right_and_every_look_is_kept(client, bearer, building, session) -> None:
    assert show(client, bearer(READ), building, names="full").status_code == 403
    told = cells(show(client, bearer([*READ, "people.unmask"]), building, names="full"))
    assert told["201"]["heads"] == ["王小明"]
    entry = session.scalars(sa.select(AuditEntry).where(AuditEntry.target == "buildings.house_status")).one()
    assert (entry.action, entry.key, entry.after["names"]) == ("view", str(building.id), "full")


def test_sensitive_classes_show_only_where_the_office_keeps_them_and_to_those_who_may(
    client, bearer, building, monkeypatch
) -> None:
    from gis_grid.config import settings

    may = bearer([*READ, "people.sensitive"])
    assert cells(show(client, may, building, by="people"))["301"]["tags"] == {"elderly_alone": 1}
    monkeypatch.setattr(settings(), "sensitive_classes", ["disabled"])
    assert cells(show(client, bearer(READ), building, by="people"))["301"]["tags"] == {"elderly_alone": 1}
    told = show(client, may, building, by="people")
    assert cells(told)["301"]["traits"] == ["elderly_alone", "disabled"]
    assert "残疾" in [one["label"] for one in told.json["legend"]]
    assert "低保" not in told.text


def test_exact_search_joins_all_fields_and_fuzzy_search_takes_one_keyword(client, bearer, building) -> None:
    def hits(**asked) -> list[str]:
        answer = show(client, bearer(READ), building, **asked)
        return [cell["number"] for cell in answer.json["cells"] if cell["hit"]]

    assert hits(head="王小明") == ["201"]
    assert hits(head="王小") == []
    assert hits(use="自住", persons="2") == ["301"]
    assert hits(use="自住", head="王小明") == []
    assert hits(name="李四", use="let") == ["201"]
    assert hits(q="面馆") == ["101"]
    assert hits(q="独居") == ["301"]
    assert hits(q="李") == ["201"]
    assert hits(q="30") == ["301", "302"]


def test_freshness_is_the_worst_of_the_room_and_its_people(client, bearer, building, session) -> None:
    now, day = datetime.now(UTC), date.today()
    for room in session.scalars(sa.select(Room)):
        room.verified_at, room.due_on = now, day + timedelta(days=200)
    for resident in session.scalars(sa.select(Resident).where(Resident.name != "李四")):
        resident.due_on = day + timedelta(days=100 if resident.name == "王小明" else -1)
    session.flush()
    told = cells(show(client, bearer(READ), building, by="freshness"))
    assert {number: cell["freshness"] for number, cell in told.items()} == {
        "101": "fresh", "102": "fresh", "201": "never", "202": "fresh", "301": "overdue", "302": "fresh",
    }  # fmt: skip


def test_the_neighbouring_grid_sees_nothing_and_a_unit_of_ones_own_is_seen(client, bearer, building, session) -> None:
    assert show(client, bearer(READ, (GRID_2,)), building).status_code == 404
    other = make_unit(building, "2单元", position=2)
    other.area_code = GRID_2
    session.add(make_flat(other, "101", 1, 1))
    session.flush()
    seen = show(client, bearer(READ, (GRID_2,)), building).json
    assert ([unit["name"] for unit in seen["units"]], seen["counts"]["rooms"]) == (["2单元"], 1)


@pytest.mark.parametrize(
    ("form", "begins"), [("svg", b"<svg"), ("png", b"\x89PNG"), ("pdf", b"%PDF"), ("txt", "名".encode()[:0])]
)
def test_pictures_of_a_building_are_drawn_and_kept_in_the_audit_log(client, bearer, building, session, form, begins) -> None:
    answer = client.get(f"/api/buildings/{building.id}/house-status.{form}", headers=bearer(READ), query_string={"by": "people"})
    assert answer.status_code == 200, answer.text[:200]
    assert answer.data.startswith(begins)
    entry = session.scalars(sa.select(AuditEntry).where(AuditEntry.target == "buildings.house_status")).one()
    assert (entry.action, entry.after["form"]) == ("export", form)


def test_the_svg_is_well_formed_accessible_and_masked(client, bearer, building) -> None:
    from xml.etree import ElementTree

    drawn = client.get(f"/api/buildings/{building.id}/house-status.svg", headers=bearer(READ)).text
    root = ElementTree.fromstring(drawn)  # noqa: S314  our own drawing
    ns = "{http://www.w3.org/2000/svg}"
    assert root.find(f"{ns}title").text == "1幢 房态图（房屋用途）"
    assert "6 间" in root.find(f"{ns}desc").text
    spoken = [item.find(f"{ns}title").text for item in root.iter(f"{ns}g") if item.get("role") == "listitem"]
    assert spoken[0] == "1单元 3层 301 室，自住，户主 欧*娜、赵*等 2 户，2 人，独居老人，从未核实"
    assert [item.get("tabindex") for item in root.iter(f"{ns}g") if item.get("role") == "listitem"] == ["0"] * 6
    assert "王小明" not in drawn


def test_an_estate_is_drawn_as_small_multiples_with_one_legend(client, bearer, session) -> None:
    from gis_grid.buildings.models import Estate

    make_town()
    estate = Estate(code="E", name="桂花苑", area_code=GRID_1, placed_by="inside")
    session.add(estate)
    session.flush()
    for n in (1, 2):
        unit = make_unit(make_building(0, f"B{n}", name=f"{n}幢", estate_id=estate.id))
        session.add_all(make_flat(unit, f"{floor}01", floor, 1, use="01") for floor in range(1, 4))
    session.flush()
    answer = client.get(f"/api/estates/{estate.id}/house-status", headers=bearer(READ)).json
    assert [one["building"]["name"] for one in answer["diagrams"]] == ["1幢", "2幢"]
    assert (answer["counts"]["rooms"], answer["legend"][1]["label"]) == (6, "出租")
    for form in ("svg", "png", "pdf", "txt"):
        assert client.get(f"/api/estates/{estate.id}/house-status.{form}", headers=bearer(READ)).status_code == 200
    assert client.get(f"/api/estates/{estate.id}/house-status", headers=bearer(READ, (GRID_2,))).status_code == 404


def test_a_building_without_rooms_is_an_empty_diagram(client, bearer, session) -> None:
    make_town()
    made = make_building(0)
    assert show(client, bearer(READ), made).json["cells"] == []
    for form in ("svg", "png", "pdf", "txt"):
        assert client.get(f"/api/buildings/{made.id}/house-status.{form}", headers=bearer(READ)).status_code == 200


def test_odd_rooms_say_their_shape_and_keep_their_whole_number(client, bearer, session) -> None:
    make_town()
    building = make_building(0, floors_above=3)
    unit = make_unit(building)
    flats = [make_flat(unit, f"{floor}0{door}", floor, door) for floor in (1, 2, 3) for door in (1, 2) if (floor, door) != (3, 1)]
    flats.append(make_flat(unit, "202A", 2, 2, use="02"))  # behind the same door: half as wide
    flats[2].floor_span = 2  # 201, up into the third floor
    flats[0].door_span, flats[1].door = 2, 3
    session.add_all(flats)
    session.flush()
    spoken = {cell["number"]: cell["text"] for cell in show(client, bearer(READ), building).json["cells"]}
    assert "201 室（上下 2 层）" in spoken["201"]
    assert "101 室（2 间合并）" in spoken["101"]
    drawn = client.get(f"/api/buildings/{building.id}/house-status.svg", headers=bearer(READ)).text
    assert all(f">{number}</text>" in drawn for number in spoken)
    told = client.get(f"/api/buildings/{building.id}/house-status.txt", headers=bearer(READ)).text
    assert told.index("3层") < told.index("302 室") < told.index("2层") < told.index("201 室") < told.index("1层")
    assert told.count("2层") == 4  # its heading, once, and the three rooms that begin there


def test_a_class_without_a_colour_of_its_own_is_plain() -> None:
    people = product().schemes["people"]
    assert [rule.trait for rule in people.ranked({"resident"})] == ["plain"]
    assert [rule.trait for rule in people.ranked({"resident", "veteran"})] == ["veteran"]
