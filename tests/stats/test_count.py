"""Counts by area and dictionary: drill-down, ages, another day's boundaries, and small numbers hidden from who may not look."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from gis_grid.access.guard import acting
from gis_grid.errors import GridError
from gis_grid.people.models import Household, Resident
from gis_grid.stats.actions import Wanted, count
from tests.conftest import caller
from tests.factories import COMMUNITY, DISTRICT, GRID_1, GRID_2, make_home, make_town

YEAR = date.today().year


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
    told = count(Wanted("residents", by=("sex",), area=COMMUNITY, at=date.today() - timedelta(days=1)))
    assert cells(told) == {(GRID_1, "男"): 6, (GRID_1, "女"): 1, (GRID_2, "女"): 2}


def test_small_numbers_are_hidden_from_who_may_not_read_people(people) -> None:
    with acting(caller("areas.read")):
        told = count(Wanted("residents", by=("sex",), area=COMMUNITY))
        assert cells(told) == {(GRID_1, "男"): 6, (GRID_1, "女"): None, (GRID_2, "女"): None}
        assert told["hidden_below"] == 5
        assert told["areas"][0]["count"] is None  # it would tell the one hidden beside it
        with pytest.raises(GridError):
            count(Wanted("residents", where={"field": "sex", "op": "eq", "value": "1"}))


@pytest.mark.parametrize("wanted", [Wanted("residents", by=("name",)), Wanted("residents", by=("sex", "sex")), Wanted("x")])
def test_what_cannot_be_counted_is_refused(people, wanted: Wanted) -> None:
    with pytest.raises(GridError):
        count(wanted)


def test_the_route_answers_json_and_csv(people, client, bearer) -> None:
    headers = bearer(["people.read"])
    body = {"register": "residents", "by": ["sex"], "area": COMMUNITY}
    assert len(client.post("/api/stats/count", json=body, headers=headers).json["cells"]) == 3
    text = client.post("/api/stats/count", json={**body, "format": "csv"}, headers=headers).data.decode("utf-8-sig")
    assert text.splitlines()[0] == "区域编码,区域,性别,数量"
    assert len(text.splitlines()) == 4
