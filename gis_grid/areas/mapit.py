"""MapIt's URL grammar over our areas, so that its clients work: /point/SRID/x,y, /area/CODE, /areas/LEVEL, and relations.

Ids are area codes, types are levels. ?at=YYYY-MM-DD asks another day; MapIt's generations are our days.
"""

from __future__ import annotations

import math
from typing import Any

import orjson
import sqlalchemy as sa
from flask import Response
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from gis_grid.access.guard import require
from gis_grid.areas import actions
from gis_grid.areas.duty import successors
from gis_grid.areas.models import Area, Boundary
from gis_grid.areas.placing import today
from gis_grid.areas.rules import LEVEL_CODES, LEVEL_NAMES
from gis_grid.db import session
from gis_grid.errors import BadRequest, Gone, NotFound
from gis_grid.geo import shapes
from gis_grid.register.fields import Strict

RELATIONS = {  # of another boundary `o` of that day to this one's geometry `g`
    "children": "o.area_code IN (SELECT code FROM areas WHERE parent_code = :code)",
    "touches": "ST_Touches(o.geom, g.geom) AND a.level = :level",
    "covers": "ST_Covers(g.geom, o.geom)",
    "covered": "ST_Covers(o.geom, g.geom)",
    "overlaps": "ST_Overlaps(o.geom, g.geom)",
    "intersects": "ST_Intersects(o.geom, g.geom)",
}


class DayQuery(Strict):
    at = fields.Date(metadata={"title": "日期，默认今天"})
    type = fields.String(validate=validate.OneOf(LEVEL_CODES), metadata={"title": "只要这一层级"})


def _areas_schema(name: str) -> Any:
    return Schema.from_dict({"id": fields.String()}, name=name)


blueprint = Blueprint("mapit", __name__, description="MapIt 兼容接口：点、区域、层级、关系")


@blueprint.route("/point/<int:srid>/<string:place>")
@blueprint.arguments(DayQuery, location="query")
@blueprint.response(200, _areas_schema("MapitPoint"))
@require("areas.read")
def point(asked: dict[str, Any], srid: int, place: str) -> Response:
    """覆盖一个点的各级区域：/point/4326/经度,纬度"""
    x, _, y = place.partition(",")
    try:
        lon, lat = float(x), float(y)
        if not (math.isfinite(lon) and math.isfinite(lat)):
            raise ValueError(place)
    except ValueError:
        raise BadRequest("坐标应写作 经度,纬度，例如 /point/4326/106.55,29.56。", code="bad_point") from None
    answer = actions.locate(lon, lat, f"EPSG:{srid}", asked.get("at"))
    links = [link for link in answer["chain"] if asked.get("type") in (None, link["level"])]
    return _areas([link["code"] for link in links])


@blueprint.route("/area/<string(maxlength=32):code>")
@blueprint.arguments(DayQuery, location="query")
@blueprint.response(200, _areas_schema("MapitArea"))
@require("areas.read")
def area(asked: dict[str, Any], code: str) -> Response:
    """一个区域；后缀 .geojson 为边界"""
    code, dot, suffix = code.partition(".")
    known = _known(code, asked)
    if not dot:
        return _json(_told(known))
    if suffix not in ("geojson", "json"):
        raise BadRequest("可用 .geojson 取边界。", code="bad_format")
    shape = actions.boundary_of(code, asked.get("at"))
    if shape is None:
        raise NotFound(f"区域 {code} 在 {asked.get('at') or today()} 没有边界。", code="no_boundary")
    geometry = shapes.to_geojson(shape)
    if suffix == "json":
        return _json(geometry)
    feature = {"type": "Feature", "id": code, "geometry": geometry, "properties": _told(known)}
    return _json(feature, "application/geo+json")


@blueprint.route("/area/<string(maxlength=32):code>/<string(maxlength=20):relation>")
@blueprint.arguments(DayQuery, location="query")
@blueprint.response(200, _areas_schema("MapitRelation"))
@require("areas.read")
def related(asked: dict[str, Any], code: str, relation: str) -> Response:
    """与一个区域有某种关系的区域：下级 children、相邻 touches、包含 covers、被包含 covered、重叠 overlaps、相交 intersects"""
    if relation not in RELATIONS:
        raise NotFound(f"没有关系“{relation}”，可用：{'、'.join(RELATIONS)}。", code="bad_relation")
    known = _known(code, asked)
    query = f"""
    SELECT o.area_code FROM boundaries g, boundaries o JOIN areas a ON a.code = o.area_code
    WHERE g.area_code = :code AND g.valid @> :day AND o.valid @> :day AND o.geom && g.geom AND o.area_code != :code
      AND {RELATIONS[relation]} AND (CAST(:type AS text) IS NULL OR a.level = :type)
    ORDER BY o.area_code
    """
    values = {"code": code, "day": asked.get("at") or today(), "level": known.level, "type": asked.get("type")}
    bound = {name: value for name, value in values.items() if f":{name}" in query}
    return _areas(list(session().scalars(sa.text(query), bound)))


@blueprint.route("/areas/<string(maxlength=32):level>")
@blueprint.arguments(DayQuery, location="query")
@blueprint.response(200, _areas_schema("MapitAreas"))
@require("areas.read")
def of_level(asked: dict[str, Any], level: str) -> Response:
    """一个层级的全部区域：/areas/grid"""
    if level not in LEVEL_CODES:
        raise NotFound(f"没有层级“{level}”，可用：{'、'.join(LEVEL_CODES)}。", code="bad_level")
    day = asked.get("at") or today()
    valid = Boundary.valid.op("@>")(sa.cast(day, sa.Date))
    found = sa.select(Area.code).join(Boundary, Boundary.area_code == Area.code).where(Area.level == level, valid)
    return _areas(list(session().scalars(found.order_by(Area.code))))


def _known(code: str, asked: dict[str, Any]) -> Area:
    """The area; a retired one is gone today (its successors are named), but not on a day when it was there."""
    known = session().get(Area, code.replace("\x00", ""))
    if known is None:
        raise NotFound(f"没有编码为 {code} 的区域。", code="unknown_area")
    if known.retired_at and not asked.get("at"):
        heirs = successors(code)
        told = f"，现为 {'、'.join(heirs)}" if heirs else ""
        raise Gone(f"编码 {code} 已于 {known.retired_at:%Y-%m-%d} 注销{told}；查询注销以前请加 ?at=日期。", successors=heirs)
    return known


def _areas(codes: list[str]) -> Response:
    rows = session().scalars(sa.select(Area).where(Area.code.in_(codes)).order_by(Area.code))
    return _json({row.code: _told(row) for row in rows})


def _told(row: Area) -> dict[str, Any]:
    return {
        "id": row.code,
        "name": row.name,
        "type": row.level,
        "type_name": LEVEL_NAMES[row.level],
        "parent_area": row.parent_code,
        "codes": {row.level: row.code},
        "all_names": {},
        "country": "CN",
        "country_name": "中国",
        "generation_low": 1,
        "generation_high": 1,
    }


def _json(value: Any, mimetype: str = "application/json") -> Response:
    return Response(orjson.dumps(value), mimetype=mimetype)
