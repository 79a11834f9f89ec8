"""One-time codes, the idle lock and expiring accounts: nothing of the service opens before what is owed is done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta

import pyotp
import pytest
import requests
import sqlalchemy as sa

from gis_grid.access.rules import code_step, needs_second_factor
from tests.flows.conftest import PASSWORD
from tests.live import Live


class Browser:
    """One browser on the running service."""

    def __init__(self, live: Live, username: str, opened: requests.Session) -> None:
        self.live, self.username, self.opened = live, username, opened

    def send(self, method: str, path: str, body: dict | None = None) -> requests.Response:
        return self.opened.request(method, f"{self.live.url}{path}", json=body, timeout=60)

    def post(self, path: str, **body) -> requests.Response:
        return self.send("POST", f"/api/session{path}", body)

    def sign_in(self, password: str = PASSWORD) -> requests.Response:
        answer = self.post("", username=self.username, password=password)
        self.opened.headers["X-CSRF-Token"] = answer.json().get("csrf", "")
        return answer

    def map(self) -> requests.Response:
        return self.send("GET", "/api/map")


def problem(answer: requests.Response) -> dict:
    assert answer.headers["Content-Type"] == "application/problem+json", answer.text
    return answer.json()


@pytest.fixture
def make(live: Live, sign_in) -> Callable[..., Browser]:
    return lambda username, role="administrator": Browser(live, username, sign_in(username, role))


@pytest.fixture
def rule(make) -> Iterator[Callable[[str], None]]:
    """rule("administrators") sets who needs a code; afterwards nobody does, told by a manager who has one."""
    manager = make(f"rule.{datetime.now(UTC):%H%M%S%f}")

    def tell(value: str) -> None:
        answer = manager.send("PUT", "/api/settings/second_factor", {"value": value})
        assert answer.status_code == 200, answer.text

    enrol(manager)
    yield tell
    tell("off")


def enrol(browser: Browser) -> tuple[pyotp.TOTP, list[str]]:
    begun = browser.post("/second-factor/enrolment", password=PASSWORD).json()
    assert begun["qr"].startswith("data:image/svg+xml;base64,")
    totp = pyotp.TOTP(begun["secret"])
    codes = browser.post("/second-factor/confirmation", code=totp.now()).json()["recovery_codes"]
    assert len(set(codes)) == 10
    return totp, codes


def later(totp: pyotp.TOTP) -> str:
    """The code of the next half minute: the present one is used up."""
    return totp.at(datetime.now(UTC) + timedelta(seconds=30))


def test_a_code_is_good_for_one_step_around_its_own() -> None:
    secret = pyotp.random_base32()
    now = datetime(2026, 11, 22, 8, 0, 10, tzinfo=UTC)
    step = int(now.timestamp()) // 30
    made = pyotp.TOTP(secret)
    found = [code_step(secret, made.generate_otp(step + off), now) for off in (-2, -1, 0, 1, 2)]
    assert found == [None, step - 1, step, step + 1, None]
    assert code_step(secret, "12345", now) is None


def test_the_rule_asks_those_it_names() -> None:
    assert not needs_second_factor("off", ["users.manage"])
    assert needs_second_factor("administrators", ["areas.read", "audit.read"])
    assert not needs_second_factor("administrators", ["people.read"])
    assert needs_second_factor("everyone", ["people.read"])


def test_after_enrolment_the_password_alone_opens_nothing(live: Live, make) -> None:
    browser = make("second.one")
    totp, _ = enrol(browser)
    assert browser.map().status_code == 200
    engine = sa.create_engine(live.environment["DATABASE_URL"], poolclass=sa.pool.NullPool)
    with engine.connect() as connection:
        stored = connection.scalar(sa.text("SELECT second_factor FROM users WHERE username = 'second.one'"))
        assert totp.secret.encode() not in bytes(stored)
    assert browser.sign_in().json()["waits"] == "code"
    assert problem(browser.map())["code"] == "waits_code"
    for path, body in (
        ("/password", {"old_password": PASSWORD, "new_password": "An0ther-pass-26"}),
        ("/second-factor/removal", {"password": PASSWORD, "code": "1"}),
        ("/second-factor/enrolment", {"password": PASSWORD}),
        ("/unlock", {"password": PASSWORD}),
    ):
        assert problem(browser.post(path, **body))["code"] == "waits_code", path
    assert problem(browser.post("/second-factor", code="000000"))["code"] == "wrong_code"
    assert problem(browser.post("/second-factor", code=totp.now()))["code"] == "wrong_code", "the enrolment used this code"
    assert browser.post("/second-factor", code=later(totp)).json()["waits"] is None
    assert browser.map().status_code == 200


def test_a_recovery_code_works_once(make) -> None:
    browser = make("second.two")
    _, codes = enrol(browser)
    browser.sign_in()
    assert browser.post("/second-factor", code=codes[0].upper()).status_code == 200
    browser.sign_in()
    assert browser.post("/second-factor", code=codes[0]).status_code == 422
    assert browser.post("/second-factor", code=codes[1]).status_code == 200


def test_guessing_codes_locks_the_account_also_when_the_password_is_known(make) -> None:
    browser = make("second.guessed")
    enrol(browser)
    for _ in range(4):
        browser.sign_in()
        browser.post("/second-factor", code="123456")
    assert problem(browser.sign_in())["code"] == "locked"


def test_where_it_is_required_nothing_opens_before_enrolment_and_it_cannot_be_left(make, rule) -> None:
    browser, worker = make("second.three"), make("second.worker", "grid_worker")
    rule("administrators")
    assert worker.map().status_code == 200
    assert problem(browser.map())["code"] == "waits_enrol", "at once, for a session that is open already"
    assert browser.sign_in().json()["waits"] == "enrol"
    totp, codes = enrol(browser)
    assert browser.map().status_code == 200
    refused = browser.post("/second-factor/removal", password=PASSWORD, code=codes[0])
    assert problem(refused)["code"] == "second_factor_required"
    rule("off")
    assert browser.post("/second-factor/removal", password=PASSWORD, code=later(totp)).status_code == 204
    assert browser.sign_in().json()["waits"] is None


def test_the_command_line_clears_it_for_who_lost_the_phone(live: Live, make) -> None:
    browser = make("second.lost")
    enrol(browser)
    live.command("user", "reset-second-factor", "second.lost")
    assert browser.map().status_code == 401
    assert browser.sign_in().json()["waits"] is None


def test_a_locked_session_answers_nothing_until_the_password_is_given(make) -> None:
    browser = make("idle.one")
    assert browser.post("/lock").status_code == 204
    for _ in range(6):  # whichever worker process answers
        assert problem(browser.map())["code"] == "waits_locked"
    assert browser.send("GET", "/api/session").json()["waits"] == "locked"
    assert problem(browser.post("/second-factor/enrolment", password=PASSWORD))["code"] == "waits_locked"
    assert problem(browser.post("/unlock", password="wrong"))["code"] == "wrong_password"
    assert browser.post("/unlock", password=PASSWORD).status_code == 204
    assert browser.map().status_code == 200


def test_a_locked_phone_goes_on_telling_where_it_is_and_nothing_else(make) -> None:
    walker = make("idle.walker", "grid_worker")
    fix = {"at": round(datetime.now(UTC).timestamp() * 1000), "lon": 106.5, "lat": 29.5}
    assert walker.post("/lock").status_code == 204
    taken = walker.send("POST", "/api/phone/fixes", {"phone": "walker0001", "fixes": [fix]})
    assert (taken.status_code, taken.json()["stored"]) == (200, 1), taken.text
    for path in ("/api/phone/day", "/api/visits/today"):
        assert problem(walker.send("GET", path))["code"] == "waits_locked"


def test_an_account_ends_with_its_last_day(make) -> None:
    manager, user = make("ends.manager"), make("ends.user", "grid_worker")

    def until(day: date) -> None:
        version = next(
            one["version"] for one in manager.send("GET", "/api/users").json()["items"] if one["username"] == "ends.user"
        )
        manager.opened.headers["If-Match"] = f'"{version}"'
        assert manager.send("PATCH", "/api/users/ends.user", {"expires_on": str(day)}).status_code == 200

    until(date.today() + timedelta(days=1))
    assert user.map().status_code == 200
    until(date.today() - timedelta(days=2))
    assert user.map().status_code == 401
    assert problem(user.sign_in("wrong"))["code"] == "wrong_password", "only who knows the password is told"
    assert problem(user.sign_in())["code"] == "expired"
