#!/usr/bin/env python3
"""Boards: one, a community of twenty, a district of 1,500, memory, names that touch. Prints JSON with --json.

    scripts/bench/boards.py [--json] [--boards N] [--template NAME] [--home FOLDER]

Without --home a district is made in a private database and removed afterwards; nothing it writes is kept. The product is
imported inside the functions: children that write boards import this file too, and must stay as small as in the product.
"""

from __future__ import annotations

import entry  # noqa: F401  first

# isort: split
import argparse
import json
import os
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from district import district
from measuring import descendants, say

DISTRICT, COMMUNITY = 1500, 20


class Undone(Exception):
    """Ends the transaction without keeping anything."""


class Memory(threading.Thread):
    """The most memory (PSS: shared pages counted once) that this process and its children used together."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid, self.most_mb, self.over = pid, 0.0, threading.Event()

    def run(self) -> None:
        while not self.over.wait(0.5):
            self.most_mb = max(self.most_mb, sum(_pss_mb(pid) for pid in descendants(self.pid)))


def _pss_mb(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="only the metrics, as JSON")
    parser.add_argument("--boards", type=int, default=DISTRICT, help="how many boards of a district to make")
    parser.add_argument("--template", default="a4")
    parser.add_argument("--home", type=Path, help="an installation with the demo district, kept; else one is made")
    asked = parser.parse_args()
    home = asked.home or Path(tempfile.mkdtemp(prefix="gis-grid-bench-"))
    with district(home, "district", keep=asked.home is not None):
        metrics = tried(asked)
    if asked.json:
        print(json.dumps({"metrics": metrics}))
    else:
        print(json.dumps(metrics, ensure_ascii=False, indent=1))


def tried(asked: argparse.Namespace) -> dict[str, Any]:
    """The metrics, from a transaction of which nothing is kept."""
    from gis_grid.access.guard import acting
    from gis_grid.access.rules import COMMAND
    from gis_grid.app import load_features
    from gis_grid.db import long_engine, transaction
    from gis_grid.notices.actions import Wish

    load_features()
    metrics: dict[str, Any] = {}
    try:
        with transaction(long_engine()), acting(COMMAND), tempfile.TemporaryDirectory() as folder:
            metrics = measure(asked.boards, Wish(asked.template), Path(folder))
            raise Undone
    except Undone:
        pass
    return metrics


def measure(boards: int, wish: Any, folder: Path) -> dict[str, Any]:
    """The issue's metrics: board_s, community_20_s, district_1500_min, peak_mb, label_overlaps."""
    from gis_grid.notices.actions import grids_under

    grids = grids_under("")
    if not grids:
        sys.exit("no grids: gis-grid demo --scale district first")
    one(grids[0], wish)  # imports, fonts
    took = [one(code, wish) for code in grids[:: max(1, len(grids) // 15)][:15]]
    say(f"one board: median {statistics.median(took):.2f} s, longest {max(took):.2f} s")
    few, few_report, _ = many(grids[:COMMUNITY], wish, folder)
    say(f"{few_report['boards']} boards of a community: {few:.1f} s")
    wanted = (grids * (boards // len(grids) + 1))[:boards]
    before = cpu_s()
    seconds, report, peak_mb = many(wanted, wish, folder)
    cpu = cpu_s() - before
    say(f"{report['boards']} boards ({len(set(wanted))} different): {seconds / 60:.2f} min, {peak_mb:.0f} MB")
    size_mb = (folder / "boards.zip").stat().st_size / 1e6
    return {
        "board_s": round(statistics.median(took), 3),
        "board_longest_s": round(max(took), 3),
        "community_20_s": round(few * COMMUNITY / max(few_report["boards"], 1), 2),
        "district_1500_min": round(seconds / 60 * DISTRICT / max(report["boards"], 1), 2),
        "cpu_s_per_board": round(cpu / max(report["boards"], 1), 3),
        "boards_made": report["boards"],
        "refused": len(report["refused"]),
        "zip_mb": round(size_mb, 1),
        "peak_mb": round(peak_mb),
        "label_overlaps": sum(touching(code, wish) for code in grids[:200]),
    }


def cpu_s() -> float:
    """CPU seconds of this process and of its children that have ended."""
    took = os.times()
    return took.user + took.system + took.children_user + took.children_system


def one(code: str, wish: Any) -> float:
    """Seconds from the question to the PDF."""
    from gis_grid.notices.actions import job_of
    from gis_grid.notices.render import compose, write_pdf

    began = time.perf_counter()
    write_pdf([compose(job_of(code, wish))])
    return time.perf_counter() - began


def many(codes: list[str], wish: Any, folder: Path) -> tuple[float, dict[str, Any], float]:
    """Seconds, report and peak memory of a batch, as the job makes it."""
    from gis_grid.db import session
    from gis_grid.notices.batch import Form
    from gis_grid.notices.jobs import print_all

    watch = Memory(os.getpid())
    watch.start()
    began = time.perf_counter()
    report = print_all(codes, wish, Form(), folder / "boards.zip", lambda done, total: None)
    took = time.perf_counter() - began
    watch.over.set()
    watch.join()
    session().execute(sa.text("DELETE FROM board_prints"))
    return took, report, watch.most_mb


def touching(code: str, wish: Any) -> int:
    """Pairs of names that touch on the plan of a grid."""
    from gis_grid.notices.actions import job_of
    from gis_grid.notices.labels import overlaps
    from gis_grid.notices.plan import draw_plan
    from gis_grid.notices.render import paper_of

    job = job_of(code, wish)
    paper = paper_of(job.template)
    if job.ground is None or paper is None:
        return 0
    return overlaps([spot for _, spot in draw_plan(job.ground, paper).placement.placed])


if __name__ == "__main__":
    main()
