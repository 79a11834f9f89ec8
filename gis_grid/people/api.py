"""Routes of households and residents. Numbers go out masked; the plain ones only through unmask, with a purpose."""

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint
from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from gis_grid.access.guard import require
from gis_grid.dictionary import CodeField
from gis_grid.people import actions, duplicates, home, tags
from gis_grid.people.classes import LIST
from gis_grid.people.registers import HOUSEHOLDS, READ, RESIDENTS, VALUABLES, WRITE
from gis_grid.register import register_blueprint
from gis_grid.register.api import IF_MATCH, shown_schema, wanted_version
from gis_grid.register.fields import BIGINT, Strict, Text


class FindSchema(Strict):
    id_number = Text(validate=validate.Length(min=5, max=40), metadata={"title": "证件号码"})
    phone = Text(validate=validate.Length(min=5, max=40), metadata={"title": "电话"})

    @validates_schema
    def one_of_them(self, values: dict[str, Any], **_: Any) -> None:
        if not values.get("id_number") and not values.get("phone"):
            raise ValidationError("请给出证件号码或电话。")


class PurposeSchema(Strict):
    purpose = Text(required=True, validate=validate.Length(min=4, max=200), metadata={"title": "用途"})


class TagSchema(Strict):
    code = CodeField(LIST, required=True, metadata={"title": "类别"})
    since = fields.Date(allow_none=True, metadata={"title": "自，默认今天"})
    until = fields.Date(allow_none=True, metadata={"title": "至（不含）"})
    source = Text(validate=validate.Length(max=100), metadata={"title": "来源"})
    note = Text(validate=validate.Length(max=1000), metadata={"title": "说明"})


class UntilSchema(Strict):
    until = fields.Date(metadata={"title": "结束日期，默认今天"})


class DuplicatesQuery(Strict):
    area_code = Text(validate=validate.Length(max=32), metadata={"title": "区域编码（含下级）"})
    limit = fields.Integer(load_default=100, validate=validate.Range(min=1, max=500))


Tag = Schema.from_dict(
    {
        "id": fields.Integer(),
        "code": CodeField(LIST),
        **{name: fields.Date(allow_none=True) for name in ("since", "until")},
        **{name: fields.String(allow_none=True) for name in ("source", "note", "made_by")},
    },
    name="ResidentTag",
)
Tags = Schema.from_dict(
    {"items": fields.List(fields.Nested(Tag)), "version": fields.Integer(metadata={"title": "登记与结束时放进 If-Match"})},
    name="ResidentTags",
)
HomeSchema = Schema.from_dict(
    {
        **{name: fields.Integer() for name in ("id", "version")},
        **{name: fields.String(allow_none=True) for name in ("number", "kind", "area_code", "remark")},
        "retired": fields.Boolean(),
        "room": fields.Dict(),
        **{name: fields.List(fields.Dict()) for name in ("people", "valuables", "others", "changes")},
    },
    name="Home",
)
Shown = shown_schema(RESIDENTS)
_ONE = f"/<int(max={BIGINT}):key>"
blueprint = Blueprint("people", __name__, url_prefix="/api/residents", description="居民查找、类别、查重与原文查看")
homes = Blueprint("homes", __name__, url_prefix="/api/households", description="住户全貌")


@blueprint.route("/find", methods=["POST"])
@blueprint.arguments(FindSchema)
@blueprint.response(200, Schema.from_dict({"items": fields.List(fields.Nested(Shown))}, name="Found"))
@require(READ)
def find(asked: dict[str, Any]) -> dict[str, Any]:
    """按证件号码或电话查找居民（须整号）"""
    return {"items": actions.find_people(asked.get("id_number"), asked.get("phone"))}


@blueprint.route(f"{_ONE}/unmask", methods=["POST"])
@blueprint.arguments(PurposeSchema)
@blueprint.response(
    200,
    Schema.from_dict({"id_number": fields.String(allow_none=True), "phone": fields.String(allow_none=True)}, name="Unmasked"),
)
@require("people.unmask")
def unmask(asked: dict[str, Any], key: int) -> dict[str, Any]:
    """查看证件号码与电话原文：须说明用途，记入审计"""
    return actions.unmask(key, asked["purpose"])


@blueprint.route(f"{_ONE}/tags")
@blueprint.response(200, Tags)
@require(READ)
def list_tags(key: int) -> Any:
    """居民的人员类别：现在与过去的（敏感类别须有权限）"""
    items, version = tags.list_tags(key)
    return _tagged({"items": items, "version": version}, version)


@blueprint.route(f"{_ONE}/tags", methods=["POST"])
@blueprint.arguments(TagSchema)
@blueprint.response(201, Tag)
@blueprint.doc(parameters=[IF_MATCH])
@require(WRITE)
def add_tag(asked: dict[str, Any], key: int) -> Any:
    """登记人员类别：自何日、至何日、来源"""
    return _tagged(*tags.add_tag(key, wanted_version(), asked))


@blueprint.route(f"{_ONE}/tags/<int(max={BIGINT}):tag_id>/end", methods=["POST"])
@blueprint.arguments(UntilSchema)
@blueprint.response(200, Tag)
@blueprint.doc(parameters=[IF_MATCH])
@require(WRITE)
def end_tag(asked: dict[str, Any], key: int, tag_id: int) -> Any:
    """结束一条人员类别"""
    return _tagged(*tags.end_tag(key, wanted_version(), tag_id, asked.get("until")))


def _tagged(told: Any, version: int) -> tuple[Any, dict[str, str]]:
    """An answer with the person's version, which the next change asks for."""
    return told, {"ETag": f'"{version}"'}


@blueprint.route("/duplicates")
@blueprint.arguments(DuplicatesQuery, location="query")
@blueprint.response(200, Schema.from_dict({"items": fields.List(fields.Dict())}, name="Duplicates"))
@require(READ)
def list_duplicates(asked: dict[str, Any]) -> dict[str, Any]:
    """可能重复登记的居民，成对列出并说明依据"""
    return {"items": duplicates.proposed(asked.get("area_code"), asked["limit"])}


@homes.route(f"{_ONE}/home")
@homes.response(200, HomeSchema)
@require(READ)
def open_home(key: int) -> dict[str, Any]:
    """打开一户：房屋、成员、类别、财产、变动记录"""
    return home.open_home(key)


BLUEPRINTS = (*(register_blueprint(each) for each in (HOUSEHOLDS, RESIDENTS, VALUABLES)), blueprint, homes)
