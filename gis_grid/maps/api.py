"""Routes of the map: layers, vector tiles, what the page needs to begin, search."""

from __future__ import annotations

import re
from typing import Any

import orjson
from flask import Response, request, send_file
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from gis_grid.access.guard import SIGNED_IN, caller, require, scope_patterns
from gis_grid.areas.placing import today
from gis_grid.areas.rules import LEVEL_CODES
from gis_grid.choices import chosen
from gis_grid.db import session, sql
from gis_grid.maps import area_tree, basemap, models, search, tiles  # noqa: F401  models: the table must be known
from gis_grid.maps.tile_cache import Tile
from gis_grid.register.fields import Strict, Text


class SearchQuery(Strict):
    q = Text(required=True, validate=validate.Length(min=1, max=80), metadata={"title": "名称、编码、房号、姓名、坐标"})
    limit = fields.Integer(load_default=10, validate=validate.Range(min=1, max=50))


class CountsQuery(Strict):
    names = Text(required=True, validate=validate.Length(min=1, max=400), metadata={"title": "图层，逗号分隔"})
    area = Text(validate=validate.Length(min=1, max=32), metadata={"title": "区域编码"})
    at = fields.Date(metadata={"title": "日期，默认今天"})


class TreeQuery(Strict):
    code = Text(validate=validate.Length(min=1, max=32), metadata={"title": "区域编码"})
    level = fields.String(validate=validate.OneOf(LEVEL_CODES), metadata={"title": "其下这一级的全部区域，不填为直接下级"})
    at = fields.Date(metadata={"title": "按哪天的边界，默认今天"})


class TileQuery(Strict):
    at = fields.Date(metadata={"title": "日期，默认今天"})


FoundSchema = Schema.from_dict({"items": fields.List(fields.Dict())}, name="SearchFound")
LayersSchema = Schema.from_dict({"layers": fields.List(fields.Dict())}, name="Layers")
MapSchema = Schema.from_dict(
    {
        "bounds": fields.List(fields.Float(), allow_none=True),
        "review_number": fields.String(allow_none=True),
        "source": fields.String(allow_none=True),
        "publisher": fields.String(allow_none=True),
        "demo": fields.Boolean(),
        "basemap": fields.Dict(allow_none=True),
    },
    name="MapPage",
)
CountsSchema = Schema.from_dict({"counts": fields.Dict()}, name="LayerCounts")
TreeSchema = Schema.from_dict(dict.fromkeys(("chain", "items", "levels"), fields.List(fields.Dict())), name="AreaTree")
MVT = "application/vnd.mapbox-vector-tile"
_OWN = (("Cache-Control", "private, no-cache"), ("Vary", "Accept-Encoding, Authorization, Cookie"))
Answer = tuple[str, list[tuple[str, str]], bytes]  # status, headers, body
_TILE = re.compile(r"/tiles/([a-z_,-]{1,400})/([0-9]{1,2})/([0-9]{1,8})/([0-9]{1,8})")
blueprint = Blueprint("maps", __name__, description="地图")


@blueprint.route("/api/map")
@blueprint.response(200, MapSchema)
@require(SIGNED_IN)
def map_page() -> dict[str, Any]:
    """打开地图所需：范围、审图号、来源、是否演示数据"""
    box = session().execute(sql("extent"), {"at": today(), "scope": scope_patterns()}).one()
    return {
        "bounds": None if box.west is None else [box.west, box.south, box.east, box.north],
        "review_number": chosen("map_review_number"),
        "source": chosen("map_source"),
        "publisher": chosen("map_publisher"),
        "demo": bool(box.demo),
        "basemap": basemap.described(),
    }


@blueprint.route("/api/layers")
@blueprint.response(200, LayersSchema)
@require(SIGNED_IN)
def list_layers() -> Response:
    """我可以看的图层：样式、图例、字段"""
    return _json({"layers": [layer.described(caller()) for layer in tiles.visible_layers()]})


