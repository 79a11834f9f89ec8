"""Layer files: one YAML each, read and checked at start; a broken one is named with its line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from gis_grid.access.rules import RIGHTS, Caller
from gis_grid.config import PROJECT

FOLDER = PROJECT / "layers"
_KNOWN = {
    "title", "group", "order", "right", "zooms", "visible", "scoped", "select", "fields", "style", "legend", "smallest_px", "key",
    "seamless", "blocks", "stack", "collection", "register", "time", "about",
}  # fmt: skip
_FIELD = {"label", "unit", "dictionary", "right", "zoom"}  # zoom: in tiles from this zoom on
_TABLE = re.compile(r"\b(?:FROM|JOIN)\s+([a-z_]+)\b(?!\s*\()", re.IGNORECASE)
_NAMED = re.compile(r"(?:\bWITH|,)\s+([a-z_]+)\s+AS\s+(?:MATERIALIZED\s+)?\(", re.IGNORECASE)


class BadLayer(Exception):
    """A layer file that cannot be served; the text names file and line."""


@dataclass(frozen=True)
class Layer:
    """One map layer. `select` answers id, geom, its fields, and (unless scoped is false) area_code; :at and :zone are bound."""

    name: str
    title: str
    group: str
    order: int
    right: str
    minzoom: int
    maxzoom: int
    visible: bool
    scoped: bool
    select: str
    fields: Mapping[str, Mapping[str, Any]]
    style: list[dict[str, Any]] = field(default_factory=list)
    legend: list[dict[str, Any]] = field(default_factory=list)
    key: str = "id"  # the column that search and others call a feature by; goes out as the property `id`
    labelled: bool = False  # polygons with one name each: a point layer `<name>-label` goes along, or every tile writes it again
    smallest_px: float = 0.0  # shapes whose box is smaller than this many pixels are left out
    seamless: bool = False  # neighbours share edges: vertices go to the tile's own grid first, so both sides stay the same
    blocks: tuple[int, int] | None = None  # below this zoom, squares of so many pixels tell how many features lie there
    stack: int = 0  # so many features on one very spot are told apart; the property `stacked` says how many there are
    collection: bool = True  # also an OGC API collection
    register: str | None = None  # the register through which other systems may write its features
    time: str | None = None  # the field that ?datetime= asks
    about: str = ""
    clearance: bool = False  # the SELECT tells it: how far (degrees) corners may move before a shape touches itself
    label_zoom: float = 0.0  # names are shown from this zoom on
    tables: tuple[str, ...] = ()  # what the SELECT reads: a change there is a change of the layer
    states: tuple[str, ...] = ()  # what the states of those tables are called among `kept.states()`
    dated: bool = False  # its answer depends on the day

    @property
    def shape(self) -> str:
        """point, line or polygon: how it is drawn."""
        kinds = {"fill": "polygon", "fill-extrusion": "polygon", "line": "line", "circle": "point", "heatmap": "point"}
        return next((kinds[part["type"]] for part in self.style if part["type"] in kinds), "point")

    def seen_by(self, who: Caller) -> tuple[str, ...]:
        """The fields this caller may see; others are absent."""
        return tuple(name for name, told in self.fields.items() if not told.get("right") or who.may(told["right"]))

    def described(self, who: Caller) -> dict[str, Any]:
        """What the console needs to draw and explain it."""
        shown = ("name", "title", "group", "minzoom", "maxzoom", "visible", "style", "legend", "dated", "about")
        fields = [
            {"name": name, **{part: self.fields[name].get(part) for part in ("label", "unit", "dictionary")}}
            for name in self.seen_by(who)
        ]
        return {**{name: getattr(self, name) for name in shown}, "fields": fields}


@cache
def layers() -> dict[str, Layer]:
    """All layers by name, from the bottom of the map to its top."""
    found = [read_layer(path) for path in FOLDER.glob("*.yaml")]
    return {layer.name: layer for layer in sorted(found, key=lambda layer: (layer.order, layer.name))}


def read_layer(path: Path) -> Layer:
    """The layer in one file. BadLayer names the line of what is wrong."""
    text = path.read_text(encoding="utf-8")
    try:
        told = yaml.safe_load(text)
    except yaml.MarkedYAMLError as fault:
        line = fault.problem_mark.line + 1 if fault.problem_mark else 1
        raise BadLayer(f"{path.name}:{line}: {fault.problem}") from None
    if not isinstance(told, dict):
        raise BadLayer(f"{path.name}:1: a layer is a mapping of {', '.join(sorted(_KNOWN))}")
    for name in told:
        if name not in _KNOWN:
            raise BadLayer(f"{path.name}:{_line(text, name)}: unknown entry {name!r}")
    for name in ("title", "group", "order", "right", "zooms", "select", "fields"):
        if name not in told:
            raise BadLayer(f"{path.name}:1: {name!r} is missing")
    return _checked(path, text, told)


def _checked(path: Path, text: str, told: dict[str, Any]) -> Layer:
    if told["right"] not in RIGHTS:
        raise BadLayer(f"{path.name}:{_line(text, 'right')}: unknown right {told['right']!r}")
    if told.get("scoped", True) and "area_code" not in told["select"]:
        raise BadLayer(f"{path.name}:{_line(text, 'select')}: a scoped layer must select area_code")
    zooms = told["zooms"]
    if not (isinstance(zooms, list) and len(zooms) == 2 and 0 <= zooms[0] <= zooms[1] <= 24):
        raise BadLayer(f"{path.name}:{_line(text, 'zooms')}: zooms is [lowest, highest] within 0-24")
    for name, field_ in told["fields"].items():
        line = _line(text, name)
        if not re.fullmatch("[a-z][a-z0-9_]*", name) or "label" not in field_:
            raise BadLayer(f"{path.name}:{line}: a field has a plain name and a label")
        if unknown := set(field_) - _FIELD:
            raise BadLayer(f"{path.name}:{line}: unknown entry {sorted(unknown)[0]!r}")
        if field_.get("right") and field_["right"] not in RIGHTS:
            raise BadLayer(f"{path.name}:{line}: unknown right {field_['right']!r}")
    if told.get("time") and told["time"] not in told["fields"]:
        raise BadLayer(f"{path.name}:{_line(text, 'time')}: time names no field")
    return _made(path.stem, told)


def _made(name: str, told: dict[str, Any]) -> Layer:
    select = told["select"].strip().rstrip(";")
    blocks, style = told.get("blocks"), told.get("style", [])
    return Layer(
        name=name,
        title=told["title"],
        group=told["group"],
        order=told["order"],
        right=told["right"],
        minzoom=told["zooms"][0],
        maxzoom=told["zooms"][1],
        visible=told.get("visible", True),
        scoped=told.get("scoped", True),
        select=select,
        fields=told["fields"],
        style=_style(name, style),
        legend=told.get("legend", []),
        key=told.get("key", "id"),
        labelled=any(part.get("label") for part in style),
        smallest_px=float(told.get("smallest_px", 0)),
        seamless=told.get("seamless", False),
        blocks=(blocks["below"], blocks["px"]) if blocks else None,
        stack=told.get("stack", 0),
        collection=told.get("collection", True),
        register=told.get("register"),
        time=told.get("time"),
        about=told.get("about", ""),
        label_zoom=min((float(part.get("minzoom", 0)) for part in style if part.get("label")), default=0.0),
        tables=(tables := tuple(sorted(set(_TABLE.findall(select)) - set(_NAMED.findall(select))))),
        states=tuple(f"table {table}" for table in tables),
        clearance=bool(re.search(r"\bclearance\b", select)),
        dated=":at" in select,
    )


def _style(name: str, parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            "id": f"{name}-{part.get('id', i)}",
            "source-layer": f"{name}-label" if part.get("label") else name,
            **{key: value for key, value in part.items() if key not in ("id", "label")},
        }
        for i, part in enumerate(parts)
    ]


def _line(text: str, name: str) -> int:
    for number, line in enumerate(text.splitlines(), 1):
        if re.match(rf"\s*{re.escape(name)}\s*:", line):
            return number
    return 1
