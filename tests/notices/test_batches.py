"""Many boards at once: zips, labels on sheets, an atlas, the command line."""

from __future__ import annotations

import io
import json
import os
import time
import zipfile

import pytest
import sqlalchemy as sa
from PIL import Image

from gis_grid.config import settings
from gis_grid.jobs import actions as jobs
from gis_grid.notices.models import BoardPrint
from tests.conftest import problem
from tests.factories import COMMUNITY, GRID_1, GRID_2, make_area
from tests.notices.boards import page_sizes_mm, poppler


def test_all_boards_of_a_community_come_as_one_zip(client, mine, session, connection) -> None:
    make_area(f"{COMMUNITY}009", parent=COMMUNITY)
    asked = {"area_code": COMMUNITY, "template": "label-90x60", "format": "png", "dpi": 60}
    job = client.post("/api/boards/jobs", headers=mine, json=asked)
    assert job.status_code == 202, job.data
    session.commit()
    jobs.run_job(job.json["id"])
    session.expire_all()
    done = client.get(f"/api/jobs/{job.json['id']}", headers=mine).json
    assert done["status"] == "done", done
    assert done["report"]["boards"] == 4
    file = client.get(f"/api/boards/jobs/{job.json['id']}/file", headers=mine)
    names = zipfile.ZipFile(io.BytesIO(file.data)).namelist()
    assert [name[:15] for name in names] == [GRID_1, GRID_2, f"{COMMUNITY}003", f"{COMMUNITY}009"]
    assert session.scalar(sa.select(sa.func.count()).select_from(BoardPrint)) == 4


def test_a_batch_goes_on_where_one_grid_is_refused(client, mine, session) -> None:
    make_area(f"{COMMUNITY}009", parent=COMMUNITY)
    job = client.post("/api/boards/jobs", headers=mine, json={"area_code": COMMUNITY, "format": "svg"})
    session.commit()
    jobs.run_job(job.json["id"])
    session.expire_all()
    report = client.get(f"/api/jobs/{job.json['id']}", headers=mine).json["report"]
    assert report["boards"] == 3
    assert list(report["refused"]) == [f"{COMMUNITY}009"]


def test_an_atlas_has_cover_overview_index_pages_and_staff(client, mine, session) -> None:
    job = client.post("/api/boards/jobs", headers=mine, json={"area_code": COMMUNITY, "what": "atlas"})
    session.commit()
    jobs.run_job(job.json["id"])
    session.expire_all()
    file = client.get(f"/api/boards/jobs/{job.json['id']}/file", headers=mine)
    sizes = page_sizes_mm(file.data)
    assert len(sizes) == 7  # cover, overview, three grids, index, staff
    assert set(map(tuple, [[round(side) for side in size] for size in sizes])) == {(210, 297)}
    text = poppler("pdftotext", file.data)
    for said in ("网格图集", "网格总图", "楼栋索引", "6号楼", "街巷索引", "人民路", "网格队伍", "张直"):
        assert said in text


def test_files_are_kept_for_a_month() -> None:
    from gis_grid.notices.jobs import KEPT_DAYS, drop_old_files

    folder = settings().home / "prints"
    folder.mkdir(parents=True, exist_ok=True)
    old, new = folder / "old.zip", folder / "new.zip"
    for path, days in ((old, KEPT_DAYS + 1), (new, KEPT_DAYS - 1)):
        path.write_bytes(b"x")
        os.utime(path, (time.time() - days * 86_400,) * 2)
    drop_old_files()
    assert [path.exists() for path in (old, new)] == [False, True]
    new.unlink()


def test_labels_come_on_sheets(client, mine, session) -> None:
    asked = {"area_code": COMMUNITY, "what": "sheet", "template": "label-90x60"}
    job = client.post("/api/boards/jobs", headers=mine, json=asked)
    session.commit()
    jobs.run_job(job.json["id"])
    session.expire_all()
    pdf = client.get(f"/api/boards/jobs/{job.json['id']}/file", headers=mine).data
    assert page_sizes_mm(pdf) == [pytest.approx((210, 297), abs=0.05)]
    assert [name for name in ("名001名001", "名001名002", "名001名003") if name not in poppler("pdftotext", pdf)] == []


def test_on_the_command_line(street, session, tmp_path) -> None:
    from click.testing import CliRunner

    from gis_grid.cli import cli

    out = tmp_path / "board.png"
    done = CliRunner().invoke(cli, ["boards", "print", GRID_1, "--format", "png", "--dpi", "30", "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert "1 块公示牌" in done.output
    assert "没有监督电话" in done.output
    assert Image.open(out).size == pytest.approx((248, 351), abs=1)
    assert "共 0 块公示牌应重印" in CliRunner().invoke(cli, ["boards", "stale"]).output


def test_others_files_and_unfinished_ones_are_not_found(client, mine, bearer) -> None:
    assert client.get("/api/boards/jobs/999999/file", headers=mine).status_code == 404
    assert problem(client.post("/api/boards/jobs", headers=mine, json={"area_code": "nothing"}))["status"] == 404
    assert json.loads(client.get("/api/board-prints", headers=mine).data)["items"] == []
