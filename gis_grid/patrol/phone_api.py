"""Routes of the phone page: my day, my fixes, my reports and visits with photos, spot checks and messages, my app's key."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC
from typing import Any

import orjson
from flask import request
from flask_smorest import Blueprint
from marshmallow import Schema, ValidationError, fields, validate

from gis_grid.access.guard import require
from gis_grid.config import settings
from gis_grid.errors import BadRequest, TooLarge
from gis_grid.patrol import checks, devices, evidence, messages, phone, reports
from gis_grid.photos.rules import MOST_BYTES
from gis_grid.register.fields import BIGINT, Number, Strict, Text
from gis_grid.visits.api import VisitSchema

_ID = validate.Regexp(r"^[0-9A-Za-z-]{8,36}$", error="应为 8-36 位字母、数字、横线")
_LON, _LAT = validate.Range(min=-180, max=180), validate.Range(min=-90, max=90)
_METRES = validate.Range(min=0, max=1e6)
_MILLISECONDS = validate.Range(min=0, max=4_102_444_800_000)  # until 2100


class FixSchema(Strict):
    at = fields.Integer(required=True, strict=True, validate=_MILLISECONDS, metadata={"title": "时间（1970 年以来的毫秒）"})
    lon = Number(required=True, validate=_LON)
    lat = Number(required=True, validate=_LAT)
    accuracy_m = Number(allow_none=True, validate=_METRES)
    speed_mps = Number(allow_none=True, validate=validate.Range(min=0, max=1000))
    course_deg = Number(allow_none=True, validate=validate.Range(min=0, max=360))
    ele_m = Number(allow_none=True, validate=validate.Range(min=-20_000, max=20_000))
    battery = Number(allow_none=True, validate=validate.Range(min=0, max=100), metadata={"title": "电量（%）"})


class FixesBody(Strict):
    fixes = fields.List(fields.Nested(FixSchema), required=True, validate=validate.Length(min=1, max=phone.MOST_FIXES))
    phone = Text(required=True, validate=validate.Regexp(r"^[0-9a-z]{6,24}$", error="应为 6-24 位小写字母、数字"))


class ReportSchema(Strict):
    client_id = Text(required=True, validate=_ID, metadata={"title": "手机端编号：重发时不变"})
    at = fields.AwareDateTime(required=True, default_timezone=UTC)
    category = Text(required=True, validate=validate.Length(min=1, max=50))
    title = Text(validate=validate.Length(max=200))
    description = Text(validate=validate.Length(max=2000))
    address = Text(validate=validate.Length(max=300))
    lon = Number(required=True, validate=_LON)
    lat = Number(required=True, validate=_LAT)
    accuracy_m = Number(allow_none=True, validate=_METRES)


class EvidenceSchema(VisitSchema):
    client_id = Text(required=True, validate=_ID, metadata={"title": "手机端编号：重发时不变"})


class AnswerBody(Strict):
    answer = Text(required=True, validate=validate.Length(min=1, max=500))
    at = fields.AwareDateTime(default_timezone=UTC)
    lon = Number(validate=_LON)
    lat = Number(validate=_LAT)
    accuracy_m = Number(allow_none=True, validate=_METRES)


def _form(part: str) -> dict[str, Any]:
    """What the document says of a form with JSON in one field and photos in others."""
    photos = {"type": "array", "items": {"type": "string", "format": "binary"}}
    schema = {"type": "object", "required": [part], "properties": {part: {"type": "string"}, "photo": photos}}
    return {"required": True, "content": {"multipart/form-data": {"schema": schema}}}


def _asked(part: str, schema: Schema) -> tuple[dict[str, Any], list[tuple[str, bytes]]]:
    """The JSON in a form's field, checked, and the photos beside it; each read one byte beyond what is allowed at most."""
    text = request.form.get(part)
    if not text:
        raise BadRequest(f"请在表单字段 {part} 中给出内容（JSON），照片放在字段 photo。", code="no_form")
    try:
        values: dict[str, Any] = schema.load(orjson.loads(text))
    except orjson.JSONDecodeError:
        raise BadRequest(f"表单字段 {part} 不是有效的 JSON。", code="bad_json") from None
    except ValidationError as fault:
        raise ValidationError({"form": fault.messages}) from None
    files = request.files.getlist("photo")
    if len(files) > reports.MOST_PHOTOS:
        raise TooLarge(f"一次最多 {reports.MOST_PHOTOS} 张照片。")
    return values, [((file.filename or "").replace("\x00", ""), file.stream.read(MOST_BYTES + 1)) for file in files]


def _answer(name: str, /, **columns: fields.Field) -> type[Schema]:
    return Schema.from_dict(columns, name=name)


