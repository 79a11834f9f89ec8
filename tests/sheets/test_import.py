"""Sheets into registers: the manual's own columns, preview, refused rows told beside their cells, and nothing by halves."""

from __future__ import annotations

import struct
import zipfile

import pytest
import sqlalchemy as sa
import xlsxwriter
from python_calamine import CalamineWorkbook

from gis_grid.access.guard import acting
from gis_grid.buildings.models import Room, Unit
from gis_grid.errors import GridError, Invalid, NotFound
from gis_grid.imports.offers import Options
from gis_grid.people.models import Household, Resident
from gis_grid.premises import Premises
from gis_grid.sheets.actions import preview_sheet, save_columns
from tests.conftest import caller
from tests.factories import GRID_1, GRID_2
from tests.sheets.conftest import id_number

HEADER = ["姓名", "与户主关系", "身份证号", "民族", "文化程度", "联系电话", "小区", "楼号", "单元", "门牌号"]
HOME = ["阳光家园", "3幢", "1单元", "101"]


def people(session) -> dict[str, Resident]:
    session.expire_all()
    return {row.name: row for row in session.scalars(sa.select(Resident))}


def test_the_manuals_sheet_of_people_is_taken_with_new_households(load, write, session, estate) -> None:
    rows = [
        ["阳光社区常住人口信息表", *[""] * 9],
        HEADER,
        ["王小明", "1户主", id_number(1), "汉", "本科", 13800000001, *HOME],
        ["李秀英", "妻", id_number(2), "01", "大学", "", *HOME],
        ["王大毛", "儿子", id_number(3, "20150301"), "汉族", "小学", "", "", "", "", ""],  # cells left empty under the head
    ]
    report = load("residents", write(rows, sheet="常住人口信息表"))
    assert (report["inserted"], report["refused"]) == (3, 0)
    assert report["warnings"] == ["新建 1 户（房屋原无住户）", "1 行没有住址，按上一行的住址登记"]
    found = people(session)
    home = session.scalars(sa.select(Household)).one()
    assert {row.household_id for row in found.values()} == {home.id}
    assert home.room_id == estate["阳光家园101"]
    wang, child = found["王小明"], found["王大毛"]
    assert (wang.relation, wang.ethnic, wang.education, wang.phone, wang.sex) == ("02", "01", "20", "13800000001", "1")
    assert (child.birth_date.isoformat(), child.area_code, child.placed_by) == ("2015-03-01", GRID_1, "room")
    assert bytes(session.scalar(sa.text("SELECT id_number FROM residents LIMIT 1"))).find(b"5001") < 0


def test_the_manuals_kinds_of_registration_are_read_and_written(load, write, session, estate) -> None:
    header = ["姓名", "与户主关系", "户口类型", *HEADER[-4:]]
    rows = [["王小明", "户主", "农村", *HOME], ["李秀英", "妻", "非农业户口", *HOME], ["王大毛", "子", "外星", *HOME]]
    report = load("residents", write([header, *rows]), keep_good=True)
    assert (report["inserted"], report["refused"]) == (2, 1)
    assert {name: row.registration for name, row in people(session).items()} == {"王小明": "02", "李秀英": "01"}


def test_the_same_again_changes_nothing_and_a_blank_cell_erases_nothing(load, write, session, estate) -> None:
    row = ["王小明", "户主", id_number(1), "汉族", "本科", "13800000001", *HOME]
    load("residents", write([HEADER, row]))
    assert load("residents", write([HEADER, row]))["unchanged"] == 1
    report = load(
        "residents", write([["姓名", "身份证号", "学历", "户籍编号"], ["王晓明", id_number(1), "", f"R{estate['阳光家园101']}"]])
    )
    assert report["updated"] == 1
    found = people(session)["王晓明"]
    assert (found.education, found.ethnic, found.version) == ("20", "01", 2)
    entry = session.execute(sa.text("SELECT before, after FROM audit_log WHERE action = 'change'")).one()
    assert (entry.before["name"], entry.after["name"]) == ("王小明", "王晓明")
    assert "hash" not in str(entry.after)


def test_all_or_nothing_unless_the_good_are_kept(load, write, session, estate) -> None:
    path = write([HEADER, ["王小明", "户主", id_number(1), "", "", "", *HOME], ["李四", "", "123", "", "", "", *HOME]])
    with pytest.raises(Invalid) as refused:
        load("residents", path)
    assert refused.value.extra["report"]["inserted"] == 0
    assert people(session) == {}
    assert session.scalar(sa.select(sa.func.count()).select_from(Household)) == 0
    assert load("residents", path, keep_good=True)["inserted"] == 1


