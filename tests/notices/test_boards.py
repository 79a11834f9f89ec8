"""Boards through the service: what they say, who may make them, the reprint list, the public page, batches."""

from __future__ import annotations

import io
import json
import os
import time
import zipfile

import pytest
import shapely
import sqlalchemy as sa
from PIL import Image

from gis_grid.areas.models import Area, Staff
from gis_grid.config import settings
from gis_grid.geo import shapes
from gis_grid.jobs import actions as jobs
from gis_grid.maps.models import BaseFeature
from gis_grid.notices import pages
from gis_grid.notices.models import BoardPrint
from gis_grid.notices.scale import SCALES
from tests.conftest import problem
from tests.factories import COMMUNITY, DISTRICT, GRID_1, GRID_2, SIDE, SOUTH, WEST, make_area, make_building, make_town
from tests.notices.boards import page_sizes_mm, poppler

RIGHTS = ["boards.print", "boards.write", "areas.read", "areas.write"]


@pytest.fixture
def street(session, monkeypatch):
    """The factory's town with streets, buildings with footprints, posts on the board, a public address."""
    monkeypatch.setattr(settings(), "public_url", "https://grid.example.gov.cn")
    make_town()
    for n in range(6):
        west, south = WEST + 0.0001 + n * 0.00014, SOUTH + 0.0004
        footprint = shapely.multipolygons([shapely.box(west, south, west + 0.0001, south + 0.0002)])
        make_building(0, f"B{n}", name=f"{n + 1}号楼", use="01", footprint=shapes.to_column(footprint))
    road = shapely.LineString([(WEST - SIDE, SOUTH), (WEST + 4 * SIDE, SOUTH)])
    session.add(BaseFeature(source="test", kind="road", rank="main", name="人民路", width_m=12, geom=shapes.to_column(road)))
    session.add(Staff(area_code=GRID_1, name="张直", post="grid_leader", duty_phone="10012345678", duty="第一责任人"))
    session.flush()
    pages._kept.clear()
    monkeypatch.setattr(pages, "limiter", pages.Limiter(pages.PER_MINUTE))


@pytest.fixture
def mine(street, bearer):
    return bearer(RIGHTS)


def jpeg(colour: str = "navy") -> tuple[io.BytesIO, str]:
    out = io.BytesIO()
    picture = Image.new("RGB", (1200, 1700), colour)
    exif = picture.getexif()
    exif[0x010F] = "Camera"
    picture.save(out, "JPEG", exif=exif)
    out.seek(0)
    return out, "photo.jpg"


def printed(client, headers, code: str = GRID_1, **asked):
    answer = client.post(f"/api/boards/{code}/prints", headers=headers, json=asked)
    assert answer.status_code == 201, answer.data[:300]
    return answer


def stale(client, headers) -> list[dict]:
    return client.get("/api/boards/stale", headers=headers).json["items"]


def test_a_board_comes_out_as_pdf_with_what_it_must_say(client, mine) -> None:
    answer = client.get(f"/api/boards/{GRID_1}", headers=mine)
    assert answer.mimetype == "application/pdf"
    assert page_sizes_mm(answer.data) == [pytest.approx((210, 297), abs=0.05)]
    text = poppler("pdftotext", answer.data)
    for said in (f"名{COMMUNITY[-3:]}名001", "网格员1", "张直", "10012345678", GRID_1, "人民路", "6号楼", "名002"):
        assert said in text


def test_png_and_svg(client, mine) -> None:
    png = client.get(f"/api/boards/{GRID_1}?format=png&dpi=50&orientation=landscape", headers=mine)
    assert Image.open(io.BytesIO(png.data)).size == pytest.approx((585, 414), abs=1)
    svg = client.get(f"/api/boards/{GRID_1}?format=svg", headers=mine)
    assert svg.data.startswith(b"<svg") and "人民路".encode() in svg.data


