"""Storing: once, whatever the order and overlap; into the right days; totals from the union; another's area is refused."""

from __future__ import annotations

import gzip
import io
from datetime import UTC, date, datetime

import numpy as np
import pytest
import sqlalchemy as sa

from gis_grid.errors import Invalid
from gis_grid.geo import crs
from gis_grid.patrol.actions import record_file, record_track
from gis_grid.patrol.digest import digest_day
from gis_grid.patrol.fixes import Flag, TrackInput, joined
from gis_grid.patrol.models import Device, LastPosition, Segment, Stay, Track, TrackArea, TrackFix
from gis_grid.patrol.store import read_fixes
from tests.conftest import DATA, problem
from tests.factories import GRID_1, GRID_2, make_town, middle
from tests.patrol.walks import NOON, straight, track, walk

BEGIN, END = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


def count(session, model=TrackFix) -> int:
    return session.scalar(sa.select(sa.func.count()).select_from(model))


def test_a_track_over_two_grids_is_stored_with_both_and_once(session) -> None:
    make_town()
    answer = record_track(track(straight(30)))
    assert {part["code"] for part in answer["areas"]} == {GRID_1, GRID_2}
    assert (answer["received"], answer["stored"], answer["repeated"]) == (30, 30, 0)
    assert session.scalar(sa.select(sa.func.sum(TrackArea.fixes))) == 30
    again = record_track(track(straight(30)))
    assert (again["stored"], again["repeated"], again["tracks"]) == (0, 30, answer["tracks"])
    assert count(session) == 30


def test_what_is_read_back_is_what_was_sent(session) -> None:
    make_town()
    sent = straight(20)
    record_track(track(sent))
    device = session.scalars(sa.select(Device)).one()
    fixes, codes = read_fixes(device.id, BEGIN, END)
    for name in ("at", "lon", "lat", "accuracy_m", "speed_mps", "ele_m", "battery"):
        assert np.array_equal(getattr(fixes, name), getattr(sent, name), equal_nan=True), name
    assert set(codes) == {GRID_1, GRID_2}
    assert (device.code, device.area_code) == ("d1", GRID_1)


@pytest.mark.parametrize("seed", range(4))
def test_any_order_and_overlap_of_pieces_ends_in_the_same(session, seed: int) -> None:
    make_town()
    rng = np.random.default_rng(seed)
    steps = np.cumsum(rng.normal(0, 8, (400, 2)), axis=0)
    whole = walk(*[(n * 5, east, north) for n, (east, north) in enumerate(steps)])
    record_track(track(whole, device="whole"))
    pieces = [whole.part(begin, begin + 150) for begin in range(0, 400, 90)]
    for place in rng.permutation(len(pieces)):
        record_track(track(pieces[place], device="pieces"))
    one, other = (session.scalars(sa.select(Track).where(Track.device == name)).one() for name in ("whole", "pieces"))
    assert (one.fixes, other.fixes) == (400, 400)
    assert other.length_m == pytest.approx(one.length_m, abs=1e-6)
    flags = [read_fixes(t.device_id, BEGIN, END)[0].flags & ~Flag.DISORDER for t in (one, other)]
    assert np.array_equal(*flags)
    amounts = [
        session.execute(
            sa.select(TrackArea.area_code, TrackArea.fixes, sa.func.round(sa.cast(TrackArea.length_m, sa.Numeric), 3))
            .where(TrackArea.track_id == t.id)
            .order_by(TrackArea.area_code)
        ).all()
        for t in (one, other)
    ]
    assert amounts[0] == amounts[1]


def test_flags_are_stored_and_nothing_is_deleted(session) -> None:
    make_town()
    answer = record_track(track(joined([straight(10), walk((52, 5_000, 0)), walk((57, 57, 0), (62, 62, 0))])))
    assert (answer["stored"], answer["flagged"]) == (13, {"漂移": 1})
    assert session.scalar(sa.select(sa.func.count()).where(TrackFix.flags.op("&")(int(Flag.JUMP)) != 0)) == 1


