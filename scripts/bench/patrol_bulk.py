"""Many fixes at once: a month of a district's workers with all that is made of it, and a table that grows to 100 million rows.

A month is a few hundred walks that went the whole way through the product, given again and again to other workers on other days.
"""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import requests
from district import HERE, PEERS_PYTHON
from measuring import Report, Took, say
from patrol_kill import PHONES, PORT

DAYS = 30
SIZES = (1_000_000, 3_000_000, 10_000_000, 30_000_000, 100_000_000)
ASKED = {"CSV uploads": 100_000, "single fixes": 20_000, "bare COPY": 200_000}  # fixes of one measurement, about
LEAST_FREE = 6 * 1024**3  # bytes of disk
FIRST_DAY = date(2024, 1, 1)  # the growing table's; walks of the other measurements lie in 2026
Walk = Callable[..., tuple[np.ndarray, np.ndarray, np.ndarray]]
_TRACK = "device_id, day, device, worker, started_at, ended_at, fixes, length_m, minutes, area_code, placed_by"


@dataclass(frozen=True)
class Template:
    """One worker-day as the product made it: rows of its tables, times still those of its own day."""

    day: date
    fixes: Any
    codes: np.ndarray
    track: dict[str, Any]
    areas: Sequence[Any]
    segments: Sequence[tuple[Any, np.ndarray]]


