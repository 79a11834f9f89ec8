"""Tiles as others ask for them: TileJSON, MapLibre styles, OGC API Tiles, and one's own scope as a PMTiles file."""

from __future__ import annotations

import re
from typing import Any

from flask import Response, request
from flask_smorest import Blueprint
from marshmallow import fields, validate

from gis_grid.access.guard import SIGNED_IN, require
from gis_grid.errors import BadRequest, NotFound
from gis_grid.maps import bundle, collections, styles, tiles
from gis_grid.maps.api import MVT, tile_answer
from gis_grid.maps.layers import Layer
from gis_grid.maps.ogc import Anything, json, plain, root
from gis_grid.register.fields import Strict, Text

blueprint = Blueprint("ogc_tiles", __name__, description="瓦片：TileJSON、样式、OGC API 瓦片、离线包")


class BundleQuery(Strict):
    layers = Text(required=True, validate=validate.Length(min=1, max=400), metadata={"title": "图层，逗号分隔"})
    maxzoom = fields.Integer(load_default=17, validate=validate.Range(min=10, max=18), metadata={"title": "最大级别"})


def _named(names: str) -> list[Layer]:
    return tiles.visible_layers() if names == "map" else tiles.asked_layers(names)


@blueprint.route("/tiles/<string:names>.json")
@blueprint.response(200, Anything)
@require(SIGNED_IN)
def tilejson(names: str) -> Response:
    """TileJSON 3.0；names 为逗号分隔的图层，或 map（全部）"""
    plain()
    return json(styles.tilejson(_named(names), root()))


@blueprint.route("/styles/<string:names>.json")
@blueprint.response(200, Anything)
@require(SIGNED_IN)
def style(names: str) -> Response:
    """MapLibre 样式；names 为逗号分隔的图层，或 map（整幅地图）"""
    plain()
    return json(styles.style(_named(names), root()))


@blueprint.route("/collections/<string:name>/tiles")
@blueprint.response(200, Anything)
@require(SIGNED_IN)
def tilesets(name: str) -> Response:
    """一个数据集的瓦片集"""
    plain()
    return json(styles.tilesets(collections.collection(name), root()))


@blueprint.route("/collections/<string:name>/tiles/WebMercatorQuad")
@blueprint.response(200, Anything)
@require(SIGNED_IN)
def tileset(name: str) -> Response:
    """一个瓦片集"""
    plain()
    return json(styles.tileset(collections.collection(name), root()))


@blueprint.route("/collections/<string:name>/tiles/WebMercatorQuad/<int:z>/<int:y>/<int:x>")
@blueprint.response(200, content_type=MVT)
@require(SIGNED_IN)
def tile(name: str, z: int, y: int, x: int) -> Response:
    """一个瓦片；行（tileRow）在列（tileCol）之前"""
    plain()
    found = tiles.tile(collections.collection(name).name, z, x, y)
    status, headers, body = tile_answer(found, request.headers.get("If-None-Match", ""), str(request.accept_encodings))
    return Response(body, status=status, headers=headers)


@blueprint.route("/tileMatrixSets")
@blueprint.response(200, Anything)
@require(SIGNED_IN)
def schemes() -> Response:
    """瓦片方案"""
    plain()
    return json(styles.schemes(root()))


@blueprint.route("/tileMatrixSets/<string:scheme>")
@blueprint.response(200, Anything)
@require(SIGNED_IN)
def one_scheme(scheme: str) -> Response:
    """WebMercatorQuad"""
    plain()
    if scheme != "WebMercatorQuad":
        raise NotFound("只有一种瓦片方案：WebMercatorQuad。")
    return json(styles.scheme())


@blueprint.route("/api/tiles/bundle")
@blueprint.arguments(BundleQuery, location="query")
@blueprint.response(200, content_type="application/vnd.pmtiles")
@require(SIGNED_IN)
def offline(asked: dict[str, Any]) -> Response:
    """我的数据范围打成一个 PMTiles 文件，供没有网络的手机和大屏"""
    if not re.fullmatch("[a-z_,-]+", asked["layers"]):
        raise BadRequest("layers 为逗号分隔的图层名。", code="bad_layers")
    return bundle.answer(tiles.asked_layers(asked["layers"]), asked["maxzoom"])


BLUEPRINTS = (blueprint,)
