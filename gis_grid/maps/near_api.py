"""Routes for other systems' spatial questions: /api/near, /api/within, /api/path, /api/responsible, /api/changes."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from gis_grid.access.guard import SIGNED_IN, require
from gis_grid.areas.actions import locate
from gis_grid.errors import BadRequest
from gis_grid.events.actions import claims_at
from gis_grid.geo import crs
from gis_grid.maps import changes, near
from gis_grid.maps.features import dump
from gis_grid.register.fields import Number, Strict, Text

blueprint = Blueprint("questions", __name__, url_prefix="/api", description="空间问答：附近、范围内、沿线、谁负责、变更")
LAYERS = {"title": "图层，逗号分隔"}


class Spot(Strict):
    lon = Number(required=True, metadata={"title": "经度"})
    lat = Number(required=True, metadata={"title": "纬度"})
    crs = Text(load_default="wgs84", validate=validate.Length(max=20), metadata={"title": "坐标系"})
    at = fields.Date(load_default=None, metadata={"title": "日期，默认今天"})


class NearQuery(Spot):
    layer = Text(required=True, validate=validate.Length(min=1, max=40), metadata={"title": "图层"})
    n = fields.Integer(load_default=10, validate=validate.Range(min=1, max=1000), metadata={"title": "最多几个"})
    within_m = Number(load_default=near.MOST_M, validate=validate.Range(min=0, max=near.MOST_M), metadata={"title": "多少米以内"})


class ResponsibleQuery(Spot):
    category = Text(load_default=None, validate=validate.Length(min=1, max=60), metadata={"title": "事件类别"})


class WithinSchema(Strict):
    layers = fields.List(Text(validate=validate.Length(min=1, max=40)), required=True, validate=validate.Length(min=1, max=20))
    geometry = fields.Dict(load_default=None, metadata={"title": "范围（GeoJSON 多边形）"})
    area = Text(load_default=None, validate=validate.Length(max=32), metadata={"title": "区域编码"})
    lon = Number(load_default=None)
    lat = Number(load_default=None)
    radius_m = Number(load_default=None, validate=validate.Range(min=0.1, max=near.MOST_M), metadata={"title": "半径（米）"})
    crs = Text(load_default="wgs84", validate=validate.Length(max=20))
    at = fields.Date(load_default=None)
    limit = fields.Integer(load_default=200, validate=validate.Range(min=1, max=2000))
    after = Text(load_default=None, validate=validate.Length(max=500))


class PathSchema(Strict):
    layers = fields.List(Text(validate=validate.Length(min=1, max=40)), required=True, validate=validate.Length(min=1, max=20))
    line = fields.Dict(required=True, metadata={"title": "线（GeoJSON LineString）"})
    within_m = Number(load_default=30.0, validate=validate.Range(min=0, max=1000), metadata={"title": "两侧多少米"})
    crs = Text(load_default="wgs84", validate=validate.Length(max=20))
    at = fields.Date(load_default=None)
    limit = fields.Integer(load_default=500, validate=validate.Range(min=1, max=5000))


class ChangesQuery(Strict):
    since = Text(load_default=None, validate=validate.Length(max=2000), metadata={"title": "上次答复中的 next；不给则只答起点"})
    limit = fields.Integer(load_default=1000, validate=validate.Range(min=1, max=10_000))


def _schema(name: str) -> Any:
    items = fields.List(fields.Dict())
    return Schema.from_dict({"items": items, "next": fields.String(allow_none=True)}, name=name)


@blueprint.route("/near")
@blueprint.arguments(NearQuery, location="query")
@blueprint.response(200, _schema("NearFound"))
@require(SIGNED_IN)
def nearest(asked: dict[str, Any]) -> Response:
    """一个点附近最近的 n 个要素，带距离（米），由近到远"""
    lon, lat = _stored(asked)
    return _json({"items": near.near(asked["layer"], lon, lat, asked["n"], asked["within_m"], asked["at"])})


@blueprint.route("/within", methods=["POST"])
@blueprint.arguments(WithinSchema)
@blueprint.response(200, _schema("WithinFound"))
@require("areas.read")
def inside(asked: dict[str, Any]) -> Response:
    """一个多边形、圆或区域内所选图层的全部要素，分页"""
    if asked["lon"] is not None and asked["lat"] is not None:
        asked["lon"], asked["lat"] = _stored(asked)
    shape = near.shape_of(asked)
    if shape.geom_type not in ("Polygon", "MultiPolygon"):
        raise BadRequest("geometry 须为多边形。", code="bad_shape")
    found = near.within(asked["layers"], shape, asked["limit"], asked["after"], asked["at"])
    return _json({"items": [{k: v for k, v in item.items() if k != "_id"} for item in found.items], "next": found.next})


@blueprint.route("/path", methods=["POST"])
@blueprint.arguments(PathSchema)
@blueprint.response(200, _schema("PathFound"))
@require(SIGNED_IN)
def along(asked: dict[str, Any]) -> Response:
    """一条线两侧若干米内所选图层的要素，按走过的先后，带走了多少米、离线多少米"""
    line = near.stored_shape(asked["line"], asked["crs"])
    if line.geom_type != "LineString":
        raise BadRequest("line 须为一条线（LineString）。", code="bad_shape")
    return _json({"items": near.along(asked["layers"], line, asked["within_m"], asked["at"], asked["limit"])})


ResponsibleSchema = Schema.from_dict({"grid": fields.Dict(), "owners": fields.List(fields.Dict())}, name="Responsible")


@blueprint.route("/responsible")
@blueprint.arguments(ResponsibleQuery, location="query")
@blueprint.response(200, ResponsibleSchema)
@require("areas.read")
def who_is_responsible(asked: dict[str, Any]) -> Response:
    """某处某日某类事件由谁负责：网格、专属网格、物业，以及各级在岗人员，并说明理由"""
    found = locate(asked["lon"], asked["lat"], asked["crs"], asked["at"])
    told = claims_at(found["lon"], found["lat"], found["code"], found["responsible"], asked["category"])
    return _json({"grid": found, "category": asked["category"], **told})


ChangesSchema = Schema.from_dict(
    {"items": fields.List(fields.Dict()), "more": fields.Boolean(), "next": fields.String()}, name="Changes"
)


@blueprint.route("/changes")
@blueprint.arguments(ChangesQuery, location="query")
@blueprint.response(200, ChangesSchema)
@require(SIGNED_IN)
def changed(asked: dict[str, Any]) -> Response:
    """自上次以来登记与边界的变更（新增、修改、注销），至少一次，不会遗漏"""
    return _json(changes.feed(asked["since"], asked["limit"]))


def _stored(asked: dict[str, Any]) -> tuple[float, float]:
    import numpy as np

    x, y = np.array([asked["lon"]]), np.array([asked["lat"]])
    crs.check_plausible(x, y, asked["crs"])
    lon, lat = crs.to_stored(x, y, asked["crs"])
    return float(lon[0]), float(lat[0])


def _json(value: Any) -> Response:
    return Response(dump(value), mimetype="application/json")


BLUEPRINTS = (blueprint,)