def test_refused_rows_come_back_with_the_reason_beside_each_cell_and_can_be_corrected(
    load, write, session, estate, tmp_path
) -> None:
    bad = ["", "火星人", id_number(2)[:-1] + "?", "", "", "12", *HOME]
    path = write([HEADER, ["王小明", "户主", id_number(1), "", "", "", *HOME], bad])
    report = load("residents", path, keep_good=True)
    assert (report["inserted"], report["refused"]) == (1, 1)
    told = CalamineWorkbook.from_path(str(tmp_path / "remarks.xlsx")).get_sheet_by_index(0).to_python()
    assert told[0][-2:] == ["原因", "原行号"]
    assert told[1][-1] == 3
    for reason in ("姓名：姓名不能为空", "与户主关系：“火星人”不是"):
        assert reason in told[1][-2]
    with zipfile.ZipFile(tmp_path / "remarks.xlsx") as book:
        assert "姓名不能为空" in book.read("xl/comments1.xml").decode()
    told[1][:3] = ["李秀英", "妻", id_number(2)]
    told[1][5] = ""
    report = load("residents", write(told, "corrected.xlsx"))
    assert (report["inserted"], report["updated"], report["unchanged"]) == (1, 0, 0)


def test_identity_numbers_of_refused_rows_stay_out_of_the_report(load, write, estate, tmp_path) -> None:
    bad = id_number(1)[:-1] + ("0" if id_number(1)[-1] != "0" else "1")
    report = load("residents", write([HEADER, ["王小明", "户主", bad, "", "", "", *HOME]]), keep_good=True)
    assert "校验位" in report["remarks"][0]["reason"]
    assert bad not in str(report)
    assert bad not in (tmp_path / "remarks.csv").read_text(encoding="utf-8-sig")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (["王", "", id_number(1), "", "", "", "桃源华庭", "3幢", "", "101"], "不在您的数据范围内"),
        (["王", "", id_number(1), "", "", "", "阳光家园", "9幢", "", "101"], "没有这一栋"),
        (["王", "", id_number(1), "", "", "", "阳光家园", "3幢", "", "909"], "没有这个房号"),
        (["王", "", id_number(1), "", "", "", "", "", "", ""], "没有住址"),
        (["王", "", 500103199001010019.0, "", "", "", *HOME], "末几位已丢失"),
        (["王", "", "500103************", "", "", "", *HOME], "脱敏"),
        (["王", "", id_number(1), "", "", "abc", *HOME], "电话号码应为"),
    ],
)
def test_a_row_that_cannot_be_taken_says_why(load, write, estate, row: list, reason: str) -> None:
    with acting(caller("people.write", "imports.run", scopes=(GRID_1,))):
        report = load("residents", write([HEADER, row]), keep_good=True)
    assert (report["inserted"], report["refused"]) == (0, 1)
    assert reason in report["remarks"][0]["reason"]


def test_the_same_person_twice_in_a_file_is_refused(load, write, estate) -> None:
    rows = [HEADER, *(["王" + name, "", id_number(1), "", "", "", *HOME] for name in "一二")]
    report = load("residents", write(rows), keep_good=True)
    assert (report["inserted"], report["refused"]) == (1, 1)
    assert report["remarks"][0]["reason"] == "与第 2 行重复"


def test_nobody_takes_over_a_person_of_another_area(load, write, session, estate) -> None:
    load("residents", write([HEADER, ["王小明", "", id_number(1), "", "", "", "桃源华庭", "3幢", "", "101"]]))
    with acting(caller("people.write", "imports.run", scopes=(GRID_1,))):
        report = load("residents", write([HEADER, ["王小明", "", id_number(1), "", "", "", *HOME]]), keep_good=True)
    assert (report["updated"], report["refused"]) == (0, 1)
    assert people(session)["王小明"].area_code == GRID_2


