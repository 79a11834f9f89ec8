"""Shifts: holidays and worked weekends, swaps, who was late or missing; tracks only within shifts where that is set."""

from __future__ import annotations

from datetime import date, datetime

import numpy as np
import pytest

from gis_grid.access.models import User
from gis_grid.config import settings
from gis_grid.patrol.actions import record_track
from gis_grid.patrol.fixes import joined
from gis_grid.patrol.models import Device
from gis_grid.patrol.shifts import (
    Shift,
    Who,
    duties,
    duty_states,
    is_worked,
    off_shift,
    set_calendar_day,
    swap,
    swap_back,
)
from tests.conftest import problem
from tests.factories import GRID_1, GRID_2, make_town
from tests.patrol.walks import NOON, straight, track

MONDAY = date(2024, 5, 6)  # NOON is 09:00 of this day
SATURDAY, SUNDAY = date(2024, 5, 11), date(2024, 5, 12)


def make_shift(session, **given) -> Shift:
    told = {"worker": "小王", "weekdays": "12345", "starts": "08:30", "ends": "12:00", "area_code": GRID_1, "placed_by": "manual"}
    shift = Shift(**{**told, **given})
    session.add(shift)
    session.flush()
    return shift


@pytest.mark.parametrize(
    ("day", "calendar", "on_holidays", "worked"),
    [
        (MONDAY, {}, False, True),
        (SUNDAY, {}, False, False),
        (MONDAY, {MONDAY: False}, False, False),
        (MONDAY, {MONDAY: False}, True, True),
        (SATURDAY, {SATURDAY: True}, False, True),
    ],
)
def test_holidays_and_worked_weekends(day: date, calendar: dict, on_holidays: bool, worked: bool) -> None:
    shift = Shift(worker="小王", weekdays="12345", starts="08:30", ends="12:00", on_holidays=on_holidays)
    assert is_worked(shift, day, calendar) is worked


def test_a_swap_moves_the_shift_and_a_holiday_ends_it(session) -> None:
    make_town()
    shift = make_shift(session)
    (duty,) = duties(MONDAY)
    assert (duty.who.name, duty.end - duty.begin) == ("小王", 3.5 * 3600)
    swap(shift.id, MONDAY, "小李")
    assert [one.who.name for one in duties(MONDAY)] == ["小李"]
    assert duties(MONDAY, Who(None, "小王")) == []
    swap(shift.id, MONDAY, None)
    assert duties(MONDAY) == []
    swap_back(shift.id, MONDAY)
    assert [one.who.name for one in duties(MONDAY)] == ["小王"]
    set_calendar_day(date(2024, 5, 7), False, "放假")
    assert duties(date(2024, 5, 7)) == []


def test_a_night_shift_ends_on_the_next_day(session) -> None:
    make_town()
    make_shift(session, starts="22:00", ends="06:00")
    (duty,) = duties(MONDAY)
    assert duty.end - duty.begin == 8 * 3600


def test_late_left_early_and_missed_are_told(session) -> None:
    make_town()
    make_shift(session, starts="08:00", ends="09:20")
    make_shift(session, worker="小李")
    record_track(track(straight(200), worker="小王"))
    told = {one["worker"]: one for one in duty_states(MONDAY)}
    assert told["小王"]["states"] == ["late"]
    assert (told["小王"]["minutes"], told["小王"]["met"]) == (pytest.approx(16.6, abs=0.1), False)
    assert told["小李"]["states"] == ["missed"]


def test_two_of_one_name_are_told_apart_by_their_accounts(session) -> None:
    make_town()
    first, second = (account(session, name, GRID_1) for name in ("wang1", "wang2"))
    make_shift(session, user_id=first)
    make_shift(session, user_id=second, starts="08:40")
    session.add(Device(code="his", worker="小王", user_id=second, crs="wgs84", speed_unit="mps"))
    session.flush()
    record_track(track(straight(200), device="his"))
    assert [one["states"] for one in duty_states(MONDAY)] == [["missed"], ["late", "left_early"]]
    assert [one["user_id"] for one in duty_states(MONDAY, Who(first, "小王"))] == [first]


