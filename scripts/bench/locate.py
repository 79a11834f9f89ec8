#!/usr/bin/env python3
"""The one rule against its peers, on the same points: in memory, in SQL, over HTTP, placing stored rows again, and growth.

    scripts/bench/locate.py [--json] [--data FOLDER] [--points N] [--quick] [--only memory,sql,http,reassign,growth]

Needs what scripts/run has installed, and for HTTP the program wrk. The peers get an environment of their own.
"""

from __future__ import annotations

import entry  # noqa: F401  first

# isort: split
import argparse
import json
import os
import signal
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from district import ROOT, District, district, need_peers
from locate_paper import METRICS, PAPER
from measuring import Report, say
from report import write_markdown

SECTIONS = ("memory", "sql", "http", "growth", "reassign")  # the last one leaves dead rows behind


@dataclass
class Run:
    """What the sections share."""

    asked: argparse.Namespace
    report: Report
    place: District
    folder: Path
    peers: bool
    disagreements: int = 0
    plot: Path | None = None

    def size(self, full: int, least: int = 1) -> int:
        """A number of points, twenty times smaller in a quick run."""
        return max(full // 20, least) if self.asked.quick else full


def memory(run: Run) -> None:
    """The district, and a real partition when there is one."""
    import grounds
    import locate_memory

    count = run.size(run.asked.points)
    areas = grounds.district_areas(run.place.dsn)
    run.disagreements += locate_memory.measure(run.report, "memory", areas, run.folder, count, peers=run.peers)
    real = real_areas(run)
    if real:
        run.disagreements += locate_memory.measure(run.report, "Tainan", real, run.folder, count, peers=run.peers)
    locate_memory.ratios(run.report)


def sql(run: Run) -> None:
    """The same inside PostgreSQL, and the agreement of every door with PostGIS and Shapely."""
    import grounds
    import locate_sql

    areas = grounds.district_areas(run.place.dsn)
    slow = min(500_000, run.asked.points)
    counts = run.size(slow), run.size(min(20_000, slow))
    run.disagreements += locate_sql.measure(run.report, run.place.dsn, areas, run.folder, *counts)
    real = real_areas(run)
    if real:
        run.disagreements += locate_sql.real_partition(run.report, run.place.dsn, real, run.size(100_000))
    locate_sql.ratios(run.report)


def http(run: Run) -> None:
    """The running service, and TiPg."""
    import grounds
    import locate_http

    areas = grounds.district_areas(run.place.dsn)
    seconds = 1 if run.asked.quick else 5
    bulk = run.size(100_000)
    run.disagreements += locate_http.measure(
        run.report, run.place, areas, run.folder, seconds=seconds, bulk=bulk, peers=run.peers
    )


def growth(run: Run) -> None:
    """The picture."""
    import grounds
    import locate_growth

    if not run.peers:
        run.report.skip("growth", "no environment for the peers")
        return
    areas = grounds.district_areas(run.place.dsn)
    points = [1_000, 10_000, 100_000] if run.asked.quick else [1_000, 10_000, 100_000, 1_000_000, 10_000_000]
    grids = [100, 1_000] if run.asked.quick else [100, 1_000, 10_000, 150_000]
    some = run.size(1_000_000)
    found = locate_growth.measure(run.report, areas, run.folder, points, grids, some)
    out = (
        run.folder / "plot.svg"
        if run.asked.quick and run.asked.plot is None
        else run.asked.plot or ROOT / "docs/bench-locate.svg"
    )
    fault = locate_growth.draw(found, some, run.folder, out)
    if fault:
        run.report.skip("the picture", fault)
    else:
        run.plot = out


def reassign(run: Run) -> None:
    """Stored rows placed again."""
    import locate_reassign

    locate_reassign.measure(run.report, run.place.environment)


VERBS: dict[str, Callable[[Run], None]] = {"memory": memory, "sql": sql, "http": http, "growth": growth, "reassign": reassign}


def real_areas(run: Run) -> list | None:
    """The real partition, or None with a word on why not."""
    import grounds

    if run.asked.data and (run.asked.data / "grid_tainan_li").is_dir():
        return grounds.tainan_areas(run.asked.data)
    told = "the real partition: no --data FOLDER with grid_tainan_li in it"
    if told not in run.report.skipped:
        run.report.skip(*told.split(": "))
    return None


def main() -> None:
    asked = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the database is taken away
    report = Report(dict.fromkeys(METRICS))
    with tempfile.TemporaryDirectory(prefix="gis-grid-bench-") as scratch:
        folder = Path(scratch)
        home = asked.home or folder / "home"
        home.mkdir(exist_ok=True)
        missing = need_peers()
        if missing:
            report.skip("all peers", missing)
        with district(home, "community" if asked.quick else "district", keep=asked.home is not None) as place:
            run = Run(asked, report, place, folder, peers=not missing)
            for name in SECTIONS:
                if name in asked.only:
                    work_on(run, name)
                    say(f"{name}: {run.disagreements} answers differed so far")
                    report.facts.append(f"load average after {name}: {os.getloadavg()[0]:.1f}")
    if {"memory", "sql"} <= set(asked.only):
        report.metrics["disagreements"] = run.disagreements
    if asked.quick or set(asked.only) != set(SECTIONS):
        say("not the whole bench at its full size: docs/ is left alone")
    else:
        write_markdown(report, PAPER, ROOT / "docs" / "bench-locate.md", run.plot)
    for name in (name for name, value in report.metrics.items() if value is None):
        say(f"not measured: {name} (its section was not asked for, or see what was skipped)")
    if asked.json:
        print(json.dumps({"metrics": report.metrics}))


def work_on(run: Run, name: str) -> None:
    """One section; a fault of a section leaves the others alone, and its metrics unknown."""
    say(f"== {name}")
    try:
        VERBS[name](run)
    except Exception as fault:
        run.report.skip(name, f"{type(fault).__name__}: {fault}")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help='print {"metrics": {...}} and nothing else on standard output')
    parser.add_argument("--data", type=Path, help="folder with real data: grid_tainan_li/tainan_villages.geojson")
    parser.add_argument("--points", type=int, default=1_000_000, help="for what works in memory; SQL gets a fifth of it")
    parser.add_argument("--quick", action="store_true", help="twenty times smaller, to see that it works")
    parser.add_argument("--only", default=",".join(SECTIONS), help="which sections, with commas")
    parser.add_argument("--plot", type=Path, help="where to draw the growth (default docs/bench-locate.svg)")
    parser.add_argument("--home", type=Path, help="keep the loaded district in this folder, or find it there")
    asked = parser.parse_args()
    asked.only = asked.only.split(",")
    if unknown := set(asked.only) - set(SECTIONS):
        parser.error(f"no such section: {', '.join(sorted(unknown))}")
    return asked


if __name__ == "__main__":
    main()
