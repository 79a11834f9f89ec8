#!/usr/bin/env python3
"""How fast tracks come in and are found again, beside a bare COPY, a placing trigger, and movingpandas. Real database, real HTTP.

    scripts/bench/patrol.py [--json] [--report FILE] [--only uploads,copy,phones,steady,kills,month,reads,peers,trigger,growth]
        [--home FOLDER] [--scale district] [--points 600000] [--kills 50] [--steady 600 --rate 1000]
        [--workers 50 --days 30 | --month-points 30000000 --month-workers 5000]
        [--grow-to 100000000 --minutes 40 --plot docs/bench-patrol.svg --paper docs/bench-patrol.md]

Uploads and single fixes go through a running service with one worker; reads are asked in the database the service uses. A
folder given as home is kept, and used again by the next run. Steady and growth are only measured when they are asked for.
"""

from __future__ import annotations

import entry  # noqa: F401  first

# isort: split
import argparse
import io
import json
import re
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import requests
from district import PEERS_PYTHON, district, need_peers
from measuring import Report, Took, say
from patrol_bulk import Growing, grow, make_month
from patrol_copy import bare_copy
from patrol_kill import PHONES, PORT, kill_and_count, serving
from patrol_paper import PAPER
from patrol_steady import steady
from report import write_markdown

HERE = Path(__file__).resolve().parent
METRICS = (
    "csv_points_per_s", "geojson_points_per_s", "gpx_points_per_s", "ratio_bare_copy", "ratio_bare_copy_key", "fixes_per_s",
    "fix_p99_ms", "lost_after_kill", "worker_day_ms", "playback_50_ms", "coverage_month_ms", "who_passed_ms",
    "archive_bytes_per_fix", "ratio_movingpandas", "steady_per_s", "steady_lost", "steady_p99_ms", "steady_last_to_first",
    "growth_rows", "growth_last_to_first",
)  # fmt: skip
_BOUNDS = "SELECT ST_XMin(e), ST_YMin(e), ST_XMax(e), ST_YMax(e) FROM (SELECT ST_Extent(geom) e FROM boundaries) q"
RUN = int(time.time())  # in the names of devices: a home used again has those of earlier runs
WALK_DAY = datetime(2026, 3, 2, 1, tzinfo=UTC)  # 09:00 in Beijing


