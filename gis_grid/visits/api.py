"""Routes of visits: record one, list them, whom to visit today, how fresh the records are."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask_smorest import Blueprint
from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from gis_grid.access.guard import require, scoped
from gis_grid.db import session
from gis_grid.dictionary import CodeField
from gis_grid.register.fields import BIGINT, Number, Strict, Text, column_field
from gis_grid.visits import actions
from gis_grid.visits.models import Visit


class VisitSchema(Strict):
    room_id = fields.Integer(strict=True, validate=validate.Range(min=1, max=BIGINT), metadata={"title": "房屋"})
    premises_id = fields.Integer(strict=True, validate=validate.Range(min=1, max=BIGINT), metadata={"title": "营业场所"})
    at = fields.AwareDateTime(metadata={"title": "走访时间，默认现在"})
    how = CodeField("verify_how", load_default="visit", metadata={"title": "核实方式"})
    result = CodeField("visit_result", required=True, metadata={"title": "结果"})
    resident_ids = fields.List(
        fields.Integer(strict=True, validate=validate.Range(min=1, max=BIGINT)),
        validate=validate.Length(max=200),
        metadata={"title": "核实的居民，默认屋内全部"},
    )
    note = Text(validate=validate.Length(max=2000), metadata={"title": "情况"})


class TodayQuery(Strict):
    area_code = Text(validate=validate.Length(max=32), metadata={"title": "网格编码，默认我的全部范围"})
    count = fields.Integer(load_default=20, validate=validate.Range(min=1, max=200), metadata={"title": "几处"})
    lon = Number(validate=validate.Range(min=-180, max=180), metadata={"title": "从何处出发：经度"})
    lat = Number(validate=validate.Range(min=-90, max=90), metadata={"title": "纬度"})

    @validates_schema
    def both_or_none(self, values: dict[str, Any], **_: Any) -> None:
        if ("lon" in values) != ("lat" in values):
            raise ValidationError("经度 lon 与纬度 lat 须同时给出。")


class RecentQuery(Strict):
    area_code = Text(validate=validate.Length(max=32), metadata={"title": "区域编码（含下级），默认我的全部范围"})
    before = fields.Integer(validate=validate.Range(min=1, max=BIGINT), metadata={"title": "只要早于这个编号的"})
    limit = fields.Integer(load_default=50, validate=validate.Range(min=1, max=200))


class AreaQuery(Strict):
    area_code = Text(validate=validate.Length(max=32), metadata={"title": "区域编码（含下级）"})


class VisitsQuery(Strict):
    room_id = fields.Integer(validate=validate.Range(min=1, max=BIGINT), metadata={"title": "房屋"})
    premises_id = fields.Integer(validate=validate.Range(min=1, max=BIGINT), metadata={"title": "营业场所"})
    limit = fields.Integer(load_default=50, validate=validate.Range(min=1, max=500))


Shown = Schema.from_dict({column.key: column_field(column) for column in sa.inspect(Visit).columns}, name="VisitShown")
Items = Schema.from_dict({"items": fields.List(fields.Dict())}, name="TodaysVisits")
FreshnessSchema = Schema.from_dict(
    {"rules_version": fields.Integer(), "states": fields.Dict(), "total": fields.Dict(), "areas": fields.List(fields.Dict())},
    name="Freshness",
)
_RECENT = Schema.from_dict(
    {
        **{name: fields.Integer(allow_none=True) for name in ("id", "persons", "room_id", "premises_id", "building_id")},
        **{name: fields.String(allow_none=True) for name in ("result", "result_name", "how_name", "made_by", "note", "title")},
        **{name: fields.Float(allow_none=True) for name in ("lon", "lat")},
        "at": fields.AwareDateTime(),
    },
    name="RecentVisit",
)
blueprint = Blueprint("visits", __name__, url_prefix="/api", description="走访与核实")


@blueprint.route("/visits", methods=["POST"])
@blueprint.arguments(VisitSchema)
@blueprint.response(201, Shown)
@require("buildings.write")
def record(asked: dict[str, Any]) -> Any:
    """登记一次走访：属实或有变动的，房屋与居民即为已核实"""
    return actions.record_visit(asked)


@blueprint.route("/visits")
@blueprint.arguments(VisitsQuery, location="query")
@blueprint.response(200, Schema.from_dict({"items": fields.List(fields.Nested(Shown))}, name="Visits"))
@require("people.read")
def list_visits(asked: dict[str, Any]) -> dict[str, Any]:
    """走访记录，新的在前"""
    query = scoped(sa.select(Visit), Visit).order_by(Visit.at.desc(), Visit.id.desc()).limit(asked["limit"])
    for name in ("room_id", "premises_id"):
        if name in asked:
            query = query.where(getattr(Visit, name) == asked[name])
    return {"items": list(session().scalars(query))}


@blueprint.route("/visits/recent")
@blueprint.arguments(RecentQuery, location="query")
@blueprint.response(200, Schema.from_dict({"items": fields.List(fields.Nested(_RECENT))}, name="RecentVisits"))
@require("people.read")
def recent(asked: dict[str, Any]) -> dict[str, Any]:
    """最近的走访：何时、何处、谁、结果（查看记入审计）"""
    return {"items": actions.recent_visits(asked.get("area_code"), asked.get("before"), asked["limit"])}


@blueprint.route("/visits/today")
@blueprint.arguments(TodayQuery, location="query")
@blueprint.response(200, Items)
@require("people.read")
def today(asked: dict[str, Any]) -> dict[str, Any]:
    """今日走访：本网格最该核实的若干处，按就近顺序排列"""
    start = (asked["lon"], asked["lat"]) if "lon" in asked else None
    return {"items": actions.todays_visits(asked.get("area_code"), asked["count"], start)}


@blueprint.route("/freshness")
@blueprint.arguments(AreaQuery, location="query")
@blueprint.response(200, FreshnessSchema)
@require("buildings.read")
def freshness(asked: dict[str, Any]) -> dict[str, Any]:
    """各网格资料的核实情况：已核实、即将到期、已逾期、从未核实"""
    return actions.freshness_of(asked.get("area_code"))


BLUEPRINTS = (blueprint,)
