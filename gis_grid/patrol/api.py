"""Routes of tracks: list, and upload of one file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import request
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from gis_grid.access.guard import require
from gis_grid.errors import BadRequest
from gis_grid.imports.offers import Importable, offer
from gis_grid.patrol import actions
from gis_grid.patrol.models import Track
from gis_grid.register import Register, list_blueprint
from gis_grid.register.fields import FILE_UPLOAD, Strict, Text

TRACKS = Register("tracks", "巡查轨迹", Track, read="tracks.read", write="tracks.write", search=("worker", "device", "file_name"))
offer(Importable(name="tracks", model=Track, key="content_key", shape="point", right="tracks.write", run=actions.take_tracks))


class UploadQuery(Strict):
    device = Text(validate=validate.Length(max=64), metadata={"title": "设备"})
    worker = Text(validate=validate.Length(max=50), metadata={"title": "巡查人"})
    crs = Text(load_default="wgs84", validate=validate.Length(max=20), metadata={"title": "坐标系"})


RecordedSchema = Schema.from_dict(
    {
        "id": fields.Integer(),
        "fixes": fields.Integer(),
        "dropped": fields.Dict(),
        "length_m": fields.Float(),
        "minutes": fields.Float(),
        "already_there": fields.Boolean(),
        "areas": fields.List(fields.Dict()),
    },
    name="Recorded",
)
blueprint = Blueprint("track_upload", __name__, url_prefix="/api/tracks", description="上传轨迹")


@blueprint.route("/", methods=["POST"])
@blueprint.arguments(UploadQuery, location="query")
@blueprint.response(201, RecordedSchema)
@blueprint.doc(requestBody=FILE_UPLOAD)
@require("tracks.write")
def upload(asked: dict[str, Any]) -> dict[str, Any]:
    """上传一条轨迹（GPX、PLT、CSV）：答保留、剔除及各网格里程"""
    file = request.files.get("file")
    if file is None or not file.filename:
        raise BadRequest("请在表单字段 file 中上传轨迹文件。", code="no_file")
    name = Path(file.filename.replace("\x00", "")).name[-150:]
    source = actions.read_track(file.read(), name, asked["crs"], device=asked.get("device"), worker=asked.get("worker"))
    return actions.record_track(source)


BLUEPRINTS = (list_blueprint(TRACKS), blueprint)
