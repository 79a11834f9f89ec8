"""What was done to a home by mistake is taken back, as long as nothing happened since."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from gis_grid.people.models import HomeChange, Household, Resident, Valuable
from gis_grid.sealed import fingerprint
from tests.conftest import problem
from tests.factories import GRID_1, GRID_2
from tests.people.test_changes import ID, do, homes, make_household, make_person  # noqa: F401  the same family


def state(session) -> dict[str, tuple]:
    """Everybody: household number, relation, alive, area."""
    session.expire_all()
    query = sa.select(Resident.name, Household.number, Resident.relation, Resident.retired_at.is_(None), Resident.area_code)
    return {name: tuple(rest) for name, *rest in session.execute(query.join(Household))}


def last(session) -> HomeChange:
    return session.scalars(sa.select(HomeChange).order_by(HomeChange.id.desc()).limit(1)).one()


@pytest.mark.parametrize("verb", ["split", "move", "head", "death", "departure", "all_leave"])
def test_it_is_as_before(do, homes, session, verb: str) -> None:  # noqa: F811
    rooms, household, (wang, li, child) = homes
    before = state(session)
    new_head = [{"resident_id": li.id, "relation": "02"}, {"resident_id": child.id, "relation": "20"}]
    urls = {
        "split": (f"households/{household.id}/split", {"members": new_head[:1], "room_id": rooms[1].id}),
        "move": (f"households/{household.id}/move", {"room_id": rooms[1].id}),
        "head": (f"households/{household.id}/head", {"members": [*new_head, {"resident_id": wang.id, "relation": "11"}]}),
        "death": (f"residents/{wang.id}/death", {"members": new_head}),
        "departure": (f"residents/{child.id}/departure", {}),
        "all_leave": (f"households/{household.id}/departure", {}),
    }
    done = do(*urls[verb])
    assert done.status_code in (200, 201), done.text
    assert state(session) != before
    change = last(session)
    assert do(f"households/{household.id}/history").status_code == 405
    undone = do(f"home-changes/{change.id}/undo")
    assert undone.status_code == 200, undone.text
    assert undone.json["may_be_undone"] is False
    assert state(session) == before
    session.expire_all()
    assert household.retired_at is None
    assert household.room_id == rooms[0].id
    assert session.scalar(sa.select(sa.func.count()).where(Household.retired_at.is_(None)).select_from(Household)) == 1
    assert problem(do(f"home-changes/{change.id}/undo"))["code"] == "already_undone"


def test_a_join_is_undone_and_the_other_household_is_there_again(do, homes, session) -> None:  # noqa: F811
    _, household, (_, li, _) = homes
    new = do(f"households/{household.id}/split", {"members": [{"resident_id": li.id, "relation": "02"}]}).json
    before = state(session)
    body = {"other_id": new["id"], "members": [{"resident_id": li.id, "relation": "12"}]}
    assert do(f"households/{household.id}/join", body, version=household.version).status_code == 200
    assert do(f"home-changes/{last(session).id}/undo").status_code == 200
    assert state(session) == before


def test_what_happened_since_must_be_undone_first(do, homes, session) -> None:  # noqa: F811
    rooms, household, _ = homes
    do(f"households/{household.id}/move", {"room_id": rooms[1].id})
    first = last(session)
    do(f"households/{household.id}/move", {"room_id": rooms[2].id}, version=household.version)
    refused = do(f"home-changes/{first.id}/undo")
    assert problem(refused)["code"] == "changed_since"
    assert "搬家" in problem(refused)["detail"]
    assert do(f"home-changes/{last(session).id}/undo").status_code == 200
    assert do(f"home-changes/{first.id}/undo").status_code == 200


def test_another_area_cannot_undo(do, homes, session) -> None:  # noqa: F811
    rooms, household, _ = homes
    do(f"households/{household.id}/move", {"room_id": rooms[1].id})  # from the first grid into the second
    change = last(session)
    assert do(f"home-changes/{change.id}/undo", scopes=(GRID_1,)).status_code == 404
    assert do(f"home-changes/{change.id}/undo", scopes=(GRID_2,)).status_code == 403  # it would go back into another's room
    assert do(f"home-changes/{change.id}/undo", scopes=(GRID_1, GRID_2)).status_code == 200


def everything(session) -> dict[str, tuple]:
    """Everybody in use, by name, with all a mistake could have overwritten; and the households in use."""
    session.expire_all()
    people = session.scalars(sa.select(Resident).where(Resident.retired_at.is_(None)).order_by(Resident.id))
    told = {one.name: (one.household_id, one.relation, one.phone, one.area_code, one.phone_hash) for one in people}
    numbers = session.scalars(sa.select(Household.number).where(Household.retired_at.is_(None)).order_by(Household.id))
    return {**told, "homes": tuple(numbers)}


def test_a_birth_is_taken_back_and_the_number_is_free(do, homes, session) -> None:  # noqa: F811
    _, household, _ = homes
    before = everything(session)
    child = {"name": "新生", "birth_date": "2026-01-01", "relation": "20"}
    assert do(f"households/{household.id}/birth", {"child": child}).status_code == 201
    born = last(session)
    assert do(f"home-changes/{born.id}/undo").status_code == 200
    assert everything(session) == before


def test_an_arrival_is_taken_back_and_the_left_home_is_there_again(do, homes, session) -> None:  # noqa: F811
    rooms, household, (wang, *_) = homes
    theirs = make_household("H2", rooms[1])
    zhao = make_person(theirs, "赵", "02", id_number=ID, id_number_hash=fingerprint(ID), phone="13500000001")
    thing = Valuable(resident_id=zhao.id, kind="car", name="车", area_code=zhao.area_code, placed_by="room")
    session.add(thing)
    session.flush()
    before = everything(session)
    person = {"name": "赵", "relation": "20", "id_number": ID, "phone": "13900000009"}
    assert do(f"households/{household.id}/arrival", {"person": person}).status_code == 200
    assert everything(session)["赵"][:3] == (household.id, "20", "13900000009")
    assert thing.area_code == household.area_code
    assert theirs.retired_at is not None
    arrived = last(session)
    assert "13500000001" not in str(arrived.detail)  # what he was is sealed
    assert do(f"home-changes/{arrived.id}/undo", scopes=(GRID_1,)).status_code in (403, 404)  # back into another's room
    assert do(f"home-changes/{arrived.id}/undo").status_code == 200
    now = everything(session)
    assert now["赵"][:4] == before["赵"][:4]
    assert now["homes"] == before["homes"]
    assert thing.area_code == theirs.area_code
    assert wang.relation == "02"


def test_new_tenants_are_taken_back_and_the_old_live_there_again(do, homes, session) -> None:  # noqa: F811
    rooms, _, _ = homes
    rooms[2].use = "01"
    tenants = make_household("T1", rooms[2], kind="02")
    make_person(tenants, "租一", "02")
    make_person(tenants, "租二", "12")
    before = everything(session)
    body = {"people": [{"name": "新租", "relation": "02"}, {"name": "新租妻", "relation": "12"}]}
    assert do(f"rooms/{rooms[2].id}/tenants", body).status_code == 201
    assert "租一" not in everything(session)
    changed = last(session)
    assert changed.kind == "tenants"
    left = session.scalar(sa.select(HomeChange.id).where(HomeChange.kind == "moved_out"))
    assert problem(do(f"home-changes/{left}/undo"))["code"] == "changed_since"  # a part is not taken back alone
    assert do(f"home-changes/{changed.id}/undo").status_code == 200
    assert everything(session) == before
    assert rooms[2].use == "01"
    assert problem(do(f"home-changes/{left}/undo"))["code"] == "already_undone"