def test_two_households_in_a_room_are_told_apart_by_their_head(load, write, session, estate) -> None:
    for number in ("H1", "H2"):
        session.add(Household(number=number, room_id=estate["阳光家园101"], area_code=GRID_1, placed_by="room"))
    session.flush()
    header = ["姓名", "与户主关系", "户籍编号", "户主姓名", "住址"]
    address = "阳光家园3号楼101室"
    rows = [header, ["甲", "户主", "H1", "", ""], ["乙", "户主", "H2", "", ""]]
    assert load("residents", write(rows))["inserted"] == 2
    report = load("residents", write([header, ["丙", "妻", "", "乙", address], ["丁", "妻", "", "", address]]), keep_good=True)
    assert (report["inserted"], report["refused"]) == (1, 1)
    assert "H1（甲）、H2（乙）" in report["remarks"][0]["reason"]
    found = people(session)
    assert found["丙"].household_id == found["乙"].household_id


def test_rooms_units_households_shops_and_staff_come_as_sheets(load, write, session, estate) -> None:
    units = write([["小区", "楼栋", "单元名称"], ["阳光家园", "3幢", "2单元"]], "u.xlsx", "单元")
    assert load("units", units)["inserted"] == 1
    rooms = [
        ["小区", "楼栋", "单元", "房号", "房屋类型", "建筑面积"],
        ["阳光家园", "3", "2", 1203, "出租", "88.5"],
        ["阳光家园", "3", "2", "阁楼", "", ""],
    ]
    report = load("rooms", write(rooms, "r.xlsx"), keep_good=True)
    assert (report["inserted"], report["refused"]) == (1, 1)
    room = session.scalars(sa.select(Room).where(Room.number == "1203")).one()
    assert (room.floor, room.door, room.use, room.area_m2, room.placed_by) == (12, 3, "02", 88.5, "unit")
    assert session.get(Unit, room.unit_id).name == "2单元"
    homes = [["户籍编号", "户主姓名", "户口类型", "详细地址"], ["HJ001", "王", "流动户", "阳光家园3幢2单元1203"]]
    assert load("households", write(homes, "h.csv", encoding="gbk"))["inserted"] == 1
    assert session.scalars(sa.select(Household).where(Household.number == "HJ001")).one().room_id == room.id
    shops = [["场所名称", "小区", "楼栋", "房号"], ["小卖部", "阳光家园", "3幢", "101"]]
    assert load("premises", write(shops, "s.xlsx"))["inserted"] == 1
    assert session.scalars(sa.select(Premises)).one().room_id == estate["阳光家园101"]
    staff = [["网格", "姓名", "岗位", "值班电话"], [GRID_1, "赵六", "网格员", 13900000000], ["不存在", "钱七", "网格员", ""]]
    report = load("staff", write(staff, "p.xlsx"), keep_good=True)
    assert (report["inserted"], report["refused"]) == (1, 1)


def test_a_household_that_moves_takes_its_people_along(load, write, session, estate) -> None:
    load("residents", write([HEADER, ["王小明", "户主", id_number(1), "", "", "", *HOME]]))
    number = session.scalars(sa.select(Household.number)).one()
    load("households", write([["户籍编号", "详细地址"], [number, "桃源华庭3幢101"]]))
    assert people(session)["王小明"].area_code == GRID_2


def test_classes_begin_and_end_as_tags_and_hidden_ones_stay(load, write, session, estate) -> None:
    from gis_grid.people.models import ResidentTag

    header = ["姓名", "身份证号", "住址", "人员类别"]
    row = ["王小明", id_number(1), "阳光家园3幢1单元101"]
    load("residents", write([header, [*row, "优抚对象、流动人口"]]))
    session.execute(sa.update(Resident).values(classes=["veteran", "floating", "low_income"]))
    assert load("residents", write([header, [*row, "优抚对象"]]))["updated"] == 1
    assert people(session)["王小明"].classes == ["low_income", "veteran"]  # the sensitive one, hidden here, stays
    tags = {tag.code: tag.until for tag in session.scalars(sa.select(ResidentTag).order_by(ResidentTag.id))}
    assert tags["veteran"] is None
    assert tags["floating"] is not None
    assert load("residents", write([header, [*row, ""]]))["unchanged"] == 1
    refused = load("residents", write([header, [*row, "低保"]]), keep_good=True)
    assert "敏感个人信息" in refused["remarks"][0]["reason"]


