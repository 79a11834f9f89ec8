"""Every change of a home can be tried before: the service says what it would do, and nothing is done."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from gis_grid.audit import AuditEntry
from gis_grid.people.models import HomeChange, Household, Resident, Valuable
from gis_grid.sealed import fingerprint
from tests.conftest import problem
from tests.people.test_changes import ID, do, homes, make_household, make_person, members  # noqa: F401  the same family


@pytest.fixture
def other(homes, session) -> Household:  # noqa: F811
    """A household of one in the second room, of another grid."""
    made = make_household("H2", homes[0][1])
    make_person(made, "赵", "02", id_number=ID, id_number_hash=fingerprint(ID))
    return made


def rows(session) -> list:
    """All that could have been written, as it is."""
    session.expire_all()
    people = sa.select(Resident.id, Resident.household_id, Resident.relation, Resident.retired_at, Resident.version)
    homes_now = sa.select(Household.id, Household.room_id, Household.area_code, Household.retired_at, Household.version)
    changes = sa.select(HomeChange.id)
    return [session.execute(query.order_by(sa.text("1"))).all() for query in (people, homes_now, changes)]


def test_each_verb_tells_what_it_would_do_and_does_nothing(do, homes, other, session) -> None:  # noqa: F811
    rooms, household, (wang, li, child) = homes
    session.add(Valuable(resident_id=wang.id, kind="car", name="车", area_code=wang.area_code, placed_by="room"))
    session.flush()
    new_head = members((li, "02"), (child, "20"))
    home = f"households/{household.id}"
    verbs = {
        f"{home}/move": ({"room_id": rooms[1].id}, ["住户 H1：", "成员 3 人一起搬：王、李、王小"], ["还住着 1 户：H2", "将由"]),
        f"{home}/split": ({"members": members((li, "02"))}, ["新立住户 H1-2", "住户 H1（"], ["还住着 1 户：H1"]),
        f"{home}/head": ({"members": [*new_head, *members((wang, "11"))]}, ["李：与户主关系 妻 → 户主"], []),
        f"{home}/departure": ({}, ["住户 H1 注销", "王、李、王小 登记为"], ["名下还有 1 件大宗财产"]),
        f"{home}/birth": ({"child": {"name": "新", "birth_date": "2020-01-01", "relation": "20"}}, ["新登记 新（"], ["一年以前"]),
        f"{home}/arrival": (
            {"person": {"name": "赵", "relation": "20", "id_number": ID}},
            ["认作同一个人", "住户 H2 注销", "住户 H2（"],
            [],
        ),
        f"residents/{wang.id}/death": ({"members": new_head}, ["王 登记为死亡", "李：与户主关系"], ["名下还有 1 件大宗财产"]),
        f"rooms/{rooms[2].id}/tenants": (
            {"people": [{"name": "租", "relation": "02"}]},
            ["新立住户", "新登记 租（户主）", "房屋用途："],
            ["没有登记过租户"],
        ),
    }
    before = rows(session)
    for url, (body, lines, warnings) in verbs.items():
        tried = do(f"{url}?dry_run=true", body)
        assert tried.status_code == 200, (url, tried.text)
        for said, wanted in (("lines", lines), ("warnings", warnings)):
            text = "\n".join(tried.json[said])
            assert all(one in text for one in wanted), (url, said, text)
        assert tried.json["people"]
        assert rows(session) == before, url
    looked = session.scalars(sa.select(AuditEntry.action).where(AuditEntry.action.in_(("preview", "create", "retire")))).all()
    assert list(looked) == ["preview"] * len(verbs)


def test_what_would_be_refused_is_refused_and_an_undo_is_tried_too(do, homes, other, session) -> None:  # noqa: F811
    rooms, household, (wang, *_) = homes
    refused = do(f"residents/{wang.id}/departure?dry_run=true")
    assert problem(refused)["code"] == "head_leaves"
    stale = do(f"households/{household.id}/move?dry_run=true", {"room_id": rooms[1].id}, version=9)
    assert stale.status_code == 412
    do(f"households/{household.id}/move", {"room_id": rooms[2].id})
    moved = session.scalar(sa.select(HomeChange.id))
    tried = do(f"home-changes/{moved}/undo?dry_run=true")
    assert "住户 H1：" in tried.json["lines"][0]
    assert session.scalar(sa.select(HomeChange.undone_at)) is None


def test_a_newcomer_who_looks_known_is_asked_about(do, homes, other, session) -> None:  # noqa: F811
    wang = homes[2][0]
    wang.phone_hash = fingerprint("13512345678")
    session.flush()
    person = {"name": "王", "relation": "20", "phone": "135 1234 5678"}
    tried = do(f"households/{other.id}/arrival?dry_run=true", {"person": person}).json
    assert "王 可能已登记过（在册，H1" in tried["warnings"][0]
