"""Asking registers: every kind of condition, paging, scope, masks, and what people keep and share."""

from __future__ import annotations

from datetime import date

import pytest
import sqlalchemy as sa

from gis_grid.audit import AuditEntry
from gis_grid.people.models import Household, Resident
from gis_grid.sealed import fingerprint
from tests.conftest import problem
from tests.factories import GRID_1, GRID_2, STREET, make_building, make_home, make_town, middle

ID = "50010319000101001X"
RIGHTS = ["people.read", "buildings.read", "areas.read"]


@pytest.fixture
def people(session) -> None:
    """Three in the first grid, one in the second."""
    make_town()
    for column, code in ((0, "B1"), (1, "B2")):
        room = make_home(column, code)
        session.add(Household(id=column + 1, number=code, room_id=room.id, area_code=room.area_code, placed_by="room"))
    session.flush()
    rows = (
        ("王小明", 1, "1", date(1950, 6, 1), ["veteran"], GRID_1),
        ("王晓梅", 1, "2", date(1990, 1, 1), [], GRID_1),
        ("曾建国", 1, "1", None, ["veteran", "floating"], GRID_1),
        ("李四", 2, "1", date(2015, 1, 1), [], GRID_2),
    )
    for name, household, sex, born, classes, area in rows:
        session.add(
            Resident(
                name=name, household_id=household, sex=sex, birth_date=born, classes=classes, area_code=area, placed_by="room"
            )
        )
    session.flush()
    wang = session.scalars(sa.select(Resident).where(Resident.name == "王小明")).one()
    wang.id_number, wang.id_number_hash = ID, fingerprint(ID)
    wang.phone, wang.phone_hash = "13800000001", fingerprint("13800000001")
    session.flush()


@pytest.fixture
def ask(client, bearer, people):
    """ask(where, **more): the names found, in order."""

    def names(where=None, scopes=("",), register="residents", **more):
        answer = client.post(f"/api/queries/ask/{register}", json={"where": where, **more}, headers=bearer(RIGHTS, scopes))
        assert answer.status_code == 200, answer.data
        return [row.get("name") for row in answer.json["items"]]

    return names


def is_(field: str, op: str, value=None) -> dict:
    return {"field": field, "op": op} | ({} if value is None else {"value": value})


BOX = {"type": "Polygon", "coordinates": [[[106.5, 29.5], [106.501, 29.5], [106.501, 29.501], [106.5, 29.501], [106.5, 29.5]]]}
NEAR = {"near": {"lon": middle(1)[0], "lat": middle(1)[1], "metres": 30}}


@pytest.mark.parametrize(
    ("where", "found"),
    [
        (None, ["王小明", "王晓梅", "曾建国", "李四"]),
        (is_("sex", "eq", "2"), ["王晓梅"]),
        (is_("sex", "ne", "1"), ["王晓梅"]),
        (is_("name", "starts", "王"), ["王小明", "王晓梅"]),
        (is_("name", "contains", "建"), ["曾建国"]),
        (is_("name", "starts", "%"), []),
        (is_("name", "in", ["李四", "张三"]), ["李四"]),
        (is_("initials", "starts", "WX"), ["王小明", "王晓梅"]),
        (is_("initials", "starts", "zjg"), ["曾建国"]),
        (is_("birth_date", "between", ["1950-01-01", "1999-12-31"]), ["王小明", "王晓梅"]),
        (is_("birth_date", "empty"), ["曾建国"]),
        (is_("age", "ge", 60), ["王小明"]),
        (is_("age", "lt", 18), ["李四"]),
        (is_("age", "between", [18, 59]), ["王晓梅"]),
        (is_("classes", "in", ["veteran"]), ["王小明", "曾建国"]),
        (is_("classes", "all", ["veteran", "floating"]), ["曾建国"]),
        (is_("classes", "empty"), ["王晓梅", "李四"]),
        (is_("id_number", "eq", ID.lower()), ["王小明"]),
        (is_("phone", "eq", "138 0000 0001"), ["王小明"]),
        (is_("phone", "empty"), ["王晓梅", "曾建国", "李四"]),
        (is_("updated_at", "within_days", 1), ["王小明", "王晓梅", "曾建国", "李四"]),
        (is_("updated_at", "older_days", 1), []),
        ({"not": is_("birth_date", "lt", "1960-01-01")}, ["王晓梅", "曾建国", "李四"]),
        ({"any": [is_("sex", "eq", "2"), is_("name", "eq", "李四")]}, ["王晓梅", "李四"]),
        ({"all": [is_("sex", "eq", "1"), {"not": {"any": [is_("name", "starts", "王")]}}]}, ["曾建国", "李四"]),
        ({"area": GRID_2}, ["李四"]),
        ({"area": STREET}, ["王小明", "王晓梅", "曾建国", "李四"]),
        ({"inside": BOX}, ["王小明", "王晓梅", "曾建国"]),
        (NEAR, ["李四"]),
        ({"not": NEAR}, ["王小明", "王晓梅", "曾建国"]),
        ({"any": [NEAR, is_("sex", "eq", "2")]}, ["王晓梅", "李四"]),
    ],
)
def test_every_kind_of_condition(ask, where, found: list[str]) -> None:
    assert ask(where) == found


