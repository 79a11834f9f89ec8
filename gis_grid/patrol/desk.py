"""Routes of the desk: who is where, a day played back, who passed here, coverage, targets."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import orjson
from flask import Response
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from gis_grid.access.guard import SIGNED_IN, require
from gis_grid.patrol import coverage, looks, planned, presence, targets
from gis_grid.patrol.models import Target
from gis_grid.register import Register, register_blueprint
from gis_grid.register.api import shown_schema
from gis_grid.register.fields import BIGINT, Number, Strict, Text

TARGETS = Register(
    "targets",
    "巡查目标",
    Target,
    read="tracks.read",
    write="patrol.manage",
    search=("name",),
    prepare=targets.prepare_target,
    read_only=("source", "line"),
)
_AREA: dict[str, Any] = {"metadata": {"title": "区域编码（含下级）"}, "validate": validate.Length(max=32)}
_USER = fields.Integer(validate=validate.Range(min=1, max=BIGINT), metadata={"title": "登录账号：两人同名时以它为准"})
_PIECES = fields.List(fields.Dict(), metadata={"title": "轨迹段：at（秒）、lon、lat 三个等长数组"})


class PlaybackQuery(Strict):
    day = fields.Date(required=True, metadata={"title": "日期"})
    worker = fields.List(Text(validate=validate.Length(min=1, max=50)), load_default=[], validate=validate.Length(max=50))
    user_id = fields.List(_USER, load_default=[], validate=validate.Length(max=50), metadata={"title": "巡查人的登录账号"})
    area_code = Text(load_default="", **_AREA)


class LiveQuery(Strict):
    area_code = Text(load_default="", **_AREA)


class PassedBody(Strict):
    lon = Number(required=True, validate=validate.Range(min=-180, max=180))
    lat = Number(required=True, validate=validate.Range(min=-90, max=90))
    radius_m = Number(load_default=50.0, validate=validate.Range(min=1, max=1000), metadata={"title": "半径（米）"})
    first = fields.AwareDateTime(required=True, default_timezone=UTC, metadata={"title": "起"})
    last = fields.AwareDateTime(required=True, default_timezone=UTC, metadata={"title": "止"})
    purpose = Text(required=True, validate=validate.Length(min=2, max=200), metadata={"title": "用途（记入审计）"})


class CoverageQuery(Strict):
    area_code = Text(required=True, **_AREA)
    period = fields.String(validate=validate.OneOf(tuple(coverage.PERIODS)), metadata={"title": "周期，止于 last"})
    first = fields.Date(metadata={"title": "起日"})
    last = fields.Date(metadata={"title": "止日，默认今天"})
    worker = Text(validate=validate.Length(min=1, max=50), metadata={"title": "只算某个巡查人"})
    user_id = _USER


def _rows(title: str, /, **columns: fields.Field) -> type[Schema]:
    """{"items": [...]} of these columns."""
    one = Schema.from_dict(columns, name=title)
    return Schema.from_dict({"items": fields.List(fields.Nested(one))}, name=f"{title}Rows")


_when: dict[str, fields.Field] = {"first": fields.AwareDateTime(), "last": fields.AwareDateTime()}
blueprint = Blueprint("patrol", __name__, url_prefix="/api/patrol", description="巡查")
track_blueprint = Blueprint("track_looks", __name__, url_prefix="/api/tracks", description="轨迹查看")


@track_blueprint.route(f"/<int(max={BIGINT}):track_id>/path")
@track_blueprint.response(
    200, Schema.from_dict({"id": fields.Integer(), "pieces": _PIECES, "stays": fields.List(fields.Dict())}, name="TrackPath")
)
@require("tracks.read")
def path(track_id: int) -> Response:
    """一条轨迹的线与停留（查看记入审计）"""
    return _arrays(looks.path_of(track_id))


@track_blueprint.route(f"/<int(max={BIGINT}):track_id>/visits")
@track_blueprint.response(
    200,
    _rows(
        "VisitOfTrack",
        id=fields.Integer(),
        kind=fields.String(),
        name=fields.String(),
        area_code=fields.String(),
        started_at=fields.AwareDateTime(),
        ended_at=fields.AwareDateTime(),
        nearest_m=fields.Float(),
    ),
)
@require("tracks.read")
def visits(track_id: int) -> dict[str, Any]:
    """一条轨迹到过哪些入口、签到点、重点场所，何时到何时"""
    looks.find_track(track_id)
    return {"items": coverage.visits_of(track_id)}


@blueprint.route("/playback")
@blueprint.arguments(PlaybackQuery, location="query")
@blueprint.response(
    200,
    _rows("Played", id=fields.Integer(), worker=fields.String(), device=fields.String(), doubt=fields.Integer(), pieces=_PIECES),
)
@require("tracks.read")
def playback(asked: dict[str, Any]) -> Response:
    """一天的轨迹，供回放：可选多个巡查人，最多 50 条（记入审计）"""
    return _arrays({"items": looks.playback(asked["day"], asked["worker"], asked["area_code"], asked["user_id"])})


def _arrays(told: dict[str, Any]) -> Response:
    """As JSON straight from the arrays: hundreds of thousands of numbers take a tenth of the time."""
    return Response(orjson.dumps(told, option=orjson.OPT_SERIALIZE_NUMPY), mimetype="application/json")


@blueprint.route("/live")
@blueprint.arguments(LiveQuery, location="query")
@blueprint.response(
    200,
    _rows(
        "LivePosition",
        device_id=fields.Integer(),
        code=fields.String(),
        worker=fields.String(),
        at=fields.AwareDateTime(),
        age_seconds=fields.Float(),
        stale=fields.Boolean(),
        lon=fields.Float(),
        lat=fields.Float(),
        accuracy_m=fields.Float(allow_none=True),
        speed_mps=fields.Float(allow_none=True),
        battery=fields.Float(allow_none=True),
        area_code=fields.String(allow_none=True),
    ),
)
@require("tracks.read")
def live(asked: dict[str, Any]) -> dict[str, Any]:
    """谁在哪里：最新定位、多久以前、电量（记入审计）"""
    return {"items": looks.live(asked["area_code"])}


@blueprint.route("/mine")
@blueprint.response(200, Schema.from_dict({"items": fields.List(fields.Dict())}, name="OwnTracks"))
@require(SIGNED_IN)
def mine() -> dict[str, Any]:
    """我自己的轨迹"""
    from gis_grid.patrol.api import TRACKS

    schema = shown_schema(TRACKS)()
    return {"items": [schema.dump(track) for track in looks.own_tracks()]}


@blueprint.route("/who-passed", methods=["POST"])
@blueprint.arguments(PassedBody)
@blueprint.response(
    200,
    _rows(
        "Passed",
        track_id=fields.Integer(),
        worker=fields.String(),
        device=fields.String(),
        day=fields.Date(),
        nearest_m=fields.Float(),
        **_when,
    ),
)
@require("tracks.search")
def who_passed(asked: dict[str, Any]) -> dict[str, Any]:
    """某时某地有谁经过：须写明用途，记入审计"""
    return {"items": looks.who_passed(**asked)}


_COVERED: dict[str, fields.Field] = {
    "targets": fields.Integer(),
    "passed": fields.Integer(),
    "share": fields.Float(allow_none=True),
}


@blueprint.route("/coverage")
@blueprint.arguments(CoverageQuery, location="query")
@blueprint.response(
    200,
    Schema.from_dict(
        {
            "first": fields.Date(),
            "last": fields.Date(),
            **_COVERED,
            "areas": fields.List(fields.Dict()),
            "above": fields.List(fields.Dict(), metadata={"title": "上一级区域"}),
        },
        name="Coverage",
    ),
)
@require("tracks.read")
def covered(asked: dict[str, Any]) -> dict[str, Any]:
    """覆盖率：街道、入口、签到点、重点场所各有多少走到，按权重，分网格"""
    first, last = coverage.days_asked(asked)
    return coverage.coverage(asked["area_code"], first, last, asked.get("worker"), asked.get("user_id"))


@blueprint.route("/coverage/workers")
@blueprint.arguments(CoverageQuery(exclude=("worker", "user_id")), location="query")
@blueprint.response(
    200,
    _rows(
        "CoverageOfWorker",
        worker=fields.String(),
        user_id=fields.Integer(allow_none=True),
        days=fields.Integer(),
        length_m=fields.Float(),
        minutes=fields.Float(),
        passed=fields.Integer(),
        share=fields.Float(allow_none=True),
    ),
)
@require("tracks.read")
def covered_by_worker(asked: dict[str, Any]) -> dict[str, Any]:
    """每个巡查人走到了多少目标、几天、多远、多久（记入审计）"""
    return {"items": coverage.by_worker(asked["area_code"], *coverage.days_asked(asked))}


@blueprint.route("/coverage/plan")
@blueprint.arguments(CoverageQuery(exclude=("worker", "user_id")), location="query")
@blueprint.response(
    200,
    _rows(
        "KeptToPlan",
        id=fields.Integer(),
        name=fields.String(),
        worker=fields.String(allow_none=True),
        area_code=fields.String(allow_none=True),
        days=fields.Integer(metadata={"title": "计划天数"}),
        walked=fields.Integer(metadata={"title": "走过的天数"}),
        good=fields.Integer(metadata={"title": "按时到达的站点"}),
        off=fields.Integer(metadata={"title": "晚到、早到或顺序不对"}),
        missed=fields.Integer(metadata={"title": "未到"}),
        share=fields.Float(allow_none=True),
    ),
)
@require("tracks.read")
def kept_to_plan(asked: dict[str, Any]) -> dict[str, Any]:
    """与计划路线对照：各路线的站点按时到达多少"""
    return {"items": planned.kept_to(asked["area_code"], *coverage.days_asked(asked))}


@blueprint.route("/unvisited")
@blueprint.arguments(CoverageQuery(exclude=("worker", "user_id")), location="query")
@blueprint.response(
    200,
    _rows(
        "Unvisited",
        id=fields.Integer(),
        kind=fields.String(),
        name=fields.String(),
        weight=fields.Float(),
        area_code=fields.String(),
        lon=fields.Float(),
        lat=fields.Float(),
        last_visit=fields.AwareDateTime(allow_none=True),
    ),
)
@require("tracks.read")
def unvisited(asked: dict[str, Any]) -> dict[str, Any]:
    """没有走到的目标，权重大的在前，附最近一次到访"""
    return {"items": coverage.unvisited(asked["area_code"], *coverage.days_asked(asked))}


@blueprint.route("/presence")
@blueprint.arguments(CoverageQuery(exclude=("worker", "user_id")), location="query")
@blueprint.response(200, _rows("PresenceCell", lon=fields.Float(), lat=fields.Float(), minutes=fields.Float()))
@require("tracks.read")
def where_time_went(asked: dict[str, Any]) -> dict[str, Any]:
    """巡查热力：每约 20 米一格的停留分钟数，不含姓名（记入审计）"""
    return {"items": presence.presence(asked["area_code"], *coverage.days_asked(asked))}


BLUEPRINTS = (register_blueprint(TARGETS), track_blueprint, blueprint)
