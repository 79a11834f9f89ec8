"""Plans from draft to done and back, over HTTP: who moves, when, and what stays reproducible."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
import python_calamine
import sqlalchemy as sa

from gis_grid.access.models import Token
from gis_grid.areas import actions as areas
from gis_grid.areas.models import Area, Boundary, Staff
from gis_grid.areas.placing import today
from gis_grid.audit import AuditEntry
from gis_grid.plans import actions
from gis_grid.premises import Premises
from tests.conftest import problem
from tests.factories import COMMUNITY, GRID_1, GRID_2, GRID_3, SIDE, SOUTH, WEST, make_home, middle, point
from tests.plans.conftest import vertical

NEW = f"{COMMUNITY}004"


def locate(ask, column: float, day=None) -> str | None:
    lon, lat = WEST + column * SIDE, SOUTH + SIDE / 2
    return ask("GET", f"/api/locate?lon={lon}&lat={lat}" + (f"&at={day}" if day else "")).json["code"]


def listed(ask, asked: str = "") -> list[str]:
    return [area["code"] for area in ask("GET", f"/api/areas/?level=grid{asked}").json["items"]]


def test_merge_from_draft_to_done(ask, draft, town, session) -> None:
    changed = ask("POST", f"{draft}/changes", {"operation": "merge", "codes": [GRID_2], "into": GRID_1})
    assert {f["properties"]["code"]: f["properties"]["action"] for f in changed.json["features"]} == {
        GRID_1: "draw",
        GRID_2: "retire",
    }
    assert ask("GET", f"{draft}/check").json["is_seamless"]
    tried = ask("GET", f"{draft}/dry-run").json
    moved = {(row["kind"], row["was"], row["now"]): row["count"] for row in tried["moves"]}
    assert {kind for kind, *_ in moved} == {"buildings", "units", "rooms", "households", "residents", "events"}
    assert set(moved.values()) == {1}
    assert tried["staff"][0]["was"] == GRID_2
    assert {row["code"]: row["after"].get("households") for row in tried["sizes"]} == {GRID_1: 1, GRID_2: None}
    for row in town.values():
        session.refresh(row)
    assert town["resident"].area_code == GRID_2, "a dry run leaves nothing behind"
    assert locate(ask, 1.5) == GRID_2
    done = ask("POST", f"{draft}/approve", {})
    assert (done.status_code, done.json["status"]) == (200, "done"), done.json
    for row in town.values():
        session.refresh(row)
        assert row.area_code == GRID_1
    assert done.json["report"]["moves"] == tried["moves"], "the dry run told what was done"
    assert session.get(Area, GRID_2).retired_at is not None
    assert session.scalar(sa.select(sa.func.count()).select_from(Staff).where(Staff.area_code == GRID_2)) == 0
    assert session.scalar(sa.select(AuditEntry.action).where(AuditEntry.target == "plans", AuditEntry.action == "approve"))


def test_past_answers_stay_and_retired_codes_name_their_successors(ask, draft, client, bearer) -> None:
    ask("POST", f"{draft}/changes", {"operation": "merge", "codes": [GRID_2], "into": GRID_1})
    ask("POST", f"{draft}/approve", {})
    yesterday = today() - timedelta(days=1)
    assert (locate(ask, 1.5), locate(ask, 1.5, yesterday)) == (GRID_1, GRID_2)
    lon, lat = middle(1)
    assert ask("GET", f"/api/locate?lon={lon}&lat={lat}&at={yesterday}").json["successors"] == [GRID_1]
    gone = ask("GET", f"/area/{GRID_2}")
    assert (gone.status_code, problem(gone)["successors"]) == (410, [GRID_1])
    assert str(today()) in problem(gone)["detail"], "the day where the grids are, not in Greenwich"
    for day, known in (("", {GRID_1, GRID_3}), (f"?at={yesterday}", {GRID_1, GRID_2, GRID_3})):
        for name in ("at", "datetime"):
            told = ask("GET", f"/collections/grids/items{day.replace('at=', f'{name}=')}").json
            assert {one["properties"]["code"] for one in told["features"]} == known
            assert told["numberMatched"] == len(known)
    assert ask("GET", f"/area/{GRID_2}.geojson?at={yesterday}").json["id"] == GRID_2
    sizes = {
        row["code"]: row["households"]
        for row in ask("GET", f"/api/areas/sizes?area_code={COMMUNITY}&at={yesterday}").json["items"]
    }
    assert sizes == {GRID_2: 1}
    today_s = ask("GET", f"/api/areas/sizes?area_code={COMMUNITY}&at={yesterday}&on=today").json["items"]
    assert {row["code"]: row["households"] for row in today_s} == {GRID_1: 1}


def test_a_plan_for_a_later_day_waits_and_then_takes_effect(ask, draft, town, session, monkeypatch) -> None:
    ask("POST", f"{draft}/changes", {"operation": "split", "code": GRID_2, "shape": vertical(1.4), "names": ["新格"]})
    tomorrow = today() + timedelta(days=1)
    approved = ask("POST", f"{draft}/approve", {"effective": str(tomorrow)})
    assert approved.json["status"] == "approved", approved.json
    assert (locate(ask, 1.2), locate(ask, 1.2, tomorrow)) == (GRID_2, NEW)
    coming = ask("GET", f"/api/areas/{NEW}").json
    assert (coming["starts_on"], coming["successors"]) == (str(tomorrow), []), "known, and told that it is not in use yet"
    assert NEW not in listed(ask)
    assert NEW in listed(ask, f"&at={tomorrow}")
    assert NEW not in ask("GET", f"/api/map/areas?code={COMMUNITY}").text
    session.refresh(town["resident"])
    assert town["resident"].area_code == GRID_2
    session.commit()
    actions.take_due()
    assert ask("GET", draft).json["status"] == "approved", "its day has not come"
    for name in ("gis_grid.areas.placing", "gis_grid.areas.actions", "gis_grid.plans.actions", "gis_grid.areas.cells"):
        monkeypatch.setattr(f"{name}.today", lambda: tomorrow)
    actions.take_due()
    assert ask("GET", draft).json["status"] == "done"
    assert locate(ask, 1.2) == NEW
    assert NEW in listed(ask)
    assert ask("GET", f"/api/areas/{NEW}").json["starts_on"] is None


def test_an_approved_plan_may_be_withdrawn_before_its_day(ask, draft, session) -> None:
    ask("POST", f"{draft}/changes", {"operation": "split", "code": GRID_2, "shape": vertical(1.4)})
    tomorrow = today() + timedelta(days=1)
    ask("POST", f"{draft}/approve", {"effective": str(tomorrow)})
    assert ask("POST", f"{draft}/withdraw").json["status"] == "withdrawn"
    assert locate(ask, 1.2, tomorrow) == GRID_2
    assert session.get(Area, NEW) is None
    assert session.scalar(sa.select(sa.func.upper(Boundary.valid)).where(Boundary.area_code == GRID_2)) is None


def test_a_retired_area_that_is_to_return_stays_retired_until_then(ask, draft, session) -> None:
    ask("POST", f"{draft}/changes", {"operation": "merge", "codes": [GRID_2], "into": GRID_1})
    ask("POST", f"{draft}/approve", {})
    back = f"/api/plans/{ask('POST', f'{draft}/undo').json['id']}"
    tomorrow = today() + timedelta(days=1)
    assert ask("POST", f"{back}/approve", {"effective": str(tomorrow)}).json["status"] == "approved"
    waiting = ask("GET", f"/api/areas/{GRID_2}").json
    assert (waiting["starts_on"], waiting["successors"]) == (str(tomorrow), [GRID_1])
    assert GRID_2 not in listed(ask)
    assert ask("POST", f"{back}/withdraw").json["status"] == "withdrawn"
    given_up = ask("GET", f"/api/areas/{GRID_2}").json
    assert (given_up["starts_on"], given_up["successors"], bool(given_up["retired_at"])) == (None, [GRID_1], True)


def test_undo_brings_back_boundaries_codes_and_people(ask, draft, town, session) -> None:
    ask("POST", f"{draft}/changes", {"operation": "merge", "codes": [GRID_2], "into": GRID_1})
    ask("POST", f"{draft}/changes", {"operation": "split", "code": GRID_3, "shape": vertical(2.3)})
    assert ask("POST", f"{draft}/approve", {}).json["status"] == "done"
    back = ask("POST", f"{draft}/undo")
    assert back.status_code == 201
    again = f"/api/plans/{back.json['id']}"
    assert ask("GET", f"{again}/check").json["is_seamless"]
    assert ask("POST", f"{again}/approve", {}).json["status"] == "done"
    session.refresh(town["resident"])
    assert town["resident"].area_code == GRID_2
    assert [locate(ask, x) for x in (0.5, 1.5, 2.1, 2.9)] == [GRID_1, GRID_2, GRID_3, GRID_3]
    assert session.get(Area, NEW).retired_at is not None
    assert ask("GET", f"/area/{GRID_2}").status_code == 200


def test_moving_one_edge_moves_only_what_lies_between(ask, draft, town, session) -> None:
    other = make_home(2, "B9")
    version = other.version
    ask("POST", f"{draft}/changes", {"operation": "move_edge", "one": GRID_1, "other": GRID_2, "shape": vertical(1.7)})
    ask("POST", f"{draft}/approve", {})
    session.refresh(town["resident"])
    session.refresh(other)
    assert (town["resident"].area_code, other.version) == (GRID_1, version)
    assert [locate(ask, x) for x in (1.6, 1.8)] == [GRID_1, GRID_2]


def test_scopes_of_users_follow_a_retired_grid(ask, draft, bearer, client, session) -> None:
    worker = bearer(["areas.read", "people.read"], (GRID_2,))
    assert len(client.get("/api/residents/", headers=worker).json["items"]) == 1
    ask("POST", f"{draft}/changes", {"operation": "recode", "code": GRID_2, "new_code": f"{COMMUNITY}009"})
    ask("POST", f"{draft}/approve", {})
    assert len(client.get("/api/residents/", headers=worker).json["items"]) == 1
    assert [f"{COMMUNITY}009"] in list(session.scalars(sa.select(Token.scopes)))


def test_the_dry_run_as_sheet_and_as_layer(ask, draft, client) -> None:
    ask("POST", f"{draft}/changes", {"operation": "merge", "codes": [GRID_2], "into": GRID_1})
    sheet = ask("GET", f"{draft}/dry-run?format=xlsx")
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(sheet.data))
    assert book.sheet_names == ["说明", "迁移", "队伍和账号", "规模", "楼栋"]
    names = {code: ask("GET", f"/area/{code}").json["name"] for code in (GRID_1, GRID_2)}
    assert ["住户", GRID_2, names[GRID_2], GRID_1, names[GRID_1], 1.0] in book.get_sheet_by_name("迁移").to_python()
    assert {("方案", "一季度调整"), ("迁移住户", 1.0)} <= {tuple(row) for row in book.get_sheet_by_name("说明").to_python()}
    layer = ask("GET", f"{draft}/dry-run?format=geojson").json
    kinds = [feature["geometry"]["type"] for feature in layer["features"] if feature["geometry"]]
    assert {"MultiPolygon", "Point"} == set(kinds)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"operation": "explode"}, 422, "invalid"),
        ({"operation": "split", "code": GRID_1}, 422, "incomplete"),
        ({"operation": "split", "code": GRID_1, "shape": {"type": "Point", "coordinates": [1, 2]}}, 422, "bad_geometry"),
        ({"operation": "split", "code": "500103001002001", "shape": vertical(0.5)}, 422, "unknown_area"),
        (
            {"operation": "redraw", "code": GRID_1, "shape": {"type": "Polygon", "coordinates": [[[1, 2], [2, 3], [3, 4]]]}},
            422,
            "invalid",
        ),
        ({"operation": "merge", "codes": [GRID_3], "into": GRID_1}, 422, "not_adjacent"),
        ({"operation": "recode", "code": GRID_1, "new_code": GRID_2}, 422, "code_taken"),
        ({"operation": "reparent", "code": GRID_1, "parent_code": COMMUNITY}, 422, "same_parent"),
    ],
)
def test_changes_that_are_refused(ask, draft, body: dict, status: int, code: str) -> None:
    answer = ask("POST", f"{draft}/changes", body)
    assert (answer.status_code, problem(answer)["code"]) == (status, code), answer.json


def test_a_plan_whose_areas_changed_meanwhile_is_outdated(ask, draft, session) -> None:
    from gis_grid.geo import shapes
    from tests.factories import square

    ask("POST", f"{draft}/changes", {"operation": "merge", "codes": [GRID_2], "into": GRID_1})
    areas.set_boundary(GRID_2, shapes.to_column(square(1)), today())
    session.commit()
    assert problem(ask("POST", f"{draft}/approve", {}))["code"] == "plan_outdated"


def test_an_empty_plan_a_past_day_and_a_foreign_plan(ask, draft, client, bearer) -> None:
    assert problem(ask("POST", f"{draft}/approve", {}))["code"] == "empty_plan"
    assert problem(ask("POST", f"{draft}/approve", {"effective": str(today() - timedelta(days=1))}))["code"] == "past_date"
    stranger = bearer(["areas.read", "areas.write"], ("500103001002",))
    assert client.get(draft, headers=stranger).status_code == 404
    body = {"name": "x", "area_code": COMMUNITY}
    assert problem(client.post("/api/plans/", json=body, headers=stranger))["code"] == "other_area"
    reader = bearer(["areas.read"], (COMMUNITY,))
    assert client.post(f"{draft}/approve", json={}, headers=reader).status_code == 403


def test_a_redraw_never_takes_land_of_another_community(ask, draft, session) -> None:
    from tests.factories import make_area, square

    make_area("500103001002", "community", square(3, width=1), parent="500103001")
    make_area("500103001002001", "grid", square(3), parent="500103001002")
    session.commit()
    west, east, north = round(WEST + 2 * SIDE, 7), round(WEST + 3.5 * SIDE, 7), round(SOUTH + SIDE, 7)
    shape = {"type": "Polygon", "coordinates": [[[west, SOUTH], [east, SOUTH], [east, north], [west, north], [west, SOUTH]]]}
    refused = ask("POST", f"{draft}/changes", {"operation": "redraw", "code": GRID_3, "shape": shape})
    assert (refused.status_code, problem(refused)["code"]) == (403, "other_area")


def test_a_redraw_into_no_mans_land_is_refused_not_cut_off(ask, draft) -> None:
    north, east = round(SOUTH + 2 * SIDE, 7), round(WEST + SIDE, 7)
    shape = {"type": "Polygon", "coordinates": [[[WEST, SOUTH], [east, SOUTH], [east, north], [WEST, north], [WEST, SOUTH]]]}
    refused = ask("POST", f"{draft}/changes", {"operation": "redraw", "code": GRID_1, "shape": shape})
    assert (refused.status_code, problem(refused)["code"]) == (422, "beyond")


def test_undo_gives_staff_accounts_and_hand_placed_shops_back(ask, draft, bearer, client, session) -> None:
    worker = bearer(["areas.read", "people.read"], (GRID_2,))
    staff = Staff(area_code=GRID_2, name="李四", post="grid_worker")
    shop = Premises(code="P1", name="早点铺", point=point(0), area_code=GRID_2, placed_by="manual", placed_reason="由二格负责")
    session.add_all([staff, shop])
    session.flush()
    ask("POST", f"{draft}/changes", {"operation": "merge", "codes": [GRID_2], "into": GRID_1})
    assert ask("POST", f"{draft}/approve", {}).json["status"] == "done"
    session.refresh(shop)
    assert (shop.area_code, shop.placed_by) == (GRID_1, "manual")
    assert [row["code"] for row in client.get("/api/areas/", headers=worker).json["items"]] == [GRID_1]
    back = f"/api/plans/{ask('POST', f'{draft}/undo').json['id']}"
    assert ask("POST", f"{back}/approve", {}).json["status"] == "done"
    session.expire_all()
    assert (staff.area_code, shop.area_code, shop.placed_reason) == (GRID_2, GRID_2, "由二格负责")
    assert [row["code"] for row in client.get("/api/areas/", headers=worker).json["items"]] == [GRID_2]


def test_whoever_saw_a_divided_grid_goes_on_seeing_all_of_it(ask, draft, bearer, client, session) -> None:
    worker = bearer(["areas.read"], (GRID_2,))
    ask("POST", f"{draft}/changes", {"operation": "split", "code": GRID_2, "shape": vertical(1.3)})
    ask("POST", f"{draft}/changes", {"operation": "recode", "code": GRID_2, "new_code": f"{COMMUNITY}009"})
    tried = ask("GET", f"{draft}/dry-run").json["users"]
    done = ask("POST", f"{draft}/approve", {}).json
    assert done["report"]["users"] == tried
    codes = {f"{COMMUNITY}009", NEW}
    assert {row["code"] for row in client.get("/api/areas/", headers=worker).json["items"]} == codes
    assert set(ask("GET", f"/area/{GRID_2}").json["successors"]) == codes
    assert set(ask("GET", f"/api/areas/{GRID_2}").json["successors"]) == codes
    back = f"/api/plans/{ask('POST', f'{draft}/undo').json['id']}"
    ask("POST", f"{back}/approve", {})
    assert [row["code"] for row in client.get("/api/areas/", headers=worker).json["items"]] == [GRID_2]


def test_a_plan_renames_from_its_day_on(ask, draft, session, monkeypatch) -> None:
    later = today() + timedelta(days=3)
    called = ask("GET", f"/api/areas/{GRID_1}").json["name"]
    ask("POST", f"{draft}/changes", {"operation": "rename", "code": GRID_1, "name": "新名网格"})
    assert ask("POST", f"{draft}/approve", {"effective": str(later)}).json["status"] == "approved"

    def name(day) -> str:
        lon, lat = middle(0)
        return ask("GET", f"/api/locate?lon={lon}&lat={lat}&at={day}").json["chain"][-1]["name"]

    assert [name(today()), name(later)] == [called, "新名网格"]
    monkeypatch.setattr("gis_grid.plans.actions.today", lambda: later)
    actions.take_due()
    session.expire_all()
    assert [name(today()), name(later), session.get(Area, GRID_1).name] == [called, "新名网格", "新名网格"]
