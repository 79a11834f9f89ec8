"""A shop given to another grid by hand: kept with its reason, moved by nothing, taken back at will."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from gis_grid.areas.reassign import reassign
from gis_grid.audit import AuditEntry
from gis_grid.premises import Premises
from tests.conftest import problem
from tests.factories import COMMUNITY, GRID_1, GRID_2, geojson_point, make_town, square


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
