"""What must hold of homes that a sheet changes: one head each, moves kept as history, days to look again."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa

from gis_grid.people.models import HomeChange, Household, Resident, Valuable
from tests.factories import GRID_1, GRID_2
from tests.sheets.conftest import id_number

HEADER = ["姓名", "与户主关系", "身份证号", "住址"]
HERE, THERE = "阳光家园3幢1单元101", "桃源华庭3幢1单元101"


def reasons(report) -> dict[int, str]:
    return {remark["row"]: remark["reason"] for remark in report["remarks"]}


@pytest.fixture
def wang(load, write, session, estate) -> Household:
    """王小明 is the head, 李秀英 his wife, at HERE."""
    rows = [HEADER, ["王小明", "户主", id_number(1), HERE], ["李秀英", "妻", id_number(2), HERE]]
    load("residents", write(rows))
    return session.scalars(sa.select(Household)).one()


def test_two_heads_in_one_household_are_refused_row_by_row(load, write, wang) -> None:
    rows = [
        HEADER,
        ["张三", "户主", id_number(3), HERE],
        ["甲", "户主", id_number(5), "阳光家园3幢1单元102"],
        ["乙", "户主", id_number(7), "阳光家园3幢1单元102"],
        ["丙", "子", id_number(9), "阳光家园3幢1单元102"],
    ]
    report = load("residents", write(rows), keep_good=True)
    assert (report["inserted"], report["refused"]) == (2, 2)
    told = reasons(report)
    assert "该户已有户主 王小明" in told[2]
    assert told[4] == "与第 3 行同为一户的户主，一户只能有一位"


def test_a_sheet_may_change_the_head_when_it_tells_both(load, write, session, wang) -> None:
    rows = [HEADER, ["王小明", "夫", id_number(1), HERE], ["李秀英", "户主", id_number(2), HERE]]
    assert load("residents", write(rows))["updated"] == 2
    session.expire_all()
    assert session.scalar(sa.select(Resident.relation).where(Resident.name == "李秀英")) == "02"


def test_a_head_does_not_leave_others_behind(load, write, session, wang) -> None:
    row = ["王小明", "户主", id_number(1), THERE]
    report = load("residents", write([HEADER, row]), keep_good=True)
    assert "他是原户户主" in reasons(report)[2]
    together = load("residents", write([HEADER, row, ["李秀英", "妻", id_number(2), THERE]]))
    assert (together["updated"], together["refused"]) == (2, 0)
    session.expire_all()
    changes = list(session.scalars(sa.select(HomeChange).order_by(HomeChange.id)))
    assert [(change.kind, change.reason) for change in changes] == [("person_moved", "表格导入")] * 2
    assert wang.id in changes[0].household_ids
    assert wang.retired_at is not None  # nobody is left
    assert {one.area_code for one in session.scalars(sa.select(Resident))} == {GRID_2}


def test_a_household_that_moves_by_a_sheet_gets_its_history(load, write, session, estate, wang) -> None:
    owner = session.scalar(sa.select(Resident.id).where(Resident.name == "王小明"))
    session.add(Valuable(resident_id=owner, kind="01", name="轿车", area_code=GRID_1, placed_by="room"))
    session.flush()
    path = write([["户籍编号", "住址"], [wang.number, THERE]])
    report = load("households", path)
    assert report["warnings"][-1] == "1 户搬家，已记入变动记录"
    change = session.scalars(sa.select(HomeChange)).one()
    assert (change.kind, change.household_ids, len(change.resident_ids)) == ("moved", [wang.id], 2)
    assert change.room_ids == [estate["阳光家园101"], estate["桃源华庭101"]]
    session.expire_all()
    assert {one.area_code for one in session.scalars(sa.select(Resident))} == {GRID_2}
    assert session.scalars(sa.select(Valuable.area_code)).one() == GRID_2
    assert load("households", path)["unchanged"] == 1
    assert session.scalar(sa.select(sa.func.count()).select_from(HomeChange)) == 1


def test_a_class_or_a_use_that_comes_by_a_sheet_gives_the_day_anew(load, write, session, estate, wang) -> None:
    from gis_grid.buildings.models import Room

    seen = datetime(2026, 1, 1, tzinfo=UTC)
    session.execute(sa.update(Resident).values(verified_at=seen, due_on=date(2027, 1, 1)))
    session.execute(sa.update(Room).values(verified_at=seen, due_on=date(2027, 1, 1)))
    load("residents", write([["姓名", "身份证号", "户籍编号", "人员类别"], ["王小明", id_number(1), wang.number, "流动人口"]]))
    load("rooms", write([["小区", "楼栋", "单元", "房号", "房屋类型"], ["阳光家园", "3幢", "1单元", "101", "出租"]]))
    due = dict(session.execute(sa.select(Resident.name, Resident.due_on)).all())
    assert due == {"王小明": date(2026, 4, 1), "李秀英": date(2027, 1, 1)}
    let = sa.select(Room.due_on).where(Room.id == estate["阳光家园101"])
    assert session.scalar(let) == date(2026, 4, 1)


def test_the_manuals_two_sheets_end_to_end(load, write, session, estate) -> None:
    """户籍表, then 常住人口信息表: the columns the manual leaves empty stay empty, numbers are given by the service."""
    homes = [
        ["户籍编号", "社区名称", "小区", "楼号", "门牌号", "户主姓名", "户口类型", "房屋左起点", "房屋上起点", "备注"],
        ["", "", "阳光家园", "3", "201", "王小明", "农村", "", "", "临街"],
        ["", "", "桃源华庭", "3", "201", "赵六", "", "", "", ""],
    ]
    report = load("households", write(homes, "h.xls.xlsx", "户籍表"))
    assert (report["inserted"], report["refused"], report["warnings"]) == (2, 0, [])
    told = session.execute(sa.select(Household.registration, Household.kind).order_by(Household.registration))
    assert [tuple(row) for row in told] == [("02", None), (None, None)]
    people = [
        [
            "常住编号",
            "户籍编号",
            "社区名称",
            "小区",
            "楼号",
            "门牌号",
            "户主姓名",
            "场所编号",
            "姓名",
            "与户主关系",
            "身份证号",
            "性别",
        ],
        ["", "", "", "阳光家园", "3", "201", "", "", "王小明", "1户主", id_number(1), "男"],
        ["", "", "", "", "", "", "", "", "李秀英", "妻", id_number(2), ""],
        ["", "", "", "桃源华庭", "3", "201", "", "", "赵六", "1户主", id_number(3), ""],
    ]
    report = load("residents", write(people, "p.xlsx", "常住人口信息表"))
    assert (report["inserted"], report["refused"]) == (3, 0)
    assert report["warnings"] == ["1 行没有住址，按上一行的住址登记"]
    session.expire_all()
    count = sa.select(sa.func.count()).select_from(Household)
    assert session.scalar(count) == 2
    wang = session.scalars(sa.select(Resident).where(Resident.name == "王小明")).one()
    assert (wang.sex, wang.relation, wang.area_code) == ("1", "02", GRID_1)
    assert session.get(Household, wang.household_id).remark == "临街"