def walk(bounds: tuple[float, ...], count: int, seed: int, every: float = 5.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Times and places of a walk at 1.2 m/s with two metres of noise that turns back at the edges of the town."""
    rng = np.random.default_rng(seed)
    west, south, east, north = bounds
    heading = rng.uniform(0, 6.3) + np.cumsum(rng.normal(0, 0.03, count))
    stride = rng.normal(1.2, 0.25, count) * every
    x, y = np.cumsum(np.cos(heading) * stride) / 96_500, np.cumsum(np.sin(heading) * stride) / 110_800
    begin = rng.uniform(0.2, 0.8, 2)

    def folded(values: np.ndarray, low: float, high: float, start: float) -> np.ndarray:
        span = (high - low) * 0.8
        return low + (high - low) * 0.1 + np.abs((values + start * span) % (2 * span) - span)

    lon = folded(x, west, east, begin[0]) + rng.normal(0, 2e-5, count)
    lat = folded(y, south, north, begin[1]) + rng.normal(0, 2e-5, count)
    return np.arange(count) * every, lon, lat


def as_files(at: np.ndarray, lon: np.ndarray, lat: np.ndarray) -> dict[str, bytes]:
    """The same walk as CSV (GPSLogger's columns), GeoJSON and GPX."""
    times = [f"{text}Z" for text in np.datetime_as_string((WALK_DAY.timestamp() + at).astype("M8[s]")).tolist()]
    places = list(zip(times, lon.tolist(), lat.tolist(), strict=True))
    rows = "\n".join(f"{t},{y:.6f},{x:.6f},246.0,5.0,45.0,1.2" for t, x, y in places)
    line = {"type": "LineString", "coordinates": np.round(np.column_stack([lon, lat]), 6).tolist()}
    points = "\n".join(f'<trkpt lat="{y:.6f}" lon="{x:.6f}"><ele>246.0</ele><time>{t}</time></trkpt>' for t, x, y in places)
    return {
        "csv": f"time,lat,lon,elevation,accuracy,bearing,speed\n{rows}".encode(),
        "geojson": json.dumps({"type": "Feature", "properties": {"coordTimes": times}, "geometry": line}).encode(),
        "gpx": f'<?xml version="1.0"?><gpx version="1.1"><trk><trkseg>{points}</trkseg></trk></gpx>'.encode(),
    }


def uploads(report: Report, files: dict[str, bytes], count: int, token: str) -> None:
    """Each format over HTTP: from the first byte sent until the answer."""
    for kind, body in files.items():
        took = []
        for attempt in range(3):
            began = time.perf_counter()
            answer = requests.post(
                f"http://127.0.0.1:{PORT}/api/tracks/?device=bench-{RUN}-{kind}-{attempt}",
                files={"file": (f"walk.{kind}", io.BytesIO(body))},
                headers={"Authorization": f"Bearer {token}"},
                timeout=600,
            )
            took.append(time.perf_counter() - began)
            if answer.status_code != 201 or answer.json()["stored"] != count:
                raise RuntimeError(f"upload {kind}: {answer.text[:500]}")
        report.add("upload", kind, count, Took(0, min(took)), known_cpu=False)
        report.metrics[f"{kind}_points_per_s"] = round(count / min(took))


def enrol(home: Path, count: int) -> list[tuple[str, str]]:
    """Devices with keys, also in a file for the phones of the bench."""
    from gis_grid.access.guard import acting
    from gis_grid.access.rules import COMMAND
    from gis_grid.db import transaction
    from gis_grid.patrol.devices import device_called, new_key

    with transaction(), acting(COMMAND):
        made = [new_key(device_called(f"phone-{RUN}-{n}").id) for n in range(count)]
        known = [(device.code, key) for device, key in made]
    (home / "phones.txt").write_text("\n".join(" ".join(pair) for pair in known))
    return known


def phones(report: Report, home: Path, seconds: int) -> None:
    """Single fixes of 64 devices, each waiting for its answer before it sends the next."""
    first = int(time.time()) - 3_000_000
    command = ["wrk", "-t2", "-c64", f"-d{seconds}", "--latency", "-s", str(HERE / "fixes.lua"), f"http://127.0.0.1:{PHONES}"]
    told = subprocess.run(
        [*command, "--", str(home / "phones.txt"), str(first)], capture_output=True, text=True, check=True
    ).stdout
    rate, p99 = re.search(r"Requests/sec:\s+([\d.]+)", told), re.search(r"99%\s+([\d.]+)(us|ms|s)", told)
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", told)
    if bad:
        report.facts.append(f"{bad[1]} single fixes were not answered with 200")
    assert rate and p99, told
    report.metrics["fixes_per_s"] = round(float(rate[1]))
    report.metrics["fix_p99_ms"] = round(float(p99[1]) * {"us": 0.001, "ms": 1, "s": 1000}[p99[2]], 1)


def month(bounds: tuple[float, ...], workers: int, days: int) -> None:
    """A month of some workers, eight hours a day with a fix every five seconds, stored as uploads are."""
    from gis_grid.access.guard import acting
    from gis_grid.access.rules import COMMAND
    from gis_grid.db import long_engine, transaction
    from gis_grid.patrol.actions import record_track
    from gis_grid.patrol.fixes import TrackInput, arrays

    for worker in range(workers):
        with transaction(long_engine()), acting(COMMAND):
            for day in range(days):
                at, lon, lat = walk(bounds, 5_760, worker * 100 + day)
                start = (WALK_DAY + timedelta(days=day)).timestamp() + at
                fixes = arrays(start, lon, lat, accuracy_m=np.full(len(at), 5.0))
                record_track(TrackInput(fixes, "csv", device=f"worker-{RUN}-{worker}", worker=f"巡查{worker}"))


def reads(report: Report, bounds: tuple[float, ...]) -> None:
    """The questions of the desk, asked through the verbs that the routes call."""
    from sqlalchemy import select, text

    from gis_grid.access.guard import acting
    from gis_grid.access.rules import COMMAND
    from gis_grid.db import session, transaction
    from gis_grid.errors import GridError
    from gis_grid.patrol import coverage, looks
    from gis_grid.patrol.models import Track

    day = date(2026, 3, 3)
    with transaction(), acting(COMMAND):
        days = (
            session().execute(select(Track.id, Track.worker).where(Track.day == day, Track.worker.is_not(None)).limit(50)).all()
        )
        grid = session().scalar(
            text("SELECT area_code FROM track_areas WHERE targets != '{}' ORDER BY cardinality(targets) DESC LIMIT 1")
        )
        ask: dict[str, Callable[[], Any]] = {
            "worker_day_ms": lambda: (
                session()
                .execute(
                    text("SELECT ST_AsBinary(geom) FROM track_segments WHERE track_id = :id ORDER BY started_at"),
                    {"id": days[0].id},
                )
                .all()
            ),
            "playback_50_ms": lambda: looks.playback(day, [one.worker for one in days]),
            "coverage_month_ms": lambda: coverage.coverage(grid or "", day, day + timedelta(days=30)),
            "who_passed_ms": lambda: looks.who_passed(
                (bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2, 50, WALK_DAY, WALK_DAY + timedelta(days=30), "bench"
            ),
        }
        for name, verb in ask.items():
            try:
                report.metrics[name] = _median_ms(verb)
            except GridError as refusal:
                report.skip(name, refusal)
        size = "SELECT sum(length(ST_AsTWKB(geom, 6, 0, 0)))::float8 / sum(fixes) FROM track_segments"
        report.metrics["archive_bytes_per_fix"] = round(session().scalar(text(size)) or 0, 2)


def _median_ms(verb: Callable[[], Any]) -> float:
    verb()
    took = []
    for _ in range(9):
        began = time.perf_counter()
        verb()
        took.append((time.perf_counter() - began) * 1000)
    return round(statistics.median(took), 2)


def peers(report: Report, at: np.ndarray, lon: np.ndarray, lat: np.ndarray) -> None:
    """movingpandas on the same track: speeds (the same definition) and stops (its own)."""
    from gis_grid.patrol.fixes import arrays
    from gis_grid.patrol.rules import Limits, clean, speeds, stays

    fixes = arrays(WALK_DAY.timestamp() + at, lon, lat)
    began = time.perf_counter()
    cleaned = clean(fixes, Limits(now=time.time()))
    ours = speeds(cleaned)
    found = stays(cleaned, 30, 180, 300)
    took = time.perf_counter() - began
    report.add("cleaning", "ours: flags, speeds, stays", len(at), Took(took, took))
    if why := need_peers():
        report.skip("movingpandas", why)
        return
    with tempfile.TemporaryDirectory() as folder:
        np.savez(Path(folder) / "walk.npz", at=fixes.at, lon=lon, lat=lat)
        done = subprocess.run(
            [PEERS_PYTHON, HERE / "patrol_peer.py", folder], capture_output=True, text=True, check=False, timeout=900
        )
    if done.returncode:
        report.skip("movingpandas", done.stderr[-300:])
        return
    told = json.loads(done.stdout.splitlines()[-1])
    theirs = np.array(told["speeds"])
    differ = np.abs(ours[: len(theirs)] - theirs).max()
    report.facts.append(f"speeds differ by at most {differ:.4f} m/s; stays {len(found)}, theirs {told['stops']}")
    report.add("cleaning", "movingpandas: speeds, stops", len(at), Took(told["seconds"], told["seconds"]))
    report.metrics["ratio_movingpandas"] = round(told["seconds"] / took, 1)


def trigger_placing(report: Report, at: np.ndarray, lon: np.ndarray, lat: np.ndarray) -> None:
    """The usual way in PostGIS: a row trigger that looks for the covering grid."""
    from sqlalchemy import text

    from gis_grid.db import raw_connection, session, transaction

    with transaction():
        session().execute(text("CREATE TEMP TABLE placed_by_trigger (at float8, geom geometry(Point, 4490), code text)"))
        session().execute(
            text(
                "CREATE FUNCTION pg_temp.place_row() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN "
                "SELECT b.area_code INTO NEW.code "
                "FROM boundaries b JOIN areas a ON a.code = b.area_code WHERE a.level = 'grid' AND ST_Covers(b.geom, NEW.geom) "
                "ORDER BY 1 LIMIT 1; RETURN NEW; END $f$"
            )
        )
        session().execute(
            text("CREATE TRIGGER p BEFORE INSERT ON placed_by_trigger FOR EACH ROW EXECUTE FUNCTION pg_temp.place_row()")
        )
        rows = list(zip(at.tolist(), [f"SRID=4490;POINT({x} {y})" for x, y in zip(lon, lat, strict=True)], strict=True))
        began = time.perf_counter()
        with raw_connection().cursor() as cursor, cursor.copy("COPY placed_by_trigger (at, geom) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        took = time.perf_counter() - began
        session().rollback()
    report.add("placing", "PostGIS row trigger", len(rows), Took(took, took))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print the metrics as JSON")
    parser.add_argument("--report", type=Path, help="where to write rows, facts and metrics as JSON")
    parser.add_argument(
        "--home", type=Path, default=None, help="An installation made before (its database must run); else a fresh one."
    )
    parser.add_argument("--scale", default="community")
    parser.add_argument("--only", default="", help="sections, with commas between (default: all but steady and growth)")
    parser.add_argument("--points", type=int, default=600_000)
    parser.add_argument("--workers", type=int, default=50)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--month-points", type=int, default=0, help="instead of 50 workers' full month: so many fixes, in bulk")
    parser.add_argument("--month-workers", type=int, default=5_000)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--steady", type=int, default=0, help="seconds of fixes at --rate")
    parser.add_argument("--rate", type=int, default=1_000)
    parser.add_argument("--grow-to", type=int, default=0, help="fixes in the table at the end")
    parser.add_argument("--minutes", type=float, default=40, help="the growing, and the killing, end by then")
    parser.add_argument("--plot", type=Path, help="where to draw the growth")
    parser.add_argument("--paper", type=Path, help="where to write everything that was found, as docs/bench-patrol.md")
    asked = parser.parse_args()
    report = Report(dict.fromkeys(METRICS))
    home = asked.home or Path(tempfile.mkdtemp(prefix="gis-grid-bench-"))
    home.mkdir(parents=True, exist_ok=True)
    try:
        with district(home, asked.scale, keep=asked.home is not None) as made:
            measure(report, asked, home, made.environment)
    finally:
        if asked.home is None:
            shutil.rmtree(home, ignore_errors=True)
    if asked.report:
        asked.report.write_text(json.dumps(report.dump(), ensure_ascii=False, indent=1))
    if asked.paper:
        write_markdown(report, PAPER, asked.paper, asked.plot)
    if asked.json:
        print(json.dumps({"metrics": report.metrics}))


def measure(report: Report, asked: argparse.Namespace, home: Path, environment: dict[str, str]) -> None:
    """Everything, one after the other; what fails is said and leaves its metrics empty."""
    from sqlalchemy import text

    from gis_grid.access.actions import create_token
    from gis_grid.access.guard import acting
    from gis_grid.access.rules import COMMAND
    from gis_grid.app import load_features
    from gis_grid.db import session, transaction
    from gis_grid.patrol.targets import refresh_targets

    load_features()
    with transaction(), acting(COMMAND):
        _, token = create_token("bench", ["tracks.write"], [""], 1)
        row = session().execute(text(_BOUNDS))
        bounds = tuple(row.one())
    at, lon, lat = walk(bounds, asked.points, 1)
    few = at[:50_000], lon[:50_000], lat[:50_000]
    known = enrol(home, 64)
    growing = Growing(home, home / "phones.txt", token, bounds, walk, as_files, lambda verb: _with_service(environment, 1, verb))
    in_bulk = lambda: make_month(report, walk, bounds, asked.month_points, asked.month_workers, WALK_DAY)  # noqa: E731
    sections: dict[str, Callable[[], None]] = {
        "uploads": lambda: _with_service(environment, 1, lambda: uploads(report, as_files(at, lon, lat), asked.points, token)),
        "copy": lambda: bare_copy(report, WALK_DAY, at, lon, lat, f"bench-{RUN}-%"),
        "phones": lambda: _with_service(environment, 2, lambda: phones(report, home, asked.seconds)),
        "steady": lambda: _with_service(environment, 1, lambda: steady(report, known, asked.rate, asked.steady)),
        "kills": lambda: kill_and_count(report, home, environment, known, asked.kills, asked.minutes),
        "targets": lambda: _refresh(refresh_targets),
        "month": in_bulk if asked.month_points else lambda: month(bounds, asked.workers, asked.days),
        "reads": lambda: reads(report, bounds),
        "peers": lambda: peers(report, *few),
        "trigger": lambda: trigger_placing(report, *few),
        "growth": lambda: grow(report, growing, asked.grow_to, asked.minutes, asked.plot),
    }
    left_out = {name for name, size in (("steady", asked.steady), ("growth", asked.grow_to)) if not size}
    wanted = set(asked.only.split(",")) if asked.only else set(sections)
    for name, step in sections.items():
        if name not in wanted - left_out and not (name == "targets" and "month" in wanted):
            continue
        say(f"{name} ...")
        try:
            step()
        except Exception as fault:  # one measurement that fails must not take the others with it
            report.skip(name, f"{type(fault).__name__}: {fault}")
        say(json.dumps(report.metrics))


def _with_service(environment: dict[str, str], workers: int, verb: Callable[[], None]) -> None:
    with serving(environment, workers):
        verb()


def _refresh(refresh: Callable[[], dict[str, int]]) -> None:
    from gis_grid.access.guard import acting
    from gis_grid.access.rules import COMMAND
    from gis_grid.db import long_engine, transaction

    with transaction(long_engine()), acting(COMMAND):
        say(str(refresh()))


if __name__ == "__main__":
    main()
