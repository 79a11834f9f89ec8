"""Routes of queries: what can be asked, one page of an answer, and what people keep and share."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import Response
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from gis_grid.access.guard import SIGNED_IN, caller, check_right, require
from gis_grid.errors import BadRequest
from gis_grid.query import actions, bulk, told
from gis_grid.query.registers import PEOPLE, REGISTERS, asked_register, fields_of
from gis_grid.query.rules import OPS, Asked, read_query
from gis_grid.register import Register
from gis_grid.register.actions import WRITTEN
from gis_grid.register.api import shown_schema
from gis_grid.register.fields import BIGINT, Number, Strict, Text, is_required
from gis_grid.register.steps import undo_batch as undo_steps

FieldSchema = Schema.from_dict(
    {
        "key": fields.String(),
        "label": fields.String(),
        "kind": fields.String(),
        "codes": fields.String(allow_none=True, metadata={"title": "代码表"}),
        "sortable": fields.Boolean(),
        "writable": fields.Boolean(metadata={"title": "可填写"}),
        "required": fields.Boolean(metadata={"title": "必填"}),
        "length": fields.Integer(allow_none=True, metadata={"title": "最多几个字"}),
        "whole": fields.Boolean(metadata={"title": "整数"}),
        "refers": fields.String(allow_none=True, metadata={"title": "指向的登记表"}),
        "bulk": fields.Boolean(metadata={"title": "可批量修改"}),
        "measure": fields.Boolean(metadata={"title": "可合计"}),
        "ops": fields.List(fields.String()),
    },
    name="QueryField",
)
RegisterSchema = Schema.from_dict(
    {
        "name": fields.String(),
        "title": fields.String(),
        "key": fields.String(metadata={"title": "主键列"}),
        "write": fields.Boolean(metadata={"title": "可修改"}),
        "adds": fields.Boolean(metadata={"title": "可在此新增"}),
        "placed": fields.Boolean(metadata={"title": "可上图"}),
        "point": fields.String(allow_none=True, metadata={"title": "可填写的位置"}),
        "fresh": fields.Boolean(metadata={"title": "有核实期限"}),
        "people": fields.Boolean(metadata={"title": "含个人信息"}),
        "explains": fields.Boolean(metadata={"title": "每条可问为什么属于这个网格（why）"}),
        "fields": fields.List(fields.Nested(FieldSchema)),
    },
    name="QueryRegister",
)
AnswerSchema = Schema.from_dict(
    {
        "items": fields.List(fields.Dict()),
        "next": fields.String(allow_none=True),
        "total": fields.Integer(allow_none=True, metadata={"title": "总数（total=true 时）"}),
        "names": fields.Dict(allow_none=True, metadata={"title": "列 → 值 → 所指记录的名称（told=true 时）"}),
        "places": fields.Dict(allow_none=True, metadata={"title": "主键 → 经纬度与地址（told=true 时）"}),
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
    told = fields.Boolean(load_default=False, metadata={"title": "同时给出所指记录的名称与位置"})


class SumsSchema(Strict):
    where = fields.Dict(allow_none=True, metadata=WHERE)
    retired = fields.Boolean(load_default=False, metadata={"title": "包括已注销"})


class SpotsSchema(Strict):
    where = fields.Dict(allow_none=True, metadata=WHERE)
    bounds = fields.List(
        Number(validate=validate.Range(min=-180, max=180)),
        required=True,
        validate=validate.Length(equal=4),
        metadata={"title": "西、南、东、北（度）"},
    )
    zoom = Number(required=True, validate=validate.Range(min=0, max=24), metadata={"title": "地图缩放级别"})


class BulkRow(Strict):
    key = fields.Raw(required=True, metadata={"title": "主键", "type": "string"})
    version = fields.Integer(validate=validate.Range(min=1, max=BIGINT), metadata={"title": "看到的版本"})


class BulkSchema(Strict):
    rows = fields.List(fields.Nested(BulkRow), required=True, validate=validate.Length(min=1, max=bulk.MOST_ROWS))
    values = fields.Dict(required=True, validate=validate.Length(min=1, max=20), metadata={"title": "列与新值"})
    dry_run = fields.Boolean(load_default=False, metadata={"title": "只试做，不保存"})
    batch = Text(allow_none=True, validate=validate.Regexp(r"^[0-9a-f]{16}$"), metadata={"title": "接着同一批"})


class SavedSchema(Strict):
    kind = fields.String(load_default="query", validate=validate.OneOf(("query", "report")), metadata={"title": "种类"})
    register = fields.String(required=True, validate=validate.OneOf(tuple(REGISTERS)), metadata={"title": "登记表"})
    name = Text(required=True, validate=validate.Length(min=1, max=80), metadata={"title": "名称"})
    definition = fields.Dict(required=True, validate=validate.Length(max=20), metadata={"title": "定义"})
    area_code = Text(allow_none=True, validate=validate.Length(min=1, max=32), metadata={"title": "共享给该区域的人"})


class SavedChangeSchema(Strict):
    register = fields.String(validate=validate.OneOf(tuple(REGISTERS)), metadata={"title": "登记表（随定义一起换）"})
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
SpotSchema = Schema.from_dict(
    {
        "lon": fields.Float(),
        "lat": fields.Float(),
        "count": fields.Integer(),
        "key": fields.Raw(metadata={"title": "其中一条的主键", "type": "string"}),
        "title": fields.String(allow_none=True),
        "keys": fields.List(fields.Raw(), allow_none=True, metadata={"title": "逐处列出时：都有哪些（最多 300）"}),
    },
    name="QuerySpot",
)
SpotsAnswer = Schema.from_dict(
    {
        "items": fields.List(fields.Nested(SpotSchema)),
        "more": fields.Boolean(metadata={"title": "还有未列出的"}),
        "exact": fields.Boolean(metadata={"title": "逐处列出，未聚合"}),
    },
    name="QuerySpots",
)
BulkAnswer = Schema.from_dict(
    {
        "changed": fields.List(fields.Raw()),
        "same": fields.List(fields.Raw()),
        "refused": fields.List(fields.Dict(), metadata={"title": "key、title、why"}),
        "batch": fields.String(allow_none=True, metadata={"title": "批号，撤销时用"}),
        "changes": fields.List(
            fields.Dict(), metadata={"title": "试做时每条会怎样变：key、title、fields（列 → [改前, 改后]，敏感字段遮盖）"}
        ),
        "names": fields.Dict(metadata={"title": "试做时：列 → 值 → 所指记录的名称"}),
    },
    name="BulkAnswer",
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
    beside = {"names": told.names_beside(register, found.items), "places": told.places_beside(register, found.items)}
    return {
        "items": shown.dump(found.items, many=True),
        "next": found.next,
        "total": found.total,
        **(beside if asked["told"] else {}),
    }


@blueprint.route("/sums/<string:name>", methods=["POST"])
@blueprint.arguments(SumsSchema)
@blueprint.response(200, Schema.from_dict({"total": fields.Integer(), "sums": fields.Dict()}, name="QuerySums"))
@require(SIGNED_IN)
def sums(asked: dict[str, Any], name: str) -> dict[str, Any]:
    """合计：符合条件的有多少条，各数量列之和"""
    register = asked_register(name)
    return told.sums(register, read_query(asked.get("where"), fields_of(register)), retired=asked["retired"])


@blueprint.route("/spots/<string:name>", methods=["POST"])
@blueprint.arguments(SpotsSchema)
@blueprint.response(200, SpotsAnswer)
@require(SIGNED_IN)
def spots(asked: dict[str, Any], name: str) -> dict[str, Any]:
    """分布图：视野内符合条件的记录各在哪里、有多少；远看按方格聚合，近看逐处列出"""
    register = asked_register(name)
    return told.spots(register, read_query(asked.get("where"), fields_of(register)), asked["bounds"], asked["zoom"])


@blueprint.route("/bulk/<string:name>", methods=["POST"])
@blueprint.arguments(BulkSchema)
@blueprint.response(200, BulkAnswer)
@require(SIGNED_IN)
def change_many(asked: dict[str, Any], name: str) -> dict[str, Any]:
    """批量修改：先试做看结果，再保存；每条按登记表的规则检查，整批可撤销"""
    register = asked_register(name)
    check_right(register.write)
    values = bulk.read_values(register, asked["values"])
    return bulk.change_many(register, asked["rows"], values, dry_run=asked["dry_run"], batch=asked.get("batch"))


@blueprint.route("/batches/<string:batch>/undo", methods=["POST"])
@blueprint.response(200, Schema.from_dict({"undone": fields.Integer(), "refused": fields.List(fields.Dict())}, name="Undone"))
@require(SIGNED_IN)
def undo_batch(batch: str) -> dict[str, Any]:
    """撤销自己的一批修改；之后又被改过的保持不变并列出"""
    return undo_steps(batch)


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
    if "register" in asked and "definition" not in asked:
        raise BadRequest("换登记表时须同时给出新的定义。", code="no_definition")
    if "definition" in asked:
        _check_definition(asked.get("register") or actions.find_saved(key).register, asked["definition"])
    return actions.change_saved(key, asked)


@blueprint.route(_ONE, methods=["DELETE"])
@blueprint.response(204)
@require(SIGNED_IN)
def forget_saved(key: int) -> Response:
    """删去自己的已存查询"""
    actions.forget_saved(key)
    return Response(status=204)


def _check_definition(name: str, definition: dict[str, Any]) -> None:
    """A condition must be one that the register understands; figures without any may also be kept by who counts coarsely."""
    if definition.get("where"):
        read_query(definition["where"], fields_of(asked_register(name)))


def _told(register: Register) -> dict[str, Any]:
    may_write = register.name in WRITTEN and caller().may(register.write)
    point = next((column.key for column in register.writable if column.key == "point"), None)
    return {
        "name": register.name,
        "title": register.title,
        "key": register.key.key,
        "write": may_write,
        "adds": may_write and register.name != "areas",  # those are drawn
        "placed": told.has_places(register),
        "point": point,
        "fresh": hasattr(register.model, "due_on"),
        "people": register.name in PEOPLE,
        "explains": register.why is not None,
        "fields": [_told_field(register, one) for one in fields_of(register).values()],
    }


def _told_field(register: Register, asked: Asked) -> dict[str, Any]:
    """One field for tables and forms: what it is called, how it is asked, and what it takes."""
    columns = {column.key: column for column in register.columns}
    column, writable = columns.get(asked.key), {one.key for one in register.writable}
    return {
        **asked.__dict__,
        "ops": OPS[asked.kind],
        "writable": asked.key in writable,
        "required": asked.key in writable and column is not None and is_required(column),
        "length": getattr(column.type, "length", None) if column is not None else None,
        "whole": column is not None and isinstance(column.type, sa.Integer),
        "refers": told.references(register).get(asked.key),
        "bulk": asked.key in bulk.bulk_fields(register),
        "measure": column is not None and told.is_measure(register, column),
    }


BLUEPRINTS = (blueprint,)
