"""Routes of areas: the register, its staff, boundaries, and locate."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np
import orjson
from flask import Response, request
from flask_smorest import Blueprint
from marshmallow import Schema, ValidationError, fields, pre_load, validate

from gis_grid.access.guard import require
from gis_grid.areas import actions, mapit, sheet
from gis_grid.areas.models import Area, Staff
from gis_grid.errors import BadRequest, TooLarge
from gis_grid.register import Register, register_blueprint
from gis_grid.register.fields import Number, Shape, Strict, Text

MOST_POINTS = 100_000
MOST_METRES = 100_000  # of accuracy

AREAS = Register(
    name="areas",
    title="区域",
    model=Area,
    read="areas.read",
    write="areas.write",
    codes={"level": "area_level", "kind": "area_kind"},
    search=("code", "name"),
    prepare=actions.prepare_area,
    retiring=actions.retire_area,
    on_day=actions.had_boundary,
    told_on=actions.tell_names,
    besides={
        "successors": fields.Function(actions.goes_on_in, metadata={"title": "注销后的接续编码", "type": "array"}),
        "starts_on": fields.Function(actions.comes_on, metadata={"title": "尚未生效：自哪天起", "type": "string"}),
    },
    extra={
        "boundary": Shape("MULTIPOLYGON", metadata={"title": "边界"}),
        "since": fields.Date(metadata={"title": "生效日期"}),
    },
)
STAFF = Register(
    name="staff",
    title="网格队伍成员",
    model=Staff,
    read="areas.read",
    write="areas.write",
    codes={"post": "post"},
    search=("name",),
    settable=("area_code",),
)


class LocateQuery(Strict):
    @pre_load
    def _once(self, asked: Any, **_: Any) -> Any:
        """Refuse a coordinate given twice: one of them would be dropped unseen."""
        given = getattr(asked, "data", asked)
        if twice := [name for name in self.fields if hasattr(given, "getlist") and len(given.getlist(name)) > 1]:
            raise ValidationError({name: ["只能给一次。"] for name in twice})
        return asked

    lon = Number(required=True, metadata={"title": "经度（或投影坐标的东坐标）"})
    lat = Number(required=True, metadata={"title": "纬度（或北坐标）"})
    crs = Text(load_default="wgs84", validate=validate.Length(max=20), metadata={"title": "坐标系"})
    at = fields.Date(metadata={"title": "日期，默认今天"})
    accuracy_m = Number(validate=validate.Range(min=0, max=MOST_METRES), metadata={"title": "定位精度（米）"})


class CsvQuery(Strict):
    crs = Text(load_default="wgs84", validate=validate.Length(max=20), metadata={"title": "坐标系"})
    at = fields.Date(metadata={"title": "日期，默认今天"})


class PointsSchema(Strict):
    points = fields.List(
        fields.List(Number(allow_none=True), validate=validate.Length(equal=2)),
        required=True,
        validate=validate.Length(min=1),
        metadata={"title": f"[[经度, 纬度], ...]，最多 {MOST_POINTS} 个"},
    )
    crs = Text(load_default="wgs84", validate=validate.Length(max=20))
    at = fields.Date()


class PlacedSchema(Schema):
    code = fields.List(fields.String(allow_none=True))
    placed_by = fields.List(fields.String(allow_none=True))
    counts = fields.Dict()


blueprint = Blueprint("locate", __name__, url_prefix="/api/locate", description="定位：哪个网格，谁负责")


@blueprint.route("")
@blueprint.arguments(LocateQuery, location="query")
@blueprint.response(200, Schema.from_dict({"code": fields.String()}, name="Located"))
@require("areas.read")
def locate(asked: dict[str, Any]) -> Response:
    """一个点属于哪个网格、谁负责、为什么"""
    answer = actions.locate(asked["lon"], asked["lat"], asked["crs"], asked.get("at"), asked.get("accuracy_m"))
    return _json(answer)


def _quick_locate(environ: dict[str, Any]) -> tuple[str, list[tuple[str, str]], bytes] | None:
    """The same for a plain question (lon, lat, perhaps accuracy_m): thousands a second."""
    parts = environ.get("QUERY_STRING", "").split("&")
    asked = dict(part.partition("=")[::2] for part in parts)
    try:
        numbers = {name: float(asked[name]) for name in asked if "_" not in asked[name]}
    except ValueError:
        return None
    if len(numbers) < len(parts):  # something twice, or 1_0, which only Python reads as ten
        return None
    lon, lat, accuracy_m = numbers.pop("lon", math.nan), numbers.pop("lat", math.nan), numbers.pop("accuracy_m", None)
    if numbers or not (abs(lon) <= 180 and abs(lat) <= 90) or not (accuracy_m is None or 0 <= accuracy_m <= MOST_METRES):
        return None
    body = orjson.dumps(actions.locate(lon, lat, "wgs84", None, accuracy_m))
    headers = [("Content-Type", "application/json"), ("Cache-Control", "no-store"), ("Content-Length", str(len(body)))]
    return "200 OK", headers, body


locate.quick = _quick_locate
QUICK = {"/api/locate": locate}


@blueprint.route("", methods=["POST"])
@blueprint.response(200, PlacedSchema)
@blueprint.doc(
    requestBody={
        "required": True,
        "content": {
            "application/json": {"schema": {"type": "object"}, "example": {"points": [[106.55, 29.56]], "crs": "wgs84"}},
            "text/csv": {"schema": {"type": "string"}, "example": "lon,lat\n106.55,29.56\n"},
        },
    }
)
@require("areas.read")
def locate_points() -> Response:
    """许多点各属于哪个网格：JSON 或 CSV（列 lon,lat），最多 100,000 个"""
    if request.mimetype == "text/csv":
        return _locate_csv(request.get_data())
    asked = PointsSchema().load(_body())
    _check_count(len(asked["points"]))
    pairs = np.array(asked["points"], dtype=np.float64).reshape(-1, 2)
    placed = actions.locate_many(pairs[:, 0], pairs[:, 1], asked["crs"], asked.get("at"))
    counts = {how or "unplaced": int((placed.placed_by == how).sum()) for how in ("inside", "edge", "nearest", None)}
    return _json({"code": placed.code.tolist(), "placed_by": placed.placed_by.tolist(), "counts": counts})


def _locate_csv(body: bytes) -> Response:
    query = CsvQuery().load(request.args)
    table = sheet.read(body)
    _check_count(table.num_rows)
    place = partial(actions.locate_many, datum=query["crs"], at=query.get("at"))
    return Response(sheet.placed(table, place, header=True), mimetype="text/csv")


@blueprint.route("/stream", methods=["POST"])
@blueprint.arguments(CsvQuery, location="query")
@blueprint.response(200, content_type="text/csv")
@blueprint.doc(requestBody={"required": True, "content": {"text/csv": {"schema": {"type": "string"}}}})
@require("areas.read")
def locate_stream(asked: dict[str, Any]) -> Response:
    """任意多个点：CSV 流进、CSV 流出，边读边答；读不懂的行 placed_by 为 bad"""
    place = actions.placer(asked["crs"], asked.get("at"))  # the boundaries as they are when the stream begins
    return Response(sheet.streamed(request.stream, place), mimetype="text/csv")


def _check_count(count: int) -> None:
    if count > MOST_POINTS:
        raise TooLarge(f"一次最多 {MOST_POINTS} 个点，收到 {count} 个，请分批提交。", code="too_many_points")


def _body() -> Any:
    value = request.get_json(silent=True)
    if not isinstance(value, dict):
        raise BadRequest('请求正文须为 JSON 对象，如 {"points": [[106.55, 29.56]]}。', code="bad_json")
    return value


def _json(value: Any) -> Response:
    return Response(orjson.dumps(value), mimetype="application/json")


boundaries = Blueprint("boundaries", __name__, url_prefix="/api/areas", description="边界的历史")


@boundaries.route("/<string(maxlength=32):key>/boundaries")
@boundaries.response(200, Schema.from_dict({"items": fields.List(fields.Dict())}, name="Boundaries"))
@require("areas.read")
def boundaries_of(key: str) -> Response:
    """一个区域历来的边界：自哪天起、到哪天前，当日更正的也在内"""
    return _json({"items": actions.boundaries_told(key)})


BLUEPRINTS = (register_blueprint(AREAS), register_blueprint(STAFF), blueprint, boundaries, mapit.blueprint)
