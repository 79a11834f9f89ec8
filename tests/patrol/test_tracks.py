"""Tracks: what is kept, what is dropped and why, what fell where; one sample per format."""

from __future__ import annotations

import numpy as np
import pytest
import sqlalchemy as sa

from gis_grid.errors import Invalid
from gis_grid.patrol.actions import read_track, record_track
from gis_grid.patrol.fixes import TrackInput, make_fixes
from gis_grid.patrol.models import TrackArea, TrackFix
from gis_grid.patrol.rules import Limits, clean, shares
from tests.conftest import DATA, VECTORS, problem
from tests.factories import GRID_1, GRID_2, make_town, middle

NOON = 1_714_957_200.0
LIMITS = Limits(now=NOON + 10_000)
NAN = float("nan")


def walk(*steps: tuple[float, float, float], accuracy: float = 5.0):
    """Fixes of (seconds, east in metres, north in metres) from the middle of the first grid."""
    lon, lat = middle(0)
    return make_fixes([(NOON + s, lon + e / 96_900, lat + n / 110_830, accuracy, NAN, 0) for s, e, n in steps])


def test_each_reason_is_counted() -> None:
    good = [(0, 0, 0), (5, 5, 0), (10, 10, 0), (15, 15, 0)]
    rows = list(
        zip(*(getattr(walk(*good), name) for name in ("at", "lon", "lat", "accuracy_m", "speed_mps", "segment")), strict=True)
    )
    rows += [(NAN, 106.5, 29.5, 5, NAN, 0), (NOON, 0, 0, 5, NAN, 0), (NOON, 999, 29, 5, NAN, 0), (NOON, 106.5, 29.5, 80, NAN, 0)]
    rows += [(NOON + 99_999, 106.5, 29.5, 5, NAN, 0), rows[0]]
    kept, dropped = clean(make_fixes(rows), LIMITS)
    assert len(kept) == 4
    assert dropped == {"没有时间": 1, "坐标为 0,0": 1, "坐标无效": 1, "精度不足": 1, "时间在将来": 1, "重复": 1}


def test_a_jump_goes_a_fast_ride_stays() -> None:
    kept, dropped = clean(walk((0, 0, 0), (5, 5, 0), (10, 5000, 0), (15, 15, 0), (20, 20, 0)), LIMITS)
    assert (len(kept), dropped) == (4, {"漂移": 1})
    train, dropped = clean(walk(*[(n * 5, n * 400, 0) for n in range(10)]), LIMITS)
    assert (len(train), dropped) == (10, {})


def test_a_gap_begins_a_new_segment_and_its_metres_do_not_count(session) -> None:
    make_town()
    answer = record_track(TrackInput(walk((0, 0, 0), (10, 20, 0), (1000, 20, 30), (1010, 20, 40)), "csv"))
    assert answer["length_m"] == pytest.approx(30, abs=0.2)
    assert answer["minutes"] == pytest.approx(20 / 60, abs=0.1)


def test_fixes_out_of_order_are_put_in_order() -> None:
    kept, _ = clean(walk((10, 10, 0), (0, 0, 0), (5, 5, 0)), LIMITS)
    assert np.all(np.diff(kept.at) > 0)


def test_shares_add_up_to_the_whole() -> None:
    fixes, _ = clean(walk(*[(n * 5, n * 5, 0) for n in range(40)]), LIMITS)
    codes = np.array(["A"] * 15 + ["B"] * 20 + [None] * 5, dtype=object)
    parts = shares(fixes, codes)
    assert [(part.code, part.fixes) for part in parts] == [("B", 20), ("A", 15), (None, 5)]
    assert sum(part.length_m for part in parts) == pytest.approx(195, abs=0.5)
    assert sum(part.minutes for part in parts) == pytest.approx(39 * 5 / 60)