def test_a_later_piece_that_explains_a_jump_corrects_the_flags(session) -> None:
    make_town()
    record_track(track(walk((0, 0, 0), (5, 5, 0), (10, 900, 0))))
    assert session.scalar(sa.select(sa.func.count()).where(TrackFix.flags.op("&")(int(Flag.FAST)) != 0)) == 1
    record_track(track(walk((15, 15, 0), (20, 20, 0))))
    flags = session.scalars(sa.select(TrackFix.flags).order_by(TrackFix.at)).all()
    assert [bool(f & Flag.JUMP) for f in flags] == [False, False, True, False, False]
    assert not any(f & Flag.FAST for f in flags)


def test_midnight_in_the_configured_zone_parts_the_days(session) -> None:
    make_town()
    before_midnight = NOON + 15 * 3600 - 300  # 23:55 in Beijing
    answer = record_track(track(straight(120, start=before_midnight)))
    assert [day["day"] for day in answer["tracks"]] == ["2024-05-06", "2024-05-07"]
    assert session.scalars(sa.select(Track.day).order_by(Track.day)).all() == [date(2024, 5, 6), date(2024, 5, 7)]


def test_old_and_new_times_find_their_partition(session) -> None:
    make_town()
    for year in (1999, 2012, 2021, 2025):
        begin = datetime(year, 3, 1, 4, tzinfo=UTC).timestamp()
        assert record_track(track(straight(5, start=begin)))["stored"] == 5
    names = session.scalars(sa.text("SELECT DISTINCT tableoid::regclass::text FROM fixes ORDER BY 1")).all()
    assert names == ["fixes_20210301", "fixes_20250301", "fixes_before_2020"]


def test_segments_are_ten_minutes_joined_without_holes(session) -> None:
    make_town()
    record_track(track(straight(300)))  # 25 minutes from 9:00
    rows = session.execute(
        sa.text(
            "SELECT fixes, ST_NPoints(geom), ST_M(ST_StartPoint(geom)), ST_M(ST_EndPoint(geom)) FROM track_segments ORDER BY id"
        )
    ).all()
    assert [row[0] for row in rows] == [120, 120, 60]
    assert [row[1] for row in rows] == [121, 121, 60]
    assert rows[0][3] == rows[1][2] == NOON + 600


def test_a_lonely_fix_and_a_stay_are_kept(session) -> None:
    make_town()
    record_track(track(walk((0, 0, 0))))
    assert session.scalar(sa.select(Segment.fixes)) == 1
    record_track(track(walk(*[(n * 5, 0, n % 2) for n in range(60)]), device="d2"))
    stay = session.scalars(sa.select(Stay)).one()
    assert (stay.ended_at - stay.started_at).total_seconds() == 295
    assert stay.area_code == GRID_1


def test_the_last_position_only_moves_forward(session) -> None:
    make_town()
    record_track(track(straight(30)))
    record_track(track(straight(10, start=NOON - 500)))
    last = session.scalars(sa.select(LastPosition)).one()
    assert last.at.timestamp() == NOON + 29 * 5
    assert last.area_code == GRID_2


def test_digesting_again_from_the_stored_fixes_gives_the_same(session) -> None:
    make_town()
    record_track(track(straight(100)))
    first = session.scalars(sa.select(Track)).one()
    told = (first.length_m, first.minutes, first.flagged)
    device = session.get(Device, first.device_id)
    again = digest_day(device, first.day)
    assert (again.length_m, again.minutes, again.flagged) == told
    assert count(session, Segment) == len(session.scalars(sa.select(Segment.id)).all()) == 1


def test_a_file_that_names_no_device_is_known_again(session) -> None:
    make_town()
    lon, lat = middle(0)
    lines = [f"2024-05-06 09:{n // 60:02}:{n % 60:02},{lon + n * 1e-5:.6f},{lat}" for n in range(0, 300, 5)]

    def send(some: list[str]) -> dict:
        return record_file(io.BytesIO(("time,lon,lat\n" + "\n".join(some)).encode()), "t.csv")

    assert send(lines[:30])["stored"] == 30  # the upload broke off
    assert (whole := send(lines))["stored"] == 30
    assert whole["repeated"] == 30
    assert count(session) == 60