@pytest.fixture(params=[(2_000, 20_000), (-1, 1), (-1, 2)])
def way(people, session, monkeypatch, request) -> None:
    """The ways to a page: rows found first and sorted, or looked for on a few steps along an index."""
    for name, value in zip(("HANDFUL", "WALKED"), request.param, strict=True):
        monkeypatch.setattr(f"gis_grid.query.actions.{name}", value)
    session.execute(sa.text("UPDATE residents SET updated_at = '2026-01-01'"))


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("birth_date", ["王小明", "王晓梅", "李四", "曾建国"]),
        ("-birth_date", ["李四", "王晓梅", "王小明", "曾建国"]),
        ("-updated_at", ["李四", "曾建国", "王晓梅", "王小明"]),
        ("sex", ["王小明", "曾建国", "李四", "王晓梅"]),
    ],
)
def test_pages_follow_each_other_and_the_total_is_told(client, bearer, people, way, sort: str, order: list[str]) -> None:
    headers, after, seen = bearer(RIGHTS), None, []
    for _ in range(4):
        body = {"limit": 1, "sort": sort, "total": True} | ({"after": after} if after else {})
        page = client.post("/api/queries/ask/residents", json=body, headers=headers).json
        assert page["total"] == 4
        seen += [row["name"] for row in page["items"]]
        after = page["next"]
    assert seen == order
    assert after is None


def test_nobody_sees_beyond_his_area_nor_a_whole_number(ask, client, bearer, people) -> None:
    assert ask(None, scopes=(GRID_2,)) == ["李四"]
    assert ask(is_("id_number", "eq", ID), scopes=(GRID_2,)) == []
    row = client.post("/api/queries/ask/residents", json={"where": is_("name", "eq", "王小明")}, headers=bearer(RIGHTS)).json[
        "items"
    ][0]
    assert row["id_number"] == "500103************"
    assert "id_number_hash" not in row


def test_columns_are_chosen_and_unknown_ones_refused(client, bearer, people) -> None:
    headers = bearer(RIGHTS)
    answer = client.post("/api/queries/ask/residents", json={"columns": ["name", "sex"]}, headers=headers)
    assert set(answer.json["items"][0]) == {"id", "name", "sex"}
    answer = client.post("/api/queries/ask/residents", json={"columns": ["id_number_hash"]}, headers=headers)
    assert problem(answer)["code"] == "no_column"


def test_questions_about_people_are_noted_without_the_values(ask, session) -> None:
    ask({"all": [is_("name", "starts", "王小"), is_("id_number", "eq", ID)]})
    entry = session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "query")).one()
    assert entry.after == {"fields": ["id_number", "name"], "shown": 1}


