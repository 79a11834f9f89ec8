"""Any layers of the map drawn for paper, by the same style entries as on the screen. Pure; millimetres.

A scale corresponds to the zoom at which a screen pixel (0.2646 mm) covers as much ground.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import shapely

from gis_grid.notices import furniture, spots, svg
from gis_grid.notices.expressions import Seen, evaluate
from gis_grid.notices.ground import Street
from gis_grid.notices.labels import Name, Placement, Spot, place
from gis_grid.notices.scale import Window

PIXEL_MM = 25.4 / 96
EQUATOR_M = 40_075_016.686
DRAWN = ("fill", "line", "circle", "symbol")


@dataclass(frozen=True)
class Feature:
    """A row of a layer: its properties and its shape on paper."""

    properties: Mapping[str, Any]
    shape: Any


@dataclass(frozen=True)
class Drawn:
    """A layer with what it shows here: style entries from the bottom up, legend entries."""

    title: str
    style: Sequence[Mapping[str, Any]]
    legend: Sequence[Mapping[str, Any]]
    features: Sequence[Feature]


@dataclass
class View:
    """A drawn view: its shapes and names as SVG, and how the names were placed."""

    shapes: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    placement: Placement = field(default_factory=Placement)


def zoom_of(scale: int, lat: float) -> float:
    """The zoom (512 pixel tiles, as MapLibre counts) at which the screen shows this scale."""
    return math.log2(EQUATOR_M * math.cos(math.radians(lat)) / (512 * scale * PIXEL_MM / 1000))


def draw_view(layers: Sequence[Drawn], window: Window, lat: float, least: float, kept: Sequence[Any] = ()) -> View:
    """All layers from the bottom up, then their names, no smaller than `least` mm, clear of what is `kept` for others. Names
    without room are left out."""
    zoom = zoom_of(window.scale, lat)
    frame = shapely.box(0, 0, window.width, window.height)
    view, names = View(), []
    looks: dict[str, dict[str, Any]] = {}
    for rank, layer in enumerate(layers):
        for entry in layer.style:
            if not entry.get("minzoom", 0) <= zoom < entry.get("maxzoom", 99):
                continue
            chosen = [
                (feature, seen)
                for feature in layer.features
                if evaluate(entry.get("filter", True), seen := Seen(feature.properties, zoom))
            ]
            if entry["type"] == "symbol":
                names += _names(entry, chosen, frame, least, len(layers) - rank, looks)
            else:
                view.shapes += _shapes(entry, chosen)
    inset = 0.5 * least
    arrow = furniture.arrow_box(window.width, 1.5 * least)
    view.placement = place(names, (inset, inset, window.width - inset, window.height - inset), [shapely.box(*arrow), *kept])
    view.names += _written(view.placement, looks)
    return view


def _shapes(entry: Mapping[str, Any], chosen: Sequence[tuple[Feature, Seen]]) -> list[str]:
    """Shapes of one style entry; those that look alike share a group."""
    groups: dict[tuple[tuple[str, Any], ...], list[str]] = {}
    make = {"fill": _fill, "line": _line, "circle": _circle}[entry["type"]]
    for feature, seen in chosen:
        look, drawn = make(entry, feature, seen)
        groups.setdefault(tuple(look.items()), []).append(drawn)
    return [svg.group(drawn, **dict(look)) for look, drawn in groups.items()]


def _paint(entry: Mapping[str, Any], seen: Seen, name: str, default: Any) -> Any:
    value = evaluate(entry.get("paint", {}).get(name, default), seen)
    return default if value is None else value


def _fill(entry: Mapping[str, Any], feature: Feature, seen: Seen) -> tuple[dict[str, Any], str]:
    look = {"fill": _paint(entry, seen, "fill-color", "#000000"), "fill_opacity": float(_paint(entry, seen, "fill-opacity", 1))}
    return {**look, "fill_rule": "evenodd"}, svg.drawn(feature.shape)


def _line(entry: Mapping[str, Any], feature: Feature, seen: Seen) -> tuple[dict[str, Any], str]:
    width = float(_paint(entry, seen, "line-width", 1)) * PIXEL_MM
    dash = entry.get("paint", {}).get("line-dasharray")
    look = {
        "fill": "none",
        "stroke": _paint(entry, seen, "line-color", "#000000"),
        "stroke_width": round(width, 2),
        "stroke_opacity": float(_paint(entry, seen, "line-opacity", 1)),
        "stroke_linejoin": entry.get("layout", {}).get("line-join", "miter"),
        "stroke_linecap": entry.get("layout", {}).get("line-cap", "butt"),
        "stroke_dasharray": " ".join(svg.number(part * width) for part in dash) if dash else None,
    }
    shape = feature.shape
    return look, svg.drawn(shapely.boundary(shape) if shape.geom_type.endswith("Polygon") else shape)


def _circle(entry: Mapping[str, Any], feature: Feature, seen: Seen) -> tuple[dict[str, Any], str]:
    look = {
        "fill": _paint(entry, seen, "circle-color", "#000000"),
        "fill_opacity": float(_paint(entry, seen, "circle-opacity", 1)),
        "stroke": _paint(entry, seen, "circle-stroke-color", "none"),
        "stroke_width": round(float(_paint(entry, seen, "circle-stroke-width", 0)) * PIXEL_MM, 2),
    }
    radius = max(float(_paint(entry, seen, "circle-radius", 5)) * PIXEL_MM, 0.25)
    at = shapely.centroid(feature.shape)
    return look, svg.circle(at.x, at.y, radius)


def _names(
    entry: Mapping[str, Any], chosen: Sequence[tuple[Feature, Seen]], frame: Any, least: float, rank: int, looks: dict[str, Any]
) -> list[Name]:
    """Names of one entry; streets of one name are one street."""
    layout = entry.get("layout", {})
    found: list[Name] = []
    lines: dict[tuple[str, str, float], list[Any]] = {}
    for feature, seen in chosen:
        text = str(evaluate(layout.get("text-field", ""), seen) or "").strip()
        shape = shapely.intersection(feature.shape, frame)
        if not text or shape.is_empty:
            continue
        size = max(float(evaluate(layout.get("text-size", 16), seen)) * PIXEL_MM * 0.8, least)
        style = f"{entry['id']}|{_paint(entry, seen, 'text-color', '#000000')}"
        looks[style] = {
            "fill": _paint(entry, seen, "text-color", "#000000"),
            "halo": _paint(entry, seen, "text-halo-color", None),
            "bold": "Bold" in layout.get("text-font", ()),
        }
        if layout.get("symbol-placement") == "line":
            lines.setdefault((text, style, size), []).append(shape)
            continue
        found.append(Name(text, style, rank, _spots(text, shape, size, least), False))
    for (text, style, size), parts in lines.items():
        merged = shapely.line_merge(shapely.union_all(parts))
        found.append(
            Name(text, style, rank, spots.street_spots(Street(text, "", 0, None), merged, 0.6 * size, size, least), False)
        )
    return found


def _spots(text: str, shape: Any, size: float, least: float) -> list[Spot]:
    lines = tuple(line for line in text.split("\n") if line)
    if shape.geom_type.endswith("Polygon") and len(lines) == 1:
        return spots.area_spots(text, shape, size, least)
    at = shapely.point_on_surface(shape)
    centred = [spots.box(lines, at.x, at.y, size)] if shape.geom_type.endswith("Polygon") else []
    return [*centred, *spots.mark_spots(" ".join(lines), at.x, at.y, size, 0.45 * size, 0.2)]


def _written(placement: Placement, looks: Mapping[str, Mapping[str, Any]]) -> list[str]:
    parts = []
    for style, look in looks.items():
        wanted = [spot for name, spot in placement.placed if name.style == style]
        parts.append(svg.names(wanted, look["halo"], fill=look["fill"], font_weight="bold" if look["bold"] else None))
    return parts
