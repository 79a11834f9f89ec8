#!/usr/bin/env python3
"""Pages and tiles beside TiPg and pygeoapi: same rows, same minute, two workers each, CPU of service and database together.

    scripts/bench/maps.py [--json] [--quick] [--only pages,tiles,kept,tail,point,harvest,growth] [--home FOLDER]

Needs what scripts/run has installed, and the Debian packages wrk and gdal-bin. The peers get an environment of their own.
"""

from __future__ import annotations

import entry  # noqa: F401  first

# isort: split
import argparse
import contextlib
import json
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import maps_growth
import maps_pages
import maps_services as services
import maps_tables as tables
import maps_tiles
from district import ROOT, District, district, need_peers
from maps_paper import METRICS, PAPER
from maps_services import OURS, PYGEOAPI, TIPG, Service
from measuring import Report, say
from report import write_markdown
from under_load import WHY_NOT

SECTIONS = ("pages", "tiles", "kept", "tail", "point", "harvest", "growth")  # the last three throw the events away


@dataclass
class Run:
    """What the sections share: the services, ours first, and the owner's connection to the database."""

    asked: argparse.Namespace
    report: Report
    place: District
    folder: Path
    connection: Any
    bearer: str = ""
    running: list[Service] = field(default_factory=list)
    plot: Path | None = None

    @property
    def seconds(self) -> float:
        return 1 if self.asked.quick else 4

    def only(self, *names: str) -> list[Service]:
        return [service for service in self.running if service.name in names]


def pages(run: Run) -> None:
    maps_pages.measure(run.report, run.running, run.folder, run.seconds)


def tiles(run: Run) -> None:
    maps_tiles.measure(run.report, run.only(OURS, TIPG), run.connection, run.folder, run.seconds)


def kept(run: Run) -> None:
    with services.ours(run.place, run.bearer, kept=True) as keeping:
        maps_tiles.kept(run.report, [keeping, *run.only(TIPG)], run.connection, run.folder, run.seconds)


def tail(run: Run) -> None:
    both = run.only(OURS, TIPG)
    walks = {service.name: maps_pages.walk(service, "buildings") for service in both}
    with _counting(run):
        maps_tiles.tail(run.report, both, run.connection, walks, run.folder, run.seconds)


def point(run: Run) -> None:
    maps_tiles.one_point(run.report, run.only(OURS, TIPG), run.connection, run.folder, run.seconds)


def harvest(run: Run) -> None:
    count = 10_000 if run.asked.quick else 100_000
    tables.fill_events(run.connection, count)
    maps_pages.harvest(run.report, run.only(OURS, TIPG), run.folder, count, 1 if run.asked.quick else 3)


def growth(run: Run) -> None:
    sizes = maps_growth.SIZES[:2] if run.asked.quick else maps_growth.SIZES
    found = maps_growth.measure(run.report, run.running, run.connection, run.folder, run.seconds / 2, sizes)
    out = run.asked.plot or (run.folder / "plot.svg" if run.asked.quick else ROOT / "docs" / "bench-maps.svg")
    fault = maps_growth.draw(found, run.folder, out)
    if fault:
        run.report.skip("the picture", fault)
    else:
        run.plot = out


VERBS: dict[str, Callable[[Run], None]] = {
    "pages": pages, "tiles": tiles, "kept": kept, "tail": tail, "point": point, "harvest": harvest, "growth": growth,
}  # fmt: skip


@contextlib.contextmanager
def _counting(run: Run) -> Iterator[None]:
    """The most connections that our service had to the database within the block; its job worker has its own name."""
    most, over = 0, threading.Event()
    query = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'gis-grid'"

    def watch() -> None:
        nonlocal most
        with tables.connect(run.place.dsn) as connection:
            while not over.wait(0.1):
                most = max(most, int(connection.execute(query).fetchall()[0][0]))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()
    run.report.metrics["database_connections"] = most


@contextlib.contextmanager
def services_of(run: Run, missing: str | None) -> Iterator[None]:
    """All services, ours first; a peer that does not start is reported and the others go on."""
    from gis_grid.config import settings

    assert settings().home == run.place.home
    run.bearer = services.token(run.place)
    with contextlib.ExitStack() as stack:
        run.running.append(stack.enter_context(services.ours(run.place, run.bearer)))
        for name, start in ((TIPG, services.tipg), (PYGEOAPI, services.pygeoapi)):
            if missing:
                run.report.skip(name, missing)
                continue
            try:
                run.running.append(stack.enter_context(start(run.place)))
            except (RuntimeError, OSError) as fault:
                run.report.skip(name, fault)
        yield


def main() -> None:
    asked = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the database is taken away
    if WHY_NOT:
        raise SystemExit(f"not measured: {WHY_NOT}")
    report = Report(dict.fromkeys(METRICS))
    with tempfile.TemporaryDirectory(prefix="gis-grid-bench-") as scratch:
        folder = Path(scratch)
        home = asked.home or folder / "home"
        home.mkdir(exist_ok=True)
        missing = need_peers()
        with district(home, "community" if asked.quick else "district", keep=asked.home is not None) as place:
            plot = _measured(asked, report, place, folder, missing)
    if asked.quick or set(asked.only) != set(SECTIONS):
        say("not the whole bench at its full size: docs/ is left alone")
    else:
        write_markdown(report, PAPER, ROOT / "docs" / "bench-maps.md", plot)
    unknown = [name for name, value in report.metrics.items() if value is None]
    if unknown:
        say(f"not measured (not asked for, or see what was skipped): {', '.join(unknown)}")
    if asked.json:
        print(json.dumps({"metrics": report.metrics}))


def _measured(asked: argparse.Namespace, report: Report, place: District, folder: Path, missing: str | None) -> Path | None:
    """All sections asked for; answers where the picture is."""
    with tables.connect(place.dsn) as connection:
        run = Run(asked, report, place, folder, connection)
        counts = {name: tables.copy_layer(connection, name) for name in services.TABLES}
        report.facts.append(f"{counts['buildings']:,} buildings in the district")
        with services_of(run, missing):
            for name in SECTIONS:
                if name in asked.only:
                    _work_on(run, name)
                    report.facts.append(f"load average after {name}: {os.getloadavg()[0]:.1f}")
        return run.plot


def _work_on(run: Run, name: str) -> None:
    """One section; a fault of a section leaves the others alone, and its metrics unknown."""
    say(f"== {name}")
    try:
        VERBS[name](run)
    except Exception as fault:
        run.report.skip(name, f"{type(fault).__name__}: {fault}")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help='print {"metrics": {...}} and nothing else on standard output')
    parser.add_argument("--quick", action="store_true", help="a community and short runs, to see that it works")
    parser.add_argument("--only", default=",".join(SECTIONS), help="which sections, with commas")
    parser.add_argument("--plot", type=Path, help="where to draw the growth (default docs/bench-maps.svg)")
    parser.add_argument("--home", type=Path, help="keep the loaded district in this folder, or find it there")
    asked = parser.parse_args()
    asked.only = asked.only.split(",")
    if unknown := set(asked.only) - set(SECTIONS):
        parser.error(f"no such section: {', '.join(sorted(unknown))}")
    return asked


if __name__ == "__main__":
    main()
