"""Routes of those who run patrols: spot checks, messages to a grid's workers, planned routes and how they were kept to."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from gis_grid.access.guard import SIGNED_IN, check_area, require
from gis_grid.areas.placing import today
from gis_grid.patrol import checks, messages, planned
from gis_grid.patrol.planned import PatrolRoute
from gis_grid.register import Register, register_blueprint
from gis_grid.register.fields import BIGINT, Strict, Text

ROUTES = Register(
    "patrol-routes",
    "巡查路线",
    PatrolRoute,
    read="tracks.read",
    write="patrol.manage",
    search=("name", "worker"),
    prepare=planned.prepare_route,
    settable=("area_code",),
)
_AREA: dict[str, Any] = {"metadata": {"title": "区域编码（含下级）"}, "validate": validate.Length(max=32)}


class AreaQuery(Strict):
    area_code = Text(load_default="", **_AREA)


class WorkersQuery(Strict):
    area_code = Text(required=True, **_AREA)


class AskBody(Strict):
    area_code = Text(required=True, **_AREA)
    user_id = fields.Integer(required=True, strict=True, validate=validate.Range(min=1, max=BIGINT))
    question = Text(required=True, validate=validate.Length(min=2, max=200))
    minutes = fields.Integer(
        load_default=15, strict=True, validate=validate.Range(min=1, max=480), metadata={"title": "限时（分钟）"}
    )


class SendBody(Strict):
    area_code = Text(required=True, **_AREA)
    text = Text(required=True, validate=validate.Length(min=1, max=500))


class ReadBody(Strict):
    ids = fields.List(
        fields.Integer(strict=True, validate=validate.Range(min=1, max=BIGINT)), required=True, validate=validate.Length(max=200)
    )


class ProgressQuery(Strict):
    day = fields.Date(metadata={"title": "日期，默认今天"})


def _rows(name: str) -> type[Schema]:
    return Schema.from_dict({"items": fields.List(fields.Dict())}, name=name)


_CHECK = Schema.from_dict({"id": fields.Integer(), "state": fields.String(), "words": fields.String()}, name="AskedCheck")
blueprint = Blueprint("patrol_orders", __name__, url_prefix="/api/patrol", description="抽检、群发、路线")
inbox_blueprint = Blueprint("messages", __name__, url_prefix="/api/messages", description="收到的消息")
route_blueprint = Blueprint("patrol_progress", __name__, url_prefix="/api/patrol-routes", description="路线完成情况")


@blueprint.route("/workers")
@blueprint.arguments(WorkersQuery, location="query")
@blueprint.response(200, _rows("WorkersOfArea"))
@require("patrol.manage")
def workers(asked: dict[str, Any]) -> dict[str, Any]:
    """一个区域（含下级）的工作账号：编号、姓名、所属"""
    check_area(asked["area_code"])
    return {"items": messages.workers_of(asked["area_code"])}


@blueprint.route("/checks")
@blueprint.arguments(AreaQuery, location="query")
@blueprint.response(200, _rows("SpotChecks"))
@require("patrol.manage")
def list_checks(asked: dict[str, Any]) -> dict[str, Any]:
    """抽检及结果，新的在前"""
    return {"items": checks.list_checks(asked["area_code"])}


@blueprint.route("/checks", methods=["POST"])
@blueprint.arguments(AskBody)
@blueprint.response(201, _CHECK)
@require("patrol.manage")
def ask(asked: dict[str, Any]) -> dict[str, Any]:
    """发起抽检：一个问题，限时在现场回答"""
    return checks.told(checks.ask(asked))


@blueprint.route("/messages")
@blueprint.arguments(AreaQuery, location="query")
@blueprint.response(200, _rows("SentMessages"))
@require("patrol.manage")
def list_messages(asked: dict[str, Any]) -> dict[str, Any]:
    """群发过的消息，多少人已读"""
    return {"items": messages.sent(asked["area_code"])}


@blueprint.route("/messages", methods=["POST"])
@blueprint.arguments(SendBody)
@blueprint.response(201, Schema.from_dict({"id": fields.Integer(), "reaches": fields.Integer()}, name="SentMessage"))
@require("patrol.manage")
def send(asked: dict[str, Any]) -> dict[str, Any]:
    """给一个区域的工作人员群发消息；设置了 webhook 时另推送（签名、自动重试）"""
    return messages.send(asked["area_code"], asked["text"])


@inbox_blueprint.route("/")
@inbox_blueprint.response(
    200, Schema.from_dict({"items": fields.List(fields.Dict()), "unread": fields.Integer()}, name="MessageInbox")
)
@require(SIGNED_IN)
def inbox() -> dict[str, Any]:
    """发给我所在区域的消息，新的在前；未读几条"""
    return messages.inbox()


@inbox_blueprint.route("/read", methods=["POST"])
@inbox_blueprint.arguments(ReadBody)
@inbox_blueprint.response(204)
@require(SIGNED_IN)
def read(asked: dict[str, Any]) -> Response:
    """这些消息我看过了"""
    messages.mark_read(asked["ids"])
    return Response(status=204)


@route_blueprint.route(f"/<int(max={BIGINT}):route_id>/progress")
@route_blueprint.arguments(ProgressQuery, location="query")
@route_blueprint.response(
    200,
    Schema.from_dict(
        {
            "id": fields.Integer(),
            "name": fields.String(),
            "day": fields.Date(),
            "planned": fields.Boolean(metadata={"title": "这天在计划之内"}),
            "stops": fields.List(fields.Dict()),
            "good": fields.Integer(),
            "all": fields.Integer(),
        },
        name="RouteProgress",
    ),
)
@require("tracks.read")
def progress(asked: dict[str, Any], route_id: int) -> dict[str, Any]:
    """某天按路线走到哪些站点：按时、晚到、顺序不对、未到"""
    return planned.progress(route_id, asked.get("day") or today())


BLUEPRINTS = (register_blueprint(ROUTES), route_blueprint, inbox_blueprint, blueprint)
