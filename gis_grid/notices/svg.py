"""Lean SVG: paths from shapes, names with halo, hatches that survive black-and-white print. Pure; millimetres."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import numpy as np
import shapely

from gis_grid.notices.font import FAMILY
from gis_grid.notices.labels import Spot

BASELINE = 0.37  # of the letter height, from the middle of a Chinese letter down to its baseline


def number(value: float) -> str:
    """12.50 as 12.5: hundredths of a millimetre are enough."""
    return f"{value:.2f}".rstrip("0").rstrip(".") or "0"


def attributes(**given: Any) -> str:
    """stroke_width=1 as stroke-width="1"; None is left out."""
    told = ((name.rstrip("_").replace("_", "-"), value) for name, value in given.items() if value is not None)
    return "".join(f" {name}={quoteattr(number(value) if isinstance(value, float) else str(value))}" for name, value in told)


def rect(west: float, top: float, east: float, bottom: float, **given: Any) -> str:
    """A rectangle."""
    return f"<rect{attributes(x=west, y=top, width=east - west, height=bottom - top, **given)}/>"


def circle(x: float, y: float, radius: float, **given: Any) -> str:
    """A disc or ring."""
    return f"<circle{attributes(cx=x, cy=y, r=radius, **given)}/>"


def words(x: float, y: float, text_: str, size: float, **given: Any) -> str:
    """One line whose letters stand centred at height y."""
    return f"<text{attributes(x=x, y=y + BASELINE * size, font_size=size, **given)}>{escape(text_)}</text>"


def path(shape: Any) -> str:
    """The d of a path: polygons with holes, lines; nothing for an empty shape."""
    return "".join(_part(part) for part in shapely.get_parts(shape))


def _part(part: Any) -> str:
    if part.geom_type == "Polygon":
        return "".join(_run(ring.coords, "Z") for ring in (part.exterior, *part.interiors) if not ring.is_empty)
    if part.geom_type in ("LineString", "LinearRing"):
        return _run(part.coords, "")
    return path(part) if part.geom_type.startswith(("Multi", "Geometry")) else ""


def _run(coords: Any, end: str) -> str:
    points = [f"{number(x)} {number(y)}" for x, y in coords]
    kept = [point for i, point in enumerate(points) if i == 0 or point != points[i - 1]]
    if end and len(kept) > 1 and kept[0] == kept[-1]:
        kept.pop()
    return "M" + "L".join(kept) + end if len(kept) > 1 else ""


def drawn(shape: Any, **given: Any) -> str:
    """A path element, or nothing."""
    d = path(shape) if not shapely.is_empty(shape) else ""
    return f'<path d="{d}"{attributes(**given)}/>' if d else ""


def group(parts: Iterable[str], **given: Any) -> str:
    """A g element around what is not empty."""
    inside = "".join(parts)
    return f"<g{attributes(**given)}>{inside}</g>" if inside else ""


def document(width: float, height: float, parts: Iterable[str], title: str = "") -> str:
    """A whole SVG of width x height mm. SVG text does not inherit the page's font and language everywhere: they stand here."""
    head = attributes(
        xmlns="http://www.w3.org/2000/svg",
        width=f"{number(width)}mm",
        height=f"{number(height)}mm",
        viewBox=f"0 0 {number(width)} {number(height)}",
        lang="zh-CN",
        font_family=FAMILY,
    )
    return f'<svg{head} xml:lang="zh-CN">{f"<title>{escape(title)}</title>" if title else ""}{"".join(parts)}</svg>'


def text(spot: Spot, **given: Any) -> str:
    """The text elements of one placed name."""
    if spot.upright:
        return _upright(spot, **given)
    step = spot.size * 1.15
    first = spot.y + BASELINE * spot.size - step * (len(spot.lines) - 1) / 2
    turn = f"rotate({number(spot.angle)} {number(spot.x)} {number(spot.y)})" if spot.angle else None
    spread = spot.spread or None
    x = spot.x + spot.spread / 2  # the last letter's space is no part of the name
    return "".join(
        f"<text{attributes(x=x, y=first + step * i, font_size=spot.size, letter_spacing=spread, transform=turn, **given)}>"
        f"{escape(line)}</text>"
        for i, line in enumerate(spot.lines)
    )


