"""Settings that change while the service runs, and those that only the environment says; health for who may see it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from gis_grid.choices import chosen
from gis_grid.config import Settings, settings
from gis_grid.system.actions import _plain
from gis_grid.system.labels import HINTS, LABELS
from gis_grid.system.rules import State, findings
from tests.conftest import problem

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
WELL = {
    "disk_free": 50,
    "disk_total": 100,
    "oldest_queued": None,
    "worker_seen_at": NOW,
    "backup_at": NOW - timedelta(days=1),
    "failed_today": 0,
    "second_factor": "administrators",
}


@pytest.fixture
def keeper(bearer) -> dict[str, str]:
    return bearer(["settings.manage", "audit.read"])


def put(client, headers, name: str, value):
    return client.put(f"/api/settings/{name}", json={"value": value}, headers=headers)


def test_a_changed_setting_holds_at_once_and_is_audited(client, keeper) -> None:
    assert put(client, keeper, "password_length", 12).json["said_by"] == "here"
    assert chosen("password_length") == 12
    log = client.get("/api/audit?target=settings", headers=keeper).json["items"][0]
    assert (log["key"], log["before"], log["after"]) == ("password_length", {"value": 10}, {"value": 12})


@pytest.mark.parametrize(
    ("name", "value", "status"),
    [
        ("password_length", 3, 422),
        ("password_length", "12", 422),
        ("password_length", True, 422),
        ("second_factor", "sometimes", 422),
        ("map_source", "x" * 101, 422),
        ("workers", 9, 404),
        ("nonsense", 1, 404),
    ],
)
def test_what_may_not_be_is_refused(client, keeper, name: str, value, status: int) -> None:
    assert put(client, keeper, name, value).status_code == status


def test_the_environment_has_the_last_word(client, keeper, monkeypatch) -> None:
    put(client, keeper, "lock_minutes", 5)
    settings.cache_clear()
    monkeypatch.setenv("GIS_GRID_LOCK_MINUTES", "30")
    try:
        assert chosen("lock_minutes") == 30
        assert problem(put(client, keeper, "lock_minutes", 6))["code"] == "set_by_environment"
    finally:
        settings.cache_clear()


def test_settings_hold_for_everybody_so_only_a_manager_of_the_whole_changes_them(client, bearer) -> None:
    assert put(client, bearer(["settings.manage"], ("500103",)), "lock_minutes", 5).status_code == 403


def test_every_setting_is_listed_and_no_password_shown(client, keeper) -> None:
    told = {one["name"]: one for one in client.get("/api/settings", headers=keeper).json["items"]}
    assert {"workers", "time_zone", "second_factor"} <= set(told)
    assert told["workers"]["changeable"] is False
    assert told["second_factor"]["options"]["administrators"]
    from gis_grid.system.actions import _plain

    assert _plain("postgresql://me:secret@host/db") == "postgresql://me:******@host/db"


def test_findings_tell_what_needs_somebody() -> None:
    assert findings(State(**WELL), NOW) == []
    trouble = {"disk_free": 3, "worker_seen_at": None, "backup_at": None, "second_factor": "off", "failed_today": 2}
    levels = [one["level"] for one in findings(State(**{**WELL, **trouble}), NOW)]
    assert levels == ["bad", "bad", "warn", "warn", "warn"]
    assert [one["level"] for one in findings(State(**{**WELL, "oldest_queued": NOW - timedelta(minutes=6)}), NOW)] == ["warn"]


def test_health_counts_within_the_callers_area(client, bearer, session) -> None:
    from tests.factories import make_home, make_town

    make_town()
    make_home(0)

    def rooms(*scopes: str) -> int:
        told = client.get("/api/system", headers=bearer(["system.read"], scopes)).json
        return next(one["rows"] for one in told["counts"] if one["name"] == "rooms")

    assert rooms("") == rooms("500103") == 1
    assert rooms("6201") == 0


def test_every_setting_has_a_label_and_no_address_shows_its_secrets() -> None:
    assert set(LABELS) == set(Settings.model_fields) >= set(HINTS)
    assert _plain("https://hook.example/send?access_token=abc&to=1") == "https://hook.example/send?access_token=******&to=1"
    assert _plain("postgresql://app:geheim@db/grid") == "postgresql://app:******@db/grid"