def test_you_are_here(client, mine) -> None:
    at = f"lon={WEST + SIDE / 2}&lat={SOUTH + SIDE / 2}"
    assert "您在此处" in client.get(f"/api/boards/{GRID_1}?format=svg&{at}", headers=mine).text
    assert problem(client.get(f"/api/boards/{GRID_1}?lon=106.5", headers=mine))["code"] == "half_a_point"


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


def test_nothing_of_residents_is_on_a_board(client, mine, session) -> None:
    from gis_grid.people.models import Household, Resident

    household = Household(number="H", area_code=GRID_1, placed_by="manual")
    session.add(household)
    session.flush()
    session.add(Resident(name="某居民甲", household_id=household.id, area_code=GRID_1, placed_by="manual"))
    session.flush()
    client.post("/api/board-settings", headers=mine, json={"area_code": DISTRICT, "show_counts": True})
    text = poppler("pdftotext", client.get(f"/api/boards/{GRID_1}", headers=mine).data)
    assert "某居民甲" not in text
    assert "住户 1 户，人口 1 人，楼栋 6 栋" in text


def test_told_names_gaps_and_proposes_the_extent(client, mine) -> None:
    told = client.get(f"/api/boards/{GRID_1}/told", headers=mine).json
    assert told["proposed_extent"] == "东至名002，南至人民路"
    assert "没有管辖范围" in told["gaps"]
    assert "没有监督电话" in told["gaps"]
    assert told["scale"] in SCALES


@pytest.mark.parametrize(("code", "status"), [("nothing", 404), ("500103001001009", 404)])
def test_unknown_areas_are_not_found(client, mine, code: str, status: int) -> None:
    assert client.get(f"/api/boards/{code}", headers=mine).status_code == status


def test_a_grid_without_boundary_is_refused_with_what_to_do(client, mine) -> None:
    make_area(f"{COMMUNITY}009", parent=COMMUNITY)
    told = problem(client.get(f"/api/boards/{COMMUNITY}009", headers=mine))
    assert told["code"] == "no_boundary" and "请先划定边界" in told["detail"]


def test_another_areas_board_is_nobodys_business(client, street, bearer) -> None:
    other = bearer(RIGHTS, ("620105",))
    for method, path, body in (
        ("get", f"/api/boards/{GRID_1}", None),
        ("get", f"/api/boards/{GRID_1}/told", None),
        ("post", f"/api/boards/{GRID_1}/prints", {}),
        ("post", f"/api/boards/{GRID_1}/draft", {"body": "title: x"}),
        ("post", "/api/boards/jobs", {"area_code": COMMUNITY}),
        ("post", f"/api/boards/{GRID_1}/preview", {}),
        ("get", f"/api/boards/{GRID_1}/qr", None),
        ("get", f"/api/boards/map-page?area_code={GRID_1}", None),
        ("get", f"/api/boards/templates?area_code={GRID_1}", None),
        ("get", f"/api/boards/pictures/logo/{COMMUNITY}", None),
    ):
        answer = client.open(path, method=method.upper(), headers=other, json=body)
        assert answer.status_code in (403, 404), (path, answer.status_code)


def test_settings_count_for_all_below_and_the_lowest_wins(client, mine) -> None:
    for code, phone in ((DISTRICT, "12345"), (COMMUNITY, "023-600000")):
        given = {"area_code": code, "supervision_phone": phone, "phones": "masked", "theme": "red", "services": "代办服务"}
        assert client.post("/api/board-settings", headers=mine, json=given).status_code == 201
    said = client.get(f"/api/boards/{GRID_1}/told", headers=mine).json["content"]
    assert said["supervision_phone"] == "023-600000"
    assert [person["phone"] for person in said["people"]] == ["100****5678", "100****0000"]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"theme": "pink"}, "bad_setting"),
        ({"template": "nothing"}, "unknown_template"),
        ({"phones": "none"}, "bad_setting"),
        ({"report_link": "javascript:alert(1)"}, "bad_link"),
    ],
)
def test_settings_no_board_could_be_made_with_are_refused(client, mine, given: dict, code: str) -> None:
    assert problem(client.post("/api/board-settings", headers=mine, json={"area_code": GRID_1, **given}))["code"] == code


