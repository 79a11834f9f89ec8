"""Registers: list, filter, page, keep, change, retire, scope, versions, audit: one behaviour for all of them."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from gis_grid.access.rules import RIGHTS
from gis_grid.audit import AuditEntry
from tests.conftest import problem
from tests.factories import GRID_1, GRID_2, GRID_3, geojson_point, make_building, make_home, make_town, make_unit

ALL = [right for right in RIGHTS if right != "users.manage"]


@pytest.fixture
def town(session):
    make_town()


def test_a_new_row_is_placed_on_the_way_in_and_audited(client, bearer, town, session) -> None:
    answer = client.post("/api/events/", json={"number": "E1", "point": geojson_point(1)}, headers=bearer(ALL))
    assert answer.status_code == 201, answer.data
    assert (answer.json["area_code"], answer.json["placed_by"]) == (GRID_2, "inside")
    assert answer.headers["ETag"] == '"1"'
    entry = session.scalars(sa.select(AuditEntry).where(AuditEntry.target == "events")).one()
    assert (entry.action, entry.key, entry.area_code) == ("create", str(answer.json["id"]), GRID_2)
    assert entry.after["number"] == "E1"


def test_a_change_needs_the_version_and_tells_what_changed_meanwhile(client, bearer, town) -> None:
    headers = bearer(ALL)
    made = client.post("/api/events/", json={"number": "E1", "title": "旧", "point": geojson_point(1)}, headers=headers)
    url = f"/api/events/{made.json['id']}"
    assert problem(client.patch(url, json={"title": "新"}, headers=headers))["code"] == "version_required"
    assert problem(client.patch(url, json={}, headers={**headers, "If-Match": "x"}))["code"] == "bad_version"
    first = client.patch(url, json={"title": "新"}, headers={**headers, "If-Match": '"1"'})
    assert (first.json["title"], first.headers["ETag"]) == ("新", '"2"')
    late = problem(client.patch(url, json={"title": "迟"}, headers={**headers, "If-Match": '"1"'}))
    assert (late["status"], late["version"]) == (412, 2)
    assert late["changes"][0]["before"]["title"] == "旧"
    assert late["changes"][0]["after"]["title"] == "新"


def test_moving_a_row_moves_its_area(client, bearer, town) -> None:
    headers = bearer(ALL)
    made = client.post("/api/events/", json={"number": "E1", "point": geojson_point(0)}, headers=headers)
    moved = client.patch(
        f"/api/events/{made.json['id']}", json={"point": geojson_point(2)}, headers={**headers, "If-Match": '"1"'}
    )
    assert moved.json["area_code"] == GRID_3


def test_retired_rows_are_kept_but_not_listed(client, bearer, town) -> None:
    headers = bearer(ALL)
    made = client.post("/api/events/", json={"number": "E1", "point": geojson_point(0)}, headers=headers)
    url = f"/api/events/{made.json['id']}"
    assert client.delete(url, headers={**headers, "If-Match": '"1"'}).status_code == 204
    assert client.get("/api/events/", headers=headers).json["items"] == []
    assert len(client.get("/api/events/?retired=true", headers=headers).json["items"]) == 1
    assert client.get(url, headers=headers).json["retired_at"]


def test_what_others_hang_on_is_not_retired(client, bearer, town) -> None:
    room = make_home()
    answer = client.delete(f"/api/units/{room.unit_id}", headers={**bearer(ALL), "If-Match": '"1"'})
    assert problem(answer)["code"] == "in_use"
    assert "1 条房屋" in problem(answer)["detail"]


def test_pages_follow_each_other_without_gap_or_repeat_in_every_order(client, bearer, town, session) -> None:
    headers = bearer(ALL)
    for n in range(25):
        body = {"number": f"E{n:02}", "title": [None, "甲", "乙"][n % 3], "point": geojson_point(n % 3)}
        client.post("/api/events/", json=body, headers=headers)
    for sort in ("id", "-id", "number", "-number", "title", "-title", "reported_at", "-created_at"):
        seen, after = [], ""
        while True:
            page = client.get(f"/api/events/?limit=7&sort={sort}{after}", headers=headers).json
            seen += [row["number"] for row in page["items"]]
            if not page["next"]:
                break
            after = f"&after={page['next']}"
        assert sorted(seen) == [f"E{n:02}" for n in range(25)], sort


BAD_QUERIES = "sort=nonsense sort=point after=xx limit=0 limit=9999 nonsense=1 after=WzEsIngiXQ"


@pytest.mark.parametrize("query", BAD_QUERIES.split())
def test_bad_list_questions_get_a_sentence(client, bearer, town, query: str) -> None:
    answer = client.get(f"/api/events/?{query}", headers=bearer(ALL))
    assert answer.status_code in (400, 422)
    problem(answer)


def test_filters_and_text(client, bearer, town) -> None:
    headers = bearer(ALL)
    make_building(0, "B1", name="一幢 100%")
    make_building(1, "B2", name="二幢")
    names = lambda query: [row["code"] for row in client.get(f"/api/buildings/?{query}", headers=headers).json["items"]]  # noqa: E731
    assert names("q=一") == ["B1"]
    assert names("q=%25") == ["B1"]
    assert names(f"area_code={GRID_2}") == ["B2"]
    assert names("code=B2") == ["B2"]
    assert names("area_code=500103") == ["B1", "B2"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("buildings", lambda: {"code": "X", "point": geojson_point(1)}),
        ("estates", lambda: {"code": "X", "name": "小区", "point": geojson_point(1)}),
        ("events", lambda: {"number": "X", "point": geojson_point(1)}),
        ("premises", lambda: {"code": "X", "name": "店", "point": geojson_point(1)}),
        ("units", lambda: {"building_id": make_building(1).id, "name": "2单元"}),
        ("rooms", lambda: {"unit_id": make_unit(make_building(1)).id, "number": "1", "floor": 1, "door": 1}),
        ("households", lambda: {"number": "H", "room_id": make_home(1).id}),
        ("staff", lambda: {"area_code": GRID_2, "name": "王", "post": "grid_worker"}),
    ],
)
def test_a_neighbouring_grid_sees_and_touches_nothing(client, bearer, town, session, path: str, body) -> None:
    everyone, mine, neighbour = bearer(ALL), bearer(ALL, (GRID_2,)), bearer(ALL, (GRID_1,))
    given = body()
    refused = client.post(f"/api/{path}/", json=given, headers=neighbour)
    assert refused.status_code == 403, (path, refused.json)
    made = client.post(f"/api/{path}/", json=given, headers=mine)
    assert made.status_code == 201, made.json
    url = f"/api/{path}/{made.json['id']}"
    before = len(client.get(f"/api/{path}/", headers=neighbour).json["items"])
    assert made.json["id"] not in [row["id"] for row in client.get(f"/api/{path}/", headers=neighbour).json["items"]]
    assert client.get(url, headers=neighbour).status_code == 404
    assert client.patch(url, json={}, headers={**neighbour, "If-Match": '"1"'}).status_code == 404
    assert client.delete(url, headers={**neighbour, "If-Match": '"1"'}).status_code == 404
    assert client.get(url, headers=everyone).status_code == 200
    assert before >= 0


def test_nobody_moves_a_row_out_of_his_area(client, bearer, town) -> None:
    mine = bearer(ALL, (GRID_1,))
    made = client.post("/api/events/", json={"number": "E", "point": geojson_point(0)}, headers=mine)
    url = f"/api/events/{made.json['id']}"
    assert client.patch(url, json={"point": geojson_point(1)}, headers={**mine, "If-Match": '"1"'}).status_code == 403
    assert client.patch(url, json={"point": None}, headers={**mine, "If-Match": '"1"'}).status_code == 403
    assert client.patch(url, json={"area_code": GRID_2}, headers={**mine, "If-Match": '"1"'}).status_code == 422


def test_the_audit_log_only_grows(town, session) -> None:
    session.add(AuditEntry(actor="x", actor_kind="x", action="x", target="x"))
    session.flush()
    for statement in ("UPDATE audit_log SET actor = 'y'", "DELETE FROM audit_log", "TRUNCATE audit_log"):
        with pytest.raises(sa.exc.ProgrammingError), session.begin_nested():
            session.execute(sa.text(statement))


@pytest.mark.parametrize(
    "body",
    [
        {"number": "a\x00b"},
        {"number": "x" * 65},
        {"number": ""},
        {"number": None},
        {"number": 5},
        {"number": "E", "accuracy_m": "NaN"},
        {"number": "E", "status": "nonsense"},
        {"number": "E", "point": {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}},
        {"number": "E", "reported_at": "tomorrow"},
        {"number": "E", "id": 5},
        {"number": "E", "area_code": GRID_1},
    ],
)
def test_bad_rows_get_a_sentence(client, bearer, town, body: dict) -> None:
    answer = client.post("/api/events/", json=body, headers=bearer(ALL))
    assert answer.status_code == 422, answer.data
    assert any("\u4e00" <= letter <= "\u9fff" for letter in problem(answer)["detail"])


HOSTILE = {
    "surrogate": b'{"number": "\\ud800"}',
    "surrogate key": b'{"\\ud800": 1}',
    "surrogate code": b'{"number": "E", "status": "\\ud800"}',
    "deep": b"[" * 100_000,
    "deep object": b'{"a":' * 50_000,
    "long number": b'{"number": "E", "accuracy_m": ' + b"9" * 5000 + b"}",
    "odd year": b'{"number": "E", "reported_at": "0001-01-01T00:00:00+08:00"}',
    "far year": b'{"number": "E", "reported_at": "9999-12-31T23:59:59-08:00"}',
    "not utf-8": b'{"number": "\xff"}',
    "empty": b"",
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_bodies_get_a_sentence(client, bearer, town, kind: str) -> None:
    answer = client.post("/api/events/", data=HOSTILE[kind], content_type="application/json", headers=bearer(ALL))
    assert answer.status_code in (400, 422), (kind, answer.status_code, answer.data[:200])
    assert any("\u4e00" <= letter <= "\u9fff" for letter in problem(answer)["detail"])


def test_a_layout_without_its_parts_gets_a_sentence(client, bearer, town) -> None:
    unit = make_unit(make_building())
    for body in ({"highest": 1, "doors": 1, "merged": [{}]}, {"highest": 1, "doors": 1, "other_floors": [{}]}):
        assert client.post(f"/api/units/{unit.id}/layout", json=body, headers=bearer(ALL)).status_code == 422
