"""Exports: only what one may see, with a watermark, without formulas, masked unless the right and a purpose are there."""

from __future__ import annotations

import io
import json
import subprocess

import pytest
import sqlalchemy as sa
from python_calamine import CalamineWorkbook

from gis_grid.access.guard import acting
from gis_grid.audit import AuditEntry
from gis_grid.errors import GridError
from gis_grid.jobs.actions import run_job
from gis_grid.sheets.export import Wanted, check_export, export
from tests.conftest import caller, problem
from tests.factories import GRID_1, GRID_2, middle
from tests.sheets.conftest import id_number

HEADER = ["姓名", "与户主关系", "身份证号", "联系电话", "备注", "住址"]


@pytest.fixture
def people(load, write, estate) -> None:
    rows = [
        HEADER,
        ["王小明", "户主", id_number(1), "13800000001", "'=HYPERLINK(1)", "阳光家园3幢1单元101"],
        ["@李四", "户主", id_number(2), "", "", "桃源华庭3幢1单元101"],
    ]
    load("residents", write(rows))


@pytest.fixture
def exported(session, tmp_path):
    """exported(name, **wanted): the rows of the sheet."""

    def run(name: str = "residents", suffix: str = "xlsx", **given) -> list[list]:
        path = tmp_path / f"out.{suffix}"
        export(Wanted(name, **{"purpose": "核对台账", **given}), path, lambda done, total: None)
        if suffix == "csv":
            return [line.split(",") for line in path.read_text(encoding="utf-8-sig").splitlines()]
        return CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()

    return run


def test_a_sheet_has_its_watermark_names_for_codes_and_masks(people, exported) -> None:
    mark, header, *rows = exported()
    assert mark[0].startswith("命令行 于 ")
    assert "用途：核对台账；号码已脱敏" in mark[0]
    first = dict(zip(header, rows[0], strict=True))
    assert (first["小区"], first["楼栋"], first["单元"], first["房号"]) == ("阳光家园", "3幢", "1单元", "101")
    assert first["定位方式"] == "随房屋"
    assert (first["与户主关系"], first["证件号码"], first["联系电话"]) == ("户主", "500103************", "138****0001")


@pytest.mark.parametrize("suffix", ["xlsx", "csv"])
def test_no_cell_is_a_formula(people, exported, suffix: str) -> None:
    rows = exported(suffix=suffix)
    cells = [str(cell) for row in rows for cell in row if cell not in ("", None)]
    assert any("HYPERLINK" in cell for cell in cells)
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]


def test_only_ones_own_area_and_question_is_written(people, exported) -> None:
    with acting(caller("people.read", scopes=(GRID_2,))):
        assert [row[5] for row in exported()[2:]] == ["'@李四"]
    where = {"field": "name", "op": "starts", "value": "王"}
    assert [row[0] for row in exported(where=where, columns=["name"])[2:]] == ["王小明"]


def test_plain_numbers_need_the_right_and_are_noted_with_the_purpose(people, exported, session) -> None:
    with acting(caller("people.read")), pytest.raises(GridError) as refused:
        exported(plain=True)
    assert refused.value.extra["right"] == "people.unmask"
    with acting(caller("people.read", "people.unmask", scopes=(GRID_1,))):
        rows = exported(plain=True, purpose="派出所核对")
    assert rows[2][rows[1].index("证件号码")] == id_number(1)
    entry = session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "export")).one()
    assert (entry.purpose, entry.after["rows"], entry.after["masked"]) == ("派出所核对", 1, False)


def test_a_masked_sheet_is_not_taken_back_for_numbers_and_a_plain_one_changes_nothing(people, exported, load, tmp_path) -> None:
    exported()
    masked = load("residents", tmp_path / "out.xlsx", keep_good=True)
    assert (masked["refused"], masked["updated"]) == (2, 0)
    exported(plain=True)
    report = load("residents", tmp_path / "out.xlsx")
    assert (report["unchanged"], report["inserted"], report["updated"]) == (2, 0, 0)


def test_a_list_to_print_bears_its_watermark_on_each_page(people, tmp_path) -> None:
    path = tmp_path / "out.pdf"
    export(Wanted("residents", "核对台账", columns=("name", "phone")), path, lambda done, total: None)
    told = subprocess.run(["pdftotext", "-layout", str(path), "-"], capture_output=True, text=True, check=True).stdout
    assert "用途：核对台账；号码已脱敏" in told.replace("\n", "")
    assert "王小明" in told and "138****0001" in told and "居民（2 条）" in told


def test_points_go_out_as_geojson_homes_of_people_do_not(people, session, tmp_path) -> None:
    path = tmp_path / "out.geojson"
    export(Wanted("buildings", "核对台账", columns=("name", "lon", "lat"), format="geojson"), path, lambda done, total: None)
    told = json.loads(path.read_text(encoding="utf-8"))
    assert [one["properties"] for one in told["features"]] == [{"楼栋名称": "3幢"}] * 2
    assert told["features"][0]["geometry"]["coordinates"] == pytest.approx(middle(0))
    assert "用途：核对台账" in told["description"]
    for wanted in (Wanted("residents", "核对", format="geojson"), Wanted("rooms", "核对", format="geojson")):
        with pytest.raises(GridError) as refused:
            check_export(wanted)
        assert refused.value.code == "no_geojson"


@pytest.mark.parametrize(
    "name", ["areas", "staff", "estates", "buildings", "units", "rooms", "households", "residents", "premises"]
)
def test_every_register_can_be_written(people, exported, name: str) -> None:
    assert len(exported(name)) >= 2


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        (Wanted("residents", "核对", columns=("id_number_hash",)), "no_column"),
        (Wanted("nonsense", "核对"), "not_found"),
        (Wanted("residents", "核对", where={"x": 1}), "bad_query"),
        (Wanted("residents", "核对", where={"field": "id_number", "op": "eq", "value": "1"}), "sealed_condition"),
    ],
)
def test_what_makes_no_sense_is_refused_before_a_job_is_made(session, wanted: Wanted, code: str) -> None:
    with pytest.raises(GridError) as refused:
        check_export(wanted)
    assert refused.value.code == code


def test_the_file_of_a_job_goes_only_to_who_asked(people, client, bearer, session) -> None:
    headers = bearer(["people.read"])
    assert problem(client.post("/api/sheets/export/residents", json={}, headers=headers))["status"] == 422
    job = client.post("/api/sheets/export/residents", json={"purpose": "核对台账"}, headers=headers).json
    one = f"/api/sheets/exported/{job['id']}"
    assert client.get(one, headers=headers).status_code == 404
    run_job(job["id"])
    answer = client.get(one, headers=headers)
    assert len(CalamineWorkbook.from_filelike(io.BytesIO(answer.data)).get_sheet_by_index(0).to_python()) == 4
    from gis_grid.access.actions import create_token

    _, other = create_token("别人", ["people.read"], [""], 1)
    session.commit()
    assert client.get(one, headers={"Authorization": f"Bearer {other}"}).status_code == 404