def _upright(spot: Spot, **given: Any) -> str:
    letters = spot.lines[0]
    step = spot.size + spot.spread
    dx, dy = -math.sin(math.radians(spot.angle)), math.cos(math.radians(spot.angle))
    offsets = [step * (i - (len(letters) - 1) / 2) for i in range(len(letters))]
    xs = " ".join(number(spot.x + dx * t - spot.size / 2) for t in offsets)
    ys = " ".join(number(spot.y + dy * t + BASELINE * spot.size) for t in offsets)
    told = {**given, "text_anchor": "start"}
    return f'<text x="{xs}" y="{ys}"{attributes(font_size=spot.size, **told)}>{escape(letters)}</text>'


def names(spots: Iterable[Spot], halo: str | None, **given: Any) -> str:
    """Names in one style; with a halo, each is written twice, the halo below and hidden from readers of the text."""
    all_spots = list(spots)
    if not all_spots:
        return ""
    told = {"text_anchor": "middle", **given}
    below = ""
    if halo:
        around = {name: value for name, value in told.items() if name != "fill"}
        below = "".join(
            group(
                (text(spot) for spot in all_spots if spot.size == size),
                fill=halo, stroke=halo, stroke_width=round(size * 0.24, 2), stroke_linejoin="round", aria_hidden="true", **around,
            )
            for size in sorted({spot.size for spot in all_spots})
        )  # fmt: skip
    return below + group((text(spot) for spot in all_spots), **told)


def hatch(shape: Any, step: float, angle: float) -> Any:
    """Parallel lines `step` mm apart, clipped by the shape; the lines lie on one net, so that neighbours match."""
    if shapely.is_empty(shape):
        return shape
    west, top, east, bottom = shapely.bounds(shape)
    cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    reach = math.hypot(east - west, bottom - top)
    middle = ((west + east) / 2, (top + bottom) / 2)
    across = middle[1] * cos - middle[0] * sin
    along = middle[0] * cos + middle[1] * sin
    rows = np.arange(math.floor((across - reach) / step), math.ceil((across + reach) / step) + 1) * step
    ends = [[(cos * a - sin * row, sin * a + cos * row) for a in (along - reach, along + reach)] for row in rows.tolist()]
    return shapely.intersection(shapely.multilinestrings(shapely.linestrings(ends)), shape) if ends else shapely.MultiLineString()


def waves(shape: Any, step: float, width: float) -> Any:
    """Short level strokes in offset rows: how water is told without colour."""
    rows = list(_strokes(shapely.bounds(shape), step, width))
    return shapely.intersection(shapely.multilinestrings(shapely.linestrings(rows)), shape) if rows else shapely.MultiLineString()


def tufts(shape: Any, step: float) -> Any:
    """Small v marks wholly within the shape: how a green is told without colour."""
    marks = [
        [(x - step * 0.12, y - step * 0.14), (x, y + step * 0.06), (x + step * 0.12, y - step * 0.14)]
        for (x, y), _ in _strokes(shapely.bounds(shape), step * 1.4, 0.1)
    ]
    if not marks:
        return shapely.MultiLineString()
    lines = shapely.linestrings(marks)
    shapely.prepare(shape)
    return shapely.multilinestrings(lines[shapely.contains(shape, lines)])


def _strokes(bounds: Any, step: float, width: float) -> Iterator[list[tuple[float, float]]]:
    west, top, east, bottom = bounds
    for row in range(math.floor(top / step), math.ceil(bottom / step) + 1):
        start = (row % 2) * step
        for column in range(math.floor(west / (2 * step)) - 1, math.ceil(east / (2 * step)) + 1):
            x = column * 2 * step + start
            yield [(x, row * step), (x + width, row * step)]
