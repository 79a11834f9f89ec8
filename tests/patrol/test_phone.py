"""The worker's own phone: fixes, reports, visits come once however often they are sent; nothing is dropped without a reason."""

from __future__ import annotations

import io
import time
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from PIL import Image

from gis_grid.access.guard import acting
from gis_grid.access.models import User
from gis_grid.access.rules import Caller
from gis_grid.buildings.models import Room
from gis_grid.config import settings
from gis_grid.errors import Conflict, Invalid
from gis_grid.events.models import Event
from gis_grid.patrol.due import digest_next
from gis_grid.patrol.evidence import evidence_of, proof_of, record_evidence
from gis_grid.patrol.models import Device, LastPosition, Track, TrackFix
from gis_grid.patrol.phone import my_day, own_app, own_device, take_own
from gis_grid.patrol.reports import report_event
from gis_grid.photos.models import Photo
from gis_grid.visits.models import Visit
from tests.conftest import problem
from tests.factories import GRID_1, GRID_2, make_home, make_town, middle
from tests.patrol.walks import walk

RIGHTS = ("tracks.write", "events.write", "events.read", "buildings.write", "buildings.read", "people.read", "people.write")


@pytest.fixture
def worker(session):
    """Signed in as the worker of the first grid."""
    make_town()
    who = make_worker(session)
    with acting(who):
        yield who


def make_worker(session, name: str = "王芳", scope: str = GRID_1) -> Caller:
    user = User(username=f"u-{name}-{scope}", name=name, password_hash="x", scopes=[scope])
    session.add(user)
    session.flush()
    return Caller(name, frozenset(RIGHTS), (scope,), user_id=user.id)


FORM = "multipart/form-data"


def now_ms() -> int:
    return int(time.time() * 1000)


SURE = {"accuracy_m": 8.0, "battery": 80.0}


def fixes(count: int, since: int, every: int = 5000) -> list[dict]:
    lon, lat = middle(0)
    return [
        {"at": since + n * every, "lon": lon + n * 1e-6, "lat": lat, "accuracy_m": 8.0, "battery": 80.0} for n in range(count)
    ]


def photo(colour: str = "red") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (200, 150), colour).save(out, "JPEG")
    return out.getvalue()


def test_fixes_come_once_whatever_is_sent_again_and_a_future_one_is_told_of(worker, session) -> None:
    since = now_ms() - 600_000
    rows = fixes(20, since)
    first = take_own("abc123", rows[:12])
    assert (first["stored"], first["repeated"], first["refused"]) == (12, 0, [])
    late = {**rows[0], "at": now_ms() + 3_600_000}
    again = take_own("abc123", [*rows, rows[3], late])
    assert (again["received"], again["stored"], again["repeated"]) == (22, 8, 13)
    assert [(one["at"], "手机时间" in one["why"]) for one in again["refused"]] == [(late["at"], True)]
    device = session.scalars(sa.select(Device)).one()
    assert (device.user_id, device.worker, device.area_code) == (worker.user_id, "王芳", GRID_1)
    assert session.scalar(sa.select(sa.func.count()).select_from(TrackFix)) == 20
    assert session.get(LastPosition, device.id).battery == 80
    digest_next(everything=True)
    assert session.scalars(sa.select(Track)).one().worker == "王芳"


def test_two_phones_of_one_worker_are_two_tracks(worker, session) -> None:
    take_own("abc123", fixes(2, now_ms() - 60_000))
    take_own("def456", fixes(2, now_ms() - 60_000))
    assert session.scalar(sa.select(sa.func.count()).select_from(Device)) == 2


def test_outside_the_shift_each_fix_is_refused_with_its_reason(worker, session, monkeypatch) -> None:
    monkeypatch.setattr(settings(), "track_only_in_shifts", True)
    answer = take_own("abc123", fixes(3, now_ms() - 60_000))
    assert answer["stored"] == 0
    assert {one["why"] for one in answer["refused"]} == {"不在班次内，按规定不保存"}


def test_a_retired_phone_is_told_so(worker, session) -> None:
    own_device("abc123").retired_at = datetime.now(UTC)
    session.flush()
    with pytest.raises(Conflict, match="停用"):
        take_own("abc123", fixes(1, now_ms()))


def report(**given) -> dict:
    lon, lat = middle(0)
    told = {"client_id": "11112222-aaaa", "category": "消防隐患", "at": datetime.now(UTC), "lon": lon, "lat": lat}
    return {**told, **given}


def test_a_report_sent_twice_is_one_event_with_its_photos(worker, session) -> None:
    values = report(description="楼道堆物")
    first = report_event(values, [("a.jpg", photo())])
    again = report_event(values, [("a.jpg", photo()), ("b.jpg", photo("blue"))])
    assert (first["number"], first["area_code"], first["repeated"]) == (again["number"], GRID_1, False)
    assert (again["repeated"], again["photos"]) == (True, 2)
    assert session.scalars(sa.select(Event)).one().status == "reported"
    assert session.scalar(sa.select(sa.func.count()).where(Photo.owner_kind == "events")) == 2


def test_what_is_seen_across_the_street_is_reported_there(worker, session) -> None:
    lon, lat = middle(1)
    assert report_event(report(lon=lon, lat=lat), [])["area_code"] == GRID_2
    with pytest.raises(Invalid, match="网格"):
        report_event(report(lon=120.0, lat=30.0, client_id="another-one"), [])
    assert session.scalar(sa.select(sa.func.count()).select_from(Event)) == 1