def test_the_preview_tells_what_will_become_of_each_row_and_keeps_nothing(load, write, session, estate) -> None:
    kept = ["王小明", "户主", id_number(1), "汉族", "", "13800000001", *HOME]
    load("residents", write([HEADER, kept]))
    changed = ["王晓明", *kept[1:]]
    rows = [HEADER, changed, ["李四", "", id_number(2), "", "", "", *HOME], ["", "", id_number(3), "", "", "", *HOME]]
    told = preview_sheet("residents", write(rows), Options())
    assert [row["outcome"] for row in told["rows"]] == ["changed", "new", "refused"]
    assert told["counts"] == {"new": 1, "changed": 1, "same": 0, "refused": 1}
    assert told["rows"][2]["faults"] == {"姓名": "姓名不能为空"}
    assert told["rows"][0]["values"]["id_number"] == "500103************"
    assert told["rows"][0]["values"]["phone"] == "138****0001"
    assert list(people(session)) == ["王小明"]
    told = preview_sheet("residents", write([HEADER, *[kept] * 80]), Options())
    assert len(told["rows"]) == 50
    assert told["count"] == 80


def test_a_sheet_without_a_needed_column_is_shown_to_be_matched(write, session, estate) -> None:
    path = write([["名儿", *HEADER[-4:]], ["王小明", *HOME]])
    shown = preview_sheet("residents", path, Options())
    assert (shown["rows"], shown["header"][0], "name" in shown["mapping"]) == ([], "名儿", False)
    assert "姓名" in shown["warnings"][0]
    told = preview_sheet("residents", path, Options(columns={"name": "名儿"}))
    assert told["counts"]["new"] == 1


def test_columns_saved_for_an_office_are_used_for_its_files(load, write, estate) -> None:
    path = write([["甲列", "乙列"], ["王小明", "阳光家园3-1-101"]], "o.xlsx")
    with pytest.raises(Invalid):
        load("residents", path)
    save_columns("residents", "派出所", {"name": "甲列", "address": "乙列"})
    assert load("residents", path, source="派出所")["inserted"] == 1
    for source in ("没有的", "x"):
        with pytest.raises(NotFound):
            load("residents", path, source=source)
    with pytest.raises(NotFound):
        save_columns("residents", "派出所", {"nonsense": "甲列"})


def test_a_column_is_left_out_when_none_is_wanted(load, write, session, estate) -> None:
    rows = [["姓名", "与户主关系", "联系电话", *HEADER[-4:]], ["王小明", "户主", "不是电话", *HOME]]
    assert load("residents", write(rows), keep_good=True)["refused"] == 1
    report = load("residents", write(rows), columns={"phone": ""})
    assert (report["inserted"], report["warnings"][0]) == (1, "以下列没有用到：联系电话")


def test_columns_nobody_uses_are_told(load, write, estate) -> None:
    report = load("residents", write([["姓名", "住址", "血型"], ["王", "阳光家园3-1-101", "O"]]))
    assert report["warnings"][0] == "以下列没有用到：血型"


def macro(path, tmp_path):
    with zipfile.ZipFile(path, "a") as book:
        book.writestr("xl/vbaProject.bin", b"x")


