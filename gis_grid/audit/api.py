"""Routes that search the audit log and write it as a sheet; both are themselves audited."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import Response
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from gis_grid.access.guard import require
from gis_grid.audit import AuditEntry, actions
from gis_grid.register.fields import BIGINT, Strict, Text, column_field


class AuditExportQuery(Strict):
    target = Text(validate=validate.Length(max=40), metadata={"title": "对象"})
    key = Text(validate=validate.Length(max=80), metadata={"title": "对象编号"})
    action = Text(validate=validate.Length(max=40), metadata={"title": "操作"})
    actor = Text(validate=validate.Length(max=120), metadata={"title": "操作人：姓名的一部分，或完整账号"})
    user_id = fields.Integer(validate=validate.Range(min=1, max=BIGINT), metadata={"title": "用户编号"})
    area_code = Text(validate=validate.Length(max=32), metadata={"title": "区域编码（含下级）"})
    since = fields.Date(metadata={"title": "从哪天起"})
    until = fields.Date(metadata={"title": "到哪天为止（含）"})
    request_id = Text(validate=validate.Length(max=64), metadata={"title": "请求编号"})


class AuditQuery(AuditExportQuery):
    before_id = fields.Integer(validate=validate.Range(min=1, max=BIGINT), metadata={"title": "更早的记录"})
    limit = fields.Integer(load_default=100, validate=validate.Range(min=1, max=1000))


_ENTRY = Schema.from_dict({column.key: column_field(column) for column in sa.inspect(AuditEntry).columns}, name="AuditEntry")
_WORDS = fields.Dict(keys=fields.String(), values=fields.String())
blueprint = Blueprint("audit", __name__, url_prefix="/api/audit", description="审计记录")


@blueprint.route("")
@blueprint.arguments(AuditQuery, location="query")
@blueprint.response(200, Schema.from_dict({"items": fields.List(fields.Nested(_ENTRY))}, name="AuditPage"))
@require("audit.read")
def list_entries(asked: dict[str, Any]) -> dict[str, Any]:
    """谁在何时做了什么：新的在前；查看本身也记入审计"""
    return {"items": actions.search(asked)}


@blueprint.route("/words")
@blueprint.response(200, Schema.from_dict({"actions": _WORDS, "targets": _WORDS}, name="AuditWords"))
@require("audit.read")
def words() -> dict[str, Any]:
    """可以筛选的操作与对象，及其名称"""
    return actions.known_words()


@blueprint.route("/export")
@blueprint.arguments(AuditExportQuery, location="query")
@blueprint.response(200, content_type="text/csv")
@require("audit.read")
def export(asked: dict[str, Any]) -> Response:
    """查到的全部记录（CSV，Excel 可直接打开）；导出本身也记入审计"""
    answer = Response(actions.export(asked), mimetype="text/csv")
    answer.headers["Content-Disposition"] = 'attachment; filename="audit.csv"'
    return answer


BLUEPRINTS = (blueprint,)
