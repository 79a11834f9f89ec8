"""Routes of imports: upload a file, follow the job, fetch what was refused and why."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict
from pathlib import Path
from typing import Any

from flask import Response, request, send_file
from flask_smorest import Blueprint
from marshmallow import fields, validate

from gis_grid.access.guard import check_right, require
from gis_grid.config import settings
from gis_grid.errors import BadRequest, NotFound
from gis_grid.geo.crs import datum
from gis_grid.imports import boundaries  # noqa: F401  offers areas
from gis_grid.imports.actions import Progress, run_import
from gis_grid.imports.offers import KINDS, Options
from gis_grid.jobs import actions as jobs
from gis_grid.jobs.api import JobSchema
from gis_grid.register.fields import BIGINT, FILE_UPLOAD, Strict, Text


class OptionsSchema(Strict):
    crs = Text(validate=validate.Length(max=20), metadata={"title": "坐标系：wgs84、cgcs2000、gcj02、bd09、EPSG:编号"})
    encoding = fields.String(validate=validate.OneOf(("utf-8", "gbk", "gb18030", "big5")), metadata={"title": "编码"})
    columns = Text(validate=validate.Length(max=2000), metadata={"title": '字段对应，JSON：{"name": "名称列"}'})
    keep_good = fields.Boolean(load_default=False, metadata={"title": "有错误时保留正确的行"})
    repair = fields.Boolean(load_default=False, metadata={"title": "修复无效图形（逐个说明）"})
    dry_run = fields.Boolean(load_default=False, metadata={"title": "只检查，不保存"})
    level = fields.String(
        load_default="grid", validate=validate.OneOf(("district", "street", "community", "grid")), metadata={"title": "区域层级"}
    )
    code_prefix = Text(validate=validate.Regexp(r"^[0-9A-Za-z_-]{0,32}$"), metadata={"title": "自动编号的前缀"})
    any_code = fields.Boolean(load_default=False, metadata={"title": "不检查编码位数"})
    since = fields.Date(metadata={"title": "边界生效日期"})
    sheet = Text(validate=validate.Length(max=31), metadata={"title": "工作表名"})
    source = Text(validate=validate.Length(max=80), metadata={"title": "来源（用其保存的列对应）"})


blueprint = Blueprint("imports", __name__, url_prefix="/api/imports", description="批量导入")


@blueprint.route("/<string:kind>", methods=["POST"])
@blueprint.arguments(OptionsSchema, location="query")
@blueprint.response(202, JobSchema)
@blueprint.doc(requestBody=FILE_UPLOAD)
@require("imports.run")
def upload(asked: dict[str, Any], kind: str) -> Any:
    """上传文件并开始导入：答一个任务，进度、结果与逐行明细见任务"""
    if kind not in KINDS:
        raise NotFound(f"不能导入“{kind[:20]}”，可用：{'、'.join(KINDS)}。")
    check_right(KINDS[kind].right)
    file = request.files.get("file")
    if file is None or not file.filename:
        raise BadRequest("请在表单字段 file 中上传文件。", code="no_file")
    options = _options(asked)
    name = Path(file.filename.replace("\x00", "")).name[-150:] or "upload"
    folder = settings().uploads / secrets.token_hex(12)
    folder.mkdir(parents=True, mode=0o700)
    file.save(folder / f"data{''.join(Path(name).suffixes[-2:]).lower()[-20:]}")
    stored = next(folder.iterdir()).name
    return jobs.start_job("import", {"kind": kind, "folder": folder.name, "file": stored, "name": name, **asdict(options)})


@blueprint.route(f"/<int(max={BIGINT}):job_id>/remarks")
@blueprint.response(200, content_type="text/csv")
@require("imports.run")
def remarks(job_id: int) -> Response:
    """逐行明细：拒绝、修复、未定位的行及原因（CSV）"""
    job = jobs.find_job(job_id)
    path = settings().uploads / str(job.arguments.get("folder", "-")) / "remarks.csv"
    if job.kind != "import" or not path.is_file():
        raise NotFound("该任务没有明细。")
    return send_file(path, mimetype="text/csv", as_attachment=True, download_name=f"import-{job_id}.csv")


@jobs.job_kind("import")
def import_job(arguments: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """The import behind an upload; the uploaded file is deleted when it is over, the remarks stay."""
    folder = settings().uploads / arguments["folder"]
    given = {name: arguments[name] for name in Options.__dataclass_fields__}
    path = folder / arguments["file"]
    report = run_import(arguments["kind"], path, arguments["name"], Options(**given), folder / "remarks.csv", progress)
    path.unlink(missing_ok=True)
    return report


def read_columns(text: str | None) -> dict[str, str]:
    """field -> file column, from JSON."""
    try:
        columns = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        columns = None
    if not isinstance(columns, dict) or not all(isinstance(value, str) for value in columns.values()):
        raise BadRequest('columns 须为 JSON 对象，如 {"name": "名称"}。', code="bad_columns")
    return columns


def _options(asked: dict[str, Any]) -> Options:
    if asked.get("crs"):
        datum(asked["crs"])
    columns = read_columns(asked.get("columns"))
    since = asked.get("since")
    return Options(**{**asked, "columns": columns, "since": since.isoformat() if since else None})


BLUEPRINTS = (blueprint,)