def account(session, username: str, scope: str) -> int:
    user = User(username=username, name="小王", password_hash="-", roles=[], scopes=[scope])
    session.add(user)
    session.flush()
    return user.id


def test_a_name_that_only_one_account_of_the_area_has_is_that_account(client, bearer, session) -> None:
    make_town()
    mine, other = account(session, "wang1", GRID_1), account(session, "wang2", GRID_2)
    manager = bearer(["patrol.manage", "tracks.read"], (GRID_1,))
    body = {"worker": "小王", "starts": "08:30", "ends": "12:00", "area_code": GRID_1}
    made = client.post("/api/shifts/", json=body, headers=manager)
    assert made.json["user_id"] == mine
    assert problem(client.post("/api/shifts/", json={**body, "user_id": other}, headers=manager))["code"] == "unknown_user"
    etag = {**manager, "If-Match": made.headers["ETag"]}
    changed = client.patch(f"/api/shifts/{made.json['id']}", json={"worker": "小李"}, headers=etag)
    assert (changed.json["user_id"], changed.json["worker"]) == (None, "小李")
    taken = client.post(f"/api/shifts/{made.json['id']}/swap", json={"day": "2024-05-06", "worker": "小王"}, headers=manager)
    assert taken.status_code == 204
    asked = "/api/patrol/swaps?first=2024-05-01&last=2024-05-31"
    assert [one["user_id"] for one in client.get(asked, headers=manager).json["items"]] == [mine]
    assert client.get(asked, headers=bearer(["tracks.read"], (GRID_2,))).json["items"] == []
    assert client.delete(f"/api/shifts/{made.json['id']}/swap?day=2024-05-06", headers=manager).status_code == 204
    assert client.get(asked, headers=manager).json["items"] == []


def test_tracks_are_kept_only_within_shifts_where_that_is_set(session, monkeypatch) -> None:
    make_town()
    make_shift(session)
    at = np.array([NOON, NOON + 4 * 3600])
    assert off_shift(Who(None, "小王"), at).tolist() == [False, True]
    assert off_shift(Who(None, "小李"), at).tolist() == [True, True]
    monkeypatch.setattr(settings(), "track_only_in_shifts", True)
    answer = record_track(track(joined([straight(10), straight(5, start=NOON + 4 * 3600)]), worker="小王"))
    assert (answer["stored"], answer["refused"]) == (10, {"不在班次内": 5})


def test_over_the_api_a_roster_is_scoped_and_checked(client, bearer, session) -> None:
    make_town()
    mine, other = bearer(["patrol.manage", "tracks.read"], (GRID_1,)), bearer(["patrol.manage", "tracks.read"], (GRID_2,))
    body = {"worker": "小王", "starts": "08:30", "ends": "12:00", "weekdays": "54321", "area_code": GRID_1}
    made = client.post("/api/shifts/", json=body, headers=mine)
    assert (made.status_code, made.json["weekdays"]) == (201, "12345")
    assert problem(client.post("/api/shifts/", json={**body, "starts": "8.30"}, headers=mine))["code"] == "bad_clock"
    assert problem(client.post("/api/shifts/", json=body, headers=other))["code"] == "other_area"
    taken = client.post(f"/api/shifts/{made.json['id']}/swap", json={"day": "2024-05-06", "worker": "小李"}, headers=mine)
    assert taken.status_code == 204
    (duty,) = client.get("/api/patrol/duty?day=2024-05-06", headers=mine).json["items"]
    assert (duty["worker"], duty["states"]) == ("小李", ["missed"])
    assert datetime.fromisoformat(duty["starts_at"]).timestamp() == NOON - 1800
    assert client.get("/api/patrol/duty?day=2024-05-06", headers=other).json["items"] == []
    holiday = {"day": "2024-05-06", "is_workday": False, "name": "放假"}
    assert problem(client.post("/api/patrol/calendar", json=holiday, headers=mine))["code"] == "other_area"
