"""Counts by area and dictionary: drill-down, ages, another day's boundaries, and small numbers hidden from who may not look."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime, timedelta

import pypdfium2
import pytest
import python_calamine

from gis_grid.access.guard import acting
from gis_grid.areas.placing import today
from gis_grid.errors import GridError
from gis_grid.events.models import Event
from gis_grid.people.models import Household, Resident
from gis_grid.stats.actions import Wanted, count, countable_registers
from gis_grid.stats.parts import shapes_of
from tests.conftest import caller
from tests.factories import COMMUNITY, DISTRICT, GRID_1, GRID_2, make_home, make_town

YEAR = today().year


@pytest.fixture
def people(session) -> None:
    """Six men and one woman in the first grid, two women in the second."""
    make_town()
    for column, code in ((0, "B1"), (1, "B2")):
        room = make_home(column, code)
        session.add(Household(id=column + 1, number=code, room_id=room.id, area_code=room.area_code, placed_by="room"))
    session.flush()
    for i in range(9):
        home, sex = (1, "1" if i < 6 else "2") if i < 7 else (2, "2")
        born = date(YEAR - 30 - i, 1, 1) if i != 8 else None
        where = {"household_id": home, "area_code": (GRID_1, GRID_2)[home - 1], "placed_by": "room"}
        session.add(Resident(name=f"人{i}", sex=sex, birth_date=born, classes=["veteran", "low_income"], **where))
    session.flush()


def cells(told: dict) -> dict:
    return {(cell["area_code"], *cell["labels"]): cell["count"] for cell in told["cells"]}


def test_counts_drill_down_from_district_to_grid(people) -> None:
    assert [(area["code"], area["count"]) for area in count(Wanted("residents"))["areas"]] == [(DISTRICT, 9)]
    told = count(Wanted("residents", by=("sex",), area=COMMUNITY))
    assert {area["code"]: area["count"] for area in told["areas"]} == {GRID_1: 7, GRID_2: 2, f"{COMMUNITY}003": 0}
    assert cells(told) == {(GRID_1, "男"): 6, (GRID_1, "女"): 1, (GRID_2, "女"): 2}


def test_any_level_below_is_counted_and_what_lies_above_it_is_told(session, people) -> None:
    session.add(Resident(name="无网格", household_id=2, area_code=COMMUNITY, placed_by="room"))
    session.flush()
    told = count(Wanted("residents", area=DISTRICT, level="grid"))
    assert {area["code"]: area["count"] for area in told["areas"]} == {GRID_1: 7, GRID_2: 2, f"{COMMUNITY}003": 0}
    assert told["outside"] == 1
    shapes = shapes_of(DISTRICT, today(), "grid")
    assert len(shapes["features"]) == 3
    with acting(caller("people.read", scopes=(GRID_2,))):
        assert [(area["code"], area["count"]) for area in count(Wanted("residents", level="grid"))["areas"]] == [(GRID_2, 2)]


def test_an_age_pyramid_is_age_by_sex(people) -> None:
    told = cells(count(Wanted("residents", by=("age", "sex"))))
    assert told[DISTRICT, "30-34", "男"] == 5
    assert told[DISTRICT, "未知", "女"] == 1
    assert sum(told.values()) == 9


def test_classes_are_counted_without_those_the_caller_may_not_see(people) -> None:
    assert cells(count(Wanted("residents", by=("classes",)))) == {(DISTRICT, "优抚对象"): 9}


def test_a_question_narrows_and_another_area_is_not_told(people) -> None:
    where = {"field": "sex", "op": "eq", "value": "2"}
    assert count(Wanted("residents", where=where))["areas"][0]["count"] == 3
    with acting(caller("people.read", scopes=(GRID_2,))):
        assert [(area["code"], area["count"]) for area in count(Wanted("residents"))["areas"]] == [(GRID_2, 2)]
        with pytest.raises(GridError):
            count(Wanted("residents", area=COMMUNITY))


def test_another_days_boundaries_place_the_buildings_again(people) -> None:
    told = count(Wanted("residents", by=("sex",), area=COMMUNITY, at=today() - timedelta(days=1)))
    assert cells(told) == {(GRID_1, "男"): 6, (GRID_1, "女"): 1, (GRID_2, "女"): 2}


def test_people_are_protected_from_who_may_not_read_them(people) -> None:
    with acting(caller("areas.read")):
        told = count(Wanted("residents", by=("sex",), area=COMMUNITY))
        assert not {(GRID_1, "女"), (GRID_2, "女")} & cells(told).keys()
        assert told["hidden_below"] == 10
        assert told["rounded_to"] == 5
        assert {area["count"] for area in told["areas"]} <= {None, 10}  # nobody at all looks like a few
        with pytest.raises(GridError):
            count(Wanted("residents", where={"field": "sex", "op": "eq", "value": "1"}))


def test_totals_do_not_tell_a_hidden_number(session, people) -> None:
    """103 people of whom 3 are women: what is told of all and of the men leaves many numbers of women possible."""
    session.add_all(
        Resident(name="王", sex="1" if i < 94 else "2", household_id=2, area_code=GRID_2, placed_by="room") for i in range(94)
    )
    session.flush()
    exact = count(Wanted("residents", by=("sex",), area=COMMUNITY))
    assert exact["areas"][1]["count"] == 96
    with acting(caller("areas.read")):
        told = count(Wanted("residents", by=("sex",), area=COMMUNITY))
        alone = count(Wanted("residents", area=COMMUNITY))
    assert told["areas"] == alone["areas"]  # no second question tells more
    numbers = [told["total"], *(area["count"] for area in told["areas"]), *(cell["count"] for cell in told["cells"])]
    assert all(number is None or number % 5 == 0 for number in numbers)
    assert (GRID_2, "女") not in cells(told)
    assert told["areas"][1]["count"] - cells(told)[GRID_2, "男"] in (0, 5, 10)


def test_the_same_people_are_told_alike_however_they_are_asked_for(session, people) -> None:
    """Otherwise one would ask for the same people by fields that say nothing of them, and average what is told."""
    session.add_all(
        Resident(name="王", sex="1", household_id=2, area_code=GRID_2, placed_by="room", ethnic="01") for _ in range(51)
    )
    session.flush()
    with acting(caller("areas.read")):
        ways = [("ethnic",), ("ethnic", "sex"), ("ethnic", "relation"), ("ethnic", "birth_date"), ("ethnic", "marital")]
        told = [count(Wanted("residents", by=by, area=area)) for by in ways for area in (None, COMMUNITY, GRID_2)]
        told += [count(Wanted("residents", by=("ethnic",), area=COMMUNITY, at=today() - timedelta(days=1)))]
    of_han = {cell["count"] for one in told for cell in one["cells"] if cell["values"][0] == "01"}
    assert len(of_han) == 1
    assert of_han <= {50, 55}


def test_birthdays_and_rare_values_name_nobody_to_who_may_not_read_people(session, people) -> None:
    session.add_all(Resident(name="王", sex="1", household_id=2, area_code=GRID_2, placed_by="room") for _ in range(40))
    session.flush()
    with acting(caller("areas.read")):
        fields = {one["name"]: one["fields"] for one in countable_registers()}["residents"]
        assert [one["periods"] for one in fields if one["key"] == "birth_date"] == [[{"key": "year", "label": "年"}]]
        with pytest.raises(GridError):
            count(Wanted("residents", by=("birth_date.day",)))
        told = count(Wanted("residents", by=("age", "sex"), area=COMMUNITY))
    assert [value["label"] for value in told["axes"][1]] == ["男"]  # three women are not even named
    assert [value["label"] for value in told["axes"][0]] == ["未知"]
    assert {one["count"] for one in told["cells"]} == {40}


def test_whoever_has_two_classes_or_none_is_one_person(session, people) -> None:
    session.add(Resident(name="无", household_id=2, area_code=GRID_2, placed_by="room"))
    session.flush()
    told = count(Wanted("residents", by=("classes",)))
    assert told["several"]
    assert told["areas"][0]["count"] == told["total"] == 10
    assert [(one["labels"], one["count"]) for one in told["values"]] == [(["优抚对象"], 9)]


def test_events_by_month_are_a_line_without_gaps(session, people) -> None:
    for day in ("2026-01-31T20:00:00+00:00", "2026-04-02T01:00:00+00:00"):
        session.add(Event(number=day, reported_at=datetime.fromisoformat(day), area_code=GRID_1, placed_by="inside"))
    session.flush()
    told = count(Wanted("events", by=("reported_at.month", "status")))  # a month begins at midnight here
    assert [one["label"] for one in told["axes"][0]] == [
        "2026年02月",
        "2026年03月",
        "2026年04月",
    ]
    assert [one["labels"][0] for one in told["values"]] == ["2026年02月", "2026年04月"]


def test_areas_come_with_the_way_down_to_them_and_with_their_shapes(people) -> None:
    told = count(Wanted("residents", area=COMMUNITY))
    assert told["path"][-1]["code"] == COMMUNITY
    assert told["path"][-1]["level_name"] == "社区"
    assert [area["more"] for area in told["areas"]] == [False, False, False]
    shapes = shapes_of(COMMUNITY, today())
    assert [one["properties"]["id"] for one in shapes["features"]] == [area["code"] for area in told["areas"]]
    with acting(caller("areas.read", scopes=(GRID_2,))):
        assert [one["properties"]["id"] for one in shapes_of(None, today())["features"]] == [GRID_2]


@pytest.mark.parametrize("wanted", [Wanted("residents", by=("name",)), Wanted("residents", by=("sex", "sex")), Wanted("x")])
def test_what_cannot_be_counted_is_refused(people, wanted: Wanted) -> None:
    with pytest.raises(GridError):
        count(wanted)


def test_the_route_answers_json_and_sheets_that_say_who_took_them(people, client, bearer) -> None:
    headers = bearer(["people.read"])
    body = {"register": "residents", "by": ["sex"], "area": COMMUNITY}
    assert len(client.post("/api/stats/count", json=body, headers=headers).json["cells"]) == 3
    text = client.post("/api/stats/count", json={**body, "format": "csv"}, headers=headers).data.decode("utf-8-sig")
    lines = list(csv.reader(io.StringIO(text)))
    assert "导出" in lines[0][0]
    assert lines[1] == ["区域编码", "区域", "男", "女", "合计"]
    assert lines[2][2:] == ["6", "1", "7"]
    assert lines[-1] == ["", "合计", "6", "3", "9"]
    two = client.post("/api/stats/count", json={**body, "by": ["age", "sex"], "format": "csv"}, headers=headers)
    header, *ages = list(csv.reader(io.StringIO(two.data.decode("utf-8-sig"))))[1:]
    assert header == ["区域编码", "区域", "年龄", "男", "女", "合计"]
    assert [int(row[-1]) for row in ages] == [int(row[3]) + int(row[4]) for row in ages]
    book = client.post("/api/stats/count", json={**body, "format": "xlsx", "title": "男女"}, headers=headers)
    rows = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(book.data)).get_sheet_by_index(0).to_python()
    assert rows[2][2:5] == [6, 1, 7]
    assert "filename*=UTF-8''" in book.headers["Content-Disposition"]


def test_a_count_is_printed_with_all_its_rows(people, client, bearer) -> None:
    body = {"register": "residents", "by": ["age", "sex"], "area": COMMUNITY, "format": "pdf", "title": "人口金字塔"}
    answer = client.post("/api/stats/count", json=body, headers=bearer(["people.read"]))
    assert answer.mimetype == "application/pdf"
    page = pypdfium2.PdfDocument(answer.data)[0].get_textpage().get_text_range()
    assert "人口金字塔" in page
    assert "30-34" in page
    assert "合计" in page


def test_what_can_be_counted_is_told_by_right(people, client, bearer) -> None:
    told = {one["name"]: one for one in client.get("/api/stats/registers", headers=bearer(["areas.read"])).json["items"]}
    assert told["residents"]["hides"]
    assert "events" not in told
    assert {field["key"] for field in told["residents"]["fields"]} >= {"sex", "age", "classes"}
    shapes = client.get(f"/api/stats/shapes?area={COMMUNITY}", headers=bearer(["areas.read"])).json
    assert len(shapes["features"]) == 3
