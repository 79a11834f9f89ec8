"""The service of the bench, and killing it: what was answered with 200 must be in the database afterwards."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import requests
from district import ROOT
from measuring import Report

PORT, PHONES = 8797, 8798


@contextlib.contextmanager
def serving(environment: dict[str, str], workers: int) -> Iterator[subprocess.Popen[bytes]]:
    """The service, until it answers; stopped afterwards."""
    command = [sys.executable, "-m", "gis_grid.cli", "serve", "--port", str(PORT)]
    log = Path(environment["GIS_GRID_HOME"]) / "serve.log"
    with log.open("ab") as out:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**environment, "GIS_GRID_WORKERS": str(workers), "GIS_GRID_PHONES_PORT": str(PHONES)},
            stdout=out,
            stderr=out,
        )
    try:
        wait_ready()
        yield process
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(30)
        process.kill()


def wait_ready(seconds: float = 240) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with contextlib.suppress(requests.RequestException):
            ready = requests.get(f"http://127.0.0.1:{PORT}/health/ready", timeout=3).status_code == 200
            if ready and requests.get(f"http://127.0.0.1:{PHONES}/", timeout=3).status_code == 404:
                return
        time.sleep(0.3)
    raise RuntimeError("the service does not answer")


def kill_and_count(
    report: Report, home: Path, environment: dict[str, str], known: list[tuple[str, str]], kills: int, minutes: float = 30
) -> None:
    """Kill the service (each second time the database, too) at a random instant while phones send; every fix that was answered
    must be there. Ends early when the time is over, and says so."""
    from gis_grid import cluster
    from gis_grid.cluster import data

    told: list[tuple[str, int]] = []
    second = int(time.time()) - 6_000_000
    until = time.monotonic() + minutes * 60
    done = 0
    for attempt in range(kills):
        if time.monotonic() > until:
            break
        with serving(environment, 1) as process:
            stop = threading.Event()
            begin = second + attempt * 100_000
            senders = [threading.Thread(target=_send, args=(pair, begin, told, stop)) for pair in known]
            for sender in senders:
                sender.start()
            time.sleep(random.uniform(0.5, 2.5))
            if attempt % 2:
                record = data.read(home.resolve())
                pid = int((record.data / "postmaster.pid").read_text().split()[0]) if record else 0
                os.kill(pid, signal.SIGKILL)
            process.kill()
            stop.set()
            for sender in senders:
                sender.join(10)
        cluster.disposable(home)
        done += 1
    report.metrics["lost_after_kill"] = len(set(told) - stored(second))
    report.facts.append(f"{done} of {kills} kills, {len(told)} acknowledged fixes")


def _send(pair: tuple[str, str], begin: int, told: list[tuple[str, int]], stop: threading.Event) -> None:
    code, key = pair
    with requests.Session() as own:
        for n in range(10_000):
            if stop.is_set():
                return
            asked = {"id": code, "lat": "30.1", "lon": "110.1", "timestamp": str(begin + n)}
            with contextlib.suppress(requests.RequestException):
                if own.get(f"http://127.0.0.1:{PHONES}/ingest/osmand/{key}", params=asked, timeout=5).status_code == 200:
                    told.append((code, begin + n))


def stored(second: int) -> set[tuple[str, int]]:
    """Number and second of every fix from this second on."""
    from sqlalchemy import text

    from gis_grid.db import session, transaction

    query = """
    SELECT d.code, extract(epoch FROM f.at)::bigint FROM fixes f JOIN devices d ON d.id = f.device_id
    WHERE f.at >= to_timestamp(:s)
    """
    with transaction():
        return {(code, at) for code, at in session().execute(text(query), {"s": second})}
