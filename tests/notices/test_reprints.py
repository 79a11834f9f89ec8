"""Prints and the reprint list: what makes a hung board untrue, and new ones in place of the old."""

from __future__ import annotations

import io
import zipfile

import pytest
import shapely
import sqlalchemy as sa

from gis_grid.areas.models import Area, Staff
from gis_grid.geo import shapes
from gis_grid.jobs import actions as jobs
from gis_grid.maps.models import BaseFeature
from gis_grid.notices.models import BoardPrint
from tests.conftest import problem
from tests.factories import COMMUNITY, GRID_1, GRID_2, SIDE, SOUTH, WEST, make_building
from tests.notices.boards import RIGHTS, jpeg, printed, stale


def test_key_places_are_on_the_plan_and_make_a_board_stale(client, mine, session) -> None:
    from gis_grid.patrol.models import Target

    printed(client, mine)
    at = shapes.to_column(shapely.Point(WEST + 0.0005, SOUTH + 0.0008))
    session.add(Target(kind="key_place", name="配电房", point=at, area_code=GRID_1, placed_by="inside"))
    session.flush()
    svg = client.get(f"/api/boards/{GRID_1}?format=svg", headers=mine).text
    assert "配电房" in svg
    assert "重点部位" in svg
    assert [row["changed"] for row in stale(client, mine)] == [["边界、楼栋或重点部位"]]


def test_the_day_a_phone_changes_the_board_is_on_the_reprint_list(client, mine, session) -> None:
    printed(client, mine)
    printed(client, mine, GRID_2)
    assert stale(client, mine) == []
    session.execute(sa.update(Staff).where(Staff.name == "张直").values(duty_phone="10099999999"))
    found = stale(client, mine)
    assert [(row["area_code"], row["changed"]) for row in found] == [(GRID_1, ["网格长张直的电话"])]
    printed(client, mine)
    assert stale(client, mine) == []


def test_staff_boundary_and_buildings_make_a_board_stale(client, mine, session) -> None:
    printed(client, mine)
    session.add(Staff(area_code=COMMUNITY, name="王芳", post="mediator"))
    make_building(0, "B9", name="9号楼")
    session.execute(sa.update(Area).where(Area.code == GRID_1).values(extent="人民路以北"))
    (row,) = stale(client, mine)
    assert row["changed"] == ["调解员王芳到任", "管辖范围", "边界、楼栋或重点部位"]


def test_streets_water_and_neighbours_on_the_plan_make_a_board_stale(client, mine, session) -> None:
    printed(client, mine)
    far = shapes.to_column(shapely.box(WEST + 1, SOUTH, WEST + 1.1, SOUTH + 0.1))
    session.add(BaseFeature(source="test", kind="water", name="远湖", geom=far))
    session.flush()
    assert stale(client, mine) == []  # far away
    session.execute(sa.update(BaseFeature).where(BaseFeature.name == "人民路").values(name="解放路"))
    assert [row["changed"] for row in stale(client, mine)] == [["周边道路、水系、绿地或邻格"]]


def test_a_changed_template_makes_a_board_stale(client, mine) -> None:
    body = next(each["body"] for each in client.get("/api/boards/templates", headers=mine).json["items"] if each["name"] == "a4")
    kept = client.post("/api/board-templates", headers=mine, json={"area_code": COMMUNITY, "name": "本区", "body": body})
    printed(client, mine, template="本区")
    assert stale(client, mine) == []
    path, version = f"/api/board-templates/{kept.json['id']}", {**mine, "If-Match": '"1"'}
    client.patch(path, headers=version, json={"body": body.replace("theme: blue", "theme: red")})
    assert [row["changed"] for row in stale(client, mine)] == [["模板或配色"]]
    client.delete(path, headers={**mine, "If-Match": '"2"'})
    assert [row["changed"] for row in stale(client, mine)] == [["模板已停用"]]


def test_the_offices_new_theme_makes_a_board_stale_but_a_named_one_stays(client, mine) -> None:
    printed(client, mine)
    printed(client, mine, GRID_2, theme="green")
    client.post("/api/board-settings", headers=mine, json={"area_code": COMMUNITY, "theme": "red"})
    assert [(row["area_code"], row["changed"]) for row in stale(client, mine)] == [(GRID_1, ["模板或配色"])]


def test_the_map_shows_which_boards_are_stale(client, mine, session) -> None:
    key = int(printed(client, mine).headers["Location"].rsplit("/", 1)[-1])
    session.execute(sa.update(Staff).where(Staff.name == "张直").values(duty_phone="10099999999"))
    stale(client, mine)
    row = session.get(BoardPrint, key, populate_existing=True)
    assert (row.stale, row.version) == ("网格长张直的电话", 1)
    session.execute(sa.update(Staff).where(Staff.name == "张直").values(duty_phone="10012345678"))
    stale(client, mine)
    session.refresh(row)
    assert row.stale is None


