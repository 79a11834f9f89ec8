"""Users and roles are changed by who may, never beyond his own, never so that nobody can manage them any more."""

from __future__ import annotations

import pytest

from gis_grid.access.actions import create_user
from gis_grid.access.rules import RIGHTS
from tests.conftest import problem

MANAGER = ["users.manage", "areas.read"]


@pytest.fixture
def user(session) -> str:
    create_user("wang.xm", "王小明", ["grid_worker"], ["500103"])
    session.commit()
    return "/api/users/wang.xm"


def change(client, path: str, headers, version: int = 1, **values):
    return client.patch(path, json=values, headers={**headers, "If-Match": f'"{version}"'})


def test_a_user_is_changed_and_only_from_the_version_one_has_seen(client, bearer, user: str) -> None:
    headers = bearer(list(RIGHTS))
    changed = change(client, user, headers, name="王大明", scopes=["500103001"], expires_on="2027-01-01")
    assert changed.status_code == 200, changed.data
    assert (changed.json["name"], changed.json["scopes"], changed.json["expires_on"]) == ("王大明", ["500103001"], "2027-01-01")
    assert change(client, user, headers, name="王二").status_code == 412
    assert client.patch(user, json={"name": "王二"}, headers=headers).status_code == 428
    log = client.get("/api/audit?action=change_user", headers=headers).json["items"][0]
    assert (log["before"]["name"], log["after"]["name"]) == ("王小明", "王大明")


@pytest.mark.parametrize("given", [{"scopes": [""]}, {"scopes": ["6201"]}, {"roles": ["district"]}])
def test_a_manager_of_one_area_changes_nothing_beyond_it(client, bearer, user: str, given: dict) -> None:
    assert change(client, user, bearer(MANAGER, ("500103",)), **given).status_code == 403
    assert change(client, user, bearer(MANAGER, ("6201",)), name="x").status_code == 404


def test_a_disabled_user_is_restored(client, bearer, user: str) -> None:
    headers = bearer(list(RIGHTS))
    assert client.delete(user, headers=headers).status_code == 204
    assert client.delete(user, headers=headers).status_code == 404
    assert client.post(f"{user}/restore", headers=headers).status_code == 204
    assert client.get("/api/users", headers=headers).json["items"][0]["retired_at"] is None


def test_the_last_manager_stays(client, bearer, session) -> None:
    create_user("boss", "主任", ["administrator"], [""])
    session.commit()
    headers = bearer(list(RIGHTS))
    assert problem(client.delete("/api/users/boss", headers=headers))["code"] == "last_manager"
    assert problem(change(client, "/api/users/boss", headers, roles=["auditor"]))["code"] == "last_manager"
    assert problem(change(client, "/api/roles/administrator", headers, rights=["areas.read"]))["code"] == "last_manager"


def test_a_role_of_ones_own_is_made_changed_and_retired(client, bearer, user: str) -> None:
    headers = bearer(list(RIGHTS))
    body = {"code": "party_worker", "name": "党建专员", "rights": ["areas.read"]}
    assert client.post("/api/roles", json=body, headers=headers).status_code == 201
    assert problem(client.post("/api/roles", json=body, headers=headers))["code"] == "role_taken"
    assert change(client, "/api/roles/party_worker", headers, rights=["areas.read", "people.read"]).json["rights"] == [
        "areas.read",
        "people.read",
    ]
    assert change(client, user, headers, roles=["party_worker"]).status_code == 200
    assert problem(client.delete("/api/roles/party_worker", headers=headers))["code"] == "role_in_use"
    assert change(client, user, headers, 2, roles=["grid_worker"]).status_code == 200
    assert client.delete("/api/roles/party_worker", headers=headers).status_code == 204
    assert problem(client.delete("/api/roles/auditor", headers=headers))["code"] == "product_role"


def test_roles_are_everybodys_so_only_a_manager_of_the_whole_changes_them(client, bearer) -> None:
    scoped = bearer(list(RIGHTS), ("500103",))
    body = {"code": "own", "name": "x", "rights": ["areas.read"]}
    assert client.post("/api/roles", json=body, headers=scoped).status_code == 403
    assert change(client, "/api/roles/auditor", scoped, name="x").status_code == 403


def test_a_text_without_letters_is_told_by_its_length(client, bearer) -> None:
    told = client.post(
        "/api/roles", json={"code": "k2", "name": "", "rights": []}, headers=bearer(["roles.manage", "users.manage"])
    )
    assert told.status_code == 422
    assert told.json["errors"]["json"] == {"name": ["长度须在 1 到 50 之间"]}
