"""The route that lists the audit log; itself audited."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from gis_grid import audit
from gis_grid.access.guard import require, scope_clause
from gis_grid.audit import AuditEntry
from gis_grid.db import session
from gis_grid.register.fields import BIGINT, Strict, Text, column_field


class AuditQuery(Strict):
    target = Text(validate=validate.Length(max=40), metadata={"title": "对象"})
    key = Text(validate=validate.Length(max=80), metadata={"title": "对象编号"})
    action = Text(validate=validate.Length(max=40), metadata={"title": "操作"})
    before_id = fields.Integer(validate=validate.Range(min=1, max=BIGINT), metadata={"title": "更早的记录"})
    limit = fields.Integer(load_default=100, validate=validate.Range(min=1, max=1000))


_ENTRY = Schema.from_dict({column.key: column_field(column) for column in sa.inspect(AuditEntry).columns}, name="AuditEntry")
blueprint = Blueprint("audit", __name__, url_prefix="/api/audit", description="审计记录")


@blueprint.route("")
@blueprint.arguments(AuditQuery, location="query")
@blueprint.response(200, Schema.from_dict({"items": fields.List(fields.Nested(_ENTRY))}, name="AuditPage"))
@require("audit.read")
def list_entries(asked: dict[str, Any]) -> dict[str, Any]:
    """谁在何时做了什么：新的在前；查看本身也记入审计"""
    query = sa.select(AuditEntry).where(scope_clause(AuditEntry.area_code))
    for name in ("target", "key", "action"):
        if asked.get(name):
            query = query.where(getattr(AuditEntry, name) == asked[name])
    if asked.get("before_id"):
        query = query.where(AuditEntry.id < asked["before_id"])
    rows = list(session().scalars(query.order_by(AuditEntry.id.desc()).limit(asked["limit"])))
    audit.record("view", "audit_log", after={key: value for key, value in asked.items() if value is not None})
    return {"items": rows}


BLUEPRINTS = (blueprint,)