def test_an_office_makes_its_own_template(client, mine) -> None:
    stock = {each["name"]: each for each in client.get("/api/boards/templates", headers=mine).json["items"]}
    body = stock["a4"]["body"].replace("portrait: [210, 297]", "portrait: [220, 300]").replace("theme: blue", "theme: green")
    assert problem(client.post("/api/board-templates", headers=mine, json={"area_code": COMMUNITY, "name": "坏", "body": "a: ["}))
    made = client.post("/api/board-templates", headers=mine, json={"area_code": COMMUNITY, "name": "宽版", "body": body})
    assert made.status_code == 201
    assert page_sizes_mm(client.get(f"/api/boards/{GRID_1}?template=宽版", headers=mine).data) == [
        pytest.approx((220, 300), abs=0.05)
    ]


def test_a_template_being_edited_is_seen_at_once(client, mine) -> None:
    slots = "slots:\n  portrait:\n    - {slot: title, box: [0, 0, 100, 20]}\n"
    body = f"title: 草稿\npaper: {{portrait: [100, 60]}}\nletters: {{}}\ntext: {{}}\n{slots}"
    seen = client.post(f"/api/boards/{GRID_1}/draft", headers=mine, json={"body": body, "dpi": 50.8})
    assert Image.open(io.BytesIO(seen.data)).size == pytest.approx((200, 120), abs=1)
    told = problem(
        client.post(f"/api/boards/{GRID_1}/draft", headers=mine, json={"body": body.replace("slot: title", "slot: tit")})
    )
    assert (told["code"] == "bad_template" and "第 6 行" in told["detail"]) or "第 5 行" in told["detail"]


def test_a_photo_is_made_small_without_where_it_was_taken(client, mine, session) -> None:
    staff = session.scalar(sa.select(Staff.id).where(Staff.name == "张直"))
    put = client.put(f"/api/boards/pictures/staff/{staff}", headers=mine, data={"file": jpeg()})
    assert put.status_code == 200, put.data
    kept = Image.open(io.BytesIO(client.get(f"/api/boards/pictures/staff/{staff}", headers=mine).data))
    assert kept.width <= 590 and kept.height <= 826
    assert not kept.getexif()
    assert "网格长张直没有照片" not in client.get(f"/api/boards/{GRID_1}/told", headers=mine).json["gaps"]
    assert client.delete(f"/api/boards/pictures/staff/{staff}", headers=mine).status_code == 204
    assert client.get(f"/api/boards/pictures/staff/{staff}", headers=mine).status_code == 404


def test_what_is_no_picture_is_refused(client, mine, session) -> None:
    staff = session.scalar(sa.select(Staff.id).limit(1))
    for kind, key, data, status in (
        ("staff", staff, b"%PDF-1.4", 400),
        ("staff", 999999, b"", 404),
        ("cat", 1, b"", 404),
        ("logo", "nothing", b"", 404),
    ):
        answer = client.put(f"/api/boards/pictures/{kind}/{key}", headers=mine, data={"file": (io.BytesIO(data), "x.jpg")})
        assert answer.status_code == status, (kind, key)


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


def test_what_is_being_edited_is_seen_at_once_and_not_kept(client, mine) -> None:
    texts = {"extent": "东至新路", "services": "代办", "supervision_phone": "12345", "phones": "masked", "heading": "公示栏"}
    seen = client.post(f"/api/boards/{GRID_1}/preview", headers=mine, json={"texts": texts, "pixels": 300})
    assert seen.status_code == 200, seen.data[:300]
    said = seen.json["told"]["content"]
    assert (said["extent"], said["services"], said["supervision_phone"]) == ("东至新路", "代办", "12345")
    assert said["people"][0]["phone"] == "100****5678"
    assert seen.json["picture"].startswith("data:image/png;base64,")
    assert client.get(f"/api/boards/{GRID_1}/told", headers=mine).json["content"]["heading"] == "网格服务公示牌"