def test_days_that_come_in_blocks_are_stored_whole(session, monkeypatch) -> None:
    make_town()
    monkeypatch.setattr("gis_grid.patrol.actions.BLOCK", 100)
    monkeypatch.setattr("gis_grid.patrol.formats.gpx.MOST", 64)
    lon, lat = middle(0)
    times = [datetime.fromtimestamp(NOON + n * 300, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") for n in range(1000)]
    points = "".join(
        f'<trkpt lat="{lat}" lon="{lon + (n % 50) * 1e-6}"><time>{time}</time></trkpt>' for n, time in enumerate(times)
    )
    answer = record_file(io.BytesIO(f"<gpx><trk><trkseg>{points}</trkseg></trk></gpx>".encode()), "t.gpx")
    assert (answer["received"], answer["stored"], answer["repeated"]) == (1000, 1000, 0)
    assert session.scalar(sa.select(sa.func.sum(Track.fixes))) == 1000


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.gpx", b"<gpx><trk><trkseg><trkpt lat='1' lon='1'/></trkseg></trk></gpx>"),
        ("a.exe", b"MZ"),
        ("a.csv.gz", b"not gzip"),
        ("a.csv", b"time,lon,lat\n2024-05-06T01:00:00Z,106.5,\n"),
        ("a.geojson", b'{"type":"FeatureCollection","features":[]}'),
    ],
)
def test_what_has_no_usable_fix_is_refused_with_the_reason(session, name: str, data: bytes) -> None:
    with pytest.raises(Invalid) as refused:
        record_file(io.BytesIO(data), name)
    assert refused.value.detail


def _gpx(count: int, note: str = "") -> bytes:
    points = "".join(
        f'<trkpt lat="29.5{n:04}" lon="106.5{n:04}"><ele>{200 + n}</ele>'
        f"<time>2024-05-06T01:{n // 60:02}:{n % 60:02}Z</time></trkpt>\n"
        for n in range(count)
    )
    return f'<?xml version="1.0"?><gpx version="1.1">{note}<trk><trkseg>{points}</trkseg></trk></gpx>'.encode()


def _kml(count: int) -> bytes:
    when = "".join(f"<when>2024-05-06T01:{n // 60:02}:{n % 60:02}Z</when>" for n in range(count))
    coords = "".join(f"<gx:coord>106.5{n:04} 29.5{n:04} 5</gx:coord>" for n in range(count))
    return f'<kml xmlns:gx="g"><Placemark><gx:Track>{when}{coords}</gx:Track></Placemark></kml>'.encode()


