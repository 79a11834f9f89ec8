"""Routes of jobs: how far, what came out, stop it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from gis_grid.access.guard import SIGNED_IN, require
from gis_grid.jobs import actions
from gis_grid.jobs.models import Job
from gis_grid.register.fields import BIGINT, Strict, column_field

_HIDDEN = ("arguments", "starts", "rights", "scopes", "user_id")
JobSchema = Schema.from_dict(
    {column.key: column_field(column) for column in sa.inspect(Job).columns if column.key not in _HIDDEN}, name="Job"
)
KINDS = {"import": "导入数据", "boards": "制作公示牌", "export": "导出数据"}
STATES = ("queued", "running", "done", "refused", "failed", "cancelled")


class ListedJobSchema(JobSchema):  # type: ignore[valid-type, misc]
    title = fields.Function(lambda job: KINDS.get(job.kind, job.kind), metadata={"title": "任务名称", "type": "string"})
    own = fields.Function(actions.is_own, metadata={"title": "是我提交的", "type": "boolean"})


class JobsQuery(Strict):
    status = fields.String(validate=validate.OneOf(STATES), metadata={"title": "状态"})
    before_id = fields.Integer(validate=validate.Range(min=1, max=BIGINT), metadata={"title": "更早的任务"})
    limit = fields.Integer(load_default=50, validate=validate.Range(min=1, max=200))


_PAGE = Schema.from_dict({"items": fields.List(fields.Nested(ListedJobSchema))}, name="Jobs")
blueprint = Blueprint("jobs", __name__, url_prefix="/api/jobs", description="后台任务")


@blueprint.route("")
@blueprint.arguments(JobsQuery, location="query")
@blueprint.response(200, _PAGE)
@require(SIGNED_IN)
def list_own(asked: dict[str, Any]) -> dict[str, Any]:
    """自己提交的任务，新的在前"""
    return {"items": _listed(asked, everybodys=False)}


@blueprint.route("/all")
@blueprint.arguments(JobsQuery, location="query")
@blueprint.response(200, _PAGE)
@require("jobs.manage")
def list_all(asked: dict[str, Any]) -> dict[str, Any]:
    """数据范围内所有人的任务"""
    return {"items": _listed(asked, everybodys=True)}


def _listed(asked: dict[str, Any], *, everybodys: bool) -> list[Job]:
    wanted = {"status": asked.get("status"), "before_id": asked.get("before_id"), "most": asked["limit"]}
    return actions.list_jobs(everybodys=everybodys, **wanted)


@blueprint.route(f"/<int(max={BIGINT}):job_id>")
@blueprint.response(200, JobSchema)
@require(SIGNED_IN)
def find_job(job_id: int) -> Any:
    """任务的进度与结果：自己的，或有权管理的"""
    return actions.find_job(job_id)


@blueprint.route(f"/<int(max={BIGINT}):job_id>/cancel", methods=["POST"])
@blueprint.response(200, JobSchema)
@require(SIGNED_IN)
def cancel_job(job_id: int) -> Any:
    """取消任务：自己的，或有权管理的"""
    return actions.cancel_job(job_id)


BLUEPRINTS = (blueprint,)
