"""Routes of shifts: the roster, swaps, holidays, and the state of a day's duty."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Response
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from gis_grid.access.guard import require
from gis_grid.config import settings
from gis_grid.patrol import shifts
from gis_grid.patrol.shifts import Shift
from gis_grid.register import Register, register_blueprint
from gis_grid.register.fields import BIGINT, Strict, Text

SHIFTS = Register(
    "shifts",
    "排班",
    Shift,
    read="tracks.read",
    write="patrol.manage",
    search=("worker",),
    prepare=shifts.prepare_shift,
    settable=("area_code",),
)


class SwapBody(Strict):
    day = fields.Date(required=True, metadata={"title": "日期"})
    worker = Text(allow_none=True, required=True, validate=validate.Length(min=1, max=50), metadata={"title": "接班人；空为无人"})
    user_id = fields.Integer(
        allow_none=True, strict=True, validate=validate.Range(min=1, max=BIGINT), metadata={"title": "接班人的账号"}
    )


class SwapQuery(Strict):
    day = fields.Date(required=True, metadata={"title": "日期"})


class DayBody(Strict):
    day = fields.Date(required=True, metadata={"title": "日期"})
    is_workday = fields.Boolean(required=True, truthy={True}, falsy={False}, metadata={"title": "上班（调休）还是放假"})
    name = Text(required=True, validate=validate.Length(min=1, max=40), metadata={"title": "名称"})


class YearQuery(Strict):
    year = fields.Integer(required=True, validate=validate.Range(min=2000, max=2200))


class SpanQuery(Strict):
    first = fields.Date(required=True, metadata={"title": "起日"})
    last = fields.Date(required=True, metadata={"title": "止日"})


class DutyQuery(Strict):
    day = fields.Date(required=True, metadata={"title": "日期"})


_DUTY = Schema.from_dict(
    {
        "shift_id": fields.Integer(),
        "worker": fields.String(),
        "user_id": fields.Integer(allow_none=True),
        "area_code": fields.String(allow_none=True),
        "starts_at": fields.AwareDateTime(),
        "ends_at": fields.AwareDateTime(),
        "first_at": fields.AwareDateTime(allow_none=True),
        "last_at": fields.AwareDateTime(allow_none=True),
        "states": fields.List(fields.String(), metadata={"title": "waiting、on、done、absent、missed、late、left_early"}),
        "minutes": fields.Float(),
        "patrols": fields.Integer(metadata={"title": "巡查次数"}),
        "met": fields.Boolean(metadata={"title": "达到每日时长与次数"}),
    },
    name="DutyState",
)
_DUTIES = Schema.from_dict(
    {"items": fields.List(fields.Nested(_DUTY)), "duty_hours": fields.Float(), "duty_patrols": fields.Integer()},
    name="DutyStates",
)
_SWAP = Schema.from_dict(
    {
        "shift_id": fields.Integer(),
        "day": fields.Date(),
        "worker": fields.String(allow_none=True),
        "user_id": fields.Integer(allow_none=True),
    },
    name="Swap",
)
_SPECIAL = Schema.from_dict({"day": fields.Date(), "is_workday": fields.Boolean(), "name": fields.String()}, name="SpecialDay")
blueprint = Blueprint("duty", __name__, url_prefix="/api/patrol", description="值班")
swap_blueprint = Blueprint("shift_swap", __name__, url_prefix="/api/shifts", description="换班")


@swap_blueprint.route(f"/<int(max={BIGINT}):shift_id>/swap", methods=["POST"])
@swap_blueprint.arguments(SwapBody)
@swap_blueprint.response(204)
@require("patrol.manage")
def swap(asked: dict[str, Any], shift_id: int) -> Response:
    """某天由别人接班（或无人）"""
    shifts.swap(shift_id, asked["day"], asked["worker"], asked.get("user_id"))
    return Response(status=204)


@swap_blueprint.route(f"/<int(max={BIGINT}):shift_id>/swap", methods=["DELETE"])
@swap_blueprint.arguments(SwapQuery, location="query")
@swap_blueprint.response(204)
@require("patrol.manage")
def swap_back(asked: dict[str, Any], shift_id: int) -> Response:
    """撤销某天的换班"""
    shifts.swap_back(shift_id, asked["day"])
    return Response(status=204)


@blueprint.route("/swaps")
@blueprint.arguments(SpanQuery, location="query")
@blueprint.response(200, Schema.from_dict({"items": fields.List(fields.Nested(_SWAP))}, name="Swaps"))
@require("tracks.read")
def swaps(asked: dict[str, Any]) -> dict[str, Any]:
    """一段日子里的换班"""
    return {"items": shifts.swaps_between(asked["first"], asked["last"])}


@blueprint.route("/calendar")
@blueprint.arguments(YearQuery, location="query")
@blueprint.response(200, Schema.from_dict({"items": fields.List(fields.Nested(_SPECIAL))}, name="SpecialDays"))
@require("tracks.read")
def calendar(asked: dict[str, Any]) -> dict[str, Any]:
    """一年的节假日与调休"""
    return {"items": shifts.calendar_of(asked["year"])}


@blueprint.route("/calendar", methods=["POST"])
@blueprint.arguments(DayBody)
@blueprint.response(204)
@require("patrol.manage")
def set_day(asked: dict[str, Any]) -> Response:
    """把某天定为放假或上班（限全域管理者）"""
    day: date = asked["day"]
    shifts.set_calendar_day(day, asked["is_workday"], asked["name"])
    return Response(status=204)


@blueprint.route("/duty")
@blueprint.arguments(DutyQuery, location="query")
@blueprint.response(200, _DUTIES)
@require("tracks.read")
def duty(asked: dict[str, Any]) -> dict[str, Any]:
    """某天每个班次的情况：在岗、缺勤、迟到、早退、时长、次数，及每日要求"""
    conf = settings()
    asks = {"duty_hours": conf.duty_hours, "duty_patrols": conf.duty_patrols}
    return {"items": shifts.duty_states(asked["day"]), **asks}


BLUEPRINTS = (register_blueprint(SHIFTS), swap_blueprint, blueprint)