@blueprint.route("/api/layers/counts")
@blueprint.arguments(CountsQuery, location="query")
@blueprint.response(200, CountsSchema)
@require(SIGNED_IN)
def count_layers(asked: dict[str, Any]) -> Response:
    """图层在一个区域内（默认自己的范围）各有多少条"""
    return _json({"counts": area_tree.layer_counts(asked["names"], asked.get("area"), asked.get("at"))})


@blueprint.route("/api/map/areas")
@blueprint.arguments(TreeQuery, location="query")
@blueprint.response(200, TreeSchema)
@require("areas.read")
def show_areas(asked: dict[str, Any]) -> Response:
    """逐级进入：一个区域的上级链、直接下级或其下某一级（范围、面积、下级数）、其下有哪几级；不填为自己范围的最上级"""
    return _json(area_tree.area_tree(asked.get("code"), asked.get("at"), asked.get("level")))


@blueprint.route(basemap.PMTILES)
@blueprint.response(200, content_type="application/octet-stream")
@require(SIGNED_IN)
def basemap_file() -> Response:
    """底图文件（PMTiles）；按字节范围读取"""
    answer = send_file(basemap.file(), mimetype="application/octet-stream", conditional=True)
    answer.headers["Cache-Control"] = "private, max-age=86400"
    return answer


@blueprint.route("/api/search")
@blueprint.arguments(SearchQuery, location="query")
@blueprint.response(200, FoundSchema)
@require(SIGNED_IN)
def find_anything(asked: dict[str, Any]) -> Response:
    """边输边找：网格、小区、楼栋、房屋（1-3-502）、场所、居民（姓名、拼音首字母、电话或证件后四位）、事件编号、坐标"""
    return _json({"items": search.search(asked["q"], asked["limit"])})


@blueprint.route("/tiles/<string:names>/<int:z>/<int:x>/<int:y>")
@blueprint.arguments(TileQuery, location="query")
@blueprint.response(200, content_type=MVT)
@require(SIGNED_IN)
def tile(asked: dict[str, Any], names: str, z: int, x: int, y: int) -> Response:
    """一个矢量瓦片；没有内容时答 204"""
    found = tiles.tile(names, z, x, y, asked.get("at"))
    status, headers, body = tile_answer(found, request.headers.get("If-None-Match", ""), str(request.accept_encodings))
    return Response(body, status=status, headers=headers)


def _quick_tile(environ: dict[str, Any]) -> Answer | None:
    """The same for today's tile: a wall of them is asked whenever somebody moves the map."""
    found = _TILE.fullmatch(environ["PATH_INFO"])
    if found is None or environ.get("QUERY_STRING"):
        return None
    made = tiles.tile(found[1], int(found[2]), int(found[3]), int(found[4]))
    return tile_answer(made, environ.get("HTTP_IF_NONE_MATCH", ""), environ.get("HTTP_ACCEPT_ENCODING", ""))


def tile_answer(made: Tile, known: str, encodings: str) -> Answer:
    """200, 204 for nothing, 304 for what the caller has; compressed where he takes it and it helps."""
    headers = [
        ("ETag", f'"{made.tag}"'),
        ("Cache-Control", "private, no-cache"),
        ("Vary", "Accept-Encoding, Authorization, Cookie"),
    ]
    if made.tag in known:
        return "304 NOT MODIFIED", headers, b""
    if not made.body:
        return "204 NO CONTENT", headers, b""
    packed = made.packed() if "gzip" in encodings else None
    if packed is not None:
        headers.append(("Content-Encoding", "gzip"))
    body = packed or made.body
    return "200 OK", [*headers, ("Content-Type", MVT), ("Content-Length", str(len(body)))], body


tile.quick = _quick_tile
QUICK = {"/tiles/": tile}


def _json(value: Any) -> Response:
    return Response(orjson.dumps(value), mimetype="application/json")


BLUEPRINTS = (blueprint,)
