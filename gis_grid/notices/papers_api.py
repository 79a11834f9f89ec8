"""Routes of other prints: map sheets, one map page that opens without internet, the visit list to carry."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_smorest import Blueprint
from marshmallow import fields, validate

from gis_grid import audit
from gis_grid.access.guard import require
from gis_grid.errors import BadRequest
from gis_grid.notices import actions, folium_page, mapsheet, visit_list
from gis_grid.notices.theme import read_wish
from gis_grid.register.fields import Strict, Text

_CODE = validate.Length(min=1, max=32)
_LAYERS = validate.Length(min=1, max=300)


class SheetQuery(Strict):
    area_code = Text(required=True, validate=_CODE, metadata={"title": "哪个区域"})
    each = fields.Boolean(load_default=False, metadata={"title": "图册：先总图，再其下每个网格一页"})
    layers = Text(load_default=mapsheet.USUAL, validate=_LAYERS, metadata={"title": "图层，逗号分隔"})
    paper = fields.String(load_default="a4", validate=validate.OneOf(sorted(mapsheet.PAPERS)), metadata={"title": "纸张"})
    orientation = fields.String(load_default="landscape", validate=validate.OneOf(("portrait", "landscape")))
    title = Text(validate=validate.Length(min=1, max=80), metadata={"title": "图名"})
    scale = fields.Integer(validate=validate.Range(min=50, max=10_000_000), metadata={"title": "固定比例尺的分母"})
    bbox = Text(validate=validate.Length(max=100), metadata={"title": "只印这个范围：西,南,东,北（度）"})
    at = fields.Date(metadata={"title": "按哪天的边界与数据，默认今天"})
    theme = Text(
        validate=validate.Length(max=200),
        metadata={"title": "统计专题，与地图页地址中的 theme 相同：登记表~字段=值~显示~画法~~~级别"},
    )
    theme_area = Text(validate=_CODE, metadata={"title": "专题统计哪个区域的下级"})
    classes = Text(load_default="", validate=validate.Length(max=600), metadata={"title": "专题的分级：低~高~颜色，逗号分隔"})
    format = fields.String(load_default="pdf", validate=validate.OneOf(("pdf", "png")), metadata={"title": "png 为预览"})
    page = fields.Integer(
        load_default=1, validate=validate.Range(min=1, max=mapsheet.MOST_PAGES), metadata={"title": "预览第几页"}
    )
    pixels = fields.Integer(load_default=1000, validate=validate.Range(min=100, max=3000), metadata={"title": "预览长边像素"})


class PageQuery(Strict):
    area_code = Text(required=True, validate=_CODE, metadata={"title": "哪个区域"})
    layers = Text(load_default=mapsheet.USUAL, validate=_LAYERS, metadata={"title": "图层，逗号分隔"})
    title = Text(validate=validate.Length(min=1, max=80), metadata={"title": "标题"})


class VisitListQuery(Strict):
    area_code = Text(required=True, validate=_CODE, metadata={"title": "哪个区域"})
    count = fields.Integer(load_default=20, validate=validate.Range(min=1, max=200), metadata={"title": "几处"})


blueprint = Blueprint("papers", __name__, url_prefix="/api/boards", description="印刷地图与清单")


@blueprint.route("/sheet")
@blueprint.arguments(SheetQuery, location="query")
@blueprint.response(200, content_type="application/pdf")
@require("boards.print")
def sheet(asked: dict[str, Any]) -> Response:
    """任意图层的印刷地图：图名、图例、比例尺、指北针、日期、来源；可成图册，可先看图片"""
    code = asked.pop("area_code")
    actions.check_code(code)
    kind, page, pixels = asked.pop("format"), asked.pop("page"), asked.pop("pixels")
    codes = mapsheet.atlas_codes(code) if asked.pop("each") else [code]
    box = _box(asked.pop("bbox", None))
    text, area, classes = asked.pop("theme", None), asked.pop("theme_area", None), asked.pop("classes")
    wanted = mapsheet.Sheet(**asked, box=box, theme=read_wish(text, area, classes) if text else None)
    after = {"layers": asked["layers"], "pages": len(codes), "theme": text}
    if kind == "png":
        picture = mapsheet.picture(codes, wanted, page, pixels)
        audit.record("view", "map sheets", code, after=after, area_code=code)
        answer = Response(picture, mimetype="image/png")
        answer.headers["X-Pages"] = str(len(codes))
        return answer
    pdf = mapsheet.print_sheets(codes, wanted)
    audit.record("export", "map sheets", code, after=after, area_code=code)
    return _file(pdf, "application/pdf", f"{code}_地图.pdf")


@blueprint.route("/map-page")
@blueprint.arguments(PageQuery, location="query")
@blueprint.response(200, content_type="text/html")
@require("boards.print")
def map_page(asked: dict[str, Any]) -> Response:
    """所选图层做成一个网页文件：不联网也能打开，用于邮件或 U 盘"""
    code = asked["area_code"]
    page = folium_page.write_page(code, asked["layers"], asked.get("title"))
    audit.record("export", "map pages", code, after={"layers": asked["layers"], "bytes": len(page)}, area_code=code)
    return _file(page, "text/html", f"{code}_离线地图.html")


@blueprint.route("/visit-list")
@blueprint.arguments(VisitListQuery, location="query")
@blueprint.response(200, content_type="application/pdf")
@require("people.read")
def visits(asked: dict[str, Any]) -> Response:
    """今日走访清单（PDF），带勾选框"""
    pdf = visit_list.print_visits(asked["area_code"], asked["count"])
    audit.record("export", "visits.today", asked["area_code"], after={"count": asked["count"]}, area_code=asked["area_code"])
    return _file(pdf, "application/pdf", f"{asked['area_code']}_走访清单.pdf")


def _file(body: bytes, mime: str, name: str) -> Response:
    answer = Response(body, mimetype=mime)
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _box(text: str | None) -> tuple[float, float, float, float] | None:
    """West, south, east, north in degrees."""
    if text is None:
        return None
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        west = south = east = north = float("nan")
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90 and east - west < 5 and north - south < 5):
        raise BadRequest("bbox 应为“西,南,东,北”四个数（度），且不超过 5 度。", code="bad_bbox")
    return (west, south, east, north)
