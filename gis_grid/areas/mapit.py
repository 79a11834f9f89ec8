"""MapIt's URL grammar over our areas, so that its clients work: /point/SRID/x,y, /area/CODE, /areas/LEVEL, and relations.

Ids are area codes, types are levels. ?at=YYYY-MM-DD asks another day; MapIt's generations are our days.
"""

from __future__ import annotations

import math
from typing import Any

import orjson
import shapely
import sqlalchemy as sa
from flask import Response
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from gis_grid.access.guard import require
from gis_grid.areas import actions
from gis_grid.areas.duty import names_on, successors
from gis_grid.areas.models import Area, Boundary
from gis_grid.areas.placing import day_of, today
from gis_grid.areas.rules import CODE, LEVEL_CODES, LEVEL_NAMES
from gis_grid.db import session
from gis_grid.errors import BadRequest, Gone, NotFound
from gis_grid.geo import shapes
from gis_grid.register.fields import Strict

_GEOJSON = "application/geo+json"
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
    x, _, y = place.removesuffix(".json").partition(",")
    try:
        lon, lat = float(x), float(y)
        if "_" in place or not (math.isfinite(lon) and math.isfinite(lat)):
            raise ValueError(place)
    except ValueError:
        raise BadRequest("坐标应写作 经度,纬度，例如 /point/4326/106.55,29.56。", code="bad_point") from None
    answer = actions.locate(lon, lat, f"EPSG:{srid}", asked.get("at"))
    links = [link for link in answer["chain"] if asked.get("type") in (None, link["level"])]
    return _areas([link["code"] for link in links], asked)


@blueprint.route("/area/<string(maxlength=40):code>")
@blueprint.arguments(DayQuery, location="query")
@blueprint.response(200, _areas_schema("MapitArea"))
@require("areas.read")
def area(asked: dict[str, Any], code: str) -> Response:
    """一个区域；后缀 .geojson、.json、.wkt 为边界"""
    code, dot, suffix = code.partition(".")
    known = _known(code, asked)
    if suffix not in ("", "geojson", "json", "wkt"):
        raise BadRequest("可用 .geojson、.json 或 .wkt 取边界。", code="bad_format")
    shape = actions.boundary_of(code, asked.get("at"))
    if shape is None and (dot or asked.get("at")):
        raise NotFound(f"区域 {code} 在 {asked.get('at') or today()} 没有边界。", code="no_boundary")
    if not suffix:
        return _json(_told(known, asked))
    if suffix == "wkt":
        return Response(shapely.to_wkt(shape, rounding_precision=7), mimetype="text/plain")
    return _json(shapes.to_geojson(shape)) if suffix == "json" else _json(_feature(known, shape, asked), _GEOJSON)


@blueprint.route("/area/<string(maxlength=32):code>/<string(maxlength=30):relation>")
@blueprint.arguments(DayQuery, location="query")
@blueprint.response(200, _areas_schema("MapitRelation"))
@require("areas.read")
def related(asked: dict[str, Any], code: str, relation: str) -> Response:
    """与一个区域有某种关系的区域：下级 children、相邻 touches、包含 covers、被包含 covered、重叠 overlaps、相交 intersects"""
    relation, dot, suffix = relation.partition(".")
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
    return _listed(list(session().scalars(sa.text(query), bound)), asked, dot + suffix)


@blueprint.route("/areas/<string(maxlength=2000):level>")
@blueprint.arguments(DayQuery, location="query")
@blueprint.response(200, _areas_schema("MapitAreas"))
@require("areas.read")
def of_level(asked: dict[str, Any], level: str) -> Response:
    """一个或几个层级的全部区域，或指明编码的几个：/areas/grid、/areas/street,community、/areas/编码,编码；可加 .geojson"""
    level, dot, suffix = level.partition(".")
    names = level.split(",")
    if set(names) <= set(LEVEL_CODES):
        there = actions.had_boundary(asked.get("at") or today())
        codes = list(session().scalars(sa.select(Area.code).where(Area.level.in_(names), there)))
    elif all(map(CODE.fullmatch, names)) and not set(names) & set(LEVEL_CODES):
        codes = [_known(code, asked).code for code in names]
    else:
        raise NotFound(f"没有层级“{level[:40]}”，可用：{'、'.join(LEVEL_CODES)}。", code="bad_level")
    return _listed(codes, asked, dot + suffix)


def _known(code: str, asked: dict[str, Any]) -> Area:
    """The area; a retired one is gone today (its successors are named), but not on a day when it was there."""
    known = session().get(Area, code.replace("\x00", ""))
    if known is None:
        raise NotFound(f"没有编码为 {code} 的区域。", code="unknown_area")
    if known.retired_at and not asked.get("at"):
        heirs = successors(code)
        told = f"，现为 {'、'.join(heirs)}" if heirs else ""
        raise Gone(f"编码 {code} 已于 {day_of(known.retired_at)} 注销{told}；查询注销以前请加 ?at=日期。", successors=heirs)
    return known


def _listed(codes: list[str], asked: dict[str, Any], suffix: str) -> Response:
    """Areas as MapIt lists them, or with their boundaries of that day."""
    if suffix not in ("", ".json", ".geojson"):
        raise BadRequest("可用 .geojson 取边界。", code="bad_format")
    if suffix != ".geojson":
        return _areas(codes, asked)
    valid = Boundary.valid.op("@>")(sa.cast(asked.get("at") or today(), sa.Date))
    query = sa.select(Area, Boundary.geom).join(Boundary, Boundary.area_code == Area.code).where(Area.code.in_(codes), valid)
    found = [_feature(row, shapes.from_stored(geom), asked) for row, geom in session().execute(query.order_by(Area.code))]
    return _json({"type": "FeatureCollection", "features": found}, _GEOJSON)


def _feature(row: Area, shape: Any, asked: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Feature", "id": row.code, "geometry": shapes.to_geojson(shape), "properties": _told(row, asked)}


def _areas(codes: list[str], asked: dict[str, Any]) -> Response:
    rows = session().scalars(sa.select(Area).where(Area.code.in_(codes)).order_by(Area.code))
    return _json({row.code: _told(row, asked) for row in rows})


def _told(row: Area, asked: dict[str, Any]) -> dict[str, Any]:
    called = names_on(asked["at"]) if asked.get("at") else {}
    return {
        "id": row.code,
        "name": called.get(row.code, row.name),
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