def bomb(path, tmp_path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book, book.open("xl/worksheets/sheet1.xml", "w") as part:
        for _ in range(1100):
            part.write(bytes(1 << 20))


def old_file(path, *names: str) -> None:
    """An Office file of before 2007 that holds these names: header, allocation table, directory."""
    head = bytearray(b"\xff" * 512)
    head[:8] = bytes.fromhex("d0cf11e0a1b11ae1")
    struct.pack_into("<HH", head, 28, 0xFFFE, 9)
    struct.pack_into("<II", head, 44, 1, 1)  # one sector of the table; the directory begins in sector 1
    struct.pack_into("<III", head, 68, 0xFFFFFFFE, 0, 0)
    table = struct.pack("<II", 0xFFFFFFFD, 0xFFFFFFFE).ljust(512, b"\xff")
    entries = [name.encode("utf-16-le").ljust(64, b"\0") + struct.pack("<H", 2 * len(name) + 2) + bytes(62) for name in names]
    path.write_bytes(bytes(head) + table + b"".join(entries).ljust(512, b"\0"))


def encrypted(path, tmp_path):
    old_file(path, "Root Entry", "EncryptionInfo", "EncryptedPackage")


def old_macro(path, tmp_path):
    old_file(path, "Root Entry", "Workbook", "_VBA_PROJECT_CUR")


def far_corners(path, tmp_path):
    """Two cells that a reader would lay out as 17 milliards."""
    with xlsxwriter.Workbook(str(path)) as book:
        page = book.add_worksheet()
        page.write(0, 0, "姓名")
        page.write(1_048_575, 16_383, "王")


def damaged(path, tmp_path):
    path.write_bytes(path.read_bytes()[:-400])


def lying(path, tmp_path):
    """The directory says the sheet is larger than it is."""
    data = bytearray(path.read_bytes())
    at = data.rfind(b"PK\x01\x02")
    struct.pack_into("<I", data, at + 24, 10)
    path.write_bytes(bytes(data))


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        *((macro, "macro"), (old_macro, "macro"), (encrypted, "encrypted"), (damaged, "bad_file"), (lying, "bad_file")),
        *((bomb, "too_large"), (far_corners, "too_large")),
    ],
)
def test_hostile_workbooks_are_refused(load, write, estate, tmp_path, spoil, code: str) -> None:
    path = write([HEADER, ["王小明", "", id_number(1), "", "", "", *HOME]])
    spoil(path, tmp_path)
    with pytest.raises(GridError) as refused:
        load("residents", path)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("name", "rows", "code"),
    [
        ("a.xlsm", [HEADER], "macro"),
        ("a.pdf", [HEADER], "bad_type"),
        ("a.csv", [["x"] * 300], "too_many_columns"),
        ("a.xlsx", [[f"列{i}" for i in range(300)]], "too_many_columns"),
        ("a.xlsx", [["颜色", "大小"], ["红", "大"]], "missing_column"),
        ("a.csv", [], "empty_file"),
    ],
)
def test_the_wrong_files_are_refused_with_a_sentence(load, write, estate, name: str, rows: list, code: str) -> None:
    path = write(rows, name)
    with pytest.raises(Invalid) as refused:
        load("residents", path)
    assert refused.value.code == code


@pytest.mark.parametrize("text", ["x" * 2_000_000, '"\n",' * 500_000, '"' + "x\n" * 1_000_000])
def test_a_row_without_end_fills_no_memory(load, estate, tmp_path, text: str) -> None:
    path = tmp_path / "endless.csv"
    path.write_text(f"姓名,住址\n{text}", encoding="utf-8")
    with pytest.raises(Invalid) as refused:
        load("residents", path)
    assert refused.value.code == "bad_file"


def test_a_sheet_as_an_office_keeps_it(load, write, estate, session, tmp_path) -> None:
    """Titles above, merged cells, 1户主, units and words for nothing; what is refused is corrected and comes alone."""
    rows = [
        ["演示社区住户登记表", "", "", "", "", "", ""],
        ["序号", "小 区*", "楼号", "单元号", "门牌号", "户主姓名", "户口类型"],
        [1, "阳光家园", "3幢", "1单元", "101", "刘德明", "家庭"],
        [2, "", "", "", 102.0, "陈桂芳", "集体户"],
        [3, "", "", "", "901", "无此人", "集体户"],
    ]
    report = load("households", write(rows), keep_good=True)
    assert (report["inserted"], report["refused"]) == (2, 1)
    assert "2 行没有写小区和楼栋，按上一行的楼栋登记" in report["warnings"]
    header = ["姓名", "与户主关系", "身份证号", "联系电话", "小区", "楼号", "单元", "门牌号"]
    people = [
        *(["刘德明", "1户主", id_number(1), "无", "阳光家园", "3", "1", 101], ["刘小宝", "子", "不详", "", "", "", "", ""]),
        *(["陈桂芳", "户主", id_number(2), "", "", "", "", "１０２"], ["孙某", "孙媳", 5.00103e17, "", "", "", "", ""]),
    ]
    assert load("residents", write([header, *people]), keep_good=True)["refused"] == 1
    refused = CalamineWorkbook.from_path(str(tmp_path / "remarks.xlsx")).get_sheet_by_index(0).to_python()
    assert refused[1][4:8] == ["阳光家园", "3", "1", "102"]  # its head was taken and does not stand above it any more
    refused[1][2] = people[3][2] = id_number(4)
    alone = load("residents", write(refused))
    assert (alone["rows"], alone["inserted"], alone["refused"]) == (1, 1, 0)
    again = load("residents", write([header, *people]))
    assert (again["inserted"], again["updated"], again["unchanged"]) == (0, 0, 4)
    homes = dict(
        session.execute(sa.text("SELECT p.name, h.room_id FROM residents p JOIN households h ON h.id = p.household_id")).all()
    )
    assert homes["刘小宝"] == estate["阳光家园101"]
    assert homes["孙某"] == estate["阳光家园102"]
