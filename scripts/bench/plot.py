"""Log-log panels side by side from growth.json, as SVG; run in the bench environment: plot.py JSON SVG.

The file: [{"title", "across", "up", "series": {name: [[x, y], ...]}, "room": how much higher the axis goes than the lines,
"between": [lowest, highest] of the axis instead}]
"""

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
    panels = json.loads(Path(told).read_text())
    figure, places = pyplot.subplots(1, len(panels), figsize=(5.5 * len(panels), 4.6), layout="constrained")
    for axes, told_of in zip(places, panels, strict=True):
        panel(axes, told_of["series"], told_of["title"], told_of["across"], told_of["up"])
        if told_of.get("room"):
            low, high = axes.get_ylim()
            axes.set_ylim(low, high * told_of["room"])  # for the names
        if told_of.get("between"):
            axes.set_ylim(*told_of["between"])
    figure.savefig(out, metadata={"Date": None})


if __name__ == "__main__":
    main(*sys.argv[1:])