def test_a_track_over_two_grids_is_stored_with_both_and_once(session) -> None:
    make_town()
    source = TrackInput(walk(*[(n * 5, n * 5, 0) for n in range(30)]), "csv", device="d1")
    answer = record_track(source)
    assert {part["code"] for part in answer["areas"]} == {GRID_1, GRID_2}
    assert session.scalar(sa.select(sa.func.count()).select_from(TrackFix)) == 30
    assert session.scalar(sa.select(sa.func.sum(TrackArea.fixes))) == 30
    again = record_track(source)
    assert (again["already_there"], again["id"]) == (True, answer["id"])
    assert session.scalar(sa.select(sa.func.count()).select_from(TrackFix)) == 30


@pytest.mark.skipif(not VECTORS.exists(), reason="the shared vectors are not here")
@pytest.mark.parametrize("name", ["patrol_gpx10.gpx", "patrol_gpx11.gpx", "gpslogger.csv", "beijing_time_gcj02_gb18030.csv"])
def test_the_samples_read_as_expected(session, name: str) -> None:
    import csv
    from datetime import datetime

    with (VECTORS / "tracks" / "expected.csv").open(encoding="utf-8") as file:
        expected = [row for row in csv.DictReader(file) if row["file"] == name]
    datum = "gcj02" if "gcj02" in name else "wgs84"
    source = read_track((VECTORS / "tracks" / name).read_bytes(), name, datum)
    from gis_grid.patrol.actions import _stored

    fixes = _stored(source)
    assert len(fixes) == len(expected)
    for i, row in enumerate(expected):
        assert fixes.at[i] == pytest.approx(datetime.fromisoformat(row["time_utc"]).timestamp(), abs=1)
        assert (fixes.lon[i], fixes.lat[i]) == pytest.approx((float(row["lon"]), float(row["lat"])), abs=2e-5)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.gpx", b""),
        ("a.gpx", b"<gpx><trk>"),
        ("a.gpx", b"<kml/>"),
        ("a.gpx", b"<gpx><wpt lat='1' lon='1'/></gpx>"),
        ("a.gpx", b'<!DOCTYPE gpx [<!ENTITY x "y">]><gpx>&x;</gpx>'),
        ("a.gpx", b"<gpx><trk><trkseg><trkpt lat='1' lon='1'/></trkseg></trk></gpx>"),
        ("a.plt", b"nonsense"),
        ("a.csv", b"a,b\n1,2\n"),
        ("a.csv", b"\xff\xff"),
        ("a.exe", b"MZ"),
    ],
)
def test_what_is_no_track_is_refused_with_the_reason(session, name: str, data: bytes) -> None:
    with pytest.raises(Invalid) as refused:
        record_track(read_track(data, name))
    assert refused.value.detail


def test_upload_over_the_api_and_not_into_anothers_area(client, bearer, session) -> None:
    import io

    make_town()
    lon, lat = middle(0)
    lines = [f"2024-05-06 09:00:{n:02},{lon + n * 1e-5},{lat}" for n in range(20)]
    data = ("time,lon,lat\n" + "\n".join(lines)).encode()

    def send(headers):
        return client.post("/api/tracks/?worker=小王", data={"file": (io.BytesIO(data), "../../t.csv")}, headers=headers)

    refused = send(bearer(["tracks.write"], (GRID_2,)))
    assert problem(refused)["code"] == "other_area"
    answer = send(bearer(["tracks.write"], (GRID_1,)))
    assert answer.status_code == 201, answer.data
    assert answer.json["fixes"] == 20
    assert answer.json["areas"][0]["code"] == GRID_1
    assert client.get("/api/tracks/", headers=bearer(["tracks.read"], (GRID_2,))).json["items"] == []


@pytest.mark.skipif(not DATA.exists(), reason="the shared data are not here")
def test_each_of_the_awkward_gpx_files_is_stored_or_refused_with_a_reason(session) -> None:
    stored, refused = [], {}
    for path in sorted((DATA / "gpx_samples").glob("*.gpx")):
        try:
            stored.append(record_track(read_track(path.read_bytes(), path.name))["fixes"])
        except Invalid as fault:
            refused[path.name] = fault.detail
    assert (len(stored), len(refused)) == (14, 14)
    assert all(refused.values())