def test_a_reprint_hangs_where_the_old_one_hung(client, mine) -> None:
    key = printed(client, mine).headers["Location"].rsplit("/", 1)[-1]
    client.patch(f"/api/board-prints/{key}", headers={**mine, "If-Match": '"1"'}, json={"place": "1号楼门口"})
    again = printed(client, mine, replaces=int(key)).headers["Location"]
    rows = client.get("/api/board-prints/", headers=mine).json["items"]
    assert [(f"/api/board-prints/{row['id']}", row["place"]) for row in rows] == [(again, "1号楼门口")]
    assert client.post(f"/api/boards/{GRID_2}/prints", headers=mine, json={"replaces": int(key)}).status_code == 404


def test_areas_tell_the_state_of_their_boards(client, mine, session) -> None:
    printed(client, mine)
    session.execute(sa.update(Staff).where(Staff.name == "张直").values(duty_phone="10099999999"))
    stale(client, mine)
    rows = {row["code"]: row for row in client.get("/api/boards/areas", headers=mine).json["items"]}
    assert (rows[GRID_1]["prints"], rows[GRID_1]["stale"], rows[GRID_1]["parent"]) == (1, 1, COMMUNITY)
    assert rows[GRID_2]["prints"] == 0


def test_a_board_that_was_taken_down_is_no_longer_listed(client, mine, session) -> None:
    key = printed(client, mine).headers["Location"].rsplit("/", 1)[-1]
    at = {"type": "Point", "coordinates": [WEST + SIDE / 2, SOUTH + SIDE / 2]}
    far = {"type": "Point", "coordinates": [WEST + 1, SOUTH]}
    lost = client.patch(f"/api/board-prints/{key}", headers={**mine, "If-Match": '"1"'}, json={"point": far})
    assert (lost.status_code, lost.json["code"]) == (422, "far_away") and "公里" in lost.json["detail"]
    hung = client.patch(
        f"/api/board-prints/{key}",
        headers={**mine, "If-Match": '"1"'},
        json={"place": "1号楼门口", "hung_at": "2026-11-20", "point": at},
    )
    assert hung.status_code == 200, hung.data
    assert client.put(f"/api/board-prints/{key}/photo", headers=mine, data={"file": jpeg("green")}).status_code == 200
    session.execute(sa.update(Staff).where(Staff.name == "张直").values(duty_phone="10099999999"))
    (row,) = stale(client, mine)
    assert row["place"] == "1号楼门口" and row["lon"] == pytest.approx(WEST + SIDE / 2)
    assert client.delete(f"/api/board-prints/{key}", headers={**mine, "If-Match": '"2"'}).status_code == 204
    assert stale(client, mine) == []


def test_prints_are_audited(client, mine, session) -> None:
    from gis_grid.audit import AuditEntry

    printed(client, mine)
    acts = list(session.scalars(sa.select(AuditEntry.action).where(AuditEntry.target == "boards", AuditEntry.key == GRID_1)))
    assert acts == ["view", "print"]


def test_all_stale_boards_are_reprinted_at_once_each_where_it_hung(client, mine, session, bearer) -> None:
    def ask(headers):
        return client.post("/api/boards/jobs", headers=headers, json={"what": "reprint"})

    for code, place, theme in ((GRID_1, "1号楼门口", "red"), (GRID_1, "=2号楼门口", "red"), (GRID_2, None, None)):
        wish = {"template": "label-90x60", **({"theme": theme} if theme else {})}
        key = printed(client, mine, code, **wish).headers["Location"].rsplit("/", 1)[-1]
        client.patch(f"/api/board-prints/{key}", headers={**mine, "If-Match": '"1"'}, json={"place": place})
    client.put(f"/api/board-prints/{key}/photo", headers=mine, data={"file": jpeg()})
    assert problem(ask(mine))["code"] == "nothing_stale"
    session.execute(sa.update(Staff).where(Staff.name == "张直").values(duty_phone="10099998888"))
    session.add(Staff(area_code=GRID_2, name="李新", post="grid_leader", duty_phone="10077776666"))
    session.flush()
    assert client.get("/api/boards/stale", headers=mine).json["photographed"] == [int(key)]
    assert problem(ask(bearer(RIGHTS, ("620105",))))["code"] == "nothing_stale"

    job = ask(mine)
    assert job.status_code == 202, job.data
    session.commit()
    jobs.run_job(job.json["id"])
    session.expire_all()
    done = client.get(f"/api/jobs/{job.json['id']}", headers=mine).json
    assert (done["status"], done["report"]["boards"], done["report"]["refused"]) == ("done", 2, {})
    archive = zipfile.ZipFile(io.BytesIO(client.get(f"/api/boards/jobs/{job.json['id']}/file", headers=mine).data))
    assert [name[:15] for name in archive.namelist()] == [GRID_1, GRID_2, "重印清单.csv"]
    assert "'=2号楼门口" in archive.read("重印清单.csv").decode("utf-8-sig")
    assert stale(client, mine) == []
    rows = client.get("/api/board-prints/", headers=mine).json["items"]
    assert sorted(row["place"] or "" for row in rows) == ["", "1号楼门口", "=2号楼门口"]
    assert sorted(row["content"]["theme"] or "" for row in rows) == ["", "red", "red"]
