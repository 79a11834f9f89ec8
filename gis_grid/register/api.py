"""The five routes of a register, built from its description."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa
from flask import Response, request
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from gis_grid.access.guard import require
from gis_grid.db import Located
from gis_grid.dictionary import CodeField
from gis_grid.errors import BadRequest, VersionRequired
from gis_grid.register import actions, steps
from gis_grid.register.actions import Register
from gis_grid.register.fields import BIGINT, Strict, Text, column_field, is_required
from gis_grid.sealed import Sealed

IF_MATCH = {
    "in": "header",
    "name": "If-Match",
    "required": True,
    "schema": {"type": "string"},
    "description": "读取时得到的 ETag；不一致时答 412 并说明别人改了什么",
}


VersionSchema = Schema.from_dict(
    {
        "at": fields.DateTime(metadata={"title": "时间"}),
        "by": fields.String(metadata={"title": "操作人"}),
        "action": fields.String(metadata={"title": "操作"}),
        "version": fields.Integer(),
        "before": fields.Dict(allow_none=True),
        "after": fields.Dict(allow_none=True),
    },
    name="RecordVersion",
)
VersionsSchema = Schema.from_dict(
    {"items": fields.List(fields.Nested(VersionSchema)), "may_undo": fields.Boolean(metadata={"title": "可撤销"})},
    name="RecordVersions",
)


WhySchema = Schema.from_dict(
    {
        **{name: fields.String(allow_none=True) for name in ("area_code", "placed_by", "reason", "sentence")},
        "by_place": fields.Dict(allow_none=True, metadata={"title": "起决定作用的点：规则、候选、距边界（米）"}),
    },
    name="WhyThere",
)


def list_blueprint(register: Register) -> Blueprint:
    """Routes that only read: list and one."""
    actions.REGISTERS[register.name] = register
    blueprint = Blueprint(register.name, __name__, url_prefix=f"/api/{register.name}", description=register.title)
    _reading(register, blueprint)
    return blueprint


def register_blueprint(register: Register) -> Blueprint:
    """Routes under /api/<name>: list, one, keep, change, retire."""
    blueprint = list_blueprint(register)
    actions.WRITTEN.add(register.name)
    _writing(register, blueprint)
    return blueprint


def _reading(register: Register, blueprint: Blueprint) -> None:
    shown, _, _, wanted, page = _schemas(register)

    @blueprint.route("/", endpoint="list")
    @blueprint.arguments(wanted, location="query")
    @blueprint.response(200, page)
    @_named(f"{register.title}：列表")
    @require(register.read)
    def list_rows(asked: dict[str, Any]) -> actions.Page:
        return actions.list_page(register, asked)

    @blueprint.route(_one(register), endpoint="find")
    @blueprint.response(200, shown)
    @_named(f"{register.title}：一条")
    @require(register.read)
    def find_row(key: Any) -> Any:
        return _tagged(actions.find(register, key))

    @blueprint.route(f"{_one(register)}/versions", endpoint="versions")
    @blueprint.response(200, VersionsSchema)
    @_named(f"{register.title}：变更记录")
    @require(register.read)
    def list_versions(key: Any) -> dict[str, Any]:
        row = actions.find(register, key)
        return {"items": steps.versions(register, key), "may_undo": steps.may_undo(register, row)}

    if (explain := register.why) is None:
        return

    @blueprint.route(f"{_one(register)}/why", endpoint="why")
    @blueprint.response(200, WhySchema)
    @_named(f"{register.title}：为什么属于这个网格")
    @require(register.read)
    def show_why(key: Any) -> dict[str, Any]:
        return explain(actions.find(register, key))


def _writing(register: Register, blueprint: Blueprint) -> None:
    shown, kept, changed, _, _ = _schemas(register)

    @blueprint.route("/", methods=["POST"], endpoint="keep")
    @blueprint.arguments(kept)
    @blueprint.response(201, shown)
    @_named(f"{register.title}：登记")
    @require(register.write)
    def keep_row(values: dict[str, Any]) -> Any:
        return _tagged(actions.keep(register, values))

    @blueprint.route(_one(register), methods=["PATCH"], endpoint="change")
    @blueprint.arguments(changed)
    @blueprint.response(200, shown)
    @blueprint.doc(parameters=[IF_MATCH])
    @_named(f"{register.title}：修改")
    @require(register.write)
    def change_row(values: dict[str, Any], key: Any) -> Any:
        return _tagged(actions.change(register, key, wanted_version(), values))

    @blueprint.route(_one(register), methods=["DELETE"], endpoint="retire")
    @blueprint.response(204)
    @blueprint.doc(parameters=[IF_MATCH])
    @_named(f"{register.title}：注销")
    @require(register.write)
    def retire_row(key: Any) -> Response:
        actions.retire(register, key, wanted_version())
        return Response(status=204)

    @blueprint.route(f"{_one(register)}/undo", methods=["POST"], endpoint="undo")
    @blueprint.response(200, shown)
    @blueprint.doc(parameters=[IF_MATCH])
    @_named(f"{register.title}：撤销自己最近一次修改")
    @require(register.write)
    def undo_row(key: Any) -> Any:
        return _tagged(steps.undo(register, key, wanted_version()))


def _one(register: Register) -> str:
    return f"/<int(max={BIGINT}):key>" if isinstance(register.key.type, sa.Integer) else "/<string:key>"


def _named(text: str) -> Callable[[Any], Any]:
    """The route's title in the document."""

    def name(view: Any) -> Any:
        view.__doc__ = text
        return view

    return name


