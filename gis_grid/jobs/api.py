"""Routes of jobs: how far, what came out, stop it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask_smorest import Blueprint
from marshmallow import Schema

from gis_grid.access.guard import SIGNED_IN, require
from gis_grid.jobs import actions
from gis_grid.jobs.models import Job
from gis_grid.register.fields import BIGINT, column_field

_HIDDEN = ("arguments", "starts", "rights", "scopes", "user_id")
JobSchema = Schema.from_dict(
    {column.key: column_field(column) for column in sa.inspect(Job).columns if column.key not in _HIDDEN}, name="Job"
)
blueprint = Blueprint("jobs", __name__, url_prefix="/api/jobs", description="后台任务")


@blueprint.route(f"/<int(max={BIGINT}):job_id>")
@blueprint.response(200, JobSchema)
@require(SIGNED_IN)
def find_job(job_id: int) -> Any:
    """任务的进度与结果（只能看自己的）"""
    return actions.find_job(job_id)


@blueprint.route(f"/<int(max={BIGINT}):job_id>/cancel", methods=["POST"])
@blueprint.response(200, JobSchema)
@require(SIGNED_IN)
def cancel_job(job_id: int) -> Any:
    """取消自己的任务"""
    return actions.cancel_job(job_id)


BLUEPRINTS = (blueprint,)
