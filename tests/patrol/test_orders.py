"""Spot checks, messages to a grid's workers, planned routes, walks of a day."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import sqlalchemy as sa

from gis_grid.access.guard import acting
from gis_grid.access.models import User
from gis_grid.config import settings
from gis_grid.errors import Conflict, Forbidden, Invalid
from gis_grid.patrol import checks, messages
from gis_grid.patrol.actions import record_track
from gis_grid.patrol.fixes import joined
from gis_grid.patrol.messages import Message, signature
from gis_grid.patrol.models import Device, Target
from gis_grid.patrol.planned import Stop, follow
from gis_grid.patrol.shifts import walks_of
from tests.conftest import problem
from tests.factories import COMMUNITY, GRID_1, GRID_2, make_town, middle
from tests.patrol.test_phone import make_worker
from tests.patrol.walks import NOON, straight, track, walk

DAY = "2024-05-06"


def asked(worker, **given) -> dict:
    return {"area_code": GRID_1, "user_id": worker.user_id, "question": "您现在在哪栋楼？", "minutes": 15, **given}


def test_a_check_is_answered_once_on_the_spot(session) -> None:
    make_town()
    worker = make_worker(session)
    check = checks.ask(asked(worker))
    lon, lat = middle(0)
    with acting(worker):
        (told,) = checks.open_checks()
        assert (told["state"], told["question"]) == ("waiting", "您现在在哪栋楼？")
        answer = {"answer": "3 栋", "lon": lon, "lat": lat}
        assert checks.told(checks.answer(check.id, answer))["state"] == "good"
        assert checks.answer(check.id, answer).answer == "3 栋"
        with pytest.raises(Conflict):
            checks.answer(check.id, {"answer": "别处"})
        assert checks.open_checks() == []


def test_an_answer_from_elsewhere_or_too_late_is_said(session) -> None:
    make_town()
    worker = make_worker(session)
    lon, lat = middle(1)
    away = checks.ask(asked(worker))
    late = checks.ask(asked(worker))
    late.asked_at = datetime.now(UTC) - timedelta(hours=2)
    late.answer_by = datetime.now(UTC) - timedelta(hours=1)
    session.flush()
    assert checks.told(late)["state"] == "missed"
    with acting(worker):
        assert "人在" in checks.told(checks.answer(away.id, {"answer": "在", "lon": lon, "lat": lat}))["words"]
        assert checks.told(checks.answer(late.id, {"answer": "在"}))["state"] == "late"


def test_only_who_works_there_is_asked_and_only_within_ones_own_area(session) -> None:
    make_town()
    worker, other = make_worker(session), make_worker(session, "李强", GRID_2)
    with pytest.raises(Invalid):
        checks.ask(asked(other))
    with acting(other):
        with pytest.raises(Forbidden):
            checks.ask(asked(worker))
        assert checks.list_checks("") == []


def test_a_message_reaches_the_grid_and_below_and_is_counted_until_read(session) -> None:
    make_town()
    worker, other = make_worker(session), make_worker(session, "李强", GRID_2)
    assert messages.send(COMMUNITY, "明天上午防汛检查")["reaches"] == 2
    messages.send(GRID_2, "只给二网格")
    with acting(worker):
        box = messages.inbox()
        assert ([one["text"] for one in box["items"]], box["unread"]) == (["明天上午防汛检查"], 1)
        messages.mark_read([one["id"] for one in box["items"]])
        assert messages.inbox()["unread"] == 0
    with acting(other):
        assert messages.inbox()["unread"] == 2
        with pytest.raises(Forbidden):
            messages.send(GRID_1, "不是我的")
    assert {one["text"]: one["readers"] for one in messages.sent("")}["明天上午防汛检查"] == 1


def test_the_webhook_is_signed_and_tried_again(session, monkeypatch) -> None:
    make_town()
    got: list[tuple[str, bytes]] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.append((self.headers["X-Signature-256"], body))
            self.send_response(500 if len(got) == 1 else 200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        messages.send(GRID_1, "没有设置时不推送")
        monkeypatch.setattr(settings(), "message_webhook", f"http://127.0.0.1:{server.server_port}/hook")
        key = messages.send(GRID_1, "请到三号楼")["id"]
        messages.push_due()
        message = session.get(Message, key, populate_existing=True)
        assert (message.tries, message.pushed_at) == (1, None)
        assert message.next_try_at > datetime.now(UTC)
        message.next_try_at = datetime.now(UTC) - timedelta(seconds=1)
        session.flush()
        messages.push_due()
    finally:
        server.shutdown()
    assert session.get(Message, key, populate_existing=True).pushed_at is not None
    assert len(got) == 2
    assert all(sent == signature(body) for sent, body in got)
    assert "请到三号楼" in got[1][1].decode()


STOPS = [Stop(1, 100, 200), Stop(2), Stop(3, 300, 400)]


@pytest.mark.parametrize(
    ("visits", "in_order", "states"),
    [
        ({1: [150], 2: [250], 3: [350]}, True, ["good", "good", "good"]),
        ({1: [50], 2: [250], 3: [450]}, True, ["early", "good", "late"]),
        ({1: [50, 150], 3: [350]}, True, ["good", "missed", "good"]),
        ({1: [150], 2: [120], 3: [350]}, True, ["good", "disorder", "good"]),
        ({1: [150], 2: [120], 3: [350]}, False, ["good", "good", "good"]),
        ({}, True, ["missed", "missed", "missed"]),
    ],
)
def test_how_a_route_was_kept_to(visits: dict, in_order: bool, states: list[str]) -> None:
    assert [kept.state for kept in follow(STOPS, visits, in_order=in_order)] == states


def test_a_route_is_planned_over_the_api_and_compared_with_the_walk(client, bearer, session) -> None:
    make_town()
    headers = bearer(["patrol.manage", "tracks.read"], (COMMUNITY,))
    targets = []
    for east in (10, 60):
        made = Target(kind="checkpoint", name=f"点{east}", area_code=GRID_1, placed_by="inside", radius_m=15)
        lon, lat = middle(0)
        made.point = sa.func.ST_SetSRID(sa.func.ST_MakePoint(lon + east / 96_960, lat), 4490)
        session.add(made)
        session.flush()
        targets.append(made.id)
    stops = [{"target_id": targets[0], "from": "08:00", "to": "10:00"}, {"target_id": targets[1], "from": "10:00", "to": "11:00"}]
    body = {"name": "上午路线", "area_code": GRID_1, "plan": {"stops": stops, "in_order": True}}
    made = client.post("/api/patrol-routes/", json=body, headers=headers)
    assert made.status_code == 201, made.json
    record_track(track(straight(60)))
    found = client.get(f"/api/patrol-routes/{made.json['id']}/progress?day={DAY}", headers=headers).json
    assert [(stop["state"], stop["words"]) for stop in found["stops"]] == [("good", "按时到达"), ("early", "早到")]
    assert (found["good"], found["all"], found["planned"]) == (1, 2, True)
    assert found["stops"][0]["at"].startswith(f"{DAY}T")
    week = f"/api/patrol/coverage/plan?area_code={GRID_1}&first={DAY}&last=2024-05-12"
    (kept,) = client.get(week, headers=headers).json["items"]
    assert [kept[name] for name in ("days", "walked", "good", "off", "missed", "share")] == [5, 1, 1, 1, 8, 0.1]
    for plan in ({"stops": []}, {"stops": [{"target_id": targets[0], "from": "25:00"}]}, {"stops": [{"target_id": 99}]}):
        assert client.post("/api/patrol-routes/", json={**body, "plan": plan}, headers=headers).status_code == 422
    elsewhere = bearer(["patrol.manage", "tracks.read"], (GRID_2,))
    refused = client.get(f"/api/patrol-routes/{made.json['id']}/progress?day={DAY}", headers=elsewhere)
    assert problem(refused)["status"] == 404
    assert client.get(week, headers=elsewhere).json["items"] == []


def test_of_two_of_one_name_the_account_decides_on_routes_playback_and_coverage(client, bearer, session) -> None:
    make_town()
    lon, lat = middle(0)
    there = sa.func.ST_SetSRID(sa.func.ST_MakePoint(lon + 20 / 96_960, lat), 4490)
    target = Target(kind="checkpoint", name="东门", area_code=GRID_1, placed_by="inside", radius_m=15, point=there)
    users = [User(username=f"wang{n}", name="王芳", password_hash="x", scopes=[GRID_1]) for n in (1, 2)]
    session.add_all([target, *users])
    session.flush()
    session.add(Device(code="first", worker="王芳", user_id=users[0].id, area_code=GRID_1))
    session.flush()
    record_track(track(straight(60), device="first"))
    headers = bearer(["patrol.manage", "tracks.read"], (COMMUNITY,))
    body = {"area_code": GRID_1, "plan": {"stops": [{"target_id": target.id}]}, "worker": "王芳"}
    for user, state in zip(users, ("good", "missed"), strict=True):
        made = client.post("/api/patrol-routes/", json={**body, "name": user.username, "user_id": user.id}, headers=headers)
        assert (made.json["user_id"], made.json["worker"]) == (user.id, "王芳")
        (stop,) = client.get(f"/api/patrol-routes/{made.json['id']}/progress?day={DAY}", headers=headers).json["stops"]
        assert stop["state"] == state
        who = f"user_id={user.id}&worker=王芳"
        covered = client.get(f"/api/patrol/coverage?area_code={GRID_1}&first={DAY}&last={DAY}&{who}", headers=headers).json
        assert covered["passed"] == (state == "good")
        played = client.get(f"/api/patrol/playback?day={DAY}&user_id={user.id}", headers=headers).json["items"]
        assert len(played) == (state == "good")


def test_a_long_silence_begins_another_walk(session) -> None:
    make_town()
    answer = record_track(track(joined([straight(30), straight(30, start=NOON + 7200)])))
    assert walks_of([answer["tracks"][0]["id"]]) == {answer["tracks"][0]["id"]: 2}
    once = record_track(track(straight(30, start=NOON + 86_400)))
    assert walks_of([once["tracks"][0]["id"]]) == {once["tracks"][0]["id"]: 1}


def test_where_time_went_counts_minutes_without_names_and_within_ones_area(client, bearer, session) -> None:
    make_town()
    record_track(track(walk(*[(n * 5, 0, 0) for n in range(61)])))
    asked = f"/api/patrol/presence?area_code={GRID_1}&first={DAY}&last={DAY}"
    (cell,) = client.get(asked, headers=bearer(["tracks.read"], (GRID_1,))).json["items"]
    assert cell["minutes"] == pytest.approx(5)
    assert set(cell) == {"lon", "lat", "minutes"}
    assert client.get(asked, headers=bearer(["tracks.read"], (GRID_2,))).json["items"] == []
