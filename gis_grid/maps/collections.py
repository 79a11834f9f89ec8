"""A layer as a collection: which fields of which kind, where it lies, which systems it is told in."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from gis_grid.access.guard import caller, scope_patterns
from gis_grid.areas.placing import today
from gis_grid.config import settings
from gis_grid.db import ask, driver_text, kinds_of
from gis_grid.errors import NotFound
from gis_grid.geo.reference import Reference, gauss_kruger, references
from gis_grid.kept import Kept
from gis_grid.maps.layers import Layer, layers

KINDS = {  # PostgreSQL's type -> what it is to a filter
    "bool": "boolean", "int2": "integer", "int4": "integer", "int8": "integer", "float4": "number", "float8": "number",
    "numeric": "number", "date": "date", "timestamp": "timestamp", "timestamptz": "timestamp",
    "_text": "array", "_varchar": "array", "text": "text", "varchar": "text", "bpchar": "text",
}  # fmt: skip
_boxes: Kept[list[float] | None] = Kept("boundaries")


@dataclass(frozen=True)
class Columns:
    """What a layer's SELECT answers: the kind of each field, whether its key is a number, the kind of its shapes."""

    kinds: dict[str, str]
    whole_key: bool
    shape: str


def collections() -> list[Layer]:
    """Those the caller may see, from the bottom of the map to its top."""
    who = caller()
    return [layer for layer in layers().values() if layer.collection and who.may(layer.right)]


def collection(name: str) -> Layer:
    """One of them; unknown and forbidden are not found alike."""
    found = layers().get(name)
    if found is None or not found.collection or not caller().may(found.right):
        raise NotFound(f"没有数据集“{name[:40]}”，可用的见 /collections。", code="unknown_collection")
    return found


@cache
def columns(name: str) -> Columns:
    """Read once from the database: an empty answer knows its types."""
    layer = layers()[name]
    values = {"at": today(), "zone": settings().time_zone}
    told = kinds_of(driver_text(f"SELECT l.* FROM ({layer.select}\n) l LIMIT 0"), values)
    kinds = {field: KINDS.get(told[field], "other") for field in layer.fields}
    return Columns(kinds, KINDS.get(told[layer.key]) == "integer", layer.shape)


def askable(layer: Layer) -> tuple[str, ...]:
    """The fields this caller may see and filter by; lists of numbers, JSON and the like are only shown."""
    kinds = columns(layer.name).kinds
    return tuple(name for name in layer.seen_by(caller()) if kinds[name] != "other")


def middle() -> tuple[float, float, float, float] | None:
    """The box of all boundaries of today in the caller's scope: west, south, east, north; none without any."""
    who = caller()
    text = """
      SELECT ST_XMin(e), ST_YMin(e), ST_XMax(e), ST_YMax(e)
      FROM (SELECT ST_Extent(geom) AS e FROM boundaries WHERE area_code LIKE ANY(:scope) AND valid @> CAST(:at AS date)) q
    """
    values = {"scope": scope_patterns(), "at": today()}
    box = _boxes.get((tuple(sorted(who.scopes)), today()), lambda: list(ask(driver_text(text), values)[0]))
    return None if box is None or box[0] is None else (box[0], box[1], box[2], box[3])


def zone() -> int:
    """EPSG number of the project's Gauss-Kruger zone: the setting's, else that of the map's middle."""
    if settings().gauss_kruger_epsg:
        return int(settings().gauss_kruger_epsg or 0)
    box = middle()
    return gauss_kruger((box[0] + box[2]) / 2 if box else 105.0)


def systems() -> dict[str, Reference]:
    """The reference systems offered, by URI."""
    return references(zone())


def described(layer: Layer, root: str) -> dict[str, Any]:
    """The collection's own document (OGC API Features Part 1, 7.15; Part 2, 6.2)."""
    here = f"{root}/collections/{layer.name}"
    told: dict[str, Any] = {
        "id": layer.name,
        "title": layer.title,
        "description": layer.about or f"{layer.group} · {layer.title}",
        "itemType": "feature",
        "crs": list(systems()),
        "storageCrs": next(iter(systems())),
        "links": _links(layer, here),
    }
    if box := middle():
        told["extent"] = {"spatial": {"bbox": [list(box)], "crs": next(iter(systems()))}}
        if layer.time:
            told["extent"]["temporal"] = {"interval": [[None, None]]}
    return told


def _links(layer: Layer, here: str) -> list[dict[str, str]]:
    queryables = "http://www.opengis.net/def/rel/ogc/1.0/queryables"
    tilesets = "http://www.opengis.net/def/rel/ogc/1.0/tilesets-vector"
    json, html = "application/json", "text/html"
    rows = [
        ("self", here, json, "本数据集"),
        ("alternate", f"{here}?f=html", html, "网页"),
        ("items", f"{here}/items", "application/geo+json", "要素（GeoJSON）"),
        ("items", f"{here}/items?f=html", html, "要素（网页）"),
        (queryables, f"{here}/queryables", "application/schema+json", "可查询的字段"),
        (tilesets, f"{here}/tiles", json, "矢量瓦片"),
        *((("items", f"{here}/items?f={kind}", mime, f"全部下载（{kind}）")) for kind, mime in DOWNLOADS.items()),
    ]
    return [{"rel": rel, "href": href, "type": mime, "title": title} for rel, href, mime, title in rows]


DOWNLOADS = {
    "csv": "text/csv",
    "gpkg": "application/geopackage+sqlite3",
    "fgb": "application/flatgeobuf",
    "shp": "application/zip",
}


def queryables(layer: Layer, here: str) -> dict[str, Any]:
    """JSON Schema of what a filter may name (Part 3, 6.2): the fields this caller may see, and the shape."""
    known = columns(layer.name)
    shapes = {"polygon": "geometry-multipolygon", "line": "geometry-any", "point": "geometry-point"}
    properties: dict[str, Any] = {"geom": {"title": "位置", "format": shapes[known.shape], "x-ogc-role": "primary-geometry"}}
    for name in askable(layer):
        told = layer.fields[name]
        unit = {"x-ogc-unit": told["unit"]} if told.get("unit") else {}
        code = {"x-ogc-codelist": f"/api/dictionary/{told['dictionary']}"} if told.get("dictionary") else {}
        properties[name] = {"title": told["label"], **_SCHEMAS[known.kinds[name]], **unit, **code}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": here,
        "type": "object",
        "title": layer.title,
        "properties": properties,
        "additionalProperties": False,
    }


_SCHEMAS: dict[str, dict[str, Any]] = {
    "text": {"type": "string"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "timestamp": {"type": "string", "format": "date-time"},
    "array": {"type": "array", "items": {"type": "string"}},
}
