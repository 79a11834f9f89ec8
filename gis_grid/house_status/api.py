"""Routes of the house-status diagram: data, SVG, PNG, a printable page and a plain list of a building or a whole estate."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Response
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from gis_grid.access.guard import require
from gis_grid.house_status import actions, pictures
from gis_grid.house_status.actions import Asked
from gis_grid.house_status.search import EXACT
from gis_grid.register.fields import BIGINT, Strict, Text


class StatusQuery(Strict):
    by = Text(load_default="use", validate=validate.Length(min=1, max=20), metadata={"title": "着色方式"})
    names = fields.String(
        load_default="masked", validate=validate.OneOf(("masked", "full")), metadata={"title": "姓名：脱敏或全名（须有权限）"}
    )
    q = Text(validate=validate.Length(min=1, max=40), metadata={"title": "模糊查询：一个关键字，包含即中"})


WHOLE: dict[str, fields.Field] = {
    name: Text(validate=validate.Length(min=1, max=60), metadata={"title": f"精确查询：{title}"}) for name, title in EXACT.items()
}
Query = StatusQuery.from_dict(WHOLE, name="HouseStatusQuery")
StatusSchema = Schema.from_dict(
    {
        "building": fields.Dict(),
        "columns": fields.Integer(),
        "floors": fields.List(fields.Dict()),
        "units": fields.List(fields.Dict()),
        "skipped": fields.List(fields.Integer()),
        "cells": fields.List(fields.Dict()),
        "scheme": fields.String(),
        "schemes": fields.List(fields.Dict()),
        "colours_version": fields.Integer(),
        "legend": fields.List(fields.Dict()),
        "counts": fields.Dict(),
    },
    name="HouseStatus",
)
EstateSchema = Schema.from_dict(
    {"estate": fields.Dict(), "diagrams": fields.List(fields.Dict()), "legend": fields.List(fields.Dict())}, name="EstateStatus"
)
blueprint = Blueprint("house_status", __name__, url_prefix="/api", description="房态图")
_BUILDING = f"/buildings/<int(max={BIGINT}):key>/house-status"
_ESTATE = f"/estates/<int(max={BIGINT}):key>/house-status"
_FORM = ".<any(svg, png, pdf, txt):form>"


@blueprint.route(_BUILDING)
@blueprint.arguments(Query, location="query")
@blueprint.response(200, StatusSchema)
@require("buildings.read")
def show_building(asked: dict[str, Any], key: int) -> Response:
    """一栋楼的房态图（数据）：单元、楼层、房屋的单元格，图例与计数"""
    return _json(actions.house_status(key, _asked(asked)))


@blueprint.route(_BUILDING + _FORM)
@blueprint.arguments(Query, location="query")
@blueprint.response(200, content_type="image/svg+xml")
@require("buildings.read")
def draw_building(asked: dict[str, Any], key: int, form: str) -> Response:
    """一栋楼的房态图：SVG、PNG、可打印 PDF 或纯文字清单"""
    return _picture(pictures.draw(actions.house_status(key, _asked(asked), form), form), form, key)


@blueprint.route(_ESTATE)
@blueprint.arguments(Query, location="query")
@blueprint.response(200, EstateSchema)
@require("buildings.read")
def show_estate(asked: dict[str, Any], key: int) -> Response:
    """整个小区的房态图（数据）"""
    return _json(actions.estate_status(key, _asked(asked)))


@blueprint.route(_ESTATE + _FORM)
@blueprint.arguments(Query, location="query")
@blueprint.response(200, content_type="image/svg+xml")
@require("buildings.read")
def draw_estate(asked: dict[str, Any], key: int, form: str) -> Response:
    """整个小区的房态图：多栋小图"""
    return _picture(pictures.draw(actions.estate_status(key, _asked(asked), form), form), form, key)


def _asked(asked: dict[str, Any]) -> Asked:
    exact = {name: asked[name] for name in EXACT if asked.get(name)}
    return Asked(asked["by"], asked["names"] == "full", exact, asked.get("q"))


def _json(value: Any) -> Response:
    return Response(orjson.dumps(value), mimetype="application/json")


def _picture(body: bytes, form: str, key: int) -> Response:
    answer = Response(body, mimetype=pictures.TYPES[form])
    answer.headers["Content-Disposition"] = f'inline; filename="house-status-{key}.{form}"'
    return answer


BLUEPRINTS = (blueprint,)
