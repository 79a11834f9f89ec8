"""Routes of boards: settings, templates, pictures, preview and print, batches, the reprint list, the public page."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Response, request, send_file
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from gis_grid import audit
from gis_grid.access.guard import PUBLIC, check_area, require
from gis_grid.errors import BadRequest, Invalid, NotFound, TooMany
from gis_grid.jobs.api import JobSchema
from gis_grid.notices import actions, jobs, pictures, stale
from gis_grid.notices.batch import Form, file_name, written
from gis_grid.notices.content import page_url
from gis_grid.notices.models import BoardPrint, BoardSetting, BoardTemplate
from gis_grid.notices.overview import areas_with_boards
from gis_grid.notices.pages import SECONDS_CACHED, public_page, refusal_page
from gis_grid.notices.papers_api import blueprint as papers
from gis_grid.notices.render import compose, qr_svg
from gis_grid.register import Register, list_blueprint, register_blueprint
from gis_grid.register import actions as rows
from gis_grid.register.api import IF_MATCH, shown_schema, wanted_version
from gis_grid.register.fields import BIGINT, FILE_UPLOAD, Number, Shape, Strict, Text

MIMES = {"pdf": "application/pdf", "png": "image/png", "svg": "image/svg+xml"}
WHAT = ("boards", "sheet", "atlas", "reprint")
_OWN = {"read": "boards.print", "write": "boards.write", "settable": ("area_code",)}
SETTINGS = Register("board-settings", "公示牌设置", BoardSetting, prepare=actions.prepare_setting, **_OWN)  # type: ignore[arg-type]
TEMPLATES = Register(
    "board-templates",
    "公示牌自定模板",
    BoardTemplate,
    search=("name",),
    prepare=actions.prepare_template,
    **_OWN,  # type: ignore[arg-type]
)
PRINTS = Register(
    "board-prints",
    "公示牌印制记录",
    BoardPrint,
    read="boards.print",
    write="boards.print",
    search=("place",),
    prepare=actions.prepare_print,
)
_CODE = validate.Length(min=1, max=32)


class BoardQuery(Strict):
    template = Text(validate=validate.Length(min=1, max=40), metadata={"title": "模板，默认按设置"})
    orientation = fields.String(validate=validate.OneOf(("portrait", "landscape")), metadata={"title": "方向"})
    theme = Text(validate=validate.Length(min=1, max=20), metadata={"title": "配色"})
    scale = fields.Integer(validate=validate.Range(min=50, max=10_000_000), metadata={"title": "比例尺分母，默认自动取整"})
    lon = Number(validate=validate.Range(min=-180, max=180), metadata={"title": "“您在此处”的经度"})
    lat = Number(validate=validate.Range(min=-90, max=90), metadata={"title": "“您在此处”的纬度"})
    format = fields.String(load_default="pdf", validate=validate.OneOf(sorted(MIMES)), metadata={"title": "格式"})
    dpi = Number(load_default=150, validate=validate.Range(min=20, max=1200), metadata={"title": "PNG 的分辨率"})
    crop_marks = fields.Boolean(load_default=False, metadata={"title": "裁切线与 3 毫米出血"})


class BatchSchema(BoardQuery):
    area_code = Text(load_default="", validate=validate.Length(max=32), metadata={"title": "其下全部网格；重印时可不填"})
    codes = fields.List(Text(validate=_CODE), validate=validate.Length(min=1, max=2000), metadata={"title": "只要这些网格"})
    what = fields.String(
        load_default="boards", validate=validate.OneOf(WHAT), metadata={"title": "每格一份、拼版、图集、全部重印"}
    )


class BoardDraftSchema(Strict):
    body = Text(required=True, validate=validate.Length(min=1, max=50_000), metadata={"title": "模板内容（YAML）"})
    orientation = fields.String(validate=validate.OneOf(("portrait", "landscape")))
    dpi = Number(load_default=80, validate=validate.Range(min=20, max=300))


class BoardTextsSchema(Strict):
    extent = Text(allow_none=True, validate=validate.Length(max=2000), metadata={"title": "管辖范围"})
    heading = Text(allow_none=True, validate=validate.Length(max=60), metadata={"title": "牌面标题"})
    services = Text(allow_none=True, validate=validate.Length(max=4000), metadata={"title": "服务事项"})
    supervision_phone = Text(allow_none=True, validate=validate.Length(max=40), metadata={"title": "监督电话"})
    publisher = Text(allow_none=True, validate=validate.Length(max=100), metadata={"title": "制图单位"})
    phones = fields.String(allow_none=True, validate=validate.OneOf(("full", "masked")), metadata={"title": "电话显示"})
    show_counts = fields.Boolean(allow_none=True, metadata={"title": "显示户数人数"})
    public_page = fields.Boolean(allow_none=True, metadata={"title": "开放扫码页"})


class BoardPreviewSchema(BoardQuery):
    body = Text(validate=validate.Length(min=1, max=50_000), metadata={"title": "正在编辑的模板（YAML 或 JSON）"})
    texts = fields.Nested(BoardTextsSchema, load_default=dict, metadata={"title": "正在编辑的内容，代替已保存的"})
    pixels = fields.Integer(load_default=1000, validate=validate.Range(min=100, max=3000), metadata={"title": "图片长边像素"})


class AreaQuery(Strict):
    area_code = Text(load_default="", validate=validate.Length(max=32), metadata={"title": "区域编码前缀"})


class KeysQuery(Strict):
    keys = Text(required=True, validate=validate.Length(min=1, max=10_000), metadata={"title": "编号，逗号分隔"})


class PrintSchema(BoardQuery):
    replaces = fields.Integer(validate=validate.Range(min=1, max=BIGINT), metadata={"title": "重印：代替哪一条印制记录"})


class HangSchema(Strict):
    place = Text(validate=validate.Length(max=200), allow_none=True, metadata={"title": "挂出位置"})
    hung_at = fields.Date(allow_none=True, metadata={"title": "挂出日期"})
    point = Shape("POINT", allow_none=True, metadata={"title": "挂出点"})


def _items(name: str) -> type[Schema]:
    return Schema.from_dict({"items": fields.List(fields.Dict())}, name=name)


StaleBoards = Schema.from_dict(
    {"items": fields.List(fields.Dict()), "photographed": fields.List(fields.Integer())}, name="StaleBoards"
)
Told = Schema.from_dict({"content": fields.Dict(), "gaps": fields.List(fields.String())}, name="BoardTold")
Seen = Schema.from_dict({"picture": fields.String(), "told": fields.Nested(Told)}, name="BoardSeen")
PrintShown = shown_schema(PRINTS)
blueprint = Blueprint("boards", __name__, url_prefix="/api/boards", description="公示牌")
prints = Blueprint("hang", __name__, url_prefix="/api/board-prints", description="公示牌挂出情况")
public = Blueprint("public", __name__, description="扫码页")
_ONE = f"/<int(max={BIGINT}):key>"


@blueprint.route("/templates")
@blueprint.arguments(AreaQuery, location="query")
@blueprint.response(200, _items("BoardTemplates"))
@require("boards.print")
def list_templates(asked: dict[str, Any]) -> Response:
    """可用的公示牌模板：尺寸、方向、内容"""
    code = asked["area_code"]
    if code:
        check_area(code)
    return _json({"items": list(actions.listed_templates(code or None))})


@blueprint.route("/areas")
@blueprint.response(200, _items("BoardAreas"))
@require("boards.print")
def list_areas() -> Response:
    """可制作公示牌的区域（数据范围内），各有几块牌、几块应重印"""
    return _json({"items": areas_with_boards()})


@blueprint.route("/stale")
@blueprint.arguments(AreaQuery, location="query")
@blueprint.response(200, StaleBoards)
@require("boards.print")
def list_stale(asked: dict[str, Any]) -> Response:
    """应重印的公示牌：印制之后人员、电话、边界、楼栋等已变动的，说明变了什么、挂在哪里；以及哪些在用的牌有现场照片"""
    code = asked["area_code"]
    return _json({"items": stale.stale_prints(code), "photographed": stale.photographed(code)})


@blueprint.route("/jobs", methods=["POST"])
@blueprint.arguments(BatchSchema)
@blueprint.response(202, JobSchema)
@require("boards.print")
def start_batch(asked: dict[str, Any]) -> Any:
    """制作一个区域之下全部网格的公示牌（压缩包）、标签拼版或社区图集（PDF），或重印所有应重印的；答一个任务"""
    if asked["what"] == "reprint":
        return jobs.start_reprint(asked["area_code"], _form(asked))
    return jobs.start(asked["area_code"], asked["what"], _wish(asked), _form(asked), asked.get("codes"))


@blueprint.route(f"/jobs/<int(max={BIGINT}):job_id>/file")
@blueprint.response(200, content_type="application/octet-stream")
@require("boards.print")
def batch_file(job_id: int) -> Response:
    """下载批量制作的结果"""
    path = jobs.file_of(job_id)
    audit.record("export", "boards", f"job {job_id}")
    kind = path.suffix[1:]
    mime = "application/zip" if kind == "zip" else "application/pdf"
    return send_file(path, mimetype=mime, as_attachment=True, download_name=f"boards-{job_id}.{kind}")


@blueprint.route("/pictures/<string:kind>")
@blueprint.arguments(KeysQuery, location="query")
@blueprint.response(200, Schema.from_dict({"keys": fields.List(fields.String())}, name="BoardPictures"))
@require("boards.print")
def list_pictures(asked: dict[str, Any], kind: str) -> Any:
    """这些人员、区域或印制记录中，哪些有图片"""
    return {"keys": pictures.kept_pictures(kind, asked["keys"].split(","))}


@blueprint.route("/pictures/<string:kind>/<string:key>", methods=["PUT"])
@blueprint.response(200, Schema.from_dict({"digest": fields.String(), "mime": fields.String()}, name="BoardPicture"))
@blueprint.doc(requestBody=FILE_UPLOAD)
@require("boards.write")
def put_picture(kind: str, key: str) -> Any:
    """上传图片：staff 人员照片（人员编号）、logo 单位标志（区域编码）、hung 挂出照片（印制编号）"""
    return pictures.keep_picture(kind, key, _uploaded())


@blueprint.route("/pictures/<string:kind>/<string:key>")
@blueprint.response(200, content_type="image/jpeg")
@require("boards.print")
def get_picture(kind: str, key: str) -> Response:
    """一张图片"""
    row = pictures.find_picture(kind, key)
    return Response(row.image, mimetype=row.mime)


@blueprint.route("/pictures/<string:kind>/<string:key>", methods=["DELETE"])
@blueprint.response(204)
@require("boards.write")
def delete_picture(kind: str, key: str) -> Response:
    """删除一张图片"""
    pictures.drop_picture(kind, key)
    return Response(status=204)


@blueprint.route("/<string:code>")
@blueprint.arguments(BoardQuery, location="query")
@blueprint.response(200, content_type="application/pdf")
@require("boards.print")
def preview(asked: dict[str, Any], code: str) -> Response:
    """预览一块公示牌：与印制的文件完全一样，不留印制记录"""
    return _file(actions.job_of(code, _wish(asked)), _form(asked))


@blueprint.route("/<string:code>/told")
@blueprint.arguments(BoardQuery, location="query")
@blueprint.response(200, Told)
@require("boards.print")
def told(asked: dict[str, Any], code: str) -> Response:
    """牌面内容、缺什么、比例尺，以及按四至街巷拟出的管辖范围"""
    return _json(actions.told_board(code, _wish(asked)))


@blueprint.route("/<string:code>/draft", methods=["POST"])
@blueprint.arguments(BoardDraftSchema)
@blueprint.response(200, content_type="image/png")
@require("boards.write")
def draft(asked: dict[str, Any], code: str) -> Response:
    """用正在编辑的模板预览（PNG）；模板有错时说明在哪一行"""
    wish = actions.Wish(orientation=asked.get("orientation"))
    return _file(actions.job_of(code, wish, actions.Draft(asked["body"])), Form("png", asked["dpi"]))


@blueprint.route("/<string:code>/preview", methods=["POST"])
@blueprint.arguments(BoardPreviewSchema)
@blueprint.response(200, Seen)
@require("boards.print")
def see(asked: dict[str, Any], code: str) -> Response:
    """预览：图片（由同一 PDF 转出）与牌面说明；可带正在编辑的模板与文字，不保存"""
    draft = actions.Draft(asked.get("body"), asked["texts"])
    picture, said = actions.seen_board(code, _wish(asked), draft, asked["pixels"])
    audit.record("view", "boards", code, area_code=code)
    return _json({"picture": picture, "told": said})


@blueprint.route("/<string:code>/qr")
@blueprint.response(200, content_type="image/svg+xml")
@require("boards.print")
def qr(code: str) -> Response:
    """扫码页的二维码（SVG），可另作他用"""
    actions.check_code(code)
    url = page_url(code)
    if url is None:
        raise Invalid("服务还没有公开网址：请管理员设置 public_url。", code="no_public_url")
    return Response(qr_svg(url, 60), mimetype=MIMES["svg"])


@blueprint.route("/<string:code>/prints", methods=["POST"])
@blueprint.arguments(PrintSchema)
@blueprint.response(201, content_type="application/pdf")
@require("boards.print")
def print_board(asked: dict[str, Any], code: str) -> Response:
    """印制一块公示牌：答文件，记下内容，以后变动时列入应重印"""
    job = actions.job_of(code, _wish(asked))
    answer = _file(job, _form(asked))
    row = actions.keep_print(job, asked.get("replaces"))
    answer.status_code = 201
    answer.headers["Location"] = f"/api/board-prints/{row.id}"
    return answer


@prints.route(_ONE, methods=["PATCH"])
@prints.arguments(HangSchema)
@prints.response(200, PrintShown)
@prints.doc(parameters=[IF_MATCH])
@require("boards.print")
def hang(asked: dict[str, Any], key: int) -> Any:
    """登记挂出：位置、日期、地图上的点"""
    return rows.change(PRINTS, key, wanted_version(), asked)


@prints.route(_ONE, methods=["DELETE"])
@prints.response(204)
@prints.doc(parameters=[IF_MATCH])
@require("boards.print")
def take_down(key: int) -> Response:
    """摘下：不再列入应重印"""
    rows.retire(PRINTS, key, wanted_version())
    return Response(status=204)


@prints.route(f"{_ONE}/photo", methods=["PUT"])
@prints.response(200, Schema.from_dict({"digest": fields.String(), "mime": fields.String()}, name="HungPicture"))
@prints.doc(requestBody=FILE_UPLOAD)
@require("boards.print")
def put_hung_picture(key: int) -> Any:
    """上传挂出后的现场照片"""
    pictures.area_of_picture("hung", str(key))
    return pictures.keep_picture("hung", str(key), _uploaded())


@public.route("/g/<string:code>")
@public.response(200, content_type="text/html")
@require(PUBLIC)
def grid_page(code: str) -> Response:
    """网格公开页面（公示牌二维码）：只有牌面上的内容"""
    try:
        body, tag = public_page(code, request.remote_addr or "")
    except (NotFound, TooMany) as refused:
        if request.accept_mimetypes.best_match(("application/problem+json", "text/html")) != "text/html":
            raise
        return Response(refusal_page(refused), refused.status, {"Cache-Control": "no-store"}, mimetype="text/html")
    answer = Response(body, mimetype="text/html")
    answer.headers["Cache-Control"] = f"public, max-age={SECONDS_CACHED}"
    answer.set_etag(tag)
    made: Response = answer.make_conditional(request)  # type: ignore[assignment]
    return made


def _file(job: Any, form: Form) -> Response:
    board = compose(job)
    answer = Response(written(board, form), mimetype=MIMES[form.kind])
    answer.headers["X-Board-Gaps"] = str(len(board.gaps))
    answer.headers.set("Content-Disposition", "inline", filename=f"{job.content.code}.{form.kind}")
    code = job.content.code
    audit.record("view", "boards", code, after={"file": file_name(job, form)}, area_code=code)
    return answer


def _uploaded() -> bytes:
    file = request.files.get("file")
    if file is None:
        raise BadRequest("请在表单字段 file 中上传图片。", code="no_file")
    return file.read(20 * 1024 * 1024 + 1)


def _wish(asked: dict[str, Any]) -> actions.Wish:
    lon, lat = asked.get("lon"), asked.get("lat")
    if (lon is None) != (lat is None):
        raise BadRequest("“您在此处”须同时给出 lon 与 lat。", code="half_a_point")
    here = None if lon is None or lat is None else (lon, lat)
    return actions.Wish(asked.get("template"), asked.get("orientation"), asked.get("theme"), asked.get("scale"), here)


def _form(asked: dict[str, Any]) -> Form:
    return Form(asked["format"], asked["dpi"], asked["crop_marks"])


def _json(value: Any) -> Response:
    return Response(orjson.dumps(value), mimetype="application/json")


BLUEPRINTS = (
    register_blueprint(SETTINGS),
    register_blueprint(TEMPLATES),
    list_blueprint(PRINTS),
    prints,
    papers,
    blueprint,
    public,
)