@pytest.mark.parametrize("register", ["areas", "staff", "estates", "buildings", "units", "rooms", "households"])
def test_every_register_answers_within_a_polygon_or_says_it_has_no_place(client, bearer, people, register: str) -> None:
    headers = bearer(RIGHTS)
    assert client.post(f"/api/queries/ask/{register}", json={}, headers=headers).status_code == 200
    answer = client.post(f"/api/queries/ask/{register}", json={"where": {"inside": BOX}}, headers=headers)
    if register in ("areas", "staff"):
        assert problem(answer)["code"] == "bad_query"
    else:
        assert len(answer.json["items"]) == (0 if register == "estates" else 1)
    assert client.post(f"/api/queries/ask/{register}", json={"where": {"near": NEAR["near"]}}, headers=headers).status_code in (
        200,
        400,
    )


@pytest.mark.parametrize(
    ("where", "status"),
    [
        (is_("initials", "starts", "王"), 400),
        (is_("age", "ge", 200), 400),
        ({"inside": {"type": "Point", "coordinates": [1, 2]}}, 400),
        ({"inside": {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [0, 1], [1, 0], [0, 0]]]}}, 400),
        ({"inside": 5}, 400),
        (is_("id", "eq", 2**62), 200),
        (is_("id", "eq", 1.5), 200),
    ],
)
def test_odd_questions_are_answered_or_refused(client, bearer, people, where, status: int) -> None:
    assert client.post("/api/queries/ask/residents", json={"where": where}, headers=bearer(RIGHTS)).status_code == status


def test_a_register_needs_its_right(client, bearer, people) -> None:
    headers = bearer(["buildings.read"])
    assert problem(client.post("/api/queries/ask/residents", json={}, headers=headers))["right"] == "people.read"
    assert {row["name"] for row in client.get("/api/queries/registers", headers=headers).json["items"]} == {
        "estates",
        "buildings",
        "units",
        "rooms",
    }
    assert client.post("/api/queries/ask/nonsense", json={}, headers=headers).status_code == 404


def test_queries_are_kept_shared_with_an_area_and_changed_only_by_their_owner(client, bearer, people, session) -> None:
    from gis_grid.access.actions import create_token

    def token(name: str, scope: str) -> dict[str, str]:
        _, made = create_token(name, RIGHTS, [scope], 1)
        session.commit()
        return {"Authorization": f"Bearer {made}"}

    mine, worker, other = token("甲", STREET), token("乙", GRID_1), token("丙", "620105")
    body = {"register": "residents", "name": "老人", "definition": {"where": is_("age", "ge", 60), "columns": ["name"]}}
    made = client.post("/api/queries/saved", json=body, headers=mine)
    assert made.status_code == 201
    one = f"/api/queries/saved/{made.json['id']}"
    assert client.get(one, headers=worker).status_code == 404
    assert client.patch(one, json={"area_code": STREET}, headers=mine).json["area_code"] == STREET
    assert client.get(one, headers=worker).json["mine"] is False
    assert [row["name"] for row in client.get("/api/queries/saved", headers=worker).json["items"]] == ["老人"]
    assert client.get("/api/queries/saved", headers=other).json["items"] == []
    assert problem(client.patch(one, json={"name": "x"}, headers=worker))["code"] == "not_yours"
    assert problem(client.patch(one, json={"area_code": "5"}, headers=mine))["code"] == "other_area"
    bad = client.post("/api/queries/saved", json={**body, "definition": {"where": is_("no", "eq", 1)}}, headers=mine)
    assert problem(bad)["code"] == "bad_query"
    assert client.delete(one, headers=mine).status_code == 204
    assert client.get(one, headers=mine).status_code == 404


def test_a_building_is_asked_by_its_own_point(client, bearer, session) -> None:
    make_town()
    make_building(0, "A", name="一")
    make_building(2, "B", name="二")
    answer = client.post("/api/queries/ask/buildings", json={"where": {"inside": BOX}}, headers=bearer(RIGHTS))
    assert [row["name"] for row in answer.json["items"]] == ["一"]
