"""Stories of signing in, on the running service: first password, lock-out, forged requests, signing out."""

from __future__ import annotations

import requests

from tests.flows.conftest import PASSWORD
from tests.live import one_time_password


def post(url: str, **given):
    return requests.post(url, timeout=60, **given)


def test_a_one_time_password_opens_nothing_but_its_own_change(live) -> None:
    once = one_time_password(live.command("user", "add", "first", "初次", "--role", "district"))
    browser = requests.Session()
    answer = browser.post(f"{live.url}/api/session", json={"username": "first", "password": once}, timeout=60)
    assert answer.json()["user"]["must_change_password"] is True
    cookie = next(iter(browser.cookies))
    assert cookie.has_nonstandard_attr("HttpOnly")
    assert "SameSite=Strict" in answer.headers["Set-Cookie"]
    assert browser.get(f"{live.url}/api/map", timeout=60).json()["code"] == "must_change_password"
    browser.headers["X-CSRF-Token"] = answer.json()["csrf"]
    for weak in ("short1A", "alllowercase", "First-2026x", once):
        refused = browser.post(f"{live.url}/api/session/password", json={"old_password": once, "new_password": weak}, timeout=60)
        assert refused.json()["code"] == "weak_password", weak
    changed = browser.post(f"{live.url}/api/session/password", json={"old_password": once, "new_password": PASSWORD}, timeout=60)
    assert changed.status_code == 204
    assert browser.get(f"{live.url}/api/map", timeout=60).status_code == 200


def test_five_wrong_passwords_lock_the_account_even_for_the_right_one(live, sign_in) -> None:
    sign_in("locked")
    answers = [post(f"{live.url}/api/session", json={"username": "locked", "password": "wrong"}) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [401] * 5
    late = post(f"{live.url}/api/session", json={"username": "locked", "password": PASSWORD})
    assert (late.status_code, late.json()["code"]) == (429, "locked")
    assert "分钟" in late.json()["detail"]
    once = one_time_password(live.command("user", "reset-password", "locked"))
    assert post(f"{live.url}/api/session", json={"username": "locked", "password": once}).status_code == 200


def test_an_administrator_unlocks_an_account_and_its_password_stays(live, sign_in) -> None:
    sign_in("unlocked")
    for _ in range(6):
        post(f"{live.url}/api/session", json={"username": "unlocked", "password": "wrong"})
    right = {"username": "unlocked", "password": PASSWORD}
    assert post(f"{live.url}/api/session", json=right).json()["code"] == "locked"
    manager = sign_in("manager", role="administrator")
    assert manager.post(f"{live.url}/api/users/unlocked/unlock", timeout=60).status_code == 204
    assert post(f"{live.url}/api/session", json=right).status_code == 200
    assert manager.post(f"{live.url}/api/users/nobody-here/unlock", timeout=60).status_code == 404


def test_unknown_and_known_names_are_refused_alike(live, sign_in) -> None:
    sign_in("known")
    unknown = post(f"{live.url}/api/session", json={"username": "nobody-here", "password": "wrong"}).json()
    known = post(f"{live.url}/api/session", json={"username": "known", "password": "wrong"}).json()
    assert unknown == known


def test_a_foreign_page_changes_nothing(live, sign_in) -> None:
    browser = sign_in("forged")
    body = {"number": "F1", "point": {"type": "Point", "coordinates": [106.5005, 29.5005]}}
    token = browser.headers.pop("X-CSRF-Token")
    assert browser.post(f"{live.url}/api/events/", json=body, timeout=60).json()["code"] == "csrf"
    browser.headers["X-CSRF-Token"] = token[:-1] + ("1" if token.endswith("0") else "0")
    assert browser.post(f"{live.url}/api/events/", json=body, timeout=60).status_code == 403
    assert browser.get(f"{live.url}/api/events/?number=F1", timeout=60).json()["items"] == []


def test_signing_out_ends_the_session_for_good(live, sign_in) -> None:
    browser = sign_in("leaving")
    cookie = dict(browser.cookies)
    assert browser.delete(f"{live.url}/api/session", timeout=60).status_code == 204
    assert requests.get(f"{live.url}/api/session", cookies=cookie, timeout=60).status_code == 401


def test_changing_the_password_ends_all_other_sessions(live, sign_in) -> None:
    browser = sign_in("twice")
    other = requests.Session()
    assert other.post(f"{live.url}/api/session", json={"username": "twice", "password": PASSWORD}, timeout=60).ok
    change = {"old_password": PASSWORD, "new_password": "An0ther-password"}
    assert browser.post(f"{live.url}/api/session/password", json=change, timeout=60).status_code == 204
    assert browser.get(f"{live.url}/api/session", timeout=60).status_code == 200
    assert other.get(f"{live.url}/api/session", timeout=60).status_code == 401
