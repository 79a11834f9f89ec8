"""Routes of sheets: what there is, templates, previews, saved columns, refused rows."""

from __future__ import annotations

import secrets
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flask import Response, request, send_file
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from gis_grid.access.guard import SIGNED_IN, caller, check_right, require
from gis_grid.config import settings
from gis_grid.dictionary import active_names
from gis_grid.errors import BadRequest, NotFound
from gis_grid.geo.crs import datum
from gis_grid.imports.actions import Progress
from gis_grid.imports.api import OptionsSchema, read_columns
from gis_grid.imports.offers import Options
from gis_grid.jobs import actions as jobs
from gis_grid.jobs.api import JobSchema
from gis_grid.query.api import WHERE
from gis_grid.query.registers import asked_register
from gis_grid.register.fields import BIGINT, FILE_UPLOAD, Strict, Text
from gis_grid.sheets import actions
from gis_grid.sheets.export import UNMASK, Wanted, check_export, columns_of, formats_of
from gis_grid.sheets.export import export as write_export
from gis_grid.sheets.kinds import KINDS, SheetKind
from gis_grid.sheets.result import write_template

FORMATS = ("xlsx", "csv", "pdf", "geojson")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FieldSchema = Schema.from_dict(
    {
        "key": fields.String(),
        "label": fields.String(),
        "required": fields.Boolean(),
        "hint": fields.String(),
        "codes": fields.String(allow_none=True, metadata={"title": "代码表"}),
    },
    name="SheetField",
)
SheetSchema = Schema.from_dict(
    {
        "name": fields.String(),
        "title": fields.String(),
        "worksheet": fields.String(),
        "fields": fields.List(fields.Nested(FieldSchema)),
    },
    name="Sheet",
)
PreviewRowSchema = Schema.from_dict(
    {
        "row": fields.Integer(metadata={"title": "Excel 行号"}),
        "outcome": fields.String(metadata={"title": "new 新增、changed 变更、same 相同、refused 拒绝"}),
        "values": fields.Dict(),
        "faults": fields.Dict(metadata={"title": "列名与原因"}),
    },
    name="PreviewRow",
)
PreviewSchema = Schema.from_dict(
    {
        "sheet": fields.String(),
        "header_row": fields.Integer(),
        "header": fields.List(fields.String()),
        "count": fields.Integer(allow_none=True),
        "mapping": fields.Dict(),
        "fields": fields.List(fields.Dict()),
        "counts": fields.Dict(),
        "rows": fields.List(fields.Nested(PreviewRowSchema)),
        "warnings": fields.List(fields.String()),
    },
    name="SheetPreview",
)
MappingSchema = Schema.from_dict(
    {
        "kind": fields.String(),
        "source": fields.String(),
        "columns": fields.Dict(),
        "made_by": fields.String(),
        "updated_at": fields.DateTime(),
    },
    name="SheetMapping",
)


class PreviewQuery(Strict):
    sheet = Text(validate=validate.Length(max=31), metadata={"title": "工作表名"})
    source = Text(validate=validate.Length(max=80), metadata={"title": "来源（用其保存的列对应）"})
    columns, crs = (OptionsSchema().fields[name] for name in ("columns", "crs"))


class ColumnsSchema(Strict):
    columns = fields.Dict(
        keys=Text(validate=validate.Length(max=60)),
        values=Text(validate=validate.Length(min=1, max=120)),
        required=True,
        validate=validate.Length(min=1, max=100),
        metadata={"title": "字段与列名"},
    )


class ExportSchema(Strict):
    where = fields.Dict(allow_none=True, metadata=WHERE)
    columns = fields.List(Text(validate=validate.Length(max=40)), load_default=[], validate=validate.Length(max=100))
    purpose = Text(required=True, validate=validate.Length(min=4, max=200), metadata={"title": "用途"})
    plain = fields.Boolean(load_default=False, metadata={"title": "号码原文（须有查看原文的权限）"})
    retired = fields.Boolean(load_default=False, metadata={"title": "包括已注销"})
    format = fields.String(
        load_default="xlsx", validate=validate.OneOf(("xlsx", "csv", "pdf", "geojson")), metadata={"title": "格式"}
    )


ExportedSchema = Schema.from_dict(
    {
        "columns": fields.List(fields.Dict()),
        "formats": fields.List(fields.String()),
        "may_unmask": fields.Boolean(metadata={"title": "可导出号码原文"}),
    },
    name="ExportColumns",
)
blueprint = Blueprint("sheets", __name__, url_prefix="/api/sheets", description="表格导入导出")


@blueprint.route("/")
@blueprint.response(200, Schema.from_dict({"items": fields.List(fields.Nested(SheetSchema))}, name="Sheets"))
@require(SIGNED_IN)
def list_sheets() -> dict[str, Any]:
    """可导入的表与列（只列您能维护的）"""
    return {"items": [_told(kind) for kind in KINDS.values() if caller().may(kind.register.write)]}


@blueprint.route("/<string:kind>/template")
@blueprint.response(200, content_type=XLSX)
@require("imports.run")
def template(kind: str) -> Response:
    """空白模板：列名、下拉选项、填写说明"""
    wanted = _kind(kind)
    choices = {one.key: list(active_names(one.codes).values()) for one in wanted.fields if one.codes}
    with TemporaryDirectory(prefix="gis-grid-") as work:
        path = Path(work) / "template.xlsx"
        write_template(path, wanted, choices)
        data = path.read_bytes()
    return _workbook(data, f"{wanted.names[0]}.xlsx")