def make_month(report: Report, walk: Walk, bounds: tuple[float, ...], points: int, workers: int, first: datetime) -> None:
    """`points` fixes of `workers` over 30 days from `first` on, with tracks, segments, areas and targets."""
    from gis_grid.db import long_engine, session, transaction

    each = max(20, points // workers // DAYS)
    templates = _templates(walk, bounds, each, min(400, workers), first)
    with transaction(long_engine()):
        ids = _devices(f"month-{int(time.time())}", workers)
    began = time.perf_counter()
    for day in range(DAYS):
        with transaction(long_engine()):
            _copy_day(ids, templates, first.date() + timedelta(days=day), day)
        say(f"day {day + 1} of {DAYS}, {time.perf_counter() - began:.0f} s")
    with transaction(long_engine()):
        for table in ("tracks", "track_areas", "track_segments"):
            session().connection().exec_driver_sql(f"ANALYZE {table}")
    report.add(
        "month",
        f"{workers:,} workers, {each} fixes a day",
        each * workers * DAYS,
        Took(0, time.perf_counter() - began),
        known_cpu=False,
    )


def _templates(walk: Walk, bounds: tuple[float, ...], each: int, count: int, first: datetime) -> list[Template]:
    """Walks stored as any other, read back with what was made of them."""
    from gis_grid.access.guard import acting
    from gis_grid.access.rules import COMMAND
    from gis_grid.db import long_engine, transaction
    from gis_grid.patrol.actions import record_track
    from gis_grid.patrol.fixes import TrackInput, arrays

    found, name = [], f"template-{int(time.time())}"
    for number in range(count):
        with transaction(long_engine()), acting(COMMAND):
            at, lon, lat = walk(bounds, each, 50_000 + number, every=36.0)
            start = (first - timedelta(days=60)).timestamp() + at
            fixes = arrays(start, lon, lat, accuracy_m=np.full(each, 5.0))
            (track,) = record_track(TrackInput(fixes, "csv", device=f"{name}-{number}"))["tracks"]
            found.append(_template(track["id"]))
    return found


def _template(track_id: int) -> Template:
    from sqlalchemy import text

    from gis_grid.db import session
    from gis_grid.patrol.store import day_bounds, read_fixes, vertices_of

    def rows(query: str) -> list[dict[str, Any]]:
        return [dict(row) for row in session().execute(text(query), {"id": track_id}).mappings()]

    (track,) = rows("SELECT * FROM tracks WHERE id = :id")
    fixes, codes = read_fixes(track["device_id"], *day_bounds(track["day"]))
    segments = rows(
        "SELECT started_at, ended_at, fixes, area_code, ST_AsBinary(geom) AS wkb"
        " FROM track_segments WHERE track_id = :id ORDER BY id"
    )
    lines = [(segment, vertices_of([bytes(segment["wkb"])])[0]) for segment in segments]
    areas = rows("SELECT area_code, fixes, length_m, minutes, targets FROM track_areas WHERE track_id = :id")
    return Template(track["day"], fixes, codes, track, areas, lines)


def _devices(name: str, count: int) -> list[int]:
    from sqlalchemy import text

    from gis_grid.db import session

    query = (
        "INSERT INTO devices (code, worker) SELECT :name || '-' || n, '巡查' || n FROM generate_series(1, :count) n RETURNING id"
    )
    return sorted(session().scalars(text(query), {"name": name, "count": count}))


def _copy_day(ids: list[int], templates: list[Template], day: date, number: int) -> None:
    """One day of all workers: fixes, tracks, areas, segments, each by one COPY."""
    from sqlalchemy import text

    from gis_grid.db import raw_connection, session
    from gis_grid.patrol.digest import _line_m
    from gis_grid.patrol.fixes import Fixes, joined
    from gis_grid.patrol.store import copy_fixes, make_days

    chosen = [templates[(place * 7 + number) % len(templates)] for place in range(len(ids))]
    shifts = [(day - one.day).days * 86_400.0 for one in chosen]
    fixes = joined([Fixes(**{**vars(one.fixes), "at": one.fixes.at + shift}) for one, shift in zip(chosen, shifts, strict=True)])
    make_days(fixes.at)
    lengths = [len(one.fixes) for one in chosen]
    copy_fixes(np.repeat(np.array(ids, np.int64), lengths), fixes, np.concatenate([one.codes for one in chosen]))
    keys = (
        session()
        .scalars(text("SELECT nextval(pg_get_serial_sequence('tracks', 'id')) FROM generate_series(1, :n)"), {"n": len(ids)})
        .all()
    )
    plan = list(zip(keys, ids, chosen, shifts, strict=True))
    with raw_connection().cursor() as cursor:
        with cursor.copy(f"COPY tracks (id, {_TRACK}) FROM STDIN") as copy:
            for place, (key, device, one, shift) in enumerate(plan, 1):
                later, was = timedelta(seconds=shift), one.track
                copy.write_row(
                    (key, device, day, f"month-{place}", f"巡查{place}", was["started_at"] + later, was["ended_at"] + later,
                     was["fixes"], was["length_m"], was["minutes"], was["area_code"], was["placed_by"])
                )  # fmt: skip
        with cursor.copy("COPY track_areas (track_id, day, area_code, fixes, length_m, minutes, targets) FROM STDIN") as copy:
            for key, _, one, _ in plan:
                for area in one.areas:
                    copy.write_row((key, day, *area.values()))
        query = "COPY track_segments (track_id, device_id, started_at, ended_at, fixes, area_code, geom) FROM STDIN"
        with cursor.copy(query) as copy:
            for key, device, one, shift in plan:
                later = timedelta(seconds=shift)
                for row, xym in one.segments:
                    line = _line_m(xym + np.array([0.0, 0.0, shift])).hex()
                    copy.write_row(
                        (key, device, row["started_at"] + later, row["ended_at"] + later, row["fixes"], row["area_code"], line)
                    )


@dataclass(frozen=True)
class Growing:
    """What the growing table is measured with: `serve` runs a verb while the service runs; `phones` lists devices and keys."""

    home: Path
    phones: Path
    token: str
    bounds: tuple[float, ...]
    walk: Walk
    as_files: Callable[..., dict[str, bytes]]
    serve: Callable[[Callable[[], None]], None]


def grow(report: Report, with_: Growing, most: int, minutes: float, plot: Path | None) -> None:
    """Uploads and single fixes a second while the table grows to `most` rows by COPY; ends early when time or disk runs out."""
    until = time.monotonic() + minutes * 60
    series: dict[str, list[tuple[int, float]]] = {name: [] for name in ASKED}
    rows = 0
    for size in [size for size in SIZES if size <= most] or [most]:
        rows, rate, why = _fill(rows, size, with_, until)
        if rate:
            series["bare COPY"].append((rows, rate))
        _settle()
        with_.serve(lambda: _measure(series, rows, with_))  # noqa: B023  called at once
        for name, pairs in series.items():
            if pairs and pairs[-1][0] == rows:
                count, rate = ASKED[name], pairs[-1][1]
                report.add("growth", f"{name}, {rows:,} fixes in the table", count, Took(0, count / rate), known_cpu=False)
        if why:
            report.facts.append(f"growth ended at {rows:,} fixes: {why}")
            break
    report.metrics["growth_rows"] = rows
    uploads = series["CSV uploads"]
    if len(uploads) > 1:
        report.metrics["growth_last_to_first"] = round(uploads[-1][1] / uploads[0][1], 2)
    if plot and (fault := draw(series, with_.home, plot)):
        report.skip("the picture", fault)


def _fill(rows: int, size: int, with_: Growing, until: float) -> tuple[int, float | None, str | None]:
    """COPY until so many rows; how many there are, the last batch's rows a second, and why it stopped early."""
    from gis_grid.access.guard import acting
    from gis_grid.access.rules import COMMAND
    from gis_grid.areas.placing import current_index
    from gis_grid.db import long_engine, transaction
    from gis_grid.patrol.digest import place_fixes
    from gis_grid.patrol.fixes import Fixes, arrays
    from gis_grid.patrol.store import copy_fixes, make_days

    count, rate = 200_000, None
    if rows >= size:
        return rows, None, None
    with transaction(), acting(COMMAND):
        _, lon, lat = with_.walk(with_.bounds, count, 9)
        fixes, codes = place_fixes(
            arrays(np.tile(np.arange(200) * 36.0, 1_000), lon, lat, accuracy_m=np.full(count, 5.0)), current_index()
        )
    while rows < size:
        if time.monotonic() > until:
            return rows, rate, "the time is over"
        if shutil.disk_usage(with_.home).free < LEAST_FREE:
            return rows, rate, "the disk is nearly full"
        day, group = divmod(rows // count, 5)  # a million fixes of 5,000 workers a day
        start = datetime.combine(FIRST_DAY + timedelta(days=day), datetime.min.time(), UTC).timestamp() + 3_600
        owners = 2_000_000_000 + group * 1_000 + np.repeat(np.arange(1_000, dtype=np.int64), 200)
        began = time.perf_counter()
        with transaction(long_engine()):
            batch = Fixes(**{**vars(fixes), "at": fixes.at + start})
            make_days(batch.at)
            copy_fixes(owners, batch, codes)
        rate = count / (time.perf_counter() - began)
        rows += count
    say(f"{rows:,} fixes, {rate or 0:,.0f} a second")
    return rows, rate, None


def _settle() -> None:
    """What the filling left to be done is done: it would go on while the next is measured."""
    import psycopg

    from gis_grid.db import database_urls

    with psycopg.connect(database_urls()[0].replace("+psycopg", ""), autocommit=True) as owner:
        for (table,) in owner.execute(
            "SELECT relname FROM pg_stat_user_tables WHERE relname ~ '^fixes' AND n_ins_since_vacuum > 0"
        ):
            owner.execute(f"VACUUM (ANALYZE) {table}")
        owner.execute("CHECKPOINT")
    os.sync()


def _measure(series: dict[str, list[tuple[int, float]]], rows: int, with_: Growing) -> None:
    count = ASKED["CSV uploads"]
    _upload(with_, 25_000, rows % 1000 + 1000)  # the service has just begun: the map of areas is laid, the loops are loaded
    series["CSV uploads"].append((rows, count / min(_upload(with_, count, rows % 1000 + n) for n in range(5))))
    first = int(time.time()) - 1_000_000 + 10_000 * len(series["CSV uploads"])  # each fix is new
    command = [
        "wrk",
        "-t1",
        "-c64",
        "-d5",
        "-s",
        str(HERE / "fixes.lua"),
        f"http://127.0.0.1:{PHONES}",
        "--",
        str(with_.phones),
        str(first),
    ]
    told = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    found = re.search(r"Requests/sec:\s+([\d.]+)", told)
    if found:
        series["single fixes"].append((rows, float(found[1])))


def _upload(with_: Growing, count: int, seed: int) -> float:
    """Seconds until a new device's walk of so many fixes is answered."""
    body = with_.as_files(*with_.walk(with_.bounds, count, seed))["csv"]
    began = time.perf_counter()
    answer = requests.post(
        f"http://127.0.0.1:{PORT}/api/tracks/?device=growth-{time.time():.3f}",
        files={"file": ("walk.csv", io.BytesIO(body))},
        headers={"Authorization": f"Bearer {with_.token}"},
        timeout=300,
    )
    if answer.status_code != 201:
        raise RuntimeError(answer.text[:300])
    return time.perf_counter() - began


def draw(series: dict[str, list[tuple[int, float]]], folder: Path, out: Path) -> str | None:
    """Both curves as one picture with the peers' matplotlib; answers why it could not, or None."""
    across = {"across": "fixes in the table", "up": "a second"}
    files = {"GIS Grid, CSV uploads": series["CSV uploads"], "bare COPY": series["bare COPY"]}
    panels = [
        {"title": "Uploads, points a second", "series": {k: v for k, v in files.items() if v}, "between": [1e4, 1e6], **across},
        {
            "title": "Single fixes of 64 phones",
            "series": {"GIS Grid, single fixes": series["single fixes"]},
            "between": [100, 1e5],
            **across,
        },
    ]
    told = folder / "growth.json"
    told.write_text(json.dumps(panels))
    words = [str(PEERS_PYTHON), str(HERE / "plot.py"), str(told), str(out)]
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
    except OSError as fault:
        return str(fault)
    return done.stderr[-300:] if done.returncode else None
