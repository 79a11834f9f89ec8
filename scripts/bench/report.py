"""docs/bench-*.md: the machine, the versions, what was measured, what was skipped."""

from __future__ import annotations

import datetime
import os
import platform
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from district import ROOT, ask_peers
from measuring import Report, Row, short


@dataclass(frozen=True)
class Paper:
    """What a bench's document says beside its numbers; `titles` are the sections in order, `growth` goes under the picture."""

    title: str
    script: str
    preface: str
    titles: Mapping[str, str]
    picture: str
    growth: str


def write_markdown(report: Report, paper: Paper, out: Path, plot: Path | None) -> None:
    """Everything that the run found."""
    lines = [f"# {paper.title}", ""]
    lines += [f"{datetime.date.today().isoformat()}, by `{paper.script}`. {_machine()}", "", _versions(), ""]
    lines += [paper.preface, ""]
    lines += _table(("metric", "value"), [(name, _number(value)) for name, value in report.metrics.items()])
    for section, title in paper.titles.items():
        rows = [row for row in report.rows if row.section == section]
        if rows:
            lines += ["", f"## {title}", ""]
            if section == "growth" and plot:
                lines += [f"![{paper.picture}]({plot.name})", ""]
                lines += [paper.growth, ""]
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
