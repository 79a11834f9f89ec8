"""Two log-log panels from growth.json, as SVG; run in the bench environment: plot.py JSON SVG."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import matplotlib as mpl

mpl.use("svg")
mpl.rcParams |= {"svg.hashsalt": "gis-grid", "font.family": "DejaVu Sans", "font.size": 10, "svg.fonttype": "path"}
from matplotlib import pyplot  # noqa: E402

COLOURS = ("#c0392b", "#34495e", "#2980b9", "#27ae60", "#8e44ad")
MARKERS = "osD^v"


def panel(axes: pyplot.Axes, series: dict[str, list[list[float]]], title: str, across: str, up: str) -> None:
    """One panel: a line per library, its name at the end of the line."""
    for (name, pairs), colour, marker in zip(series.items(), COLOURS, MARKERS, strict=False):
        kept = [(size, seconds) for size, seconds in pairs if seconds > 0]
        ours = name.startswith("GIS Grid")
        x, y = zip(*kept, strict=True)
        label = name.split(",")[0]
        axes.plot(
            x, y, color=colour, marker=marker, markersize=5, linewidth=2.4 if ours else 1.4, label=label, zorder=3 if ours else 2
        )
    axes.set(xscale="log", yscale="log", title=title, xlabel=across, ylabel=up)
    axes.grid(True, which="major", color="#dddddd", linewidth=0.7)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="upper left")


def main(told: str, out: str) -> None:
    found = json.loads(Path(told).read_text())
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(11, 4.6), layout="constrained")
    panel(left, found["points"], "More points, one district", "points", "CPU seconds")
    per_point = {
        name: [[size, seconds / found["some"] * 1e6] for size, seconds in pairs] for name, pairs in found["grids"].items()
    }
    title = f"More grids at the same density, {found['some']:,} points"
    panel(right, per_point, title, "grids of 48 vertices", "CPU microseconds per point")
    low, high = right.get_ylim()
    right.set_ylim(low, high * 4)  # room for the names
    figure.savefig(out, metadata={"Date": None})


if __name__ == "__main__":
    main(*sys.argv[1:])