def wanted_version() -> int:
    """The version in If-Match; refuses a change without one."""
    tag = request.headers.get("If-Match")
    if tag is None:
        raise VersionRequired("修改前请先读取，并在 If-Match 中带上得到的 ETag。")
    found = re.fullmatch(r'(?:W/)?"?([0-9]{1,9})"?', tag.strip())
    if not found:
        raise BadRequest('If-Match 应为读取时得到的 ETag，例如 "3"。', code="bad_version")
    return int(found[1])


def _tagged(row: Any) -> tuple[Any, dict[str, str]]:
    return row, {"ETag": f'"{row.version}"'}


@cache
def shown_schema(register: Register) -> type[Schema]:
    """How a row of this register goes out: sealed values masked."""
    shown = {column.key: _shown_field(register, column) for column in register.columns}
    return Schema.from_dict({**shown, **register.besides}, name=register.model.__name__)


def keep_schema(register: Register) -> type[Schema]:
    """What a new row is made of."""
    return _schemas(register)[1]


def change_schema(register: Register) -> type[Schema]:
    """What may be changed of a row."""
    return _schemas(register)[2]


@cache
def _schemas(register: Register) -> tuple[type[Schema], ...]:
    """shown, kept, changed, wanted and page schemas; each with its own name, or one document would show them alike."""
    stem = register.model.__name__
    kept = {
        column.key: column_field(column, codes=register.codes.get(column.key), required=is_required(column))
        for column in register.writable
    }
    changed = {
        column.key: column_field(column, codes=register.codes.get(column.key))
        for column in register.writable
        if not column.primary_key
    }
    shown = shown_schema(register)
    wanted = {column.key: _filter_field(register, column) for column in register.filters} | _paging()
    if register.on_day:
        wanted["at"] = fields.Date(metadata={"title": "某日有效的（含其后注销的）"})
    if issubclass(register.model, Located):
        wanted["unplaced"] = fields.Boolean(metadata={"title": "只要未定位的（不在任何网格内）"})
    items = fields.List(fields.Nested(shown))
    page = Schema.from_dict({"items": items, "next": fields.String(allow_none=True)}, name=f"{stem}Page")
    return (
        shown,
        Strict.from_dict({**kept, **register.extra}, name=f"{stem}Keep"),
        Strict.from_dict({**changed, **register.extra}, name=f"{stem}Change"),
        Strict.from_dict(wanted, name=f"{stem}Query"),
        page,
    )


def writing_schema(register: Register, name: str, without: Sequence[str] = ()) -> type[Schema]:
    """What a new row of this register may say, as part of another request."""
    columns = [column for column in register.writable if column.key not in without]
    made = {
        column.key: column_field(column, codes=register.codes.get(column.key), required=is_required(column)) for column in columns
    }
    return Strict.from_dict(made, name=name)


def _paging() -> dict[str, fields.Field]:
    return {
        "q": Text(validate=validate.Length(min=1, max=100), metadata={"title": "包含文字"}),
        "area_code": Text(validate=validate.Length(max=32), metadata={"title": "区域编码（含下级）"}),
        "sort": Text(validate=validate.Length(max=40), metadata={"title": "排序列，前加 - 为降序"}),
        "after": Text(validate=validate.Length(max=500), metadata={"title": "上一页给出的 next"}),
        "limit": fields.Integer(load_default=50, validate=validate.Range(min=1, max=1000)),
        "retired": fields.Boolean(load_default=False, metadata={"title": "包括已注销"}),
    }


def _filter_field(register: Register, column: sa.Column[Any]) -> fields.Field:
    title = {"title": column.comment or column.key}
    if isinstance(column.type, sa.Boolean):
        return fields.Boolean(metadata=title)
    if isinstance(column.type, sa.Integer):
        made = column_field(column)
        return fields.Integer(validate=made.validate, metadata=title)
    return Text(validate=validate.Length(min=1, max=200), metadata=title)


def _shown_field(register: Register, column: sa.Column[Any]) -> fields.Field:
    if isinstance(column.type, Sealed):
        mask = register.masks[column.key]
        metadata = {"title": column.comment, "masked": True}
        return fields.Function(lambda row: _masked(mask, getattr(row, column.key)), metadata=metadata)
    if column.key in register.shown:
        see, metadata = register.shown[column.key], {"title": column.comment, "dictionary": register.codes.get(column.key)}
        return fields.Function(lambda row: see(getattr(row, column.key)), metadata=metadata)
    codes = register.codes.get(column.key)
    made = column_field(column)
    if codes and isinstance(made, fields.String):
        return CodeField(codes, metadata=made.metadata)
    made.validators.clear()
    return made


def _masked(mask: Any, value: str | None) -> str | None:
    return None if value is None else mask(value)
