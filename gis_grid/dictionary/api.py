"""Routes of code tables: read by everybody who is signed in, kept by those with the right."""

from __future__ import annotations

import re
from typing import Any

import sqlalchemy as sa
from flask import Response
from flask_smorest import Blueprint
from marshmallow import Schema, ValidationError, fields, validate

from gis_grid.access.guard import SIGNED_IN, require
from gis_grid.dictionary import actions
from gis_grid.dictionary.models import Entry, EntryChange
from gis_grid.errors import NotFound
from gis_grid.register.api import IF_MATCH, wanted_version
from gis_grid.register.fields import Strict, Text, column_field


class EntrySchema(Schema):
    code = fields.String()
    name = fields.String()
    retired = fields.Boolean(metadata={"title": "已停用：只用于显示旧数据，不再可选"})


class ListSchema(Schema):
    list = fields.String()
    entries = fields.List(fields.Nested(EntrySchema))


class TableSchema(Schema):
    list = fields.String()
    title = fields.String()
    entries = fields.Integer()
    retired = fields.Integer(metadata={"title": "已停用"})
    own = fields.Integer(metadata={"title": "本单位新增或修改"})
    fixed = fields.Boolean(metadata={"title": "系统按固定代码工作，不能增减"})


def _word() -> Text:
    return Text(validate=validate.Length(min=1, max=60))


def _check_code(value: str) -> None:
    if not re.fullmatch(r"[\w.-]{1,20}", value):  # not a pattern of the document: it could not show Python's
        raise ValidationError("代码为 1-20 位字母、数字、点或横线。")


class NewEntrySchema(Strict):
    code = Text(required=True, validate=_check_code)
    name = Text(required=True, validate=validate.Length(min=1, max=200))
    synonyms = fields.List(_word(), load_default=list, validate=validate.Length(max=50))


class EntryChangeSchema(Strict):
    name = Text(validate=validate.Length(min=1, max=200))
    synonyms = fields.List(_word(), validate=validate.Length(max=50))
    retired = fields.Boolean()


_WHOLE = Schema.from_dict({column.key: column_field(column) for column in sa.inspect(Entry).columns}, name="DictionaryEntry")
_CHANGE = Schema.from_dict(
    {column.key: column_field(column) for column in sa.inspect(EntryChange).columns}, name="DictionaryEntryChange"
)
blueprint = Blueprint("dictionary", __name__, url_prefix="/api/dictionary", description="代码表")


@blueprint.route("/")
@blueprint.response(
    200,
    Schema.from_dict({"lists": fields.List(fields.String()), "items": fields.List(fields.Nested(TableSchema))}, name="ListNames"),
)
@require(SIGNED_IN)
def list_names() -> dict[str, Any]:
    """代码表名录"""
    items = actions.list_tables()
    return {"lists": [item["list"] for item in items], "items": items}


@blueprint.route("/<list_name>")
@blueprint.response(200, ListSchema)
@require(SIGNED_IN)
def entries(list_name: str) -> dict[str, Any] | Response:
    """一个代码表"""
    found = actions.names(list_name)
    if not found:
        raise NotFound(f"没有代码表“{list_name[:40]}”。")
    active = actions.active_codes(list_name)
    return {
        "list": list_name,
        "entries": [{"code": code, "name": name, "retired": code not in active} for code, name in found.items()],
    }


@blueprint.route("/<list_name>/entries")
@blueprint.response(200, Schema.from_dict({"items": fields.List(fields.Nested(_WHOLE))}, name="DictionaryEntries"))
@require("dictionary.write")
def whole_entries(list_name: str) -> dict[str, Any]:
    """一个代码表的全部内容：同义词、来源、停用、版本"""
    return {"items": actions.entries(list_name)}


@blueprint.route("/<list_name>/entries", methods=["POST"])
@blueprint.arguments(NewEntrySchema)
@blueprint.response(201, _WHOLE)
@require("dictionary.write")
def add_entry(asked: dict[str, Any], list_name: str) -> Entry:
    """新增本单位自己的代码"""
    return actions.add_entry(list_name, asked["code"], asked["name"], asked["synonyms"])


@blueprint.route("/<list_name>/entries/<code>", methods=["PATCH"])
@blueprint.arguments(EntryChangeSchema)
@blueprint.response(200, _WHOLE)
@blueprint.doc(parameters=[IF_MATCH])
@require("dictionary.write")
def change_entry(asked: dict[str, Any], list_name: str, code: str) -> Entry:
    """改名、同义词、停用或重新启用；旧数据仍显示原代码"""
    return actions.change_entry(list_name, code, wanted_version(), asked)


@blueprint.route("/<list_name>/entries/<code>/history")
@blueprint.response(200, Schema.from_dict({"items": fields.List(fields.Nested(_CHANGE))}, name="DictionaryHistory"))
@require("dictionary.write")
def history(list_name: str, code: str) -> dict[str, Any]:
    """一个代码的各版本"""
    return {"items": actions.history(list_name, code)}


BLUEPRINTS = (blueprint,)
