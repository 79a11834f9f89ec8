"""Boards through the service: what they say, who may make them, templates, pictures."""

from __future__ import annotations

import io
import json

import pytest
import sqlalchemy as sa
from PIL import Image

from gis_grid.areas.models import Staff
from gis_grid.config import settings
from gis_grid.notices.scale import SCALES
from tests.conftest import problem
from tests.factories import COMMUNITY, DISTRICT, GRID_1, SIDE, SOUTH, WEST, make_area
from tests.notices.boards import RIGHTS, jpeg, page_sizes_mm, poppler


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
    listed = f"/api/boards/pictures/staff?keys={staff},{staff + 1}"
    assert client.get(listed, headers=mine).json == {"keys": [str(staff)]}
    assert "网格长张直没有照片" not in client.get(f"/api/boards/{GRID_1}/told", headers=mine).json["gaps"]
    assert client.delete(f"/api/boards/pictures/staff/{staff}", headers=mine).status_code == 204
    assert client.get(f"/api/boards/pictures/staff/{staff}", headers=mine).status_code == 404
    assert client.get(listed, headers=mine).json == {"keys": []}


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


def test_a_qr_code_for_other_uses(client, mine, monkeypatch) -> None:
    assert client.get(f"/api/boards/{GRID_1}/qr", headers=mine).data.startswith(b"<svg")
    monkeypatch.setattr(settings(), "public_url", None)
    assert problem(client.get(f"/api/boards/{GRID_1}/qr", headers=mine))["code"] == "no_public_url"