def test_a_template_may_come_back_as_json(client, mine) -> None:
    told = next(each["told"] for each in client.get("/api/boards/templates", headers=mine).json["items"] if each["name"] == "a4")
    told["colours"] = {"main": "#2f6b4f"}
    asked = {"body": json.dumps(told, ensure_ascii=False), "pixels": 200}
    assert client.post(f"/api/boards/{GRID_1}/preview", headers=mine, json=asked).status_code == 200


def test_areas_tell_the_state_of_their_boards(client, mine, session) -> None:
    printed(client, mine)
    session.execute(sa.update(Staff).where(Staff.name == "张直").values(duty_phone="10099999999"))
    stale(client, mine)
    rows = {row["code"]: row for row in client.get("/api/boards/areas", headers=mine).json["items"]}
    assert (rows[GRID_1]["prints"], rows[GRID_1]["stale"], rows[GRID_1]["parent"]) == (1, 1, COMMUNITY)
    assert rows[GRID_2]["prints"] == 0


def test_a_qr_code_for_other_uses(client, mine, monkeypatch) -> None:
    assert client.get(f"/api/boards/{GRID_1}/qr", headers=mine).data.startswith(b"<svg")
    monkeypatch.setattr(settings(), "public_url", None)
    assert problem(client.get(f"/api/boards/{GRID_1}/qr", headers=mine))["code"] == "no_public_url"


def test_a_board_that_was_taken_down_is_no_longer_listed(client, mine, session) -> None:
    key = printed(client, mine).headers["Location"].rsplit("/", 1)[-1]
    at = {"type": "Point", "coordinates": [WEST + SIDE / 2, SOUTH + SIDE / 2]}
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


def test_the_public_page_opens_with_the_first_board_and_says_no_more(client, mine, session) -> None:
    assert client.get(f"/g/{GRID_1}").status_code == 404
    printed(client, mine)
    page = client.get(f"/g/{GRID_1}")
    assert page.status_code == 200 and "public, max-age" in page.headers["Cache-Control"]
    assert "张直" in page.text and 'href="tel:10012345678"' in page.text and "<svg" in page.text
    assert client.get(f"/g/{GRID_1}", headers={"If-None-Match": page.headers["ETag"]}).status_code == 304
    assert client.get(f"/g/{GRID_2}").status_code == 404
    session.execute(sa.update(Staff).where(Staff.name == "张直").values(name="张新"))
    assert "张新" in client.get(f"/g/{GRID_1}").text


def test_an_office_closes_its_public_pages(client, mine) -> None:
    printed(client, mine)
    client.post("/api/board-settings", headers=mine, json={"area_code": COMMUNITY, "public_page": False})
    assert client.get(f"/g/{GRID_1}").status_code == 404
    assert client.get(f"/api/boards/{GRID_1}/told", headers=mine).json["content"]["url"] is None


def test_the_public_page_is_rate_limited(client, mine) -> None:
    answers = [404]
    while answers[-1] == 404 and len(answers) < 50 * pages.PER_MINUTE:  # a slow machine is forgiven some meanwhile
        answers.append(client.get("/g/nothing").status_code)
    assert answers[-1] == 429
    assert len(answers) > pages.PER_MINUTE


def test_the_limiter_forgives_with_time() -> None:
    limiter = pages.Limiter(2)
    limiter.take("a", 0.0)
    limiter.take("a", 0.0)
    with pytest.raises(Exception, match="频繁"):
        limiter.take("a", 1.0)
    limiter.take("a", 31.0)
    limiter.take("b", 31.0)


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
