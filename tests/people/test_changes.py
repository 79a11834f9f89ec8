"""What happens to homes: one verb each, with history; refused with the reason, and nothing half written."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from gis_grid.people.models import HomeChange, Household, Resident, Valuable
from tests.conftest import problem
from tests.factories import GRID_1, GRID_2, make_home, make_town

RIGHTS = ["people.read", "people.write"]
ID = "50010319000101001X"
TOMORROW = (date.today() + timedelta(days=2)).isoformat()  # Beijing is ahead of UTC


@pytest.fixture
def homes(session):
    """Three rooms in a row of grids; 王 (head), his wife and son live in the first."""
    make_town()
    rooms = [make_home(column, f"B{column}") for column in range(3)]
    household = make_household("H1", rooms[0])
    people = [make_person(household, name, relation) for name, relation in (("王", "02"), ("李", "12"), ("王小", "20"))]
    return rooms, household, people


def make_household(number, room, **given) -> Household:
    from gis_grid.db import session

    made = Household(number=number, room_id=room.id, area_code=room.area_code, placed_by="room", **given)
    session().add(made)
    session().flush()
    return made


def make_person(household, name, relation=None, **given) -> Resident:
    from gis_grid.db import session

    made = Resident(
        name=name, relation=relation, household_id=household.id, area_code=household.area_code, placed_by="room", **given
    )
    session().add(made)
    session().flush()
    return made


@pytest.fixture
def do(client, bearer, session):
    """do(url, body, version, scope): POST with everything needed."""

    def send(url: str, body: dict | None = None, version: int = 1, scopes: tuple[str, ...] = ("",)):
        headers = {**bearer(RIGHTS, scopes), "If-Match": f'"{version}"'}
        answer = client.post(f"/api/{url}", json=body or {}, headers=headers)
        session.expire_all()
        return answer

    return send


def members(*pairs) -> list[dict]:
    return [{"resident_id": one.id, "relation": relation} for one, relation in pairs]


def kinds(session) -> list[str]:
    return list(session.scalars(sa.select(HomeChange.kind).order_by(HomeChange.id)))


def test_moving_house_takes_people_and_what_they_own_and_is_kept(do, homes, session, client, bearer) -> None:
    rooms, household, people = homes
    car = Valuable(resident_id=people[0].id, kind="car", name="轿车", area_code=GRID_1, placed_by="room")
    session.add(car)
    session.flush()
    answer = do(f"households/{household.id}/move", {"room_id": rooms[1].id, "on": "2026-01-05", "reason": "换大房"})
    assert (answer.status_code, answer.json["area_code"]) == (200, GRID_2)
    assert {row.area_code for row in (*people, car)} == {GRID_2}
    told = client.get(f"/api/residents/{people[2].id}/history", headers=bearer(RIGHTS)).json["items"]
    assert [(one["kind"], one["on_day"], one["room_ids"]) for one in told] == [
        ("moved", "2026-01-05", [rooms[0].id, rooms[1].id])
    ]


def test_a_move_to_a_room_in_anothers_area_is_refused(do, homes, session) -> None:
    rooms, household, _people = homes
    answer = do(f"households/{household.id}/move", {"room_id": rooms[1].id}, scopes=(GRID_1,))
    assert (answer.status_code, problem(answer)["code"]) == (403, "other_area")
    assert (session.get(Household, household.id).room_id, kinds(session)) == (rooms[0].id, [])


def test_a_stale_move_is_told_what_changed_and_by_whom(do, homes, client, bearer) -> None:
    rooms, household, _ = homes
    headers = {**bearer(RIGHTS), "If-Match": '"1"'}
    assert client.patch(f"/api/households/{household.id}", json={"remark": "常不在家"}, headers=headers).status_code == 200
    told = problem(do(f"households/{household.id}/move", {"room_id": rooms[1].id}))
    assert (told["status"], told["version"]) == (412, 2)
    assert [(one["by"][:2], one["after"]["remark"]) for one in told["changes"]] == [("令牌", "常不在家")]
    assert told["changes"][0]["fields"] == [{"field": "remark", "label": "备注", "before": None, "after": "常不在家"}]
    assert "改了备注" in told["detail"]


def test_a_stale_correction_names_field_old_new_who_and_when(client, bearer, homes) -> None:
    _, _, (_, li, _) = homes
    headers = {**bearer(RIGHTS), "If-Match": '"1"'}
    change = {"relation": "10", "id_number": ID, "phone": "13800000001"}
    assert client.patch(f"/api/residents/{li.id}", json=change, headers=headers).status_code == 200
    late = problem(client.patch(f"/api/residents/{li.id}", json={"remark": "x"}, headers=headers))
    (told,) = late["changes"]
    fields = {one["label"]: (one["before"], one["after"]) for one in told["fields"]}
    assert fields["与户主关系"] == ("妻", "配偶")
    assert told["at"].startswith("20")
    assert told["by"].startswith("令牌")
    assert "13800000001" not in str(late)
    assert ID not in str(late)


def test_who_split_a_household_is_told_to_whoever_has_it_still_open(do, homes) -> None:
    _, household, (_, li, _) = homes
    do(f"households/{household.id}/split", {"members": [{"resident_id": li.id, "relation": "02"}]})
    late = problem(do(f"households/{household.id}/departure", version=1))
    assert [(one["action"], one["by"][:2]) for one in late["changes"]] == [("split", "令牌")]


def test_splitting_makes_a_household_with_its_own_head(do, homes, session) -> None:
    rooms, household, people = homes
    body = {"members": members((people[2], "02")), "room_id": rooms[1].id, "number": "H1b"}
    made = do(f"households/{household.id}/split", body)
    assert (made.status_code, made.json["number"], made.json["area_code"]) == (201, "H1b", GRID_2)
    assert (people[2].household_id, people[2].relation, people[2].area_code) == (made.json["id"], "02", GRID_2)
    assert kinds(session) == ["split"]


@pytest.mark.parametrize(
    ("who", "code"),
    [
        ([(2, "20")], "no_head"),
        ([(0, "02")], "no_head"),
        ([(0, "02"), (1, "12"), (2, "20")], "nobody_left"),
        ([(9, "02")], "not_a_member"),
    ],
)
def test_splits_that_are_refused(do, homes, session, who, code) -> None:
    _, household, people = homes
    told = [{"resident_id": people[i].id if i < 3 else 999_999, "relation": relation} for i, relation in who]
    assert problem(do(f"households/{household.id}/split", {"members": told}))["code"] == code
    assert (kinds(session), session.scalar(sa.select(sa.func.count(Household.id)))) == ([], 1)


def test_joining_closes_the_other_household(do, homes, session) -> None:
    rooms, household, _ = homes
    other = make_household("H2", rooms[2])
    old = make_person(other, "王父", "02")
    told = problem(do(f"households/{household.id}/join", {"other_id": other.id, "members": members((old, "02"))}))
    assert told["code"] == "two_heads"
    answer = do(f"households/{household.id}/join", {"other_id": other.id, "members": members((old, "51"))})
    assert answer.status_code == 200, answer.text
    assert (old.household_id, old.relation, old.area_code) == (household.id, "51", GRID_1)
    assert session.get(Household, other.id).retired_at


def test_a_new_head_needs_everybodys_relation(do, homes) -> None:
    _, household, people = homes
    url = f"households/{household.id}/head"
    assert problem(do(url, {"members": members((people[1], "02"))}))["code"] == "members_missing"
    two = members((people[0], "02"), (people[1], "02"), (people[2], "20"))
    assert problem(do(url, {"members": two}))["code"] == "two_heads"
    answer = do(url, {"members": members((people[0], "11"), (people[1], "02"), (people[2], "20"))})
    assert answer.status_code == 200, answer.text
    assert [one.relation for one in people] == ["11", "02", "20"]


def test_two_heads_in_one_household_are_refused(do, homes, client, bearer) -> None:
    _, household, people = homes
    body = {"name": "另一户主", "household_id": household.id, "relation": "02"}
    assert problem(client.post("/api/residents/", json=body, headers=bearer(RIGHTS)))["code"] == "two_heads"
    headers = {**bearer(RIGHTS), "If-Match": '"1"'}
    answer = client.patch(f"/api/residents/{people[1].id}", json={"relation": "02"}, headers=headers)
    assert "王" in problem(answer)["detail"]


def test_births_and_impossible_birth_dates(do, homes, session, client, bearer) -> None:
    _, household, _ = homes
    url = f"households/{household.id}/birth"
    born = do(url, {"child": {"name": "王宝", "birth_date": "2026-01-02", "relation": "20", "sex": "2"}})
    assert (born.status_code, born.json["area_code"]) == (201, GRID_1)
    assert problem(do(url, {"child": {"name": "王宝", "birth_date": TOMORROW}}))["code"] == "bad_birth_date"
    for day in (TOMORROW, "1860-01-01", "2023-02-29"):
        body = {"name": "某", "household_id": household.id, "birth_date": day}
        assert client.post("/api/residents/", json=body, headers=bearer(RIGHTS)).status_code == 422
    assert session.scalar(sa.select(sa.func.count(Resident.id))) == 4


def test_when_the_head_dies_somebody_else_must_be_named(do, homes, session) -> None:
    _, _household, people = homes
    url = f"residents/{people[0].id}/death"
    assert problem(do(url, {"on": "2026-01-01"}))["code"] == "head_leaves"
    assert problem(do(url, {"on": TOMORROW}))["code"] == "bad_date"
    answer = do(url, {"on": "2026-01-01", "members": members((people[1], "02"), (people[2], "20"))})
    assert (answer.status_code, answer.json["left_why"], answer.json["left_on"]) == (200, "died", "2026-01-01")
    assert (people[1].relation, kinds(session)) == ("02", ["died"])


def test_the_last_one_to_leave_closes_the_household(do, homes, session) -> None:
    _, household, people = homes
    answer = do(f"households/{household.id}/departure", {"reason": "去外地"})
    assert answer.json["retired_at"]
    assert [one.left_why for one in people] == ["moved_out"] * 3


def test_a_person_is_one_person_across_moves(do, homes, session, client, bearer) -> None:
    from gis_grid.sealed import fingerprint

    rooms, household, people = homes
    other = make_household("H2", rooms[1])
    person = {"name": "王小", "id_number": ID, "relation": "02"}
    people[2].id_number, people[2].id_number_hash = ID, fingerprint(ID)
    session.flush()
    far = do(f"households/{other.id}/arrival", {"person": person}, scopes=(GRID_2,))
    assert (far.status_code, problem(far)["code"]) == (403, "registered_elsewhere")
    assert problem(do(f"households/{other.id}/arrival", {"person": {**person, "name": "别人"}}))["code"] == "id_name_differs"
    came = do(f"households/{other.id}/arrival", {"person": person, "reason": "结婚"})
    assert (came.status_code, came.json["id"], came.json["area_code"]) == (200, people[2].id, GRID_2)
    version = came.json["version"]
    assert do(f"residents/{people[2].id}/departure", {}, version).status_code == 200
    back = do(f"households/{household.id}/arrival", {"person": {**person, "relation": "20"}})
    assert (back.json["id"], back.json["retired_at"], back.json["left_why"]) == (people[2].id, None, None)


def test_tenants_change_and_the_owner_stays(do, homes, session) -> None:
    rooms, owner, _ = homes
    tenants = make_household("T1", rooms[0], kind="02")
    old = make_person(tenants, "租客", "02")
    newcomers = [{"name": "新租客", "relation": "02"}, {"name": "室友", "relation": "98"}]
    made = do(f"rooms/{rooms[0].id}/tenants", {"people": newcomers})
    assert (made.status_code, made.json["number"], made.json["kind"]) == (201, "T1-2", "02")
    assert (old.left_why, session.get(Household, owner.id).retired_at) == ("moved_out", None)
    assert problem(do(f"rooms/{rooms[0].id}/tenants", {"people": [{"name": "无户主"}]}))["code"] == "no_head"
    assert do(f"rooms/{rooms[0].id}/tenants", {"people": newcomers}, scopes=(GRID_2,)).status_code == 403


def test_likely_duplicates_are_proposed_merged_and_the_merge_is_undone(do, homes, session, client, bearer) -> None:
    from gis_grid.sealed import fingerprint

    rooms, _household, people = homes
    other = make_household("H2", rooms[1])
    people[2].birth_date = date(2000, 1, 1)
    twin = make_person(other, "王小", "02", birth_date=date(2000, 1, 1), id_number=ID, id_number_hash=fingerprint(ID))
    twin.classes = ["floating"]
    car = Valuable(resident_id=twin.id, kind="car", name="轿车", area_code=GRID_2, placed_by="room")
    session.add(car)
    session.flush()
    pairs = client.get("/api/residents/duplicates", headers=bearer(RIGHTS)).json["items"]
    assert [(one["one"], one["other"], one["why"]) for one in pairs] == [(people[2].id, twin.id, "姓名、出生日期相同")]
    assert [(side["number"], side["id_number"], side["relation"]) for side in pairs[0]["sides"]] == [
        ("H1", None, "子"),
        ("H2", "500103************", "户主"),
    ]
    assert client.get("/api/residents/duplicates", headers=bearer(RIGHTS, (GRID_2,))).json["items"] == []
    told = do(f"residents/{people[2].id}/merge?dry_run=true", {"other_id": twin.id}, people[2].version).json
    assert "王小（H2，" in told["lines"][1] and "的登记并入 王小" in told["lines"][1] and twin.retired_at is None
    assert told["lines"][0] == "住户 H2 注销"  # nobody would live there
    kept = do(f"residents/{people[2].id}/merge", {"other_id": twin.id}, people[2].version)
    assert session.get(Household, other.id).retired_at is not None
    assert [one["kind"] for one in client.get(f"/api/households/{other.id}/home", headers=bearer(RIGHTS)).json["changes"]] == [
        "merged"
    ]
    assert (kept.status_code, kept.json["id_number"], kept.json["classes"]) == (200, "500103************", ["floating"])
    assert (twin.left_why, twin.merged_into, car.resident_id) == ("merged", people[2].id, people[2].id)
    change = session.scalars(sa.select(HomeChange).where(HomeChange.kind == "merged")).one()
    undone = do(f"home-changes/{change.id}/undo")
    assert undone.status_code == 200, undone.text
    assert session.get(Household, other.id).retired_at is None
    assert (twin.retired_at, twin.area_code, car.resident_id) == (None, GRID_2, twin.id)
    assert (people[2].id_number, people[2].classes) == (None, [])
    assert twin.id_number == ID
    assert problem(do(f"home-changes/{change.id}/undo"))["code"] == "already_undone"


def test_an_opened_household_shows_room_people_and_history_in_ones_own_area(homes, client, bearer) -> None:
    rooms, household, _people = homes
    shown = client.get(f"/api/households/{household.id}/home", headers=bearer(RIGHTS)).json
    assert (shown["room"]["id"], [one["name"] for one in shown["people"]]) == (rooms[0].id, ["王", "李", "王小"])
    assert shown["people"][0]["freshness"] == "never"
    assert client.get(f"/api/households/{household.id}/home", headers=bearer(RIGHTS, (GRID_2,))).status_code == 404
