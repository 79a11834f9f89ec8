"""Routes of patrol: devices and their keys, upload of files, the tracks of a day."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from flask import request
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from gis_grid.access.guard import require
from gis_grid.config import settings
from gis_grid.errors import BadRequest
from gis_grid.imports.offers import Importable, offer
from gis_grid.patrol import actions, devices, due  # noqa: F401  due: what the worker does
from gis_grid.patrol.formats import FORMATS
from gis_grid.patrol.models import Device, Track
from gis_grid.register import Register, list_blueprint, register_blueprint
from gis_grid.register.fields import BIGINT, FILE_UPLOAD, Strict, Text

TRACKS = Register("tracks", "巡查轨迹", Track, read="tracks.read", write="tracks.write", search=("worker", "device"))
DEVICES = Register(
    "devices",
    "巡查设备",
    Device,
    read="patrol.manage",
    write="patrol.manage",
    search=("code", "name", "worker"),
    prepare=devices.prepare_device,
    retiring=devices.revoke,
    settable=("area_code",),
)
offer(Importable(name="tracks", model=Track, key="id", shape="point", right="tracks.write", run=actions.take_tracks))


class UploadQuery(Strict):
    device = Text(validate=validate.Length(min=1, max=64), metadata={"title": "设备编号；文件自带的优先级低于它"})
    worker = Text(validate=validate.Length(min=1, max=50), metadata={"title": "巡查人"})
    crs = Text(validate=validate.Length(max=20), metadata={"title": "坐标系；不填时按设备的设置"})


_DAY = Schema.from_dict(
    {
        "id": fields.Integer(),
        "device": fields.String(),
        "day": fields.String(),
        "fixes": fields.Integer(),
        "flagged": fields.Dict(),
        "length_m": fields.Float(),
        "minutes": fields.Float(),
        "area_code": fields.String(allow_none=True),
    },
    name="RecordedDay",
)
RecordedSchema = Schema.from_dict(
    {
        "id": fields.Integer(metadata={"title": "上传编号"}),
        "received": fields.Integer(metadata={"title": "收到"}),
        "stored": fields.Integer(metadata={"title": "新存"}),
        "repeated": fields.Integer(metadata={"title": "重复"}),
        "refused": fields.Dict(metadata={"title": "拒收及原因"}),
        "flagged": fields.Dict(metadata={"title": "标记及原因"}),
        "length_m": fields.Float(),
        "minutes": fields.Float(),
        "warnings": fields.List(fields.String()),
        "tracks": fields.List(fields.Nested(_DAY)),
        "areas": fields.List(fields.Dict()),
    },
    name="Recorded",
)
upload_blueprint = Blueprint("track_upload", __name__, url_prefix="/api/tracks", description="上传轨迹")


@upload_blueprint.route("/", methods=["POST"])
@upload_blueprint.arguments(UploadQuery, location="query")
@upload_blueprint.response(201, RecordedSchema)
@upload_blueprint.doc(requestBody=FILE_UPLOAD)
@require("tracks.write")
def upload(asked: dict[str, Any]) -> dict[str, Any]:
    """上传轨迹文件：答收到、新存、重复、拒收及原因，每天每设备的标记、里程，各网格里程与时长"""
    file = request.files.get("file")
    if file is None or not file.filename:
        raise BadRequest(f"请在表单字段 file 中上传轨迹文件（{'、'.join(FORMATS)}）。", code="no_file")
    name = Path(file.filename.replace("\x00", "")).name[-150:]
    return actions.record_file(file.stream, name, asked.get("crs"), asked.get("device"), asked.get("worker"))


class AddressBody(Strict):
    address = Text(
        validate=validate.Regexp(r"^https?://[^\s/]+(/[^\s?#]*)?$", error="地址应以 http:// 或 https:// 开头"),
        metadata={"title": "手机访问本服务的地址；不填时按设置或当前地址"},
    )


_APP = Schema.from_dict({"address": fields.String(), "qr": fields.String(), "svg": fields.String()}, name="DeviceApp")
KeySchema = Schema.from_dict(
    {"key": fields.String(), "apps": fields.Dict(keys=fields.String(), values=fields.Nested(_APP))}, name="DeviceKey"
)
device_blueprint = Blueprint("device_keys", __name__, url_prefix="/api/devices", description="设备密钥")


@device_blueprint.route(f"/<int(max={BIGINT}):device_id>/key", methods=["POST"])
@device_blueprint.arguments(AddressBody)
@device_blueprint.response(201, KeySchema)
@require("patrol.manage")
def make_key(asked: dict[str, Any], device_id: int) -> dict[str, Any]:
    """给设备发新密钥（只显示这一次，旧的立即失效），附各手机应用的地址与二维码"""
    device, key = devices.new_key(device_id)
    base = (asked.get("address") or settings().public_url or _phones_url()).rstrip("/")
    apps = devices.settings_of(device, key, base)
    return {"key": key, "apps": {name: {**told, "svg": devices.qr_svg(told["qr"])} for name, told in apps.items()}}


def _phones_url() -> str:
    """This service as it was called, at the port for phones if they have one."""
    here = urlsplit(request.host_url)
    return (
        urlunsplit(here._replace(netloc=f"{here.hostname}:{settings().phones_port}"))
        if settings().phones_port
        else request.host_url
    )


BLUEPRINTS = (list_blueprint(TRACKS), upload_blueprint, register_blueprint(DEVICES), device_blueprint)
