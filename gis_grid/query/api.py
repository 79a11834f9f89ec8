"""Routes of queries: what can be asked, one page of an answer, and what people keep and share."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from gis_grid.access.guard import SIGNED_IN, caller, require
from gis_grid.query import actions
from gis_grid.query.registers import REGISTERS, asked_register, fields_of
from gis_grid.query.rules import OPS, read_query
from gis_grid.register import Register
from gis_grid.register.api import shown_schema
from gis_grid.register.fields import BIGINT, Strict, Text

FieldSchema = Schema.from_dict(
    {
        "key": fields.String(),
        "label": fields.String(),
        "kind": fields.String(),
        "codes": fields.String(allow_none=True, metadata={"title": "代码表"}),
        "sortable": fields.Boolean(),
        "ops": fields.List(fields.String()),
    },
    name="QueryField",
)
RegisterSchema = Schema.from_dict(
    {"name": fields.String(), "title": fields.String(), "fields": fields.List(fields.Nested(FieldSchema))}, name="QueryRegister"
)
AnswerSchema = Schema.from_dict(
    {
        "items": fields.List(fields.Dict()),
        "next": fields.String(allow_none=True),
        "total": fields.Integer(allow_none=True, metadata={"title": "总数（total=true 时）"}),
    },
    name="QueryAnswer",
)
WHERE = {"title": "查询条件", "description": "all、any、not 组合 {field, op, value}，以及 area、inside、near"}


class QuerySchema(Strict):
    where = fields.Dict(allow_none=True, metadata=WHERE)
    columns = fields.List(
        Text(validate=validate.Length(max=40)), validate=validate.Length(min=1, max=80), metadata={"title": "列"}
    )
    sort = Text(validate=validate.Length(max=40), metadata={"title": "排序列，前加 - 为降序"})
    after = Text(validate=validate.Length(max=500), metadata={"title": "上一页给出的 next"})
    limit = fields.Integer(load_default=50, validate=validate.Range(min=1, max=1000))
    retired = fields.Boolean(load_default=False, metadata={"title": "包括已注销"})
    total = fields.Boolean(load_default=False, metadata={"title": "同时数总数"})


class SavedSchema(Strict):
    kind = fields.String(load_default="query", validate=validate.OneOf(("query", "report")), metadata={"title": "种类"})
    register = fields.String(required=True, validate=validate.OneOf(tuple(REGISTERS)), metadata={"title": "登记表"})
    name = Text(required=True, validate=validate.Length(min=1, max=80), metadata={"title": "名称"})
    definition = fields.Dict(required=True, validate=validate.Length(max=20), metadata={"title": "定义"})
    area_code = Text(allow_none=True, validate=validate.Length(min=1, max=32), metadata={"title": "共享给该区域的人"})


class SavedChangeSchema(Strict):
    name = Text(validate=validate.Length(min=1, max=80), metadata={"title": "名称"})
    definition = fields.Dict(validate=validate.Length(max=20), metadata={"title": "定义"})
    area_code = Text(allow_none=True, validate=validate.Length(min=1, max=32), metadata={"title": "共享给该区域的人"})


class SavedFilter(Strict):
    kind = fields.String(validate=validate.OneOf(("query", "report")), metadata={"title": "种类"})
    register = Text(validate=validate.Length(max=40), metadata={"title": "登记表"})


ShownSavedSchema = Schema.from_dict(
    {
        "id": fields.Integer(),
        "kind": fields.String(),
        "register": fields.String(),
        "name": fields.String(),
        "definition": fields.Dict(),
        "owner": fields.String(),
        "area_code": fields.String(allow_none=True),
        "updated_at": fields.DateTime(),
        "mine": fields.Function(lambda row: (row.owner, row.user_id) == (caller().name, caller().user_id)),
    },
    name="SavedQuery",
)
blueprint = Blueprint("queries", __name__, url_prefix="/api/queries", description="查询")
_ONE = f"/saved/<int(max={BIGINT}):key>"


@blueprint.route("/registers")
@blueprint.response(200, Schema.from_dict({"items": fields.List(fields.Nested(RegisterSchema))}, name="QueryRegisters"))
@require(SIGNED_IN)
def list_registers() -> dict[str, Any]:
    """能查询的登记表与字段"""
    return {"items": [_told(register) for register in REGISTERS.values() if caller().may(register.read)]}


@blueprint.route("/ask/<string:name>", methods=["POST"])
@blueprint.arguments(QuerySchema)
@blueprint.response(200, AnswerSchema)
@require(SIGNED_IN)
def ask(asked: dict[str, Any], name: str) -> dict[str, Any]:
    """查询一个登记表：任意字段、组合条件、范围与距离；一页一页地答"""
    register = asked_register(name)
    columns = actions.check_columns(register, asked.get("columns") or [])
    found = actions.ask(register, asked)
    shown = shown_schema(register)(only=[*dict.fromkeys([register.key.key, *columns])] if columns else None)
    return {"items": shown.dump(found.items, many=True), "next": found.next, "total": found.total}


@blueprint.route("/saved")
@blueprint.arguments(SavedFilter, location="query")
@blueprint.response(200, Schema.from_dict({"items": fields.List(fields.Nested(ShownSavedSchema))}, name="SavedQueries"))
@require(SIGNED_IN)
def list_saved(asked: dict[str, Any]) -> dict[str, Any]:
    """自己的与共享给自己的查询、报表"""
    return {"items": actions.list_saved(asked.get("kind"), asked.get("register"))}


@blueprint.route("/saved", methods=["POST"])
@blueprint.arguments(SavedSchema)
@blueprint.response(201, ShownSavedSchema)
@require(SIGNED_IN)
def save(asked: dict[str, Any]) -> Any:
    """保存一个查询或报表，可共享给一个区域的人"""
    _check_definition(asked["register"], asked["definition"])
    return actions.save(asked)


@blueprint.route(_ONE)
@blueprint.response(200, ShownSavedSchema)
@require(SIGNED_IN)
def find_saved(key: int) -> Any:
    """一个已存查询"""
    return actions.find_saved(key)


@blueprint.route(_ONE, methods=["PATCH"])
@blueprint.arguments(SavedChangeSchema)
@blueprint.response(200, ShownSavedSchema)
@require(SIGNED_IN)
def change_saved(asked: dict[str, Any], key: int) -> Any:
    """修改自己的已存查询"""
    if "definition" in asked:
        _check_definition(actions.find_saved(key).register, asked["definition"])
    return actions.change_saved(key, asked)


@blueprint.route(_ONE, methods=["DELETE"])
@blueprint.response(204)
@require(SIGNED_IN)
def forget_saved(key: int) -> Response:
    """删去自己的已存查询"""
    actions.forget_saved(key)
    return Response(status=204)


def _check_definition(name: str, definition: dict[str, Any]) -> None:
    register = asked_register(name)
    read_query(definition.get("where"), fields_of(register))


def _told(register: Register) -> dict[str, Any]:
    told = [{**one.__dict__, "ops": OPS[one.kind]} for one in fields_of(register).values()]
    return {"name": register.name, "title": register.title, "fields": told}


BLUEPRINTS = (blueprint,)