@blueprint.route("/<string:kind>/preview", methods=["POST"])
@blueprint.arguments(PreviewQuery, location="query")
@blueprint.response(200, PreviewSchema)
@blueprint.doc(requestBody=FILE_UPLOAD)
@require("imports.run")
def preview(asked: dict[str, Any], kind: str) -> dict[str, Any]:
    """试读前 50 行：将新增、变更、相同还是拒绝；不保存任何内容"""
    _kind(kind)
    file = request.files.get("file")
    if file is None or not file.filename:
        raise BadRequest("请在表单字段 file 中上传文件。", code="no_file")
    suffix = Path(file.filename.replace("\x00", "")).suffix.lower()[-10:]
    with TemporaryDirectory(prefix="gis-grid-") as work:
        path = Path(work) / f"{secrets.token_hex(4)}{suffix}"
        file.save(path)
        return actions.preview_sheet(kind, path, _options(asked))


@blueprint.route("/<string:kind>/mappings")
@blueprint.response(200, Schema.from_dict({"items": fields.List(fields.Nested(MappingSchema))}, name="SheetMappings"))
@require("imports.run")
def list_mappings(kind: str) -> dict[str, Any]:
    """各来源保存的列对应"""
    return {"items": actions.list_mappings(_kind(kind).name)}


@blueprint.route("/<string:kind>/mappings/<string:source>", methods=["PUT"])
@blueprint.arguments(ColumnsSchema)
@blueprint.response(200, MappingSchema)
@require("imports.run")
def save_mapping(asked: dict[str, Any], kind: str, source: str) -> Any:
    """保存一个来源的列对应，下次导入用 source 指明"""
    return actions.save_columns(_kind(kind).name, _source(source), asked["columns"])


@blueprint.route("/<string:kind>/mappings/<string:source>", methods=["DELETE"])
@blueprint.response(204)
@require("imports.run")
def delete_mapping(kind: str, source: str) -> Response:
    """删去一个来源的列对应"""
    actions.delete_columns(_kind(kind).name, _source(source))
    return Response(status=204)


@blueprint.route("/export/<string:name>", methods=["POST"])
@blueprint.arguments(ExportSchema)
@blueprint.response(202, JobSchema)
@require(SIGNED_IN)
def export(asked: dict[str, Any], name: str) -> Any:
    """导出一个登记表：当前查询条件内、您能看的行；须说明用途，记入审计"""
    suffix = asked["format"]
    wanted = Wanted(name, **asked)
    check_export(wanted)
    return jobs.start_job("export", {"folder": secrets.token_hex(12), "file": f"export.{suffix}", "wanted": asdict(wanted)})


@blueprint.route("/export/<string:name>")
@blueprint.response(200, ExportedSchema)
@require(SIGNED_IN)
def export_columns(name: str) -> dict[str, Any]:
    """一个登记表能导出的列与格式"""
    register = asked_register(name)
    told = [{"key": one.key, "label": one.label} for one in columns_of(register, plain=False)]
    return {"columns": told, "formats": formats_of(register), "may_unmask": caller().may(UNMASK)}


@blueprint.route(f"/exported/<int(max={BIGINT}):job_id>")
@blueprint.response(200, content_type=XLSX)
@require(SIGNED_IN)
def exported(job_id: int) -> Response:
    """导出的文件（只能取自己的，三天内有效）"""
    job = jobs.find_job(job_id)
    path = settings().uploads / str(job.arguments.get("folder", "-")) / str(job.arguments.get("file", "-"))
    if job.kind != "export" or job.status != "done" or not path.is_file():
        raise NotFound("该任务没有导出的文件，尚未完成或已过期。")
    return send_file(path, as_attachment=True, download_name=(job.report or {}).get("name", path.name))


@jobs.job_kind("export")
def export_job(arguments: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """The sheet behind an export."""
    folder = settings().uploads / arguments["folder"]
    folder.mkdir(parents=True, mode=0o700, exist_ok=True)
    return write_export(Wanted(**arguments["wanted"]), folder / arguments["file"], progress)


@blueprint.route(f"/results/<int(max={BIGINT}):job_id>")
@blueprint.response(200, content_type=XLSX)
@require("imports.run")
def result(job_id: int) -> Response:
    """被拒绝的行：原样列出，出错的单元格标红并注明原因；改正后可直接再导入"""
    job = jobs.find_job(job_id)
    path = actions.result_path(settings().uploads / str(job.arguments.get("folder", "-")) / "remarks.csv")
    if job.kind != "import" or not path.is_file():
        raise NotFound("该任务没有被拒绝的行，或结果已过期。")
    return send_file(path, mimetype=XLSX, as_attachment=True, download_name=f"import-{job_id}.xlsx")


def _kind(name: str) -> SheetKind:
    if name not in KINDS:
        raise NotFound(f"没有“{name[:20]}”表，可用：{'、'.join(KINDS)}。")
    check_right(KINDS[name].register.write)
    return KINDS[name]


def _source(source: str) -> str:
    text = source.replace("\x00", "").strip()
    if not 1 <= len(text) <= 80:
        raise BadRequest("来源的名称应为 1-80 个字。", code="bad_source")
    return text


def _told(kind: SheetKind) -> dict[str, Any]:
    told = [
        {"key": one.key, "label": one.label, "required": one.required, "hint": one.hint, "codes": one.codes}
        for one in kind.fields
    ]
    return {"name": kind.name, "title": kind.register.title, "worksheet": kind.names[0], "fields": told}


def _options(asked: dict[str, Any]) -> Options:
    if asked.get("crs"):
        datum(asked["crs"])
    columns = read_columns(asked.get("columns"))
    return Options(sheet=asked.get("sheet"), source=asked.get("source"), columns=columns, crs=asked.get("crs"))


def _workbook(data: bytes, name: str) -> Response:
    from urllib.parse import quote

    return Response(data, mimetype=XLSX, headers={"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"})


BLUEPRINTS = (blueprint,)
