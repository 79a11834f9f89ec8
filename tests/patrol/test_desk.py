"""The desk: coverage that grows with each walk, visits, playing back, who passed here, made-up tracks, keeping no longer."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
import sqlalchemy as sa

from gis_grid.audit import AuditEntry
from gis_grid.db import Base
from gis_grid.errors import Invalid
from gis_grid.geo import shapes
from gis_grid.patrol.actions import record_track
from gis_grid.patrol.coverage import by_worker, coverage, unvisited, visits_of
from gis_grid.patrol.fixes import Fixes, Flag, joined
from gis_grid.patrol.looks import live, path_of, playback, who_passed
from gis_grid.patrol.models import ArchivedSegment, Segment, Target, Track, TrackFix
from gis_grid.patrol.retention import retention
from gis_grid.patrol.targets import refresh_targets
from gis_grid.patrol.visits import find_visits, make_targets
from tests.conftest import problem
from tests.factories import COMMUNITY, GRID_1, GRID_2, make_building, make_home, make_town, middle, point
from tests.patrol.walks import NOON, PER_LAT, PER_LON, straight, track, walk

DAY = date(2024, 5, 6)
LON, LAT = middle(0)


def target_at(east: float, north: float, **given) -> Target:
    place = f"SRID=4490;POINT({LON + east / PER_LON} {LAT + north / PER_LAT})"
    made = Target(
        point=sa.func.ST_GeomFromEWKT(place), **{"kind": "checkpoint", "area_code": GRID_1, "placed_by": "inside", **given}
    )
    from gis_grid.db import session

    session().add(made)
    session().flush()
    return made


def targets(*places: tuple[float, float], radius: float = 20, dwell: float = 0):
    lon, lat = np.array([LON + e / PER_LON for e, _ in places]), np.array([LAT + n / PER_LAT for _, n in places])
    return make_targets(lon, lat, np.full(len(places), radius), np.full(len(places), dwell))


def test_a_target_between_two_fixes_was_passed() -> None:
    jump = walk((0, 0, 0), (100, 100, 0))
    (visit,) = find_visits(jump, targets((50, 10), (50, 40)))
    assert visit.target == 0
    assert visit.nearest_m == pytest.approx(10, abs=1)
    assert (visit.begin - NOON, visit.end - NOON) == pytest.approx((33, 67), abs=9)


def test_who_comes_back_later_visited_twice_and_a_short_stop_is_no_visit() -> None:
    there_and_back = joined([straight(100), walk(*[(500 + n * 5, 495 - n * 5, 0) for n in range(100)])])
    assert len(find_visits(there_and_back, targets((100, 0)))) == 2
    assert find_visits(there_and_back, targets((100, 0), dwell=60)) == []
    standing = walk((0, 0, 0), *[(100 + n * 5, 100, n % 3) for n in range(30)])
    assert len(find_visits(standing, targets((100, 0), dwell=60))) == 1


def test_the_line_is_not_drawn_through_a_silence() -> None:
    silent = walk((0, 0, 0), (5, 5, 0), (3000, 200, 0), (3005, 205, 0))
    flagged = Fixes(**{**vars(silent), "flags": np.array([0, 0, int(Flag.NO_SIGNAL), 0], np.int32)})
    assert find_visits(flagged, targets((100, 0))) == []


def test_coverage_grows_with_each_walk_and_counts_weights(session) -> None:
    make_town()
    near, far, heavy = target_at(20, 0), target_at(0, 45), target_at(-40, 0, weight=8)
    other = target_at(100, 0, area_code=GRID_2, kind="key_place")
    before = coverage("", DAY, DAY)
    assert (before["targets"], before["passed"], before["share"]) == (4, 0, 0.0)
    record_track(track(straight(10)))
    told = {area["code"]: area for area in coverage("", DAY, DAY)["areas"]}
    assert (told[GRID_1]["passed"], told[GRID_1]["share"]) == (1, 0.1)
    assert told[GRID_2]["passed"] == 0
    record_track(track(straight(30, start=NOON + 50), worker="小王"))
    told = {area["code"]: area for area in coverage("", DAY, DAY)["areas"]}
    assert told[GRID_2]["kinds"]["key_place"] == {"targets": 1, "passed": 1, "share": 1.0}
    assert [row["id"] for row in unvisited("", DAY, DAY)] == [heavy.id, far.id]
    assert coverage("", DAY + timedelta(1), DAY + timedelta(1))["passed"] == 0
    assert coverage("", DAY, DAY, worker="nobody")["passed"] == 0
    (grid,) = coverage(COMMUNITY, DAY, DAY)["above"]
    assert (grid["code"], grid["targets"], grid["passed"]) == (COMMUNITY, 4, 2)
    told = {one["worker"]: (one["passed"], one["days"], one["share"]) for one in by_worker(COMMUNITY, DAY, DAY)}
    assert told == {"小王": (2, 1, 0.1818)}
    found = visits_of(session.scalars(sa.select(Track.id)).first())
    assert {row["id"] for row in found} <= {near.id, other.id}


def test_targets_come_from_entrances_and_streets_and_go_with_them(session) -> None:
    make_town()
    make_home(0)
    building = make_building(1, code="B2")
    west, east = LON - 40 / PER_LON, LON + 140 / PER_LON
    session.execute(
        sa.insert(Base.metadata.tables["base_map"]).values(
            source="t",
            kind="road",
            rank="lane",
            name="小巷",
            geom=sa.func.ST_GeomFromText(f"LINESTRING({west} {LAT},{east} {LAT})", 4490),
        )
    )
    assert refresh_targets() == {"entrance": 2, "street": 4}
    assert refresh_targets() == {"entrance": 2, "street": 4}
    assert {row.area_code for row in session.scalars(sa.select(Target))} == {GRID_1, GRID_2}
    building.retired_at = datetime.now(UTC)
    session.flush()
    assert refresh_targets()["entrance"] == 1
    record_track(track(straight(30)))
    assert coverage("", DAY, DAY)["passed"] == 5


def test_a_days_line_and_playing_back_are_audited_and_scoped(client, bearer, session) -> None:
    make_town()
    record_track(track(straight(200, mps=0.04), worker="小王"))
    key = session.scalar(sa.select(Track.id))
    pieces = path_of(key)["pieces"]
    assert [len(piece["at"]) for piece in pieces] == [121, 80]
    mine, other = bearer(["tracks.read"], (GRID_1,)), bearer(["tracks.read"], (GRID_2,))
    found = client.get("/api/patrol/playback?day=2024-05-06&worker=小王", headers=mine).json["items"]
    assert [(one["worker"], len(one["pieces"])) for one in found] == [("小王", 2)]
    assert client.get("/api/patrol/playback?day=2024-05-06", headers=other).json["items"] == []
    assert problem(client.get(f"/api/tracks/{key}/path", headers=other))["status"] == 404
    assert {entry.action for entry in session.scalars(sa.select(AuditEntry).where(AuditEntry.target == "tracks"))} >= {
        "view",
        "play",
    }
    assert playback(DAY, prefix=GRID_2) == []


def test_who_is_where(client, bearer, session) -> None:
    make_town()
    record_track(track(straight(5), worker="小王"))
    (one,) = live()
    assert (one["worker"], one["stale"], one["area_code"]) == ("小王", True, GRID_1)
    assert client.get("/api/patrol/live", headers=bearer(["tracks.read"], (GRID_2,))).json["items"] == []


def test_who_passed_is_exact_in_place_and_time_and_wants_a_purpose(client, bearer, session) -> None:
    make_town()
    record_track(track(straight(100)))
    at = datetime.fromtimestamp(NOON, UTC)

    def asked(radius: float, first: float, last: float) -> list[dict]:
        return who_passed(
            LON + 50 / PER_LON, LAT + 30 / PER_LAT, radius, at + timedelta(seconds=first), at + timedelta(seconds=last), "核实"
        )

    (found,) = asked(50, 0, 600)
    assert found["nearest_m"] == pytest.approx(30, abs=0.2)
    assert [(found[name] - at).total_seconds() for name in ("first", "last")] == pytest.approx([10, 90], abs=0.5)
    assert asked(29, 0, 600) == []
    assert asked(50, 91, 600) == []
    assert asked(50, 0, 9) == []
    assert asked(50, 60, 70)[0]["nearest_m"] == pytest.approx(np.hypot(30, 10), abs=0.2)
    record_track(track(walk((0, 50, 40), start=NOON + 7200), device="lonely"))
    (lonely,) = asked(50, 7000, 7300)
    assert (lonely["device"], lonely["first"], lonely["last"]) == ("lonely", at + timedelta(hours=2), at + timedelta(hours=2))
    body = {"lon": LON, "lat": LAT, "first": at.isoformat(), "last": (at + timedelta(hours=1)).isoformat()}
    headers = bearer(["tracks.search"], (GRID_1,))
    assert problem(client.post("/api/patrol/who-passed", json=body, headers=headers))["status"] == 422
    answer = client.post("/api/patrol/who-passed", json={**body, "purpose": "核实走访"}, headers=headers)
    assert len(answer.json["items"]) == 1
    assert session.scalars(sa.select(AuditEntry.purpose).where(AuditEntry.action == "search")).all()[-1] == "核实走访"
    elsewhere = client.post(
        "/api/patrol/who-passed", json={**body, "purpose": "核实"}, headers=bearer(["tracks.search"], (GRID_2,))
    )
    assert problem(elsewhere)["code"] == "other_area"


def noisy(count: int, seed: int, **more) -> Fixes:
    rng = np.random.default_rng(seed)
    east = np.cumsum(rng.uniform(2, 9, count))
    return walk(*[(n * 5, e, o) for n, (e, o) in enumerate(zip(east, np.cumsum(rng.normal(0, 2, count)), strict=True))], **more)


def doubts(session, device: str) -> dict:
    return session.scalars(sa.select(Track).where(Track.device == device).order_by(Track.day.desc())).first().doubts


def test_an_honest_walk_raises_no_doubt(session) -> None:
    make_town()
    record_track(track(noisy(200, 1)))
    assert doubts(session, "d1") == {}


def test_made_up_tracks_are_scored_and_said_in_words(session) -> None:
    make_town()
    record_track(track(straight(100), device="even"))
    assert set(doubts(session, "even")) == {"constant_speed", "straight_lines"}
    record_track(track(noisy(60, 2, flags=int(Flag.MOCK)), device="mock"))
    assert doubts(session, "mock")["mock"]["score"] == 100
    record_track(track(joined([noisy(60, 3), walk((400, 90_000, 0), (405, 90_005, 0))]), device="teleport"))
    assert "teleport" in doubts(session, "teleport")
    assert all(told["why"] for name in ("even", "mock", "teleport") for told in doubts(session, name).values())


def test_the_same_track_again_and_two_phones_on_one_path(session) -> None:
    make_town()
    record_track(track(noisy(200, 4), device="a"))
    record_track(track(noisy(200, 4, start=NOON + 86_400), device="a"))
    assert "完全相同" in doubts(session, "a")["repeated"]["why"]
    rng = np.random.default_rng(5)
    first = noisy(200, 4)
    near = Fixes(**{**vars(first), "lon": first.lon + rng.normal(0, 3, 200) / PER_LON, "at": first.at + 1.5})
    record_track(track(near, device="b"))
    assert doubts(session, "b")["two_devices"]["score"] >= 80
    record_track(track(noisy(200, 6, start=NOON + 7200), device="c"))
    assert doubts(session, "c") == {}


@pytest.mark.parametrize(("days", "gone"), [(91, 0), (92, 400)])
def test_retention_counts_what_it_then_does(session, days: int, gone: int) -> None:
    make_town()
    record_track(track(noisy(400, 7)))
    on = DAY + timedelta(days=days)
    assert retention(on=on)["fixes"] == retention(dry_run=False, on=on)["fixes"] == gone
    assert session.scalar(sa.select(sa.func.count()).select_from(TrackFix)) == 400 - gone
    assert session.scalar(sa.select(sa.func.count()).select_from(Segment)) == 0


def test_retention_counts_first_then_thins_and_keeps_the_totals(session) -> None:
    make_town()
    target_at(20, 0)
    record_track(track(noisy(400, 7)))
    on = DAY + timedelta(days=120)
    tried = retention(on=on)
    assert (tried["fixes"], tried["segments_to_thin"], tried["dry_run"]) == (400, 4, True)
    assert session.scalar(sa.select(sa.func.count()).select_from(TrackFix)) == 400
    before = path_of(session.scalar(sa.select(Track.id)))["pieces"]
    retention(dry_run=False, on=on)
    assert session.scalar(sa.select(sa.func.count()).select_from(TrackFix)) == 0
    assert session.scalar(sa.select(sa.func.count()).select_from(Segment)) == 0
    size = session.scalar(sa.select(sa.func.sum(sa.func.length(ArchivedSegment.twkb)))) / 400
    assert size <= 10, size
    after = path_of(session.scalar(sa.select(Track.id)))["pieces"]
    assert [len(piece["at"]) for piece in after] == [len(piece["at"]) for piece in before]
    assert np.abs(np.array(after[0]["lon"]) - before[0]["lon"]).max() < 1e-6
    line, at = after[1], datetime.fromtimestamp(NOON, UTC)
    (found,) = who_passed(
        line["lon"][60], line["lat"][60], 20, at, at + timedelta(hours=1), "核实"
    )  # the archive is searched, too
    assert found["first"] <= datetime.fromtimestamp(line["at"][60], UTC) <= found["last"]
    assert who_passed(line["lon"][60], line["lat"][60], 20, at + timedelta(hours=1), at + timedelta(hours=2), "核实") == []
    assert coverage("", DAY, DAY)["passed"] == 1
    with pytest.raises(Invalid, match="归档"):
        record_track(track(noisy(400, 7)))
    retention(dry_run=False, on=DAY + timedelta(days=400))
    assert path_of(session.scalar(sa.select(Track.id)))["pieces"] == []
    assert coverage("", DAY, DAY)["passed"] == 1
    with pytest.raises(Invalid, match="已按规定删除"):  # nobody may take it for "nobody was here"
        who_passed(line["lon"][60], line["lat"][60], 20, at, at + timedelta(hours=1), "核实")
    with pytest.raises(Invalid, match="已按规定删除"):
        playback(DAY)


def test_a_checkpoint_over_the_api_is_placed_and_its_radius_checked(client, bearer, session) -> None:
    make_town()
    headers = bearer(["patrol.manage", "tracks.read"], (GRID_1,))
    body = {"kind": "checkpoint", "name": "东门", "point": {"type": "Point", "coordinates": [LON, LAT]}, "radius_m": 30}
    made = client.post("/api/targets/", json=body, headers=headers)
    assert (made.status_code, made.json["area_code"]) == (201, GRID_1)
    assert problem(client.post("/api/targets/", json={**body, "radius_m": 9000}, headers=headers))["code"] == "out_of_range"
    assert problem(client.post("/api/targets/", json={**body, "kind": "street"}, headers=headers))["code"] == "bad_kind"
    elsewhere = {**body, "point": shapes.to_geojson(shapes.from_stored(point(1)))}
    assert problem(client.post("/api/targets/", json=elsewhere, headers=headers))["code"] == "other_area"
