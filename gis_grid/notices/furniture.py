"""What stands around a plan: north arrow, scale bar, legend, symbols. Pure; millimetres."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import shapely

from gis_grid.notices import svg
from gis_grid.notices.font import width_em
from gis_grid.notices.scale import bar_metres, nice_length

INK = "#222222"


@dataclass(frozen=True)
class Foot:
    """The strip below a map: its SVG, and what its scale bar says and measures."""

    svg: str
    metres: float
    millimetres: float


def strip_height(note: float) -> float:
    """The strip below the map that holds scale bar and legend."""
    return 3.0 * note


def arrow_box(width: float, letter: float) -> tuple[float, float, float, float]:
    """Where the north arrow stands: upper right."""
    right, top = width - 0.9 * letter, 0.9 * letter
    return (right - 2.2 * letter, top, right, top + 4.4 * letter)


def arrow(box: tuple[float, float, float, float], ink: str) -> str:
    """North is up: a needle, its left half filled, and 北."""
    west, top, east, bottom = box
    middle, letter = (west + east) / 2, (bottom - top) / 4.4
    tip, foot_ = top + 1.35 * letter, bottom - 0.2 * letter
    notch, half = foot_ - 0.65 * letter, 0.72 * letter
    left = shapely.Polygon([(middle, tip), (middle - half, foot_), (middle, notch)])
    right = shapely.Polygon([(middle, tip), (middle + half, foot_), (middle, notch)])
    edge = {"stroke": ink, "stroke_width": 0.06 * letter, "stroke_linejoin": "round"}
    return (
        svg.rect(west, top, east, bottom, rx=0.3 * letter, fill="#ffffff", fill_opacity=0.85)
        + svg.drawn(left, fill=ink, **edge)
        + svg.drawn(right, fill="#ffffff", **edge)
        + svg.words(middle, top + 0.7 * letter, "北", letter, text_anchor="middle", font_weight="bold", fill=ink)
    )


def key(title: str, rows: Sequence[tuple[str, str, str]], bottom: float, letter: float) -> tuple[str, list[Any]]:
    """A box in the lower left corner of a map that ends at `bottom`: title and rows (fill, circle or none; colour; words),
    and where it stands."""
    line, pad, gap = 1.6 * letter, 0.8 * letter, 0.8 * letter
    width = max(width_em(title, bold=True), *(width_em(words) + 3.0 for _, _, words in rows)) * letter + 2 * pad
    height = (len(rows) + 1) * line + 2 * pad
    left, top = gap, bottom - gap - height
    parts = [
        svg.rect(left, top, left + width, bottom - gap, rx=0.4 * letter, fill="#ffffff", fill_opacity=0.94, stroke="#8a8f96")
    ]
    parts.append(svg.words(left + pad, top + pad + line / 2, title, letter, font_weight="bold", fill=INK))
    for n, (shape, color, words) in enumerate(rows, 1):
        x, y = left + pad, top + pad + (n + 0.5) * line
        if shape == "fill":
            sample = (x, y - 0.55 * letter, x + 2.2 * letter, y + 0.55 * letter)
            parts.append(svg.rect(*sample, fill=color, stroke="#8a8f96", stroke_width=0.05 * letter))
        elif shape == "circle":
            parts.append(svg.circle(x + 1.1 * letter, y, 0.6 * letter, fill=color, fill_opacity=0.62))
        parts.append(svg.words(x if shape == "none" else x + 3.0 * letter, y, words, letter, fill=INK))
    return svg.group(parts, stroke_width=0.06 * letter), [shapely.box(left, top, left + width, bottom - gap)]


def foot(
    box: tuple[float, float, float], scale: int, note: float, legend: list[tuple[str, str]], tail: str, colours: Mapping[str, str]
) -> Foot:
    """Scale bar left, legend in the middle, `tail` (示意图) right, in a strip: box is its width, top and height."""
    width, top, height = box
    metres = bar_metres(scale, min(0.24 * width, 22 * note))
    length = metres * 1000 / scale
    bar, end = _bar(top, height, metres, length, scale, note)
    parts, x = [bar], end + 1.4 * note
    limit = width - (width_em(tail) + 0.8) * note
    middle = top + 0.56 * height
    for kind, words in legend:
        need = (2.2 + width_em(words) + 1.0) * note
        if x + need > limit:
            break
        parts.append(_sample(kind, x, middle, note, colours))
        parts.append(svg.words(x + 2.2 * note, middle, words, note, fill=INK))
        x += need
    if tail:
        parts.append(svg.words(width - 0.2 * note, middle, tail, note, fill=INK, text_anchor="end"))
    return Foot("".join(parts), metres, length)


def _bar(top: float, height: float, metres: float, length: float, scale: int, note: float) -> tuple[str, float]:
    """Two black and two white quarters, 0 and the length above, the scale behind; and where it ends."""
    left, y, thick = 1.0 * note, top + 0.62 * height, 0.34 * note
    quarter, told = length / 4, nice_length(metres)
    parts = []
    for i in range(4):
        fill = INK if i % 2 == 0 else "#ffffff"
        box = (left + i * quarter, y, left + (i + 1) * quarter, y + thick)
        parts.append(svg.rect(*box, fill=fill, stroke=INK, stroke_width=0.05 * note))
    for at, words in ((left, "0"), (left + length, told)):
        parts.append(svg.words(at, y - 0.6 * note, words, 0.85 * note, text_anchor="middle", fill=INK))
    ratio = f"1:{scale}"
    at = left + length + 0.55 * width_em(told) * 0.85 * note + 0.6 * note
    parts.append(svg.words(at, top + 0.56 * height, ratio, note, fill=INK))
    return svg.group(parts, id="scale-bar", data_metres=f"{metres:g}", data_mm=f"{length:.4f}"), at + width_em(ratio) * note


def _sample(kind: str, x: float, y: float, note: float, colours: Mapping[str, str]) -> str:
    """A piece of the map for the legend, 1.8 letters wide."""
    line = 0.09 * note
    box = shapely.box(x, y - 0.5 * note, x + 1.8 * note, y + 0.5 * note)
    if kind in ("edge", "inner"):
        dash = f"{0.9 * note:.2f} {0.25 * note:.2f} {0.15 * note:.2f} {0.25 * note:.2f}" if kind == "edge" else None
        level = shapely.LineString([(x, y), (x + 1.8 * note, y)])
        return svg.drawn(level, fill="none", stroke=colours[kind], stroke_width=4 * line, stroke_dasharray=dash)
    if kind in ("entrance", "place"):
        return symbol(kind, x + 0.9 * note, y, 1.25 * note, colours)
    marks = {"water": svg.waves(box, 0.45 * note, 0.6 * note), "green": svg.tufts(box, 0.6 * note)}.get(kind)
    hatched = {"shop": 45, "public": 0}.get(kind)
    if hatched is not None:
        marks = svg.hatch(box, 0.45 * note, hatched)
    edge = colours.get(f"{kind}_mark", colours["house_edge"])
    over = "" if marks is None else svg.drawn(marks, fill="none", stroke=edge, stroke_width=0.7 * line)
    return svg.drawn(box, fill=colours[kind], stroke=edge, stroke_width=1.2 * line) + over


def symbol(kind: str, x: float, y: float, letter: float, colours: Mapping[str, str]) -> str:
    """A point symbol about as large as a letter."""
    if kind == "entrance":
        return svg.circle(x, y, 0.24 * letter, fill="#ffffff", stroke=colours["edge"], stroke_width=0.14 * letter)
    if kind == "building":
        side = 0.7 * letter
        box = (x - side / 2, y - side / 2, x + side / 2, y + side / 2)
        return svg.rect(*box, fill=colours["house"], stroke=colours["house_edge"], stroke_width=0.12 * letter)
    if kind == "here":
        disc = svg.circle(x, y, 0.62 * letter, fill=colours["here"], stroke="#ffffff", stroke_width=0.18 * letter)
        return disc + svg.circle(x, y, 0.22 * letter, fill="#ffffff")
    half = 0.42 * letter
    diamond = shapely.Polygon([(x, y - half), (x + half, y), (x, y + half), (x - half, y)])
    return svg.drawn(diamond, fill=colours["inner"], stroke="#ffffff", stroke_width=0.14 * letter)
