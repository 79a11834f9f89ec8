"""The routes of statistics: what can be counted, counts for charts and as sheets, the shapes of choropleths."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import orjson
from flask import Response, jsonify
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from gis_grid import audit
from gis_grid.access.guard import SIGNED_IN, require
from gis_grid.areas.placing import today
from gis_grid.areas.rules import LEVEL_CODES
from gis_grid.query.api import WHERE
from gis_grid.register.fields import Strict, Text
from gis_grid.stats.actions import Wanted, count, countable_registers
from gis_grid.stats.parts import shapes_of
from gis_grid.stats.sheet import TYPES, written

LEVEL = {"title": "其下这一级的全部区域，不填为直接下级"}


class CountSchema(Strict):
    register = Text(required=True, validate=validate.Length(max=40), metadata={"title": "登记表"})
    by = fields.List(
        Text(validate=validate.Length(max=40)),
        load_default=[],
        metadata={"title": "按哪些字段（最多两个）；日期可加 .year .quarter .month .day .weekday .hour"},
    )
    area = Text(allow_none=True, validate=validate.Length(max=32), metadata={"title": "统计哪个区域的下级；不填为自己的范围"})
    level = fields.String(allow_none=True, validate=validate.OneOf(LEVEL_CODES), metadata=LEVEL)
    where = fields.Dict(allow_none=True, metadata=WHERE)
    at = fields.Date(allow_none=True, metadata={"title": "按哪天的边界，默认今天"})
    format = fields.String(
        load_default="json", validate=validate.OneOf(("json", "csv", "xlsx", "pdf")), metadata={"title": "格式"}
    )
    title = Text(allow_none=True, validate=validate.Length(max=80), metadata={"title": "表的标题"})


class ShapesQuery(Strict):
    area = Text(validate=validate.Length(max=32), metadata={"title": "哪个区域的下级；不填为自己的范围"})
    level = fields.String(validate=validate.OneOf(LEVEL_CODES), metadata=LEVEL)
    at = fields.Date(metadata={"title": "按哪天的边界，默认今天"})


CountedSchema = Schema.from_dict(
    {
        "register": fields.String(),
        "title": fields.String(),
        "fields": fields.List(fields.Dict()),
        "axes": fields.List(fields.List(fields.Dict()), metadata={"title": "各字段的值，按应有的顺序"}),
        "at": fields.Date(),
        "path": fields.List(fields.Dict(), metadata={"title": "从上级到所统计区域"}),
        "areas": fields.List(fields.Dict(), metadata={"title": "区域与总数"}),
        "cells": fields.List(fields.Dict(), metadata={"title": "区域、字段值与数；隐去的数为空"}),
        "values": fields.List(fields.Dict(), metadata={"title": "各字段值在全部区域的数"}),
        "total": fields.Integer(allow_none=True, metadata={"title": "总数"}),
        "several": fields.Boolean(metadata={"title": "一条可有多个值，各项之和可能多于总数"}),
        "outside": fields.Integer(allow_none=True, metadata={"title": "不在所列区域内的"}),
        "hidden_below": fields.Integer(allow_none=True, metadata={"title": "小于此数的已隐去"}),
        "rounded_to": fields.Integer(allow_none=True, metadata={"title": "其余凑整到几的倍数"}),
    },
    name="Counted",
)
CountableSchema = Schema.from_dict(
    {
        "items": fields.List(
            fields.Nested(
                Schema.from_dict(
                    {
                        "name": fields.String(),
                        "title": fields.String(),
                        "hides": fields.Boolean(metadata={"title": "对您隐去小数目，且不能加条件"}),
                        "placed": fields.Boolean(metadata={"title": "能按另一天的边界统计"}),
                        "fields": fields.List(fields.Dict()),
                    },
                    name="CountableRegister",
                )
            )
        )
    },
    name="CountableRegisters",
)
ShapesSchema = Schema.from_dict({"type": fields.String(), "features": fields.List(fields.Dict())}, name="AreaShapes")
blueprint = Blueprint("stats", __name__, url_prefix="/api/stats", description="统计")


@blueprint.route("/registers")
@blueprint.response(200, CountableSchema)
@require(SIGNED_IN)
def list_countable() -> dict[str, Any]:
    """能统计的登记表与可按的字段"""
    return {"items": countable_registers()}


@blueprint.route("/shapes")
@blueprint.arguments(ShapesQuery, location="query")
@blueprint.response(200, ShapesSchema)
@require("areas.read")
def show_shapes(asked: dict[str, Any]) -> Response:
    """下级区域在某日的边界（简化，供分级设色图）"""
    shapes = shapes_of(asked.get("area"), asked.get("at") or today(), asked.get("level"))
    return Response(orjson.dumps(shapes), mimetype="application/json")


@blueprint.route("/count", methods=["POST"])
@blueprint.arguments(CountSchema)
@blueprint.response(200, CountedSchema)
@require(SIGNED_IN)
def count_register(asked: dict[str, Any]) -> Any:
    """按区域和任意代码字段统计一个登记表；可逐级下钻，可按某日的边界；定义可在 queries 中存为报表"""
    form, title = asked.pop("format"), asked.pop("title", None)
    told = count(Wanted(**asked))
    return jsonify(told) if form == "json" else _sheet(told, title, form)


def _sheet(told: dict[str, Any], title: str | None, form: str) -> Response:
    audit.record("export", f"{told['register']}.count", after={"form": form, "rows": len(told["areas"])})
    name = quote(f"{title or told['title'] + '统计'}.{form}")
    headers = {"Content-Disposition": f"attachment; filename=count.{form}; filename*=UTF-8''{name}"}
    return Response(written(told, title, form), mimetype=TYPES[form], headers=headers)


BLUEPRINTS = (blueprint,)
