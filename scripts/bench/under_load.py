"""A service asked over HTTP by wrk: requests, latencies, bytes, and the CPU seconds of the service and of the database."""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import time
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg
from district import HERE, District
from measuring import Report, Took, descendants, process_cpu

WHY_NOT = None if shutil.which("wrk") else "wrk is not installed (Debian package wrk)"


@dataclass(frozen=True)
class Asked:
    """A service under load: `pid` runs it, `listed` names the file of paths, `token` may be empty."""

    name: str
    url: str
    pid: int
    place: District
    listed: Path
    seconds: float
    token: str = ""


def one_run(asked: Asked, connections: int) -> dict[str, float]:
    """What ask.lua printed, and per request: CPU milliseconds of the service and of PostgreSQL, and bytes; requests per CPU s.

    What was still being answered at the end counts as half done: it cost time, and slow services have few others.
    """
    service, database = cpu_of(asked)
    told = run_wrk(asked, connections, asked.seconds)
    service_now, database_now = cpu_of(asked)
    spent = service_now - service, database_now - database
    done = told["n"] + connections / 2
    return {
        **told,
        "app_ms": spent[0] / done * 1000,
        "db_ms": spent[1] / done * 1000,
        "size": told["bytes"] / max(told["n"], 1),
        "per_cpu_s": done / sum(spent),
    }


def run_wrk(asked: Asked, connections: int, seconds: float) -> dict[str, float]:
    """What ask.lua printed."""
    words = ["wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--timeout", "20s"]
    words += ["-s", str(HERE / "ask.lua"), asked.url, "--", str(asked.listed), *filter(None, [asked.token])]
    done = subprocess.run(words, capture_output=True, text=True, timeout=seconds + 90, check=True)
    line = next(line for line in done.stdout.splitlines() if line.startswith("JSON "))
    told: dict[str, float] = json.loads(line[5:])
    return told


def cpu_of(asked: Asked) -> tuple[float, float]:
    """CPU seconds so far of the service's processes and of PostgreSQL's."""
    from gis_grid.cluster import data, system

    record = data.read(asked.place.home.resolve())
    assert record
    return process_cpu(*descendants(asked.pid)), process_cpu(*system.processes(record.data))


def in_turn(
    report: Report, section: str, what: str, services: Sequence[Asked], *, connections: int = 8, rounds: int = 3
) -> dict[str, dict[str, float]]:
    """Each service a few seconds, then again, so that all meet the same noise: medians by name.

    `times` is how many times as much per CPU second the first one answers, the median of the rounds. A service with failed
    requests is left out and the report says so; the first one may not fail.
    """
    asked_now = [_ready(asked, connections) for asked in services]
    runs = [[one_run(asked, connections) for asked in asked_now] for _ in range(rounds)]
    found: dict[str, dict[str, float]] = {}
    for number, asked in enumerate(services):
        own = [each[number] for each in runs]
        if failed := sum(run["failed"] for run in own):
            if number == 0:
                raise RuntimeError(f"{asked.name}, {what}: {failed:.0f} requests failed")
            report.skip(f"{asked.name}, {what}", f"{failed:.0f} requests failed")
            continue
        told = {field: statistics.median(run[field] for run in own) for field in own[0]}
        told["times"] = statistics.median(each[0]["per_cpu_s"] / each[number]["per_cpu_s"] for each in runs)
        found[asked.name] = told
        report.add(section, f"{asked.name}, {what}", int(told["n"]), _took(told), _note(told))
    return found


def _ready(asked: Asked, connections: int) -> Asked:
    """Plans, caches and connections are made before; a slow service gets the time for four rounds of its connections."""
    told = run_wrk(asked, connections, asked.seconds / 2)
    _settle(asked.place)
    slow_s = 4 * connections * told["wall_s"] / max(told["n"], 1)
    return replace(asked, seconds=min(max(asked.seconds, slow_s), 4 * asked.seconds))


def _settle(place: District, seconds: float = 20) -> None:
    """Wait until the database works for nobody: what the last one left behind is not the next one's."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND pid <> pg_backend_pid()"
    until = time.monotonic() + seconds
    with psycopg.connect(place.dsn, autocommit=True) as connection:
        while connection.execute(query).fetchall()[0][0] and time.monotonic() < until:
            time.sleep(0.1)


def _took(told: dict[str, float]) -> Took:
    return Took(told["n"] / told["per_cpu_s"], told["wall_s"])


def _note(told: dict[str, float]) -> str:
    each = f"{told['app_ms']:.2f} + {told['db_ms']:.2f} ms"
    return f"p50 {told['p50_ms']:.2f} ms, p99 {told['p99_ms']:.2f} ms, {each}, {told['size'] / 1000:.1f} kB"


def fetch(url: str, token: str = "", csv_body: bytes | None = None) -> bytes:
    """GET, or POST of a CSV text; with a token when there is one."""
    headers = {"Content-Type": "text/csv"} if csv_body is not None else {}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    asked = urllib.request.Request(url, csv_body, headers)  # noqa: S310  our own address
    with urllib.request.urlopen(asked, timeout=120) as answer:  # noqa: S310
        return bytes(answer.read())
