"""Routes of health in detail and of the settings."""

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint
from marshmallow import Schema, fields

from gis_grid.access.guard import require
from gis_grid.register.fields import Strict
from gis_grid.system import actions


class FindingSchema(Schema):
    level = fields.String(metadata={"title": "bad 须处理、warn 请留意"})
    text = fields.String()


class DatabaseSchema(Schema):
    server = fields.String()
    postgis = fields.String()
    bytes = fields.Integer()
    schema = fields.String()
    connections = fields.Integer()
    most_connections = fields.Integer()
    started_at = fields.DateTime()


class QueueSchema(Schema):
    queued = fields.Integer()
    running = fields.Integer()
    failed_today = fields.Integer()
    oldest_queued = fields.DateTime(allow_none=True)
    worker_seen_at = fields.DateTime(allow_none=True)


class RegisterCountSchema(Schema):
    name = fields.String()
    title = fields.String()
    rows = fields.Integer()


class HealthSchema(Schema):
    at = fields.DateTime()
    version = fields.String()
    findings = fields.List(fields.Nested(FindingSchema))
    database = fields.Nested(DatabaseSchema)
    disk = fields.Nested(Schema.from_dict({"total": fields.Integer(), "free": fields.Integer()}, name="Disk"))
    queue = fields.Nested(QueueSchema)
    backup_at = fields.DateTime(allow_none=True)
    users = fields.Nested(Schema.from_dict({"active": fields.Integer(), "signed_in": fields.Integer()}, name="UserCounts"))
    counts = fields.List(fields.Nested(RegisterCountSchema))


class SettingSchema(Schema):
    name = fields.String()
    title = fields.String()
    hint = fields.String(allow_none=True)
    value = fields.Raw(allow_none=True)
    default = fields.Raw(allow_none=True)
    said_by = fields.String(metadata={"title": "environment 环境变量、here 在此修改、default 默认"})
    changeable = fields.Boolean()
    bounds = fields.Dict(allow_none=True)
    options = fields.Dict(keys=fields.String(), values=fields.String())
    variable = fields.String(metadata={"title": "环境变量"})


class NewValueSchema(Strict):
    value = fields.Raw(required=True, allow_none=True)


blueprint = Blueprint("system", __name__, url_prefix="/api", description="系统状况与设置")


@blueprint.route("/system")
@blueprint.response(200, HealthSchema)
@require("system.read")
def health() -> dict[str, Any]:
    """运行状况：数据库、磁盘、任务队列、备份、数据量，以及须处理的事"""
    return actions.health()


@blueprint.route("/settings")
@blueprint.response(200, Schema.from_dict({"items": fields.List(fields.Nested(SettingSchema))}, name="Settings"))
@require("settings.manage")
def list_settings() -> dict[str, Any]:
    """全部设置：当前值，能否在运行中修改，由谁决定"""
    return {"items": actions.list_settings()}


@blueprint.route("/settings/<string:name>", methods=["PUT"])
@blueprint.arguments(NewValueSchema)
@blueprint.response(200, SettingSchema)
@require("settings.manage")
def change_setting(asked: dict[str, Any], name: str) -> dict[str, Any]:
    """修改一项可在运行中修改的设置"""
    return actions.change_setting(name, asked["value"])


BLUEPRINTS = (blueprint,)
