"""Routes of photos: upload one or many, list, show a size, retire."""

from __future__ import annotations

from typing import Any

from flask import Response, request, send_file
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from gis_grid.access.guard import require
from gis_grid.errors import BadRequest, TooLarge
from gis_grid.photos import actions
from gis_grid.photos.rules import MOST_BYTES
from gis_grid.register.fields import BIGINT, FILE_UPLOAD, Strict, Text

MOST_FILES = 300


class BatchQuery(Strict):
    dry_run = fields.Boolean(load_default=False, metadata={"title": "只核对，不保存"})


class NamesBody(Strict):
    names = fields.List(
        Text(validate=validate.Length(min=1, max=300)),
        required=True,
        validate=validate.Length(min=1, max=MOST_FILES),
        metadata={"title": "文件名"},
    )


PhotoSchema = Schema.from_dict(
    {
        **{name: fields.Integer() for name in ("id", "owner_id", "width", "height")},
        **{name: fields.String(allow_none=True) for name in ("owner_kind", "sha256", "name", "made_by")},
        "created_at": fields.DateTime(),
    },
    name="Photo",
)
blueprint = Blueprint("photos", __name__, url_prefix="/api/photos", description="照片")
_KINDS = "residents, households, valuables, premises, premises_staff, estates, buildings, rooms, events"
_OWNER = f"/<any({_KINDS}):owner>/<int(max={BIGINT}):key>"
_PHOTO = f"/<int(max={BIGINT}):photo_id>"


@blueprint.route(_OWNER)
@blueprint.response(200, Schema.from_dict({"items": fields.List(fields.Nested(PhotoSchema))}, name="Photos"))
@require("areas.read")
def list_photos(owner: str, key: int) -> dict[str, Any]:
    """一条记录的照片（须有查看该记录的权限）"""
    return {"items": actions.list_photos(owner, key)}


@blueprint.route(_OWNER, methods=["POST"])
@blueprint.response(201, PhotoSchema)
@blueprint.doc(requestBody=FILE_UPLOAD)
@require("areas.read")
def upload(owner: str, key: int) -> Any:
    """上传一张照片：去除拍摄信息，生成证件照（110×140）与预览"""
    file = request.files.get("file")
    if file is None or not file.filename:
        raise BadRequest("请在表单字段 file 中上传照片。", code="no_file")
    return actions.keep_photo(owner, key, _read(file), file.filename.replace("\x00", ""))


@blueprint.route("/match", methods=["POST"])
@blueprint.arguments(NamesBody)
@blueprint.response(200, Schema.from_dict({"items": fields.List(fields.Dict())}, name="PhotoNames"))
@require("people.write")
def match(asked: dict[str, Any]) -> dict[str, Any]:
    """按文件名（证件号码、编号、姓名、房号）找对应的人、户、场所、房屋；不止一个的列出供选择"""
    return {"items": actions.match_names(asked["names"])}


@blueprint.route("/batch", methods=["POST"])
@blueprint.arguments(BatchQuery, location="query")
@blueprint.response(200, Schema.from_dict({"items": fields.List(fields.Dict())}, name="PhotoReport"))
@blueprint.doc(requestBody=FILE_UPLOAD)
@require("people.write")
def upload_many(asked: dict[str, Any]) -> dict[str, Any]:
    """批量上传：按文件名中的证件号码、编号或姓名对应，逐个说明结果"""
    files = request.files.getlist("file")
    if not files:
        raise BadRequest("请在表单字段 file 中上传照片，可多个。", code="no_file")
    if len(files) > MOST_FILES:
        raise TooLarge(f"一次最多 {MOST_FILES} 张，请分批上传。")
    named = (((file.filename or "").replace("\x00", ""), _read(file)) for file in files)
    return {"items": actions.keep_many(named, dry_run=asked["dry_run"])}


@blueprint.route(f"{_PHOTO}/<string:size>")
@blueprint.response(200, content_type="image/jpeg")
@require("areas.read")
def show(photo_id: int, size: str) -> Response:
    """照片文件：full 原图、preview 预览、id 证件照"""
    answer = send_file(actions.photo_file(photo_id, size), mimetype="image/jpeg")
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


@blueprint.route(_PHOTO, methods=["DELETE"])
@blueprint.response(204)
@require("areas.read")
def retire(photo_id: int) -> Response:
    """删除一张照片（须有维护该记录的权限）"""
    actions.retire_photo(photo_id)
    return Response(status=204)


def _read(file: Any) -> bytes:
    """One byte more than allowed is enough to refuse it."""
    data: bytes = file.stream.read(MOST_BYTES + 1)
    return data


BLUEPRINTS = (blueprint,)
