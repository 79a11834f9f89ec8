"""The route of statistics: counts as JSON for charts and choropleths, or as CSV."""

from __future__ import annotations

import csv
import io
from typing import Any

from flask import Response, jsonify
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from gis_grid.access.guard import SIGNED_IN, require
from gis_grid.query.api import WHERE
from gis_grid.register.fields import Strict, Text
from gis_grid.stats.actions import Wanted, count


class CountSchema(Strict):
    register = Text(required=True, validate=validate.Length(max=40), metadata={"title": "登记表"})
    by = fields.List(Text(validate=validate.Length(max=40)), load_default=[], metadata={"title": "按哪些字段（最多两个）"})
    area = Text(allow_none=True, validate=validate.Length(max=32), metadata={"title": "统计哪个区域的下级；不填为自己的范围"})
    where = fields.Dict(allow_none=True, metadata=WHERE)
    at = fields.Date(metadata={"title": "按哪天的边界，默认今天"})
    format = fields.String(load_default="json", validate=validate.OneOf(("json", "csv")), metadata={"title": "格式"})


CountedSchema = Schema.from_dict(
    {
        "register": fields.String(),
        "fields": fields.List(fields.Dict()),
        "areas": fields.List(fields.Dict(), metadata={"title": "区域与总数"}),
        "cells": fields.List(fields.Dict(), metadata={"title": "区域、字段值与数；隐去的数为空"}),
        "outside": fields.Integer(allow_none=True, metadata={"title": "不在所列区域内的"}),
        "hidden_below": fields.Integer(allow_none=True, metadata={"title": "小于此数的已隐去"}),
    },
    name="Counted",
)
blueprint = Blueprint("stats", __name__, url_prefix="/api/stats", description="统计")


@blueprint.route("/count", methods=["POST"])
@blueprint.arguments(CountSchema)
@blueprint.response(200, CountedSchema)
@require(SIGNED_IN)
def count_register(asked: dict[str, Any]) -> Any:
    """按区域和任意代码字段统计一个登记表；可逐级下钻，可按某日的边界；定义可在 queries 中存为报表"""
    form = asked.pop("format")
    told = count(Wanted(**asked))
    return _sheet(told) if form == "csv" else jsonify(told)


def _sheet(told: dict[str, Any]) -> Response:
    text = io.StringIO()
    out = csv.writer(text)
    named = {area["code"]: area["name"] for area in told["areas"]}
    out.writerow(["区域编码", "区域", *(one["label"] for one in told["fields"]), "数量"])
    least = told["hidden_below"]
    for cell in told["cells"]:
        number = f"少于 {least}" if cell["count"] is None else cell["count"]
        out.writerow([cell["area_code"], named[cell["area_code"]], *cell["labels"], number])
    headers = {"Content-Disposition": "attachment; filename=count.csv"}
    return Response("\ufeff" + text.getvalue(), mimetype="text/csv", headers=headers)


BLUEPRINTS = (blueprint,)
