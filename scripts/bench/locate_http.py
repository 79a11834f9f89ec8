"""The running service asked over HTTP: one point with its chain, people and reason; 100,000 points as CSV; TiPg beside it."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from district import PEERS_PYTHON, District, free_port, served
from grounds import index_of, points_inside
from locate_sql import prepare_grids
from measuring import Report, timed
from numpy.typing import NDArray
from under_load import WHY_NOT, Asked, fetch, in_turn, run_wrk

from gis_grid.geo.locate import Bounded

POINTS = 2_000
CONNECTIONS = (1, 8)


def measure(report: Report, place: District, areas: list[Bounded], folder: Path, *, seconds: int, bulk: int, peers: bool) -> int:
    """All rows of the section; answers how many of the bulk answers differ from the index in memory."""
    shapes = index_of(areas).lowest[1]
    points = points_inside(shapes, POINTS, 11)
    token = _token()
    with contextlib.ExitStack() as running:
        url, pid = running.enter_context(_service(place))
        ask_once(url, points[0], token)
        listed = _listed(folder / "paths.txt", [f"/api/locate?lon={lon:.7f}&lat={lat:.7f}" for lon, lat in points])
        services = [Asked("GIS Grid /api/locate", url, pid, place, listed, seconds, token)]
        if peers:
            try:
                services.append(running.enter_context(_tipg(place, areas, points, folder, seconds)))
            except (RuntimeError, OSError) as fault:
                report.skip("TiPg", fault)
        _under_load(report, services)
        return _bulk(report, url, token, areas, points_inside(shapes, bulk, 12))


def _under_load(report: Report, services: list[Asked]) -> None:
    """wrk with 1 and 8 connections on each in turn, so that both meet the same noise; CPU of the service and of the database."""
    if WHY_NOT:
        report.skip(services[0].name, WHY_NOT)
        return
    run_wrk(services[0], max(CONNECTIONS), 2 * services[0].seconds)  # every worker has seen every point: what is kept is kept
    for connections in CONNECTIONS:
        what = f"{connections} connection{'s' if connections > 1 else ''}"
        found = in_turn(report, "http", what, services, connections=connections, rounds=5)
        ours = found[services[0].name]
        if connections == 1:
            report.metrics["http_point_p50_ms"] = round(ours["p50_ms"], 3)
            report.metrics["http_point_p99_ms"] = round(ours["p99_ms"], 3)
            continue
        report.metrics["http_point_p99_8_ms"] = round(ours["p99_ms"], 3)
        report.metrics["http_point_per_s"] = round(ours["n"] / ours["wall_s"])
        for peer in services[1:]:
            if peer.name in found:
                report.metrics["http_point_ratio_tipg"] = round(found[peer.name]["times"], 2)


def _listed(path: Path, paths: list[str]) -> Path:
    path.write_text("\n".join(paths))
    return path


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
    told: dict[str, Any] = json.loads(fetch(f"{url}/api/locate?lon={point[0]}&lat={point[1]}", token))
    assert len(told["chain"]) == 4 and told["responsible"] and told["why"]["sentence"], told
    return told


def _bulk(report: Report, url: str, token: str, areas: list[Bounded], points: NDArray[np.float64]) -> int:
    body = ("lon,lat\n" + "".join(f"{lon:.7f},{lat:.7f}\n" for lon, lat in points)).encode()

    def post() -> bytes:
        return fetch(f"{url}/api/locate", token, body)

    post()  # each worker lays its lattice at its first
    post()
    runs = [timed(post, 1) for _ in range(3)]
    took, answer = min(runs, key=lambda run: run[0].wall_s)
    report.add("http", "GIS Grid, points as CSV to /api/locate", len(points), took, "best of 3", known_cpu=False)
    report.metrics["bulk_100k_s"] = round(took.wall_s, 3) if len(points) == 100_000 else None
    told = np.array([row["code"] or None for row in csv.DictReader(io.StringIO(answer.decode()))], dtype=object)
    expected = index_of(areas).place(*np.round(points, 7).T.copy()).code
    return int((told != expected).sum())


@contextlib.contextmanager
def _tipg(place: District, areas: list[Bounded], points: NDArray[np.float64], folder: Path, seconds: int) -> Iterator[Asked]:
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
        found = json.loads(fetch(url + paths[0]))["features"]
        assert found and found[0]["properties"]["code"], found
        yield Asked("TiPg items?bbox=", url, pid, place, _listed(folder / "paths-tipg.txt", paths), seconds)
