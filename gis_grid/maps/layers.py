"""Layer files: one YAML each, read and checked at start; a broken one is named with its line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from gis_grid.access.rules import RIGHTS
from gis_grid.config import PROJECT

FOLDER = PROJECT / "layers"
_KNOWN = {
    "title", "group", "order", "right", "zooms", "visible", "scoped", "select", "fields", "style", "legend", "smallest_px", "key"
}  # fmt: skip


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

    def described(self) -> dict[str, Any]:
        """What the console needs to draw and explain it."""
        shown = ("name", "title", "group", "minzoom", "maxzoom", "visible", "style", "legend")
        fields = [
            {"name": name, "label": told["label"], "unit": told.get("unit"), "dictionary": told.get("dictionary")}
            for name, told in self.fields.items()
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
        if not re.fullmatch("[a-z][a-z0-9_]*", name) or "label" not in field_:
            raise BadLayer(f"{path.name}:{_line(text, name)}: a field has a plain name and a label")
    return Layer(
        name=path.stem,
        title=told["title"],
        group=told["group"],
        order=told["order"],
        right=told["right"],
        minzoom=zooms[0],
        maxzoom=zooms[1],
        visible=told.get("visible", True),
        scoped=told.get("scoped", True),
        select=told["select"].strip().rstrip(";"),
        fields=told["fields"],
        style=_style(path.stem, told.get("style", [])),
        legend=told.get("legend", []),
        key=told.get("key", "id"),
        labelled=any(part.get("label") for part in told.get("style", [])),
        smallest_px=float(told.get("smallest_px", 0)),
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
