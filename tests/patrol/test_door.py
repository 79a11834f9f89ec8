"""Phones at the door: enrolled, bound, revoked; what each app expects to hear; stored once, then made into a track."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from urllib.parse import parse_qsl, unquote, urlsplit

import numpy as np
import pytest
import sqlalchemy as sa

from gis_grid.patrol import door
from gis_grid.patrol.due import digest_next
from gis_grid.patrol.fixes import Fix, Flag, make_fixes
from gis_grid.patrol.models import Device, DueDay, LastPosition, Track, TrackFix
from tests.conftest import VECTORS, problem
from tests.factories import GRID_1, GRID_2, make_town, middle
from tests.patrol.walks import NOON

LON, LAT = middle(0)


@pytest.fixture
def phone(client, bearer, session):
    """An enrolled device: its id, number and key."""
    make_town()
    headers = bearer(["patrol.manage"], (GRID_1,))
    made = client.post("/api/devices/", json={"code": "330606", "worker": "小王", "area_code": GRID_1}, headers=headers)
    assert made.status_code == 201, made.data
    told = client.post(f"/api/devices/{made.json['id']}/key", json={"address": "https://grid.example"}, headers=headers)
    return {"id": made.json["id"], "key": told.json["key"], "apps": told.json["apps"], "headers": headers, "etag": told.headers}


def send(client, phone, **asked):
    given = {"id": "330606", "lat": LAT, "lon": LON, "timestamp": int(NOON), **asked}
    return client.get(f"/ingest/osmand/{phone['key']}", query_string={k: v for k, v in given.items() if v is not None})


def test_a_fix_is_stored_placed_and_stored_once(client, phone, session) -> None:
    for _ in range(2):
        answer = send(client, phone, speed=2.332613, batt=88, accuracy=5)
        assert (answer.status_code, answer.data) == (200, b"")
    fix = session.scalars(sa.select(TrackFix)).one()
    assert (fix.lon, fix.lat, fix.area_code, fix.battery) == (LON, LAT, GRID_1, 88)
    assert fix.speed_mps == pytest.approx(1.2, abs=1e-4)
    assert session.scalars(sa.select(LastPosition.at)).one().timestamp() == NOON


def test_the_speed_unit_is_the_devices(client, phone, session) -> None:
    session.execute(sa.update(Device).values(speed_unit="mps"))
    assert send(client, phone, speed=1.5).status_code == 200
    assert session.scalar(sa.select(TrackFix.speed_mps)) == 1.5


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"id": None}, 400),
        ({"id": "nobody"}, 400),
        ({"lat": None}, 400),
        ({"timestamp": 2_100_000_000}, 200),
        ({"timestamp": "x"}, 200),
    ],
)
def test_what_is_not_stored_says_why(client, phone, session, asked: dict, status: int) -> None:
    answer = send(client, phone, **asked)
    assert answer.status_code == status
    assert answer.data.decode().endswith("。")
    assert session.scalar(sa.select(sa.func.count()).select_from(TrackFix)) == 0


ODD = ["accuracy=1e300", "accuracy=inf", "accuracy=-5", "altitude=-1e39", "speed=1e300", "bearing=720", "batt=900", "batt=nan"]


@pytest.mark.parametrize("odd", ODD)
def test_a_value_that_cannot_be_is_unknown_and_the_fix_is_kept(client, phone, session, odd: str) -> None:
    assert send(client, phone, **dict([odd.split("=")])).status_code == 200
    fix = session.scalars(sa.select(TrackFix)).one()
    known = (fix.accuracy_m, fix.ele_m, fix.speed_mps, fix.course_deg, fix.battery)
    assert known == ((1e6 if odd[:10] in ("accuracy=1", "accuracy=i") else None), None, None, None, None)


def test_a_fix_that_no_column_takes_keeps_no_other_out(client, phone, session, monkeypatch) -> None:
    monkeypatch.setattr(
        door, "make_fixes", lambda rows: replace(make_fixes(rows), battery=np.array([row.battery for row in rows]))
    )
    asked = [Fix(NOON + n, LON, LAT, battery=1e300 if n == 1 else 50) for n in range(3)]
    batch = [door.Entry(("330606",), phone["key"], fix) for fix in asked]
    door.store_batch(batch)
    assert [entry.outcome for entry in batch] == [door.STORED, door.REFUSED, door.STORED]
    assert batch[1].why == "未保存：数值超出范围"
    assert session.scalar(sa.select(sa.func.count()).select_from(TrackFix)) == 2


def test_another_devices_key_opens_nothing(client, phone, session, bearer) -> None:
    other = client.post("/api/devices/", json={"code": "other", "area_code": GRID_1}, headers=phone["headers"]).json
    key = client.post(f"/api/devices/{other['id']}/key", json={}, headers=phone["headers"]).json["key"]
    answer = client.get(f"/ingest/osmand?key={key}&id=330606&lat={LAT}&lon={LON}&timestamp={int(NOON)}")
    assert answer.status_code == 400
    assert client.get(f"/ingest/osmand?key={key}&id=other&lat={LAT}&lon={LON}&timestamp={int(NOON)}").status_code == 200


def test_a_new_key_voids_the_old_one_and_a_revoked_device_is_unknown(client, phone, session) -> None:
    assert send(client, phone).status_code == 200
    renewed = {**phone, "key": client.post(f"/api/devices/{phone['id']}/key", json={}, headers=phone["headers"]).json["key"]}
    assert send(client, phone).status_code == 400
    assert send(client, renewed, timestamp=int(NOON) + 5).status_code == 200
    found = client.get(f"/api/devices/{phone['id']}", headers=phone["headers"])
    assert "key_hash" not in found.json
    gone = client.delete(f"/api/devices/{phone['id']}", headers={**phone["headers"], "If-Match": found.headers["ETag"]})
    assert gone.status_code == 204
    assert send(client, renewed, timestamp=int(NOON) + 10).status_code == 400


def test_only_what_the_door_keeps_of_devices_is_waited_for(phone, session) -> None:
    def number() -> int:
        return session.scalar(sa.text("SELECT version FROM data_versions WHERE name = 'devices'"))

    numbers = [number()]
    for change in (
        sa.insert(Device).values(code="named in a file", crs="wgs84", speed_unit="knots"),
        sa.update(Device).where(Device.code == "named in a file").values(worker="小张", area_code=GRID_1),
        sa.update(Device).where(Device.id == phone["id"]).values(name="红米"),
        sa.update(Device).where(Device.id == phone["id"]).values(worker="小张"),
        sa.delete(Device).where(Device.id == phone["id"]),
    ):
        session.execute(change)
        numbers.append(number())
    assert numbers[:4] == [numbers[0]] * 4
    assert numbers[3] < numbers[4] < numbers[5]


def test_a_neighbour_cannot_make_keys(client, phone, bearer) -> None:
    answer = client.post(f"/api/devices/{phone['id']}/key", json={}, headers=bearer(["patrol.manage"], (GRID_2,)))
    assert problem(answer)["status"] == 404


def test_traccar_nine_speaks_json_and_hears_404_when_unknown(client, phone, session) -> None:
    body = {
        "location": {
            "timestamp": "2024-05-06T01:00:00.000Z",
            "coords": {"latitude": LAT, "longitude": LON, "speed": 1.2, "heading": -1},
        }
    }
    body["location"]["mock"] = True
    assert client.post(f"/ingest/osmand/{phone['key']}", json={**body, "device_id": "330606"}).status_code == 200
    fix = session.scalars(sa.select(TrackFix)).one()
    assert (fix.speed_mps, fix.course_deg, fix.flags) == (pytest.approx(1.2), None, Flag.MOCK)
    assert client.post(f"/ingest/osmand/{phone['key']}", json={**body, "device_id": "nobody"}).status_code == 404
    assert client.post(f"/ingest/osmand/{phone['key']}", data=b"{", content_type="application/json").status_code == 400
    assert client.post(f"/ingest/osmand/{phone['key']}", json=[1]).status_code == 400


@pytest.mark.skipif(not VECTORS.exists(), reason="the shared vectors are not here")
def test_owntracks_hears_an_empty_list(client, phone, session) -> None:
    folder = VECTORS / "tracks"
    session.execute(sa.update(Device).values(code="wgy06/phone"))
    login = {"Authorization": "Basic " + base64.b64encode(f"wgy06:{phone['key']}".encode()).decode()}
    message = json.loads((folder / "owntracks_location.json").read_text(encoding="utf-8"))
    answer = client.post("/ingest/owntracks?u=wgy06&d=phone", json=message, headers=login)
    assert (answer.status_code, answer.data) == (200, b"[]")
    assert session.scalar(sa.select(TrackFix.speed_mps)) == pytest.approx(4 / 3.6)
    for line in (folder / "owntracks_other_types.ndjson").read_text(encoding="utf-8").splitlines():
        answer = client.post("/ingest/owntracks", data=line, content_type="application/json", headers=login)
        assert (answer.status_code, answer.data) == (200, b"[]")
    assert client.post("/ingest/owntracks", data=b"", headers=login).status_code == 200
    assert client.post("/ingest/owntracks?u=nobody", json=message, headers=login).status_code == 404


def test_a_body_that_is_too_long_is_not_read(client, phone) -> None:
    assert client.post(f"/ingest/osmand/{phone['key']}", data=b"x" * 70_000, content_type="application/json").status_code == 413


def test_a_body_without_a_length_is_read_too(client, phone, session) -> None:
    """A relay may send a body in chunks: the app would hear that its position arrived."""
    login = {"Authorization": "Basic " + base64.b64encode(f"330606:{phone['key']}".encode()).decode()}
    message = {"_type": "location", "lat": LAT, "lon": LON, "tst": int(NOON), "tid": "a"}
    chunked = {"environ_overrides": {"HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": ""}, "headers": login}
    assert client.post("/ingest/owntracks", data=json.dumps(message), **chunked).status_code == 200
    assert session.scalar(sa.select(sa.func.count()).select_from(TrackFix)) == 1
    assert client.post("/ingest/owntracks", data=b"x" * 70_000, **chunked).status_code == 413


def test_a_form_may_hold_the_key(client, phone, session) -> None:
    form = {"id": "330606", "key": phone["key"], "lat": LAT, "lon": LON, "timestamp": int(NOON)}
    assert client.post("/ingest/osmand", data=form).status_code == 200
    assert client.post("/ingest/osmand", data={**form, "key": "another"}).status_code == 400


def test_a_phone_that_lost_its_clock_is_told(client, phone, session) -> None:
    assert "时间过早" in send(client, phone, timestamp=1000).text


def test_when_the_queue_is_full_the_phone_is_asked_to_come_again(client, phone, monkeypatch) -> None:
    monkeypatch.setattr(door, "MOST_WAITING", 0)
    answer = send(client, phone)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


def test_many_wait_for_one_commit(client, phone, session, monkeypatch) -> None:
    key = phone["key"]
    entries = [door.Entry(("330606",), key, door.Fix(NOON + n // 2, LON, LAT)) for n in range(100)]
    door.store_batch([*entries, door.Entry(("nobody",), key, door.Fix(NOON, LON, LAT))])
    assert {entry.outcome for entry in entries} == {door.STORED}
    assert session.scalar(sa.select(sa.func.count()).select_from(TrackFix)) == 50


def test_days_with_new_fixes_become_tracks(client, phone, session) -> None:
    for n in range(5):
        send(client, phone, timestamp=int(NOON) + n * 5, lon=LON + n * 5e-5)
    assert session.scalar(sa.select(sa.func.count()).select_from(DueDay)) == 1
    assert digest_next() is not None
    track = session.scalars(sa.select(Track)).one()
    assert (track.fixes, track.worker, track.area_code) == (5, "小王", GRID_1)
    assert track.length_m == pytest.approx(19.4, abs=0.1)
    assert digest_next() is None
    assert session.scalar(sa.select(sa.func.count()).select_from(DueDay)) == 0


def test_qr_codes_hold_what_the_apps_read(phone) -> None:
    apps = phone["apps"]
    traccar = urlsplit(apps["traccar"]["qr"])
    assert (traccar.scheme, traccar.netloc, traccar.path) == ("https", "grid.example", f"/ingest/osmand/{phone['key']}")
    assert dict(parse_qsl(traccar.query))["id"] == "330606"
    inline = unquote(apps["owntracks"]["qr"].removeprefix("owntracks:///config?inline="))
    told = json.loads(base64.b64decode(inline))
    assert (told["_type"], told["mode"], told["url"]) == ("configuration", 3, "https://grid.example/ingest/owntracks")
    assert (told["username"], told["password"]) == ("330606", phone["key"])
    assert "%LAT" in apps["gpslogger"]["qr"]
    assert "{0}" in apps["osmand"]["address"]
    assert all(app["svg"].startswith("<svg") for app in apps.values())
