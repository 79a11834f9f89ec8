"""Estates, buildings, property and shop staff come and go as sheets; rows of another community are refused."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from python_calamine import CalamineWorkbook

from gis_grid.access.guard import acting
from gis_grid.buildings.models import Building, Estate, Room, Unit
from gis_grid.errors import Invalid
from gis_grid.people.models import Household, Resident, Valuable
from gis_grid.premises import Premises, PremisesStaff
from gis_grid.sheets.export import Wanted, export
from tests.conftest import caller
from tests.factories import COMMUNITY, GRID_1, GRID_2, make_building, make_room, make_unit, middle
from tests.sheets.conftest import id_number


def one(session, model, **where):
    session.expire_all()
    return session.scalars(sa.select(model).filter_by(**where)).one()


def test_estates_by_coordinates_or_grid_get_the_manuals_number(load, write, session, estate) -> None:
    lon, lat = middle(1)
    rows = [
        ["小区编码", "小区名称", "物业公司", "经度", "纬度", "网格编码"],
        ["", "罗汉寺小区", "安居物业", lon, lat, ""],
        ["XQ9", "临江门", "", "", "", GRID_1],
        ["", "无处可放", "", "", "", ""],
        ["", "只有一半", "", lon, "", ""],
        ["", "阳光家园", "新物业", "", "", ""],
    ]
    report = load("estates", write(rows), keep_good=True)
    assert (report["inserted"], report["updated"], report["refused"]) == (2, 1, 2)
    new = one(session, Estate, name="罗汉寺小区")
    assert (new.code, new.area_code, new.placed_by) == (f"{COMMUNITY}LH", GRID_2, "inside")
    by_hand = one(session, Estate, code="XQ9")
    assert (by_hand.area_code, by_hand.placed_by, by_hand.point) == (GRID_1, "manual", None)
    known = one(session, Estate, code="E0")
    assert (known.property_company, known.area_code) == ("新物业", GRID_1)
    reasons = {remark["row"]: remark["reason"] for remark in report["remarks"]}
    assert reasons == {4: "新小区须填写经度、纬度，或网格编码", 5: "经度和纬度须同时填写"}
    assert any("wgs84" in said for said in report["warnings"])


def test_buildings_by_sheet_are_placed_and_what_is_in_them_follows(load, write, session, estate) -> None:
    lon, lat = middle(1)
    rows = [
        ["小区", "楼栋名称", "楼栋编号", "建筑用途", "地上层数", "楼层自下而上", "经度", "纬度"],
        ["阳光家园", "5幢", "", "", 11, "1、2、夹层、3", lon, lat],
        ["阳光家园", "3号楼", "", "", 6, "", lon, lat],
        ["阳光家园", "6幢", "", "", "", "", "", ""],
    ]
    report = load("buildings", write(rows), keep_good=True)
    assert (report["inserted"], report["updated"], report["refused"]) == (1, 1, 1)
    new = one(session, Building, name="5幢")
    assert (new.code, new.floors_above, new.floor_order) == ("E0-5", 11, ["1", "2", "夹层", "3"])
    moved = one(session, Building, code="B0")
    assert (moved.name, moved.floors_above, moved.area_code) == ("3号楼", 6, GRID_2)
    assert {row.area_code for row in session.scalars(sa.select(Room).where(Room.building_id == moved.id))} == {GRID_2}
    assert one(session, Unit, building_id=moved.id).area_code == GRID_2
    assert load("buildings", write([rows[0], rows[2]]))["unchanged"] == 1


def test_an_export_of_buildings_can_be_taken_in_again(load, write, session, estate, tmp_path) -> None:
    path = tmp_path / "out.xlsx"
    for kind, count in (("estates", 2), ("buildings", 2), ("units", 2), ("rooms", 6)):
        export(Wanted(kind, "核对台账"), path, lambda done, total: None)
        rows = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()
        report = load(kind, path)
        assert (report["unchanged"], report["refused"]) == (count, 0), rows
    assert report["warnings"] == []


def test_gcj02_coordinates_are_converted(load, write, session, estate) -> None:
    from gis_grid.geo import crs

    lon, lat = crs.from_stored(*middle(2), "gcj02")
    rows = [["楼栋名称", "经度", "纬度"], ["独栋", float(lon), float(lat)]]
    assert load("buildings", write(rows), crs="gcj02")["inserted"] == 1
    stored = one(session, Building, name="独栋")
    assert (stored.area_code[-1], stored.source_crs) == ("3", "gcj02")


@pytest.mark.parametrize(
    ("kind", "rows"),
    [
        ("buildings", [["楼栋名称", "经度", "纬度"], ["9幢", *middle(1)]]),
        ("estates", [["小区名称", "网格编码"], ["别处", GRID_2]]),
        ("estates", [["小区编码", "小区名称", "物业公司"], ["E1", "桃源华庭", "改了"]]),
        ("buildings", [["楼栋编号", "楼栋名称"], ["B1", "改了"]]),
        ("rooms", [["小区", "楼栋", "单元", "房号"], ["桃源华庭", "3幢", "1单元", "301"]]),
        ("units", [["小区", "楼栋", "单元名称"], ["桃源华庭", "3幢", "9单元"]]),
        ("households", [["户籍编号", "小区", "楼栋", "房号"], ["H", "桃源华庭", "3幢", "101"]]),
        ("premises", [["场所名称", "小区", "楼栋"], ["店", "桃源华庭", "3幢"]]),
        ("valuables", [["姓名", "财产类别", "财产名称", "住址"], ["王", "机动车", "轿车", "桃源华庭3幢101"]]),
        ("premises_staff", [["场所名称", "姓名"], ["别处的店", "王"]]),
    ],
)
def test_a_row_that_names_a_building_of_another_community_is_refused(load, write, session, estate, kind: str, rows) -> None:
    session.add(Premises(code="P9", name="别处的店", building_id=None, area_code=GRID_2, placed_by="inside"))
    session.flush()
    with acting(caller("buildings.write", "people.write", "premises.write", "imports.run", scopes=(GRID_1,))):
        report = load(kind, write(rows), keep_good=True)
    assert (report["inserted"], report["updated"], report["refused"]) == (0, 0, 1)


def test_a_building_that_has_a_name_is_found_by_its_columns(load, write, session, estate) -> None:
    shops = make_building(0, "B7", name="沿街商铺1", estate_id=one(session, Estate, code="E0").id)
    office = make_building(0, "B8", name="综合楼", estate_id=shops.estate_id)
    rooms = {make_room(make_unit(building), "101").id for building in (shops, office)}
    rows = [["场所名称", "小区", "楼栋", "单元", "房号"], ["甲店", "阳光家园", "沿街商铺1", "1单元", "101"]]
    rows += [["乙店（分店）", "阳光家园", "综合楼", "1", "101"], ["丙店", "阳光家园", "沿街商铺11", "1单元", "101"]]
    report = load("premises", write(rows), keep_good=True)
    assert [remark["row"] for remark in report["remarks"]] == [4]
    assert {row.room_id for row in session.scalars(sa.select(Premises))} == rooms
    assert one(session, Premises, room_id=max(rooms)).name == "乙店（分店）"


def test_a_room_on_a_floor_the_building_lacks_is_refused(load, write, session, estate) -> None:
    make_building(0, "B9", name="7幢", floors_above=6, estate_id=one(session, Estate, code="E0").id)
    load("units", write([["小区", "楼栋", "单元名称"], ["阳光家园", "7幢", "1单元"]]))
    rows = [["小区", "楼栋", "单元", "房号"], *(["阳光家园", "7幢", "1单元", number] for number in ("601", "3401"))]
    report = load("rooms", write(rows), keep_good=True)
    assert (report["inserted"], report["refused"]) == (1, 1)
    assert "该楼栋地上只有 6 层" in report["remarks"][0]["reason"]


def test_property_finds_its_owner_by_number_or_by_home(load, write, session, estate) -> None:
    load("residents", write([["姓名", "身份证号", "住址"], ["王小明", id_number(1), "阳光家园3-1-101"]]))
    header = ["所有人身份证号", "所有人姓名", "住址", "财产类别", "财产名称", "车牌号", "价值（元）"]
    rows = [
        header,
        [id_number(1), "", "", "机动车", "轿车", "渝A12345", 100000],
        ["", "王小明", "阳光家园3幢101", "机动车", "摩托车", "", ""],
        [id_number(2), "", "", "机动车", "轿车", "", ""],
        ["", "李四", "阳光家园3幢101", "机动车", "轿车", "", ""],
    ]
    report = load("valuables", write(rows), keep_good=True)
    assert (report["inserted"], report["refused"]) == (2, 2), report["remarks"]
    owner = one(session, Resident, name="王小明")
    assert {row.resident_id for row in session.scalars(sa.select(Valuable))} == {owner.id}
    assert id_number(2) not in str(report)
    again = load("valuables", write([header, [id_number(1), "", "", "", "轿车", "渝A12345", 90000]]), keep_good=True)
    assert again["refused"] == 1  # a class is needed
    again = load("valuables", write([header, [id_number(1), "", "", "机动车", "轿车", "渝A12345", 90000]]))
    assert again["updated"] == 1


def test_shop_staff_come_by_their_shop_and_a_new_phone_is_a_change(load, write, session, estate) -> None:
    load("premises", write([["场所名称", "小区", "楼栋"], ["小卖部", "阳光家园", "3幢"]]))
    header = ["场所名称", "姓名", "岗位", "联系电话"]
    assert load("premises_staff", write([header, ["小卖部", "王", "店员", "13800000001"]]))["inserted"] == 1
    assert load("premises_staff", write([header, ["小卖部", "王", "店员", "13800000001"]]))["unchanged"] == 1
    assert load("premises_staff", write([header, ["小卖部", "王", "店员", "13800000002"]]))["updated"] == 1
    kept = one(session, PremisesStaff, name="王")
    assert (kept.phone, kept.area_code, kept.placed_by) == ("13800000002", GRID_1, "premises")


def test_a_number_that_a_retired_row_bears_is_refused_with_a_sentence(load, write, session, estate) -> None:
    session.add(Household(number="H1", room_id=estate["阳光家园101"], area_code=GRID_1, retired_at=sa.func.now()))
    session.execute(sa.update(Room).where(Room.id == estate["阳光家园102"]).values(retired_at=sa.func.now()))
    session.flush()
    report = load("households", write([["户籍编号", "住址"], ["H1", "阳光家园3幢101"]]), keep_good=True)
    assert "已注销" in report["remarks"][0]["reason"]
    with pytest.raises(Invalid, match="不能导入"):
        load("rooms", write([["小区", "楼栋", "单元", "房号"], ["阳光家园", "3幢", "1单元", "102"]]))


def test_a_shop_with_coordinates_keeps_its_phone_sealed(load, write, session, estate) -> None:
    lon, lat = middle(1)
    header = ["场所编号", "场所名称", "联系电话", "经度", "纬度"]
    path = write([header, ["P1", "药店", "13800000001", lon, lat]], "p.csv")
    assert load("premises", path)["inserted"] == 1
    assert one(session, Premises, code="P1").phone == "13800000001"
    assert b"1380000" not in bytes(session.scalar(sa.text("SELECT phone FROM premises")))
    assert load("premises", path)["unchanged"] == 1
    assert load("premises", write([header, ["P1", "药店", "13800000002", lon, lat]], "q.csv"))["updated"] == 1
