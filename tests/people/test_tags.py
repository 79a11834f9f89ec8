"""Classes of people as tags with days and sources; sensitive ones are off unless the office keeps them by law."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gis_grid.areas.placing import today
from gis_grid.config import settings
from gis_grid.people.models import Household, Resident
from gis_grid.people.tags import follow_the_calendar
from tests.conftest import problem
from tests.factories import make_home, make_town

RIGHTS = ["people.read", "people.write"]
TODAY = today()


@pytest.fixture
def person(session) -> Resident:
    make_town()
    room = make_home(0)
    here = {"area_code": room.area_code, "placed_by": "room"}
    household = Household(number="H1", room_id=room.id, **here)
    session.add(household)
    session.flush()
    made = Resident(name="王", household_id=household.id, **here)
    session.add(made)
    session.flush()
    return made


@pytest.fixture
def tag(client, bearer, person):
    def send(*rights: str, **body):
        headers = {**bearer([*RIGHTS, *rights]), "If-Match": version(client, bearer, person)}
        return client.post(f"/api/residents/{person.id}/tags", json=body, headers=headers)

    return send


def version(client, bearer, person) -> str:
    return client.get(f"/api/residents/{person.id}/tags", headers=bearer(RIGHTS)).headers["ETag"]


def classes(client, bearer, person, *rights: str) -> list[str]:
    return client.get(f"/api/residents/{person.id}", headers=bearer([*RIGHTS, *rights])).json["classes"]


def test_a_tag_counts_from_its_first_day_to_its_last(client, bearer, person, tag, session, monkeypatch) -> None:
    made = tag(code="elderly_alone", source="入户走访", note="子女在外地")
    assert (made.status_code, made.json["since"]) == (201, TODAY.isoformat())
    assert tag(code="floating", since=(TODAY + timedelta(days=3)).isoformat()).status_code == 201
    assert classes(client, bearer, person) == ["elderly_alone"]
    assert problem(tag(code="elderly_alone"))["code"] == "tag_overlaps"
    headers = {**bearer(RIGHTS), "If-Match": version(client, bearer, person)}
    ended = client.post(f"/api/residents/{person.id}/tags/{made.json['id']}/end", json={}, headers=headers)
    assert ended.json["until"] == TODAY.isoformat()
    assert classes(client, bearer, person) == []
    session.commit()
    monkeypatch.setattr("gis_grid.people.tags.today", lambda: TODAY + timedelta(days=4))
    follow_the_calendar()
    session.expire_all()
    assert classes(client, bearer, person) == ["floating"]


def test_a_stale_class_is_refused_and_told_what_changed_by_whom(client, bearer, person, tag) -> None:
    seen = version(client, bearer, person)
    stale = {**bearer(RIGHTS), "If-Match": seen}
    made = tag(code="floating", since=(TODAY + timedelta(days=3)).isoformat(), source="入户走访")  # not today's class yet
    assert made.headers["ETag"] != seen
    assert client.post(f"/api/residents/{person.id}/tags", json={"code": "veteran"}, headers=bearer(RIGHTS)).status_code == 428
    end = f"/api/residents/{person.id}/tags/{made.json['id']}/end"
    for url, body in ((f"/api/residents/{person.id}/tags", {"code": "veteran"}), (end, {})):
        refused = problem(client.post(url, json=body, headers=stale))
        assert (refused["status"], refused["version"]) == (412, int(made.headers["ETag"].strip('"')))
        (change,) = refused["changes"]
        assert change["by"]
        (told,) = change["fields"]
        day = (TODAY + timedelta(days=3)).isoformat()
        assert (told["label"], told["before"], told["after"]) == ("人员类别", None, f"流动人口（自 {day}，来源 入户走访）")
    now = client.get(f"/api/residents/{person.id}/tags", headers=bearer(RIGHTS)).json["items"]
    assert [(one["code"], one["until"]) for one in now] == [("floating", None)]


def test_classes_set_by_hand_become_tags(client, bearer, person, session) -> None:
    headers = bearer(RIGHTS)
    first = client.patch(f"/api/residents/{person.id}", json={"classes": ["floating"]}, headers={**headers, "If-Match": '"1"'})
    assert first.json["classes"] == ["floating"]
    client.patch(f"/api/residents/{person.id}", json={"classes": ["veteran"]}, headers={**headers, "If-Match": '"2"'})
    told = client.get(f"/api/residents/{person.id}/tags", headers=headers).json["items"]
    assert [(one["code"], one["until"]) for one in told] == [("floating", TODAY.isoformat()), ("veteran", None)]


def test_sensitive_classes_are_off_by_default(client, bearer, person, tag) -> None:
    assert problem(tag("people.sensitive", code="disabled"))["code"] == "class_not_in_use"
    headers = {**bearer(RIGHTS), "If-Match": '"1"'}
    answer = client.patch(f"/api/residents/{person.id}", json={"classes": ["low_income"]}, headers=headers)
    assert problem(answer)["code"] == "class_not_in_use"


def test_a_sensitive_class_in_use_is_hidden_without_the_right_and_survives_others_edits(
    client, bearer, person, tag, monkeypatch
) -> None:
    monkeypatch.setattr(settings(), "sensitive_classes", ["disabled"])
    assert tag(code="disabled").status_code == 403
    assert tag("people.sensitive", code="disabled").status_code == 201
    assert classes(client, bearer, person) == []
    assert client.get(f"/api/residents/{person.id}/tags", headers=bearer(RIGHTS)).json["items"] == []
    headers = {**bearer(RIGHTS), "If-Match": '"2"'}
    changed = client.patch(f"/api/residents/{person.id}", json={"classes": ["veteran"]}, headers=headers)
    assert changed.json["classes"] == ["veteran"]
    assert classes(client, bearer, person, "people.sensitive") == ["disabled", "veteran"]
    stale = client.patch(f"/api/residents/{person.id}", json={"name": "王二"}, headers={**bearer(RIGHTS), "If-Match": '"1"'})
    assert stale.status_code == 412
    assert "disabled" not in stale.text
    assert "残疾" not in stale.text


def test_an_identity_number_fills_where_somebody_comes_from_and_stays_editable(client, bearer, person) -> None:
    body = {"name": "李", "household_id": person.household_id, "id_number": "50010319000101001X"}
    made = client.post("/api/residents/", json=body, headers=bearer(RIGHTS)).json
    assert (made["native_place"], made["birth_place"], made["birth_date"], made["sex"]) == (
        "重庆市渝中区", "重庆市渝中区", "1900-01-01", "1",
    )  # fmt: skip
    headers = {**bearer(RIGHTS), "If-Match": '"1"'}
    changed = client.patch(f"/api/residents/{made['id']}", json={"native_place": "四川省成都市"}, headers=headers).json
    assert (changed["native_place"], changed["birth_place"]) == ("四川省成都市", "重庆市渝中区")