def test_anothers_report_with_the_same_number_of_his_phone_is_another_event(worker, session) -> None:
    mine = report_event(report(), [])
    with acting(make_worker(session, "李强")):
        assert report_event(report(), [])["number"] != mine["number"]


def test_a_visit_with_track_photo_and_form_clears_the_room(worker, session) -> None:
    room = make_home(0)
    at = datetime.now(UTC)
    begin = int((at - timedelta(minutes=5)).timestamp() * 1000)
    take_own("abc123", fixes(60, begin))
    values = {"client_id": "visit-0001", "room_id": room.id, "at": at, "how": "visit", "result": "confirmed", "note": "老人在家"}
    told = record_evidence(values, [("door.jpg", photo())])
    assert told["complete"] and told["fixes"] == 60
    assert told["dwell_seconds"] == 295
    assert told["words"][0].startswith("到场 5 分钟") and "照片 1 张" in told["words"]
    again = record_evidence(values, [("door.jpg", photo())])
    assert (again["repeated"], again["visit_id"], again["photo_ids"]) == (True, told["visit_id"], told["photo_ids"])
    assert session.scalar(sa.select(sa.func.count()).select_from(Visit)) == 1
    assert session.get(Room, room.id).verified_at == at


def test_fixes_that_come_after_the_form_still_prove_it_and_others_do_not_see_it(worker, session) -> None:
    room = make_home(0)
    at = datetime.now(UTC)
    values = {"client_id": "visit-0002", "room_id": room.id, "at": at, "how": "visit", "result": "confirmed"}
    bare = record_evidence(values, [])
    assert (bare["words"], bare["complete"]) == (["没有轨迹", "没有照片"], False)
    take_own("abc123", fixes(10, int((at - timedelta(minutes=2)).timestamp() * 1000)))
    proof = evidence_of(bare["visit_id"])
    assert (proof["fixes"], len(proof["piece"]["at"])) == (10, 10)
    assert proof["door"] == pytest.approx(middle(0), abs=1e-3)
    with acting(make_worker(session, "小孙")):
        assert evidence_of(bare["visit_id"])["piece"] is None  # a colleague without the right to see tracks
    with acting(make_worker(session, "李强", GRID_2)), pytest.raises(Exception, match="数据范围"):
        evidence_of(bare["visit_id"])


def test_a_track_that_only_passed_by_proves_how_near_it_came() -> None:
    lon, lat = middle(0)
    far = proof_of(walk(*[(n * 5, 100, n) for n in range(20)]), lon, lat)
    assert (far.fixes, far.dwell_seconds, far.nearest_m) == (0, 0, pytest.approx(100, abs=0.5))
    gone = proof_of(walk((0, 0, 0), (5, 0, 1), (600, 0, 0), (605, 0, 1)), lon, lat)
    assert (gone.fixes, gone.dwell_seconds) == (4, 10)  # nobody knows of the minutes between
    assert proof_of(walk(), lon, lat).nearest_m is None


def test_my_day_tells_shift_and_grid_and_own_app_a_key(worker, session) -> None:
    day = my_day()
    assert [area["code"] for area in day["areas"]] == [GRID_1]
    assert (day["worker"], day["shifts"]) == ("王芳", [])
    made = own_app("http://host")
    assert set(made["apps"]) == {"traccar", "owntracks", "gpslogger", "osmand"}
    assert own_app("http://host")["key"] != made["key"]


def test_over_http_a_form_without_content_and_too_many_fixes_are_refused(client, bearer, session) -> None:
    make_town()
    headers = bearer(list(RIGHTS))
    assert problem(client.post("/api/phone/reports", headers=headers))["code"] == "no_form"
    body = {"report": "{"}
    assert problem(client.post("/api/phone/reports", data=body, headers=headers, content_type=FORM))["code"] == "bad_json"
    assert problem(client.post("/api/phone/reports", data={"report": "{}"}, headers=headers, content_type=FORM))["status"] == 422
    rows = {"phone": "abc123", "fixes": fixes(1001, 0)}
    assert problem(client.post("/api/phone/fixes", json=rows, headers=headers))["status"] == 422
    assert problem(client.post("/api/phone/fixes", json={**rows, "fixes": fixes(1, 0)}, headers=headers))["code"] == "no_worker"


def test_the_demo_goes_with_what_its_accounts_did(worker, session) -> None:
    from gis_grid.access.guard import acting as acts
    from gis_grid.access.rules import COMMAND
    from gis_grid.demo.actions import remove_town
    from gis_grid.patrol import checks

    session.get(User, worker.user_id).demo = True
    room = make_home(0)
    take_own("abc123", fixes(3, now_ms() - 60_000))
    at = datetime.now(UTC)
    record_evidence({"client_id": "visit-0003", "room_id": room.id, "at": at, "how": "visit", "result": "absent"}, [])
    with acts(COMMAND):
        checks.ask({"area_code": GRID_1, "user_id": worker.user_id, "question": "在哪里？", "minutes": 5})
        remove_town()
    assert session.scalar(sa.select(sa.func.count()).where(User.demo)) == 0
    assert session.scalar(sa.select(sa.func.count()).select_from(Device)) == 0
