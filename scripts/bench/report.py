"""docs/bench-locate.md: the machine, the versions, what was measured, what was skipped."""

from __future__ import annotations

import datetime
import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

from district import ROOT, ask_peers
from measuring import Report, Row, short

METRICS = (
    "memory_points_per_cpu_s",
    "ratio_sedonadb",
    "ratio_geopandas",
    "ratio_duckdb",
    "ratio_postgis",
    "sql_ratio_gist",
    "sql_ratio_best_plain",
    "disagreements",
    "http_point_p50_ms",
    "http_point_p99_ms",
    "http_point_p99_8_ms",
    "http_point_per_s",
    "http_point_ratio_tipg",
    "bulk_100k_s",
    "reassign_district_s",
    "move_edge_s",
)
PREFACE = """\
Rates are per CPU second of the process that does the work, the median of three runs (ours in memory: of thirty, half before
and half after the peers). The cores are shared and their speed for us varies by half from minute to minute: trust ratios
rather than rates. Peers join in one thread with their own index and answer pairs; ours also decides ties. A ratio counts the
peer's fastest row: points ready-made as its own geometries, where ours begins with arrays of coordinates. First calls
(compiling, loading from numba's cache, filling what a service keeps) are made before and not counted."""
TITLES = {
    "memory": "In memory: arrays of the district's points in, codes out",
    "Tainan": "The same in a real partition: 649 villages of Tainan",
    "sql": "Inside PostgreSQL: one backend, no parallel workers, no compiler",
    "http": "Over HTTP: chain, responsible people and why, for one point; CPU of service and database together",
    "reassign": "Stored rows placed again, in one transaction; all rows that changed",
    "growth": "Growth",
}


def write_markdown(report: Report, out: Path, plot: Path | None) -> None:
    """Everything that the run found."""
    lines = ["# Locate, measured beside its peers", ""]
    lines += [f"{datetime.date.today().isoformat()}, by `scripts/bench/locate.py`. {_machine()}", "", _versions(), ""]
    lines += [PREFACE, ""]
    lines += _table(("metric", "value"), [(name, _number(value)) for name, value in report.metrics.items()])
    for section, title in TITLES.items():
        rows = [row for row in report.rows if row.section == section]
        if rows:
            lines += ["", f"## {title}", ""]
            if section == "growth" and plot:
                lines += [f"![time by points and by grids]({plot.name})", ""]
                lines += ["Below 5,000 points at a time GIS Grid asks GEOS and lays no lattice. Peers: points ready-made.", ""]
            lines += _table(("", "N", "per CPU s", "per s, wall", "wall s", "note"), [_cells(row) for row in rows])
    lines += ["", "## Also seen", "", *(f"- {fact}" for fact in report.facts)]
    if report.skipped:
        lines += ["", "## Skipped", "", *(f"- {reason}" for reason in report.skipped)]
    out.parent.mkdir(exist_ok=True)
    out.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _cells(row: Row) -> tuple[str, ...]:
    return (row.name, f"{row.n:,}", short(row.per_cpu_s), short(row.n / row.wall_s), f"{row.wall_s:.3g}", row.note)


def _number(value: float | None) -> str:
    if value is None:
        return "not measured"
    return f"{value:,}" if value >= 1000 else f"{value:g}"


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[str]:
    return [f"| {' | '.join(row)} |" for row in (head, tuple("---" for _ in head), *rows)]


def _machine() -> str:
    names = [
        line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")
    ]
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    return f"{names[0] if names else platform.machine()}, {os.cpu_count()} cores shared with others, {memory:.0f} GB, Linux."


def _versions() -> str:
    ours = {"Python": platform.python_version()} | {name: version(name) for name in ("numpy", "numba", "shapely")}
    git = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False)
    try:
        peers = ask_peers("versions", ROOT)
    except (RuntimeError, OSError):
        peers = {}
    told = [f"GIS Grid {version('gis-grid')} ({git.stdout.strip()})"] + [f"{name} {number}" for name, number in ours.items()]
    beside = ", ".join(f"{name} {number}" for name, number in peers.items())
    return f"{', '.join(told)}. Peers: {beside or 'none'}."
