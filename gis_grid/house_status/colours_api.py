"""Routes of the diagram's colours: as they hold, changed, older versions."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from gis_grid import choices
from gis_grid.access.guard import require
from gis_grid.choices import Choice
from gis_grid.house_status import own_colours
from gis_grid.house_status.colours import CHOICE, PATTERNS
from gis_grid.register.fields import INT, Strict, Text, column_field


class LookSchema(Strict):
    label = Text(validate=validate.Length(min=1, max=20), metadata={"title": "图例名称"})
    mark = Text(validate=validate.Length(max=2), metadata={"title": "格子里的标记"})
    color = fields.String(validate=validate.Length(equal=7), metadata={"title": "颜色 #rrggbb"})
    pattern = fields.String(validate=validate.OneOf(PATTERNS), metadata={"title": "花纹"})
    priority = fields.Integer(strict=True, validate=validate.Range(min=0, max=1000), metadata={"title": "优先级，大的在前"})


class ColourChangeSchema(Strict):
    version = fields.Integer(
        required=True, strict=True, validate=validate.Range(min=0, max=INT), metadata={"title": "读到的版本"}
    )
    rules = fields.Dict(keys=Text(validate=validate.Length(max=40)), values=fields.Nested(LookSchema), required=True)


class ColourBackSchema(Strict):
    version = fields.Integer(required=True, strict=True, validate=validate.Range(min=0, max=INT))
    to = fields.Integer(required=True, strict=True, validate=validate.Range(min=0, max=INT), metadata={"title": "恢复到哪一版"})


_COLOURS = Schema.from_dict(
    {
        "version": fields.Integer(),
        "patterns": fields.List(fields.String()),
        "ink": fields.String(),
        "schemes": fields.List(fields.Dict()),
    },
    name="HouseStatusColours",
)
ChoiceSchema = Schema.from_dict({column.key: column_field(column) for column in sa.inspect(Choice).columns}, name="Choice")
blueprint = Blueprint("house_status_colours", __name__, url_prefix="/api/house-status-colours", description="房态图配色")


@blueprint.route("")
@blueprint.response(200, _COLOURS)
@require("colours.write")
def show() -> dict[str, Any]:
    """全部着色方式：现在的与系统自带的"""
    return own_colours.told()


@blueprint.route("/<string:scheme>", methods=["PUT"])
@blueprint.arguments(ColourChangeSchema)
@blueprint.response(200, _COLOURS)
@require("colours.write")
def change(asked: dict[str, Any], scheme: str) -> dict[str, Any]:
    """修改一种着色方式的颜色、花纹、标记、名称、优先级，立即对所有人生效"""
    return own_colours.change(scheme, asked["rules"], asked["version"])


@blueprint.route("/versions")
@blueprint.response(200, Schema.from_dict({"items": fields.List(fields.Nested(ChoiceSchema))}, name="ColourVersions"))
@require("colours.write")
def versions() -> dict[str, Any]:
    """各版本：谁在何时改的"""
    return {"items": choices.history(CHOICE)}


@blueprint.route("/versions", methods=["POST"])
@blueprint.arguments(ColourBackSchema)
@blueprint.response(200, _COLOURS)
@require("colours.write")
def back(asked: dict[str, Any]) -> dict[str, Any]:
    """恢复到某一版；0 为系统自带的配色"""
    return own_colours.back_to(asked["to"], asked["version"])


BLUEPRINTS = (blueprint,)
