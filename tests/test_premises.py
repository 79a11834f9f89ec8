"""A shop given to another grid by hand: kept with its reason, moved by nothing, taken back at will."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from gis_grid.areas.placing import today
from gis_grid.areas.reassign import reassign
from gis_grid.audit import AuditEntry
from gis_grid.premises import Premises, read_credit_code
from tests.conftest import problem
from tests.factories import COMMUNITY, GRID_1, GRID_2, geojson_point, make_building, make_town, square


@pytest.fixture
def headers(session, bearer):
    make_town()
    return bearer(["premises.read", "premises.write"], (COMMUNITY,))


@pytest.fixture
def shop(client, headers) -> str:
    made = client.post("/api/premises/", json={"code": "P1", "name": "面馆", "point": geojson_point(0)}, headers=headers)
    assert made.json["area_code"] == GRID_1
    return f"/api/premises/{made.json['id']}"


def give(client, headers, shop: str, version: int = 1, **body: str):
    asked = {"area_code": GRID_2, "reason": "门面朝向二网格"} | body
    return client.put(f"{shop}/grid", json=asked, headers={**headers, "If-Match": f'"{version}"'})


def test_given_with_a_reason_kept_and_told(client, headers, shop, session) -> None:
    given = give(client, headers, shop)
    assert (given.json["area_code"], given.json["placed_by"]) == (GRID_2, "manual"), given.json
    why = client.get(f"{shop}/why", headers=headers).json
    assert "门面朝向二网格" in why["sentence"]
    assert why["by_place"]["code"] == GRID_1
    reassign(None)
    renamed = client.patch(shop, json={"name": "新面馆"}, headers={**headers, "If-Match": '"2"'})
    assert renamed.json["area_code"] == GRID_2, "neither boundaries nor a change of the shop move it"
    entry = session.scalar(sa.select(AuditEntry).where(AuditEntry.action == "override"))
    assert (entry.before["area_code"], entry.after["placed_reason"]) == (GRID_1, "门面朝向二网格")


def test_taken_back(client, headers, shop) -> None:
    give(client, headers, shop)
    back = client.delete(f"{shop}/grid", headers={**headers, "If-Match": '"2"'})
    assert (back.json["area_code"], back.json["placed_by"], back.json["placed_reason"]) == (GRID_1, "inside", None)
    assert "落在" in client.get(f"{shop}/why", headers=headers).json["sentence"]


def test_an_import_leaves_it_where_it_was_given(client, headers, shop, session, tmp_path) -> None:
    from gis_grid.imports.actions import run_import
    from gis_grid.imports.offers import Options

    give(client, headers, shop)
    session.commit()
    file = tmp_path / "shops.csv"
    file.write_text("code,name,lon,lat\nP1,大面馆,106.5005,29.5005\n", encoding="utf-8")
    run_import("premises", file, file.name, Options(crs="wgs84"), tmp_path / "remarks.csv", lambda done, total: None)
    session.expire_all()
    row = session.scalar(sa.select(Premises).where(Premises.code == "P1"))
    assert (row.name, row.area_code, row.placed_by) == ("大面馆", GRID_2, "manual")


@pytest.mark.parametrize(
    "body", [{"area_code": "500103001002001"}, {"area_code": COMMUNITY}, {"reason": ""}, {"area_code": "nothing"}]
)
def test_what_is_refused(client, headers, shop, body: dict) -> None:
    answer = give(client, headers, shop, **body)
    assert answer.status_code in (403, 422)
    assert problem(answer)["detail"]


def test_somebody_elses_change_is_seen(client, headers, shop) -> None:
    give(client, headers, shop)
    assert problem(give(client, headers, shop))["code"] == "changed"


def test_reassign_moves_other_shops(client, headers, shop, session) -> None:
    from gis_grid.areas.actions import close_boundary, set_boundary
    from gis_grid.areas.placing import today
    from gis_grid.geo import shapes

    close_boundary(GRID_1, today())
    reassign(set_boundary(GRID_2, shapes.to_column(square(0, width=2)), today()))
    assert client.get(shop, headers=headers).json["area_code"] == GRID_2


@pytest.mark.parametrize(
    "code, kept",
    [
        ("914403001922038216", "914403001922038216"),  # published by companies
        ("9144030071526726xg", "9144030071526726XG"),
        ("91440300-7152 6726XG", "9144030071526726XG"),
        ("110108002734659", "110108002734659"),  # a registration number of before 2015
        ("914403001922038217", "校验位"),
        ("914403001922083216", "校验位"),
        ("91440300192203821", "18 位"),
        ("9144030019220382I6", "没有 I"),
    ],
)
def test_a_credit_code_is_read_or_its_fault_told(code: str, kept: str) -> None:
    try:
        told = read_credit_code(code)
    except ValueError as fault:
        told = str(fault)
    assert kept in told


def test_a_mistyped_credit_code_is_refused_and_an_old_one_hinders_nothing_else(client, headers, shop, session) -> None:
    indoors = {"building_id": make_building().id, "credit_code": "914403001922038217"}  # placed by its building
    refused = client.patch(shop, json=indoors, headers={**headers, "If-Match": '"1"'})
    assert problem(refused)["code"] == "bad_credit_code"
    session.execute(sa.update(Premises).values(credit_code="OLD-1"))
    session.expire_all()
    assert client.patch(shop, json={"name": "新面馆"}, headers={**headers, "If-Match": '"1"'}).status_code == 200


def test_an_import_names_the_rows_with_a_mistyped_credit_code(session, headers, tmp_path) -> None:
    from gis_grid.imports.actions import run_import
    from gis_grid.imports.offers import Options

    file = tmp_path / "shops.csv"
    rows = "P7,甲,106.5005,29.5005,9144030071526726xg", "P8,乙,106.5005,29.5005,914403001922038217"
    file.write_text("\n".join(("code,name,lon,lat,credit_code", *rows)), encoding="utf-8")
    wanted = Options(crs="wgs84", keep_good=True)
    told = run_import("premises", file, file.name, wanted, tmp_path / "r.csv", lambda done, total: None)
    assert (told["inserted"], told["refused"]) == (1, 1)
    assert "校验位不对" in (tmp_path / "r.csv").read_text(encoding="utf-8-sig")
    assert session.scalar(sa.select(Premises.credit_code).where(Premises.code == "P7")) == "9144030071526726XG"


def test_a_shop_is_closed_once_nobody_works_there_any_more(client, headers, shop) -> None:
    worker = {"premises_id": int(shop.rsplit("/", 1)[1]), "name": "王一", "until": (today() + timedelta(days=1)).isoformat()}
    made = client.post("/api/premises_staff/", json=worker, headers=headers)
    assert made.status_code == 201, made.json
    assert "1 条从业人员" in problem(client.delete(shop, headers={**headers, "If-Match": '"1"'}))["detail"]
    one = f"/api/premises_staff/{made.json['id']}"
    left = client.patch(one, json={"until": today().isoformat()}, headers={**headers, "If-Match": '"1"'})
    assert left.status_code == 200, left.json
    assert client.delete(shop, headers={**headers, "If-Match": '"1"'}).status_code in (200, 204)
