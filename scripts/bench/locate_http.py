"""The running service asked over HTTP: one point with its chain, people and reason; 100,000 points as CSV; TiPg beside it."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import shutil
import statistics
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from district import HERE, PEERS_PYTHON, District, free_port, served
from grounds import index_of, points_inside
from locate_sql import prepare_grids
from measuring import Report, Took, descendants, process_cpu, ratio, timed
from numpy.typing import NDArray

from gis_grid.geo.locate import Bounded

POINTS = 2_000
CONNECTIONS = (1, 8)


def measure(report: Report, place: District, areas: list[Bounded], folder: Path, *, seconds: int, bulk: int, peers: bool) -> int:
    """All rows of the section; answers how many of the bulk answers differ from the index in memory."""
    shapes = index_of(areas).lowest[1]
    points = points_inside(shapes, POINTS, 11)
    token = _token()
    answers = {}
    with _service(place) as (url, pid):
        ask_once(url, points[0], token)
        paths = [f"/api/locate?lon={lon:.7f}&lat={lat:.7f}" for lon, lat in points]
        answers["ours"] = _under_load(report, "GIS Grid /api/locate", url, paths, folder, place, pid, seconds, token)
        differ = _bulk(report, url, token, areas, points_inside(shapes, bulk, 12))
    if peers:
        try:
            answers["tipg"] = _tipg(report, place, areas, points, folder, seconds)
        except (RuntimeError, OSError) as fault:
            report.skip("TiPg", fault)
    _metrics(report, answers)
    return differ


def _metrics(report: Report, answers: dict[str, dict[int, dict[str, float]]]) -> None:
    ours, theirs = answers["ours"], answers.get("tipg", {})
    if not ours:
        return
    report.metrics["http_point_p50_ms"] = round(ours[1]["p50_ms"], 3)
    report.metrics["http_point_p99_ms"] = round(ours[1]["p99_ms"], 3)
    report.metrics["http_point_per_s"] = round(ours[8]["n"] / ours[8]["wall_s"])
    if theirs:
        report.metrics["http_point_ratio_tipg"] = ratio(ours[8]["per_cpu_s"], theirs[8]["per_cpu_s"])


@contextlib.contextmanager
def _service(place: District) -> Iterator[tuple[str, int]]:
    port = free_port()
    command = [sys.executable, "-m", "gis_grid.cli", "serve", "--port", str(port)]
    url = f"http://127.0.0.1:{port}"
    with served(command, f"{url}/health/ready", place.environment, place.home / "serve.log") as pid:
        yield url, pid


def _token() -> str:
    from gis_grid.access.actions import create_token
    from gis_grid.cli import command_line

    with command_line():
        return create_token("bench", ["areas.read"], [""], 1)[1]


def ask_once(url: str, point: NDArray[np.float64], token: str) -> dict[str, Any]:
    """One answer in full: the load must not be measured on refusals."""
    asked = urllib.request.Request(
        f"{url}/api/locate?lon={point[0]}&lat={point[1]}", headers={"Authorization": f"Bearer {token}"}
    )
    with urllib.request.urlopen(asked, timeout=30) as answer:
        told: dict[str, Any] = json.load(answer)
    assert len(told["chain"]) == 4 and told["responsible"] and told["why"]["sentence"], told
    return told


def _under_load(
    report: Report, name: str, url: str, paths: list[str], folder: Path, place: District, pid: int, seconds: int, *token: str
) -> dict[int, dict[str, float]]:
    """wrk with 1 and 8 connections: the median of three runs of each field, by connections; CPU of the service and the database."""
    if not shutil.which("wrk"):
        report.skip(name, "wrk is not installed (Debian package wrk)")
        return {}
    listed = folder / "paths.txt"
    listed.write_text("\n".join(paths))
    found = {}
    for connections in CONNECTIONS:
        run_wrk(url, listed, connections, 1 + seconds // 5, *token)  # every worker has seen its first requests
        runs = [_one_run(url, listed, connections, seconds, place, pid, *token) for _ in range(3)]
        told = {field: statistics.median(run[field] for run in runs) for field in runs[0]}
        if sum(run["failed"] for run in runs):
            raise RuntimeError(f"{name}: requests failed: {runs}")
        note = f"p50 {told['p50_ms']:.2f} ms, p99 {told['p99_ms']:.2f} ms"
        many = f"{connections} connection{'s' if connections > 1 else ''}"
        report.add("http", f"{name}, {many}", int(told["n"]), Took(told["n"] / told["per_cpu_s"], told["wall_s"]), note)
        found[connections] = told
    return found


def _one_run(url: str, listed: Path, connections: int, seconds: int, place: District, pid: int, *token: str) -> dict[str, float]:
    before = _cpu(pid, place)
    told = run_wrk(url, listed, connections, seconds, *token)
    return {**told, "per_cpu_s": told["n"] / (_cpu(pid, place) - before)}


def run_wrk(url: str, listed: Path, connections: int, seconds: int, *token: str) -> dict[str, float]:
    """What ask.lua printed."""
    words = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-s", str(HERE / "ask.lua"), url, "--"]
    done = subprocess.run([*words, str(listed), *token], capture_output=True, text=True, timeout=seconds + 60, check=True)
    line = next(line for line in done.stdout.splitlines() if line.startswith("JSON "))
    told: dict[str, float] = json.loads(line[5:])
    return told


def _cpu(pid: int, place: District) -> float:
    """Of the service's processes and of PostgreSQL's."""
    from gis_grid.cluster import data, system

    record = data.read(place.home.resolve())
    assert record
    return process_cpu(*descendants(pid), *system.processes(record.data))


def _bulk(report: Report, url: str, token: str, areas: list[Bounded], points: NDArray[np.float64]) -> int:
    body = ("lon,lat\n" + "".join(f"{lon:.7f},{lat:.7f}\n" for lon, lat in points)).encode()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "text/csv"}

    def post() -> bytes:
        asked = urllib.request.Request(f"{url}/api/locate", data=body, headers=headers)
        with urllib.request.urlopen(asked, timeout=120) as answer:
            return bytes(answer.read())

    post()  # each worker lays its lattice at its first
    post()
    runs = [timed(post, 1) for _ in range(3)]
    took, answer = min(runs, key=lambda run: run[0].wall_s)
    report.add("http", "GIS Grid, points as CSV to /api/locate", len(points), took, "best of 3", known_cpu=False)
    report.metrics["bulk_100k_s"] = round(took.wall_s, 3) if len(points) == 100_000 else None
    told = np.array([row["code"] or None for row in csv.DictReader(io.StringIO(answer.decode()))], dtype=object)
    expected = index_of(areas).place(*np.round(points, 7).T.copy()).code
    return int((told != expected).sum())


def _tipg(
    report: Report, place: District, areas: list[Bounded], points: NDArray[np.float64], folder: Path, seconds: int
) -> dict[int, dict[str, float]]:
    """TiPg on the same grids (a table with a GiST index): the features that meet a box of a centimetre."""
    prepare_grids(place.dsn, areas)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    environment = {**os.environ, "DATABASE_URL": place.dsn, "TIPG_DB_SCHEMAS": '["bench"]', "TIPG_CATALOG_TTL": "86400"}
    command = [str(PEERS_PYTHON), "-m", "uvicorn", "tipg.main:app", "--port", str(port), "--log-level", "warning"]
    command += ["--workers", str(os.cpu_count() or 1)]
    with served(command, f"{url}/healthz", environment, place.home / "tipg.log") as pid:
        paths = [
            f"/collections/bench.grids/items?bbox={lon:.7f},{lat:.7f},{lon + 1e-7:.7f},{lat + 1e-7:.7f}&f=geojson&properties=code"
            for lon, lat in points
        ]
        with urllib.request.urlopen(url + paths[0], timeout=30) as answer:
            found = json.load(answer)["features"]
        assert found and found[0]["properties"]["code"], found
        return _under_load(report, "TiPg items?bbox=", url, paths, folder, place, pid, seconds)