_AREA = _answer("OwnArea", code=fields.String(), name=fields.String(), level=fields.String(), level_name=fields.String())
_DAY = _answer(
    "MyDay",
    day=fields.Date(),
    worker=fields.String(),
    areas=fields.List(fields.Nested(_AREA)),
    shifts=fields.List(fields.Dict()),
    duty_hours=fields.Float(),
    duty_patrols=fields.Integer(),
    only_in_shifts=fields.Boolean(),
    now=fields.AwareDateTime(),
    checks=fields.List(fields.Dict()),
    messages=fields.List(fields.Dict()),
    unread=fields.Integer(),
)
blueprint = Blueprint("phone", __name__, url_prefix="/api/phone", description="手机巡查页面")
_route: Callable[..., Any] = blueprint.route


@_route("/day")
@blueprint.response(200, _DAY)
@require("tracks.write")
def day() -> dict[str, Any]:
    """我的今天：班次与状态、网格、抽检、消息"""
    inbox = messages.inbox()
    return {**phone.my_day(), "checks": checks.open_checks(), "messages": inbox["items"], "unread": inbox["unread"]}


@_route("/fixes", methods=["POST"])
@blueprint.arguments(FixesBody)
@blueprint.response(
    200,
    _answer(
        "TakenFixes",
        received=fields.Integer(),
        stored=fields.Integer(),
        repeated=fields.Integer(),
        refused=fields.List(fields.Dict(), metadata={"title": "拒收的：at 与 why"}),
        device=fields.String(),
    ),
)
@require("tracks.write")
def take(asked: dict[str, Any]) -> dict[str, Any]:
    """收下我的手机的定位点：同一设备同一时刻只存一次，答新存、重复、拒收及原因"""
    return phone.take_own(asked["phone"], asked["fixes"])


@_route("/reports", methods=["POST"])
@blueprint.response(
    200,
    _answer(
        "TakenReport",
        id=fields.Integer(),
        number=fields.String(),
        area_code=fields.String(),
        area_name=fields.String(allow_none=True),
        photos=fields.Integer(),
        repeated=fields.Boolean(),
    ),
)
@blueprint.doc(requestBody=_form("report"))
@require("events.write")
def report() -> dict[str, Any]:
    """上报事件（可带照片）：重发不会重复登记"""
    return reports.report_event(*_asked("report", ReportSchema()))


_BUNDLE: dict[str, fields.Field] = {
    "visit_id": fields.Integer(),
    "first_at": fields.AwareDateTime(allow_none=True),
    "last_at": fields.AwareDateTime(allow_none=True),
    "fixes": fields.Integer(),
    "dwell_seconds": fields.Integer(),
    "nearest_m": fields.Float(allow_none=True),
    "photo_ids": fields.List(fields.Integer()),
    "words": fields.List(fields.String()),
    "complete": fields.Boolean(metadata={"title": "轨迹、照片、表单都有"}),
}


@_route("/visits", methods=["POST"])
@blueprint.response(200, _answer("TakenVisit", **_BUNDLE, repeated=fields.Boolean()))
@blueprint.doc(requestBody=_form("visit"))
@require("buildings.write")
def visit() -> dict[str, Any]:
    """登记走访（可带照片）：附上轨迹佐证；重发不会重复登记"""
    return evidence.record_evidence(*_asked("visit", EvidenceSchema()))


@_route(f"/visits/<int(max={BIGINT}):visit_id>")
@blueprint.response(
    200,
    _answer(
        "VisitProof",
        **_BUNDLE,
        door=fields.List(fields.Float(), allow_none=True, metadata={"title": "入口：经度、纬度"}),
        piece=fields.Dict(allow_none=True, metadata={"title": "到门口的一段轨迹：at（秒）、lon、lat 三个等长数组"}),
    ),
)
@require("people.read")
def visit_evidence(visit_id: int) -> dict[str, Any]:
    """一次走访的佐证：轨迹到门口、停留、照片"""
    return evidence.evidence_of(visit_id)


@_route(f"/checks/<int(max={BIGINT}):check_id>/answer", methods=["POST"])
@blueprint.arguments(AnswerBody)
@blueprint.response(200, _answer("AnsweredCheck", id=fields.Integer(), state=fields.String(), words=fields.String()))
@require("tracks.write")
def answer_check(asked: dict[str, Any], check_id: int) -> dict[str, Any]:
    """回答发给我的抽检"""
    return checks.told(checks.answer(check_id, asked))


@_route("/app", methods=["POST"])
@blueprint.response(
    201,
    _answer(
        "OwnApp",
        device=fields.String(),
        key=fields.String(),
        apps=fields.Dict(metadata={"title": "各应用的 address、qr、svg"}),
    ),
)
@require("tracks.write")
def app_key() -> dict[str, Any]:
    """给我的定位应用（Traccar Client、OwnTracks 等）发密钥与二维码；旧的立即失效"""
    made = phone.own_app((settings().public_url or request.host_url).rstrip("/"))
    return {**made, "apps": {name: {**told, "svg": devices.qr_svg(told["qr"])} for name, told in made["apps"].items()}}


BLUEPRINTS = (blueprint,)
