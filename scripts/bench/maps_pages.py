"""Pages of 1,000 features, as other systems read a collection: each page in turn, and the whole of it by GDAL."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from maps_services import OURS, PYGEOAPI, TIPG, Service
from measuring import Report, Took, ratio
from under_load import in_turn

LIMIT = 1000
OGR = shutil.which("ogr2ogr")


def walk(service: Service, table: str) -> list[str]:
    """The paths of all pages, found by following `next`; checks that each feature comes once and the numbers hold."""
    path: str | None = f"{service.items(table)}?limit={LIMIT}&f=json"
    if service.name == TIPG:
        path = f"{service.items(table)}?limit={LIMIT}&f=geojson"
    paths, seen, told = [], set(), 0
    while path:
        page = service.json(path)
        paths.append(path)
        seen |= {feature["id"] for feature in page["features"]}
        told += len(page["features"])
        following = [link["href"] for link in page["links"] if link["rel"] == "next"]
        path = following[0].removeprefix(service.url) if following and page["features"] else None
    if not len(seen) == told == page["numberMatched"]:
        raise RuntimeError(f"{service.name}: {len(seen)} features of {told}, numberMatched {page['numberMatched']}")
    return paths


def measure(report: Report, services: Sequence[Service], folder: Path, seconds: float) -> None:
    """All pages of the buildings in turn, by each service; ratios per CPU second of service and database."""
    asked, bodies = [], {}
    for service in services:
        try:
            paths = walk(service, "buildings")
        except (RuntimeError, OSError, KeyError) as fault:
            if service.name == OURS:
                raise
            report.skip(f"{service.name}, pages", fault)
            continue
        bodies[service.name] = len(service.get(paths[0]))
        asked.append(service.asked(paths, folder, seconds))
    found = in_turn(report, "pages", f"{LIMIT:,} features a page, 8 connections", asked)
    report.metrics["page_p50_ms"], report.metrics["page_p99_ms"] = (round(found[OURS][f"{p}_ms"], 2) for p in ("p50", "p99"))
    for name, metric in ((TIPG, "page_ratio_tipg"), (PYGEOAPI, "page_ratio_pygeoapi")):
        report.metrics[metric] = round(found[name]["times"], 2) if name in found else None
    sizes = ", ".join(f"{name} {size / 1000:,.0f} kB" for name, size in bodies.items())
    report.facts.append(f"pages: bodies of the first page, with links and numberMatched: {sizes}")


def harvest(report: Report, services: Sequence[Service], folder: Path, count: int, repeats: int = 3) -> None:
    """ogr2ogr reads the events as OGC API Features and writes them as FlatGeobuf: every one must arrive once."""
    if OGR is None:
        report.skip("harvest", "ogr2ogr is not installed (Debian package gdal-bin)")
        return
    took: dict[str, list[float]] = {service.name: [] for service in services}
    for _ in range(repeats):
        for service in (each for each in services if each.name in took):
            try:
                took[service.name].append(_one_harvest(service, folder, count))
            except RuntimeError as fault:
                if service.name == OURS:
                    raise
                report.skip(f"{service.name}, harvest", fault)
                del took[service.name]
    for name, runs in took.items():
        wall = statistics.median(runs)
        note = f"ogr2ogr, pages of {LIMIT:,}; each number once; {', '.join(f'{run:.1f}' for run in runs)} s"
        report.add("harvest", f"{name}, all events by GDAL", count, Took(0, wall), note, known_cpu=False)
    if count == 100_000 and TIPG in took:
        report.metrics["harvest_ratio_tipg"] = ratio(statistics.median(took[TIPG]), statistics.median(took[OURS]))
    _download(report, services[0], count)


def _one_harvest(service: Service, folder: Path, count: int) -> float:
    """Seconds; RuntimeError when not every event has come once."""
    out = folder / f"{service.name.replace(' ', '')}.fgb"
    out.unlink(missing_ok=True)
    headers = folder / "headers.txt"
    headers.write_text(f"Authorization: Bearer {service.token}\n" if service.token else "X-Bench: 1\n")
    headers.chmod(0o600)
    collection = service.items("events").removesuffix("/items")
    words = [str(OGR), "-f", "FlatGeobuf", "-lco", "SPATIAL_INDEX=NO", str(out)]
    words += [f"OAPIF:{service.url}{collection}", "-oo", f"PAGE_SIZE={LIMIT}"]
    environment = {**os.environ, "GDAL_HTTP_HEADER_FILE": str(headers), "CPL_LOG": "/dev/null"}
    began = time.perf_counter()
    done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=300, check=False)
    wall = time.perf_counter() - began
    numbers = _numbers(out) if out.exists() else []
    if done.returncode or not len(numbers) == len(set(numbers)) == count:
        raise RuntimeError(f"{len(numbers)} features, {len(set(numbers))} numbers of {count}; {done.stderr[-200:]}")
    return wall


def _numbers(path: Path) -> list[str]:
    from pyogrio.raw import read

    columns: Any = read(path, columns=["number"], read_geometry=False)[3]
    return list(columns[0])


def _download(report: Report, service: Service, count: int) -> None:
    """The same rows in one answer, for those who may choose."""
    for kind in ("csv", "fgb"):
        began = time.perf_counter()
        body = service.get(f"{service.items('events')}?f={kind}")
        wall = time.perf_counter() - began
        note = f"one answer, {len(body) / 1e6:.1f} MB"
        report.add("harvest", f"{service.name}, all events as ?f={kind}", count, Took(0, wall), note, known_cpu=False)
