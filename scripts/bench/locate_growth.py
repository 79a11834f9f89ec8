"""How the time grows: with the number of points in one district, and with the number of grids at the same density."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path
from typing import Any

import numpy as np
from district import HERE, PEERS_PYTHON, ask_peers
from grounds import index_of, lattice, points_inside, write_areas
from locate_memory import OURS, warm_up
from measuring import Report, Took, timed

from gis_grid.geo.locate import AreaIndex, Bounded

PEERS = ("shapely", "sedonadb", "geopandas")
Series = dict[str, list[tuple[int, float]]]


def measure(
    report: Report, areas: list[Bounded], folder: Path, points: list[int], grids: list[int], some: int
) -> dict[str, Series]:
    """{"points": {name: [(points, CPU seconds)]}, "grids": {name: [(grids, CPU seconds for `some` points)]}}."""
    warm_up(areas)
    index = index_of(areas)
    by_points: Series = {}
    for count in points:
        _one(report, by_points, "in the district", index, folder, (count, count))
    by_grids: Series = {}
    for count in grids:
        drawn = lattice(count)
        few = points_inside(np.array([area.shape for area in drawn]), 5_000).T.copy()
        began = time.process_time()
        made = index_of(drawn)
        made.place(*few)
        size, built = made.size, time.process_time() - began
        report.facts.append(f"growth: {size:,} grids: index ready in {built:.2g} CPU s, lattice {made.nbytes / 1e6:.1f} MB")
        _one(report, by_grids, f"in {size:,} grids", made, folder, (size, some))
    return {"points": by_points, "grids": by_grids}


def draw(found: dict[str, Series], some: int, folder: Path, out: Path) -> str | None:
    """Draw both as one picture with the peers' matplotlib; answers why it could not, or None."""
    told = folder / "growth.json"
    told.write_text(json.dumps(_panels(found, some)))
    words = [str(PEERS_PYTHON), str(HERE / "plot.py"), str(told), str(out)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
    return done.stderr[-300:] if done.returncode else None


def _panels(found: dict[str, Series], some: int) -> list[dict[str, Any]]:
    per_point = {name: [(size, seconds / some * 1e6) for size, seconds in pairs] for name, pairs in found["grids"].items()}
    title = f"More grids at the same density, {some:,} points"
    return [
        {"title": "More points, one district", "across": "points", "up": "CPU seconds", "series": found["points"]},
        {"title": title, "across": "grids of 48 vertices", "up": "CPU microseconds per point", "series": per_point, "room": 4},
    ]


def _one(report: Report, series: Series, shown: str, index: AreaIndex, folder: Path, sizes: tuple[int, int]) -> None:
    """One number of points: ours, then the peers; `sizes` are the place along the picture and the number of points."""
    count = sizes[1]
    shapes = index.lowest[1]
    points = points_inside(shapes, count)
    lon, lat = (np.ascontiguousarray(column) for column in points.T)
    repeats = 1 if count > 1_000_000 else 3 if count > 20_000 else 25
    took, _ = timed(lambda: index.place(lon, lat), repeats)
    _note(report, series, OURS, shown, sizes, took)
    write_areas(folder, shapes)
    np.save(folder / "growth.npy", points)
    try:
        told = ask_peers("join", folder, "growth", ",".join(PEERS), min(repeats, 3))
    except (RuntimeError, OSError, subprocess.TimeoutExpired) as fault:
        report.skip(f"growth, {count:,} points {shown}, peers", fault)
        return
    for one in told:
        if "error" in one:
            report.skip(f"growth {one['peer']}", one["error"])
        else:
            _note(report, series, one["peer"], shown, sizes, Took(*one["ready"]))


def _note(report: Report, series: Series, name: str, shown: str, sizes: tuple[int, int], took: Took) -> None:
    series.setdefault(name, []).append((sizes[0], took.cpu_s))
    report.add("growth", f"{name.removesuffix(', AreaIndex.place')} {shown}", sizes[1], took)
