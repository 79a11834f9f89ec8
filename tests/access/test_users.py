"""Users and tokens: nobody gives, resets or sees beyond his own area; what is revoked opens nothing."""

from __future__ import annotations

import pytest

from gis_grid.access.rules import RIGHTS, password_fault
from tests.conftest import problem

MANAGER = ["users.manage", "areas.read"]


def make_user(client, headers, **given):
    body = {"username": "wang.xm", "name": "王小明", "roles": ["grid_worker"], "scopes": ["500103"]} | given
    return client.post("/api/users", json=body, headers=headers)


def test_a_user_gets_a_one_time_password_that_passes_the_rules(client, bearer) -> None:
    answer = make_user(client, bearer(list(RIGHTS)))
    assert answer.status_code == 201, answer.data
    assert password_fault(answer.json["one_time_password"], "wang.xm", 10) is None
    assert problem(make_user(client, bearer(list(RIGHTS))))["code"] == "username_taken"


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"scopes": [""]}, 403),
        ({"scopes": ["6201"]}, 403),
        ({"roles": ["district"]}, 403),
        ({"roles": ["nonsense"]}, 422),
        ({"username": "a b"}, 422),
        ({"username": "abc\n"}, 422),
        ({"name": ""}, 422),
    ],
)
def test_a_manager_of_one_area_gives_nothing_beyond_it(client, bearer, given: dict, status: int) -> None:
    assert make_user(client, bearer(MANAGER, ("500103",)), **given).status_code == status


def test_a_token_never_has_more_than_its_maker_of_one_area(client, bearer) -> None:
    headers = bearer(MANAGER, ("500103",))
    body = {"name": "大屏", "rights": ["people.unmask"], "scopes": ["500103"], "days": 1}
    assert client.post("/api/tokens", json=body, headers=headers).status_code == 403
    good = client.post("/api/tokens", json={**body, "rights": ["areas.read"]}, headers=headers)
    assert good.status_code == 201
    assert client.post("/api/tokens", json={**body, "rights": ["areas.read"], "days": 9999}, headers=headers).status_code == 422


def test_a_revoked_token_opens_nothing(client, bearer) -> None:
    headers = bearer(list(RIGHTS))
    body = {"name": "大屏", "rights": ["areas.read"], "scopes": [""], "days": 1}
    made = client.post("/api/tokens", json=body, headers=headers).json
    mine = {"Authorization": f"Bearer {made['token']}"}
    assert client.get("/api/areas/", headers=mine).status_code == 200
    assert client.delete(f"/api/tokens/{made['id']}", headers=headers).status_code == 204
    assert client.get("/api/areas/", headers=mine).status_code == 401
    assert made["token"] not in client.get("/api/tokens", headers=headers).text


def test_passwords_of_others_are_reset_only_within_ones_area(client, bearer) -> None:
    everyone = bearer(list(RIGHTS))
    make_user(client, everyone, username="boss", roles=["district"], scopes=[""])
    make_user(client, everyone, username="nobody", roles=["grid_worker"], scopes=[])
    scoped = bearer(list(RIGHTS), ("500103",))
    for name in ("boss", "nobody"):
        assert client.post(f"/api/users/{name}/reset-password", headers=scoped).status_code == 404
        assert client.post(f"/api/users/{name}/unlock", headers=scoped).status_code == 404
        assert client.delete(f"/api/users/{name}", headers=scoped).status_code == 404
    assert [row["username"] for row in client.get("/api/users", headers=scoped).json["items"]] == []
    assert client.delete("/api/users/boss", headers=everyone).status_code == 204


@pytest.mark.parametrize("password", ["short1A!", "alllowercaseletters", "12345678901", "Wang.xm-2026", "x" * 129])
def test_weak_passwords_are_told_why(password: str) -> None:
    assert password_fault(password, "wang.xm", 10)
