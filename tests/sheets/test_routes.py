"""Routes of sheets: templates that can be filled in and imported, previews, saved columns, the refused rows of a job."""

from __future__ import annotations

import io

from python_calamine import CalamineWorkbook

from gis_grid.config import settings
from gis_grid.jobs.actions import run_job
from tests.conftest import problem
from tests.sheets.conftest import id_number

RIGHTS = ["imports.run", "people.read", "people.write", "buildings.write", "premises.write", "areas.write"]


def test_every_template_has_the_columns_that_are_imported(client, bearer, dictionary) -> None:
    headers = bearer(RIGHTS)
    sheets = client.get("/api/sheets/", headers=headers).json["items"]
    assert {sheet["name"] for sheet in sheets} == {
        *("estates", "buildings", "units", "rooms", "households", "residents", "valuables"),
        *("premises", "premises_staff", "staff"),
    }
    for sheet in sheets:
        answer = client.get(f"/api/sheets/{sheet['name']}/template", headers=headers)
        book = CalamineWorkbook.from_filelike(io.BytesIO(answer.data))
        assert book.sheet_names == [sheet["worksheet"], "填写说明"]
        assert book.get_sheet_by_index(0).to_python()[0] == [field["label"] for field in sheet["fields"]]
    assert [sheet["name"] for sheet in client.get("/api/sheets/", headers=bearer(["areas.write"])).json["items"]] == ["staff"]


def test_preview_then_job_then_the_refused_rows(client, bearer, estate, write, session) -> None:
    headers = bearer(RIGHTS)
    rows = [["姓名", "身份证号", "住址"], ["王小明", id_number(1), "阳光家园3幢1单元101"], ["李四", "123", "阳光家园3幢1单元101"]]
    data = write(rows).read_bytes()
    told = client.post("/api/sheets/residents/preview", data={"file": (io.BytesIO(data), "a.xlsx")}, headers=headers).json
    assert told["counts"]["new"] == 1
    sent = {"file": (io.BytesIO(data), "a.xlsx")}
    job = client.post("/api/imports/residents?keep_good=true", data=sent, headers=headers).json
    assert client.get(f"/api/sheets/results/{job['id']}", headers=headers).status_code == 404
    run_job(job["id"])
    report = client.get(f"/api/jobs/{job['id']}", headers=headers).json["report"]
    assert (report["inserted"], report["refused"]) == (1, 1)
    answer = client.get(f"/api/sheets/results/{job['id']}", headers=headers)
    assert CalamineWorkbook.from_filelike(io.BytesIO(answer.data)).get_sheet_by_index(0).to_python()[1][0] == "李四"
    assert client.get(f"/api/sheets/results/{job['id']}", headers=bearer(RIGHTS)).status_code == 404
    assert settings().uploads.is_dir()


def test_saved_columns_are_kept_listed_and_forgotten(client, bearer, session) -> None:
    headers = bearer(RIGHTS)
    put = client.put("/api/sheets/residents/mappings/派出所", json={"columns": {"name": "甲"}}, headers=headers)
    assert put.json["columns"] == {"name": "甲"}
    assert [row["source"] for row in client.get("/api/sheets/residents/mappings", headers=headers).json["items"]] == ["派出所"]
    assert client.delete("/api/sheets/residents/mappings/派出所", headers=headers).status_code == 204
    assert client.delete("/api/sheets/residents/mappings/派出所", headers=headers).status_code == 404
    assert client.put("/api/sheets/residents/mappings/x", json={"columns": {"no": "甲"}}, headers=headers).status_code == 404


def test_a_kind_needs_its_own_right(client, bearer) -> None:
    answer = client.get("/api/sheets/residents/template", headers=bearer(["imports.run"]))
    assert problem(answer)["right"] == "people.write"
    assert client.get("/api/sheets/nonsense/template", headers=bearer(RIGHTS)).status_code == 404
    answer = client.post("/api/sheets/residents/preview", headers=bearer(RIGHTS))
    assert problem(answer)["code"] == "no_file"
