"""Nobody sees or touches another area's people: diagrams, searches, homes, tags, property, pins, history, photos, counts."""

from __future__ import annotations

import pytest

from gis_grid.people.models import HomeChange, Household, Resident, ResidentTag, Valuable
from gis_grid.premises import Premises, PremisesStaff
from gis_grid.sealed import fingerprint
from tests.conftest import problem
from tests.factories import GRID_1, GRID_2, make_home, make_town

ID = "50010319000101001X"
READ = ["areas.read", "people.read", "buildings.read", "premises.read"]
WRITE = ["people.write", "buildings.write", "premises.write", "people.unmask", "imports.run"]


@pytest.fixture
def theirs(session) -> dict[str, int]:
    """One of everything, all in the second grid."""
    make_town()
    make_home(0, "B1")
    room = make_home(1, "B2")
    here = {"area_code": GRID_2, "placed_by": "room"}
    household = Household(number="H2", room_id=room.id, **here)
    session.add(household)
    session.flush()
    person = Resident(name="诸葛明月", household_id=household.id, relation="02", classes=["floating"], **here)
    person.id_number, person.id_number_hash = ID, fingerprint(ID)
    shop = Premises(code="P2", name="隔壁药店", room_id=room.id, **here)
    session.add_all([person, shop])
    session.flush()
    tag = ResidentTag(resident_id=person.id, code="floating", made_by="x")
    owned = Valuable(resident_id=person.id, kind="car", name="轿车", **here)
    worker = PremisesStaff(premises_id=shop.id, name="店员", **here)
    moved = HomeChange(
        kind="moved",
        on_day="2026-01-01",
        household_ids=[household.id],
        resident_ids=[person.id],
        room_ids=[],
        made_by="x",
        area_code=GRID_2,
    )
    session.add_all([tag, owned, worker, moved])
    session.flush()
    rows = {"household": household, "person": person, "shop": shop, "tag": tag, "owned": owned, "worker": worker, "moved": moved}
    return {name: row.id for name, row in rows.items()} | {"room": room.id, "building": room.building_id}


LOOKS = (
    "/api/buildings/{building}/house-status",
    "/api/buildings/{building}/house-status?q=诸葛",
    "/api/buildings/{building}/house-status?head=诸葛明月",
    "/api/buildings/{building}/house-status.svg",
    "/api/buildings/{building}/house-status.txt",
    "/api/households/{household}",
    "/api/households/{household}/home",
    "/api/households/{household}/history",
    "/api/residents/{person}",
    "/api/residents/{person}/tags",
    "/api/residents/{person}/history",
    "/api/valuables/{owned}",
    "/api/premises/{shop}",
    "/api/premises_staff/{worker}",
    "/api/pins/households/{household}",
    "/api/pins/premises/{shop}",
    "/api/pins/buildings/{building}",
    "/api/photos/residents/{person}",
)


@pytest.mark.parametrize("url", LOOKS)
def test_what_lies_in_another_area_is_not_found(client, bearer, theirs, url: str) -> None:
    address = url.format(**theirs)
    assert client.get(address, headers=bearer([*READ, *WRITE], (GRID_2,))).status_code == 200, address
    answer = client.get(address, headers=bearer([*READ, *WRITE], (GRID_1,)))
    assert answer.status_code == 404
    assert "诸葛" not in answer.text


DEEDS = (
    ("post", "/api/residents/{person}/unmask", {"purpose": "核对信息"}),
    ("post", "/api/residents/{person}/tags", {"code": "veteran"}),
    ("post", "/api/residents/{person}/tags/{tag}/end", {}),
    ("post", "/api/residents/{person}/death", {}),
    ("post", "/api/households/{household}/departure", {}),
    ("post", "/api/households/{household}/birth", {"child": {"name": "新", "birth_date": "2026-01-01"}}),
    ("post", "/api/households/{household}/arrival", {"person": {"name": "王"}}),
    ("post", "/api/home-changes/{moved}/undo", {}),
    ("patch", "/api/valuables/{owned}", {"name": "改"}),
    ("delete", "/api/premises_staff/{worker}", None),
    ("put", "/api/pins/households/{household}", {"lon": 106.5, "lat": 29.5}),
    ("put", "/api/pins/premises/{shop}/lock", {"locked": True}),
)


@pytest.mark.parametrize(("method", "url", "body"), DEEDS)
def test_nothing_is_done_to_another_areas_people(client, bearer, theirs, method: str, url: str, body) -> None:
    headers = {**bearer([*READ, *WRITE], (GRID_1,)), "If-Match": '"1"'}
    answer = client.open(url.format(**theirs), method=method.upper(), json=body, headers=headers)
    assert answer.status_code == 404, answer.text


def test_searches_lists_and_counts_are_empty_for_another_area(client, bearer, theirs) -> None:
    headers = bearer([*READ, *WRITE], (GRID_1,))
    assert client.post("/api/residents/find", json={"id_number": ID}, headers=headers).json["items"] == []
    for name in ("residents", "households", "valuables", "premises", "premises_staff"):
        assert client.get(f"/api/{name}/", headers=headers).json["items"] == [], name
    assert client.get("/api/residents/duplicates", headers=headers).json["items"] == []
    own = bearer([*READ, *WRITE], (GRID_2,))
    assert len(client.post("/api/residents/find", json={"id_number": ID}, headers=own).json["items"]) == 1


def test_who_may_not_read_people_sees_no_name_and_finds_none(client, bearer, theirs) -> None:
    headers = bearer(["areas.read", "buildings.read"], (GRID_2,))
    url = f"/api/buildings/{theirs['building']}/house-status"
    for question in ("", "?q=诸葛", "?head=诸葛明月", "?name=诸葛明月", "?tag=floating", "?persons=1", "?shop=隔壁药店"):
        answer = client.get(url + question, headers=headers)
        (cell,) = answer.json["cells"]
        assert (cell["heads"], cell["persons"], cell["tags"], cell["shops"]) == ([], 0, {}, []), question
        assert cell["hit"] is (False if question else None), question
        assert "诸葛" not in answer.text
    assert problem(client.get(f"/api/households/{theirs['household']}/home", headers=headers))["status"] == 403
    assert problem(client.get(f"{url}?names=full", headers=headers))["status"] == 403


def test_a_member_of_another_area_is_not_let_into_ones_own_home_unseen(client, bearer, theirs, session) -> None:
    """Whoever is registered elsewhere has to be let go there first; the refusal tells nothing but that."""
    from gis_grid.buildings.models import Room

    room = session.query(Room).filter(Room.area_code == GRID_1).one()
    home = Household(number="H1", room_id=room.id, area_code=GRID_1, placed_by="room")
    session.add(home)
    session.flush()
    headers = bearer([*READ, *WRITE], (GRID_1,))
    body = {"person": {"name": "诸葛明月", "id_number": ID}}
    refused = client.post(f"/api/households/{home.id}/arrival", json=body, headers=headers)
    assert refused.status_code == 403
    assert GRID_2 not in refused.text
