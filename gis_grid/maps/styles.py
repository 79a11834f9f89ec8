"""What map programs ask besides tiles: TileJSON 3.0, OGC tileset metadata, and MapLibre styles from the same layer files."""

from __future__ import annotations

import copy
from typing import Any

from gis_grid.access.guard import caller
from gis_grid.maps.collections import columns, middle
from gis_grid.maps.layers import Layer
from gis_grid.maps.tiles import WORLD_M

MVT = "application/vnd.mapbox-vector-tile"
SCHEME = "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad"
_SCALES = 24
FONTS = ["PingFang SC", "HarmonyOS Sans SC", "Microsoft YaHei", "Noto Sans CJK SC", "Noto Sans SC", "WenQuanYi Micro Hei"]


def tilejson(wanted: list[Layer], root: str) -> dict[str, Any]:
    """TileJSON 3.0 of one or several layers."""
    names = ",".join(layer.name for layer in wanted)
    told: dict[str, Any] = {
        "tilejson": "3.0.0",
        "name": "、".join(layer.title for layer in wanted),
        "tiles": [f"{root}/tiles/{names}/{{z}}/{{x}}/{{y}}"],
        "scheme": "xyz",
        "minzoom": min(layer.minzoom for layer in wanted),
        "maxzoom": max(layer.maxzoom for layer in wanted),
        "vector_layers": [part for layer in wanted for part in _vector_layers(layer)],
    }
    if box := middle():
        told["bounds"] = list(box)
        told["center"] = [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2, 14]
    return told


def _vector_layers(layer: Layer) -> list[dict[str, Any]]:
    fields = {name: layer.fields[name]["label"] for name in layer.seen_by(caller())}
    zooms = {"minzoom": layer.minzoom, "maxzoom": layer.maxzoom}
    parts = [{"id": layer.name, "description": layer.title, **zooms, "fields": {"id": "编号", **fields}}]
    if layer.labelled:
        parts.append({"id": f"{layer.name}-label", "description": f"{layer.title}：名称的位置", **zooms, "fields": fields})
    return parts


def style(wanted: list[Layer], root: str) -> dict[str, Any]:
    """A MapLibre style of these layers, from the bottom of the map to its top; letters come from the viewer's own fonts
    (MapLibre 5 and newer draw them without a glyph server; a first name with Bold in it makes the others bold)."""
    names = ",".join(layer.name for layer in wanted)
    source = {"type": "vector", "url": f"{root}/tiles/{names}.json"}
    drawn = [_drawn(layer, part) for layer in wanted for part in layer.style]
    ground = {"id": "ground", "type": "background", "paint": {"background-color": "#f6f3ec"}}
    told: dict[str, Any] = {
        "version": 8,
        "name": "GIS Grid",
        "sources": {"grid": source},
        "layers": [ground, *drawn],
    }
    if box := middle():
        told |= {"center": [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2], "zoom": 14}
    return told


def _drawn(layer: Layer, part: dict[str, Any]) -> dict[str, Any]:
    made = copy.deepcopy(part)
    made["source"] = "grid"
    if "text-field" in made.get("layout", {}):
        bold = "Bold" in str(made["layout"].get("text-font", ""))
        made["layout"]["text-font"] = [*(["GIS Grid Bold"] if bold else []), *FONTS]
    made.setdefault("minzoom", layer.minzoom)
    return made


def tilesets(layer: Layer, root: str) -> dict[str, Any]:
    """The tilesets of a collection (OGC API Tiles, tilesets-list)."""
    return {"tilesets": [_tileset(layer, root)], "links": [_link("self", f"{root}/collections/{layer.name}/tiles")]}


def tileset(layer: Layer, root: str) -> dict[str, Any]:
    """One tileset in full (OGC API Tiles, tileset)."""
    told = _tileset(layer, root)
    fields = {name: {"title": layer.fields[name]["label"]} for name in layer.seen_by(caller())}
    dimension = {"polygon": 2, "line": 1, "point": 0}[columns(layer.name).shape]
    told["layers"] = [
        {
            "id": layer.name,
            "title": layer.title,
            "dataType": "vector",
            "geometryDimension": dimension,
            "minTileMatrix": str(layer.minzoom),
            "maxTileMatrix": str(layer.maxzoom),
            "propertiesSchema": {"type": "object", "properties": fields},
        }
    ]
    return told


def _tileset(layer: Layer, root: str) -> dict[str, Any]:
    here = f"{root}/collections/{layer.name}/tiles/WebMercatorQuad"
    template = {**_link("item", f"{here}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}", MVT), "templated": True}
    rel = "http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme"
    return {
        "title": layer.title,
        "dataType": "vector",
        "crs": "http://www.opengis.net/def/crs/EPSG/0/3857",
        "tileMatrixSetURI": SCHEME,
        "links": [
            _link("self", here),
            template,
            _link(rel, f"{root}/tileMatrixSets/WebMercatorQuad"),
            _link("alternate", f"{root}/tiles/{layer.name}.json"),
        ],
    }


def _link(rel: str, href: str, mime: str = "application/json") -> dict[str, Any]:
    return {"rel": rel, "href": href, "type": mime}


def schemes(root: str) -> dict[str, Any]:
    """The tile matrix sets: one."""
    here = f"{root}/tileMatrixSets/WebMercatorQuad"
    return {"tileMatrixSets": [{"id": "WebMercatorQuad", "uri": SCHEME, "links": [_link("self", here)]}]}


def scheme() -> dict[str, Any]:
    """WebMercatorQuad (OGC 17-083r4, annex D.1)."""
    widest = WORLD_M / 256
    matrices = [
        {
            "id": str(z),
            "scaleDenominator": widest / 2**z / 0.00028,
            "cellSize": widest / 2**z,
            "pointOfOrigin": [-WORLD_M / 2, WORLD_M / 2],
            "tileWidth": 256,
            "tileHeight": 256,
            "matrixWidth": 2**z,
            "matrixHeight": 2**z,
        }
        for z in range(_SCALES)
    ]
    return {
        "id": "WebMercatorQuad",
        "title": "Google Maps Compatible for the World",
        "uri": SCHEME,
        "crs": "http://www.opengis.net/def/crs/EPSG/0/3857",
        "orderedAxes": ["X", "Y"],
        "wellKnownScaleSet": "http://www.opengis.net/def/wkss/OGC/1.0/GoogleMapsCompatible",
        "tileMatrices": matrices,
    }
