"""Clocks, and the report that the benches fill: rows, metrics, and what was skipped and why. Standard library only."""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Took:
    """CPU and wall seconds of one run."""

    cpu_s: float
    wall_s: float


@dataclass(frozen=True)
class Row:
    """One line of the report: `n` points (or rows, requests) in so many CPU and wall seconds."""

    section: str
    name: str
    n: int
    cpu_s: float | None
    wall_s: float
    note: str = ""

    @property
    def per_cpu_s(self) -> float | None:
        """Points per CPU second; None where the CPU is not known."""
        return self.n / self.cpu_s if self.cpu_s else None


@dataclass
class Report:
    """What a run found. A metric that could not be measured stays None."""

    metrics: dict[str, float | None]
    rows: list[Row] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    facts: list[str] = field(default_factory=list)

    def add(
        self, section: str, name: str, n: int, took: Took, note: str = "", *, known_cpu: bool = True, first: bool = False
    ) -> Row:
        """Keep and show a row; `first` puts it before the others of its section."""
        row = Row(section, name, n, took.cpu_s if known_cpu else None, took.wall_s, note)
        sections = [each.section for each in self.rows]
        self.rows.insert(sections.index(section) if first and section in sections else len(sections), row)
        say(line_of(row))
        return row

    def rate(self, section: str, name: str) -> float | None:
        """Points per CPU second of a row, or None when there is no such row."""
        return next((row.per_cpu_s for row in self.rows if (row.section, row.name) == (section, name)), None)

    def skip(self, what: str, why: object) -> None:
        text = " ".join(f"{what}: {why}".split())[:400]
        self.skipped.append(text)
        say(f"skipped {text}")

    def dump(self) -> dict[str, Any]:
        return {"metrics": self.metrics, "rows": [asdict(row) for row in self.rows], "facts": self.facts}


def timed(verb: Callable[[], Any], repeats: int = 3, cpu: Callable[[], float] = time.process_time) -> tuple[Took, Any]:
    """The median run, by CPU, of several, and the last answer."""
    runs, answer = [], None
    for _ in range(repeats):
        answer = None  # the last answer's memory goes back first
        cpu_0, wall_0 = cpu(), time.perf_counter()
        answer = verb()
        runs.append((cpu() - cpu_0, time.perf_counter() - wall_0))
    return Took(statistics.median(run[0] for run in runs), statistics.median(run[1] for run in runs)), answer


def process_cpu(*pids: int) -> float:
    """CPU seconds that these processes have used so far, with those of their children that have ended.

    One that is gone counts nothing itself, so ask for its parent too: a database's connections come and go.
    """
    total = 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        total += sum(map(int, fields[11:15]))  # utime, stime, cutime, cstime
    return total / TICKS


def descendants(root: int) -> list[int]:
    """A process and all that it started."""
    parent_of = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        parent_of[int(stat.parent.name)] = int(fields[1])
    found = [root]
    for pid in found:
        found += [child for child, parent in parent_of.items() if parent == pid]
    return found


def ratio(ours: float | None, theirs: float | None) -> float | None:
    """How many times as much; None when either is missing."""
    return round(ours / theirs, 2) if ours and theirs else None


def line_of(row: Row) -> str:
    rate = f"{short(row.per_cpu_s)}/CPU-s" if row.per_cpu_s else "-"
    return f"  {row.section:9} {row.name:58} {row.n:>10,}  {rate:>14}  {short(row.n / row.wall_s):>8}/s wall  {row.note}"


def short(value: float | None) -> str:
    """1234567 as 1.23 M."""
    if value is None:
        return "-"
    for size, unit in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if abs(value) >= size:
            return f"{value / size:.3g}{unit}"
    return f"{value:.3g}"


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