def _csv(count: int) -> bytes:
    return b"time,lat,lon\n" + b"".join(
        b"2024-05-06T01:%02d:%02dZ,29.5%04d,106.5%04d\n" % (n // 60, n % 60, n, n) for n in range(count)
    )


@pytest.mark.parametrize(("kind", "whole"), [("gpx", _gpx(60)), ("gpx", _gpx(60, "<!-- & -->")), ("kml", _kml(60))])
@pytest.mark.parametrize("share", [0.4, 0.61, 0.803, 0.9, 0.97])
def test_of_a_file_that_breaks_off_the_whole_points_are_kept(session, kind: str, whole: bytes, share: float) -> None:
    make_town()
    for cut in range(int(len(whole) * share), int(len(whole) * share) + 40, 3):
        with session.begin_nested() as before:
            _holds_only_true_points(session, f"walk.{kind}", whole[:cut])
            before.rollback()


@pytest.mark.parametrize(("kind", "whole"), [("gpx", _gpx(60)), ("kml", _kml(60)), ("csv", _csv(60))])
def test_of_packed_data_that_break_off_the_whole_points_are_kept(session, kind: str, whole: bytes) -> None:
    make_town()
    packed = gzip.compress(whole, 0 if kind == "csv" else 6)
    for cut in range(int(len(packed) * 0.9), len(packed), 7):
        with session.begin_nested() as before:
            _holds_only_true_points(session, f"walk.{kind}.gz", packed[:cut])
            before.rollback()


def _holds_only_true_points(session, name: str, data: bytes) -> None:
    """Stored is a beginning of the walk, told as such; or nothing, refused."""
    try:
        answer = record_file(io.BytesIO(data), name)
    except Invalid:
        assert count(session) == 0
        assert not name.endswith(".gpx")
        return
    rows = session.execute(sa.select(TrackFix.lon, TrackFix.lat, TrackFix.at).order_by(TrackFix.at)).all()
    assert len(rows) == answer["stored"] > 0
    for n, (lon, lat, _) in enumerate(rows):
        assert (round(lon, 6), round(lat, 6)) == (round(106.5 + n / 1e5, 6), round(29.5 + n / 1e5, 6)), n
    assert len(rows) < 61
    assert any("再传一次" in warning for warning in answer["warnings"])


def test_another_datum_than_said_is_suspected(session) -> None:
    make_town()
    fixes = straight(50)
    lon, lat = crs.from_stored(fixes.lon, fixes.lat, "gcj02")
    shifted = TrackInput(type(fixes)(**{**vars(fixes), "lon": lon, "lat": lat}), "csv", device="d1")
    answer = record_track(shifted)
    assert any("gcj02" in warning for warning in answer["warnings"])
    right = TrackInput(shifted.fixes, "csv", device="d2", crs="gcj02")
    assert record_track(right)["warnings"] == []


def test_upload_over_the_api_and_not_into_anothers_area(client, bearer, session) -> None:
    make_town()
    lon, lat = middle(0)
    lines = [f"2024-05-06 09:00:{n:02},{lon + n * 1e-5},{lat}" for n in range(20)]
    data = ("time,lon,lat\n" + "\n".join(lines)).encode()

    def send(headers, data=data):
        return client.post("/api/tracks/?worker=小王", data={"file": (io.BytesIO(data), "../../t.csv")}, headers=headers)

    refused = send(bearer(["tracks.write"], (GRID_2,)))
    assert problem(refused)["code"] == "other_area"
    answer = send(bearer(["tracks.write"], (GRID_1,)))
    assert answer.status_code == 201, answer.data
    assert answer.json["stored"] == 20
    assert answer.json["areas"][0]["code"] == GRID_1
    assert client.get("/api/tracks/", headers=bearer(["tracks.read"], (GRID_2,))).json["items"] == []
    another = client.post(
        "/api/tracks/?device=worker-小王", data={"file": (io.BytesIO(data), "t.csv")}, headers=bearer(["tracks.write"], (GRID_2,))
    )
    assert problem(another)["code"] == "other_area"


def test_a_day_elsewhere_of_a_device_that_belongs_here_is_kept_and_told(client, bearer, session) -> None:
    make_town()
    (lon, lat), (away, there) = middle(0), middle(1)
    here = [f"2024-05-06 09:00:{n:02},{lon + n * 1e-5},{lat}" for n in range(20)]
    outside = [f"2024-05-07 09:00:{n:02},{away + n * 1e-5},{there}" for n in range(20)]
    nowhere = [f"2024-05-08 09:00:{n:02},{lon + 1},{lat + 1 + n * 1e-5}" for n in range(20)]
    headers = bearer(["tracks.write"], (GRID_1,))

    def send(lines, device="p1"):
        body = ("time,lon,lat\n" + "\n".join(lines)).encode()
        return client.post(f"/api/tracks/?device={device}", data={"file": (io.BytesIO(body), "t.csv")}, headers=headers)

    assert problem(send(outside))["code"] == "other_area"
    both = send(here + outside)
    assert (both.status_code, both.json["stored"]) == (201, 40)
    assert any("2024-05-07" in one and "2024-05-06" not in one for one in both.json["warnings"])
    alone = send(nowhere)
    assert (alone.status_code, alone.json["stored"]) == (201, 20)
    assert problem(send(nowhere, "p2"))["code"] == "other_area"
    assert count(session) == 60


def test_half_a_multipart_stores_nothing(client, bearer, session) -> None:
    make_town()
    body = b'--x\r\nContent-Disposition: form-data; name="file"; filename="t.csv"\r\n\r\ntime,lon,lat\n2024-05-06T01:00:00Z,106.5'
    answer = client.post(
        "/api/tracks/", data=body, content_type="multipart/form-data; boundary=x", headers=bearer(["tracks.write"])
    )
    assert answer.status_code in (400, 422)
    assert count(session) == 0


@pytest.mark.skipif(not DATA.exists(), reason="the shared data are not here")
def test_each_of_the_awkward_gpx_files_is_stored_or_refused_with_a_reason(session) -> None:
    stored, refused = [], {}
    for path in sorted((DATA / "gpx_samples").glob("*.gpx")):
        try:
            with path.open("rb") as stream, session.begin_nested():
                stored.append(record_file(stream, path.name)["stored"])
        except Invalid as fault:
            refused[path.name] = fault.detail
    assert (len(stored), len(refused)) == (14, 14), refused
    assert all(refused.values())
