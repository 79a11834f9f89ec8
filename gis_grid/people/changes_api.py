"""Routes of what happens to homes: one verb each, and each can be tried before."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import jsonify
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from gis_grid.access.guard import require
from gis_grid.dictionary import CodeField
from gis_grid.people import changes, duplicates
from gis_grid.people import undo as undoing_changes
from gis_grid.people.preview import tried
from gis_grid.people.registers import HOUSEHOLDS, READ, RESIDENTS, WRITE
from gis_grid.register.api import IF_MATCH, shown_schema, wanted_version, writing_schema
from gis_grid.register.fields import BIGINT, Strict, Text


def _key(title: str, **options: Any) -> fields.Integer:
    return fields.Integer(strict=True, validate=validate.Range(min=1, max=BIGINT), metadata={"title": title}, **options)


class HappenedSchema(Strict):
    on = fields.Date(metadata={"title": "发生日期，默认今天"})
    reason = Text(validate=validate.Length(max=200), metadata={"title": "原因"})


class MemberSchema(Strict):
    resident_id = _key("居民", required=True)
    relation = CodeField("relation", required=True, metadata={"title": "与户主关系"})


def _members(**options: Any) -> fields.List:
    return fields.List(
        fields.Nested(MemberSchema), validate=validate.Length(min=1, max=100), metadata={"title": "成员"}, **options
    )


class MoveSchema(HappenedSchema):
    room_id = _key("新房屋", required=True)


class SplitSchema(HappenedSchema):
    members = _members(required=True)
    room_id = _key("新户的房屋，默认原房屋")
    number = Text(validate=validate.Length(min=1, max=40), metadata={"title": "新户编号"})
    kind = CodeField("household_kind", metadata={"title": "户别"})


class JoinSchema(HappenedSchema):
    other_id = _key("并入的住户", required=True)
    members = _members(required=True)


class HeadSchema(HappenedSchema):
    members = _members(required=True)


class LeaveSchema(HappenedSchema):
    members = _members()


Person = writing_schema(RESIDENTS, "Newcomer", without=("household_id",))


class BirthSchema(Strict):
    child = fields.Nested(Person, required=True)
    reason = Text(validate=validate.Length(max=200), metadata={"title": "说明"})


class ArrivalSchema(HappenedSchema):
    person = fields.Nested(Person, required=True)


class MergeSchema(Strict):
    other_id = _key("重复的那位", required=True)
    reason = Text(validate=validate.Length(max=200), metadata={"title": "原因"})


class TenantsSchema(HappenedSchema):
    people = fields.List(fields.Nested(Person), required=True, validate=validate.Length(min=1, max=30))
    number = Text(validate=validate.Length(min=1, max=40), metadata={"title": "新户编号"})


class DryRun(Strict):
    dry_run = fields.Boolean(load_default=False, metadata={"title": "只预览：说明会改什么，不保存"})


DRY_RUN = {"in": "query", "name": "dry_run", "schema": {"type": "boolean", "title": "只预览：说明会改什么，不保存"}}


PreviewSchema = Schema.from_dict(
    {
        **{name: fields.List(fields.String()) for name in ("lines", "warnings")},
        **{name: fields.List(fields.Dict()) for name in ("people", "households")},
    },
    name="HomePreview",
)
HomeChangeSchema = Schema.from_dict(
    {
        "id": fields.Integer(),
        "kind": CodeField("home_change"),
        "on_day": fields.Date(),
        **{name: fields.List(fields.Integer()) for name in ("household_ids", "resident_ids", "room_ids")},
        **{name: fields.String(allow_none=True) for name in ("reason", "made_by")},
        **{name: fields.DateTime(allow_none=True) for name in ("made_at", "undone_at")},
        "may_be_undone": fields.Function(undoing_changes.may_be_undone, metadata={"type": "boolean", "title": "能否撤销"}),
    },
    name="HomeChange",
)
History = Schema.from_dict({"items": fields.List(fields.Nested(HomeChangeSchema))}, name="HomeHistory")
HouseholdShown, ResidentShown = shown_schema(HOUSEHOLDS), shown_schema(RESIDENTS)
_ONE = f"/<int(max={BIGINT}):key>"
households = Blueprint("household_changes", __name__, url_prefix="/api/households", description="住户变动")
residents = Blueprint("resident_changes", __name__, url_prefix="/api/residents", description="居民变动")
rooms = Blueprint("room_changes", __name__, url_prefix="/api/rooms", description="房屋租住变动")
undoing = Blueprint("home_changes", __name__, url_prefix="/api/home-changes", description="撤销变动")


def _verb(
    blueprint: Blueprint, rule: str, body: type[Schema] | None, shown: type[Schema], *, version: bool = True, status: int = 200
) -> Callable[[Any], Any]:
    """A route that does one thing to a home; ?dry_run=true tells what it would change and leaves everything as it is."""

    def decorate(verb: Any) -> Any:
        @wraps(verb)
        def view(wanted: dict[str, Any], *asked: dict[str, Any], **key: int) -> Any:
            if wanted["dry_run"]:
                return jsonify(PreviewSchema().dump(tried(lambda: verb(*asked, **key))))
            return verb(*asked, **key)

        view = require(WRITE)(view)
        if version:
            view = blueprint.doc(parameters=[IF_MATCH, DRY_RUN])(view)  # these stand in the place of those found by themselves
        view = blueprint.alt_response(200, schema=PreviewSchema, success=True)(view) if status != 200 else view
        view = blueprint.response(status, shown)(view)
        if body is not None:
            view = blueprint.arguments(body)(view)
        view = blueprint.arguments(DryRun, location="query")(view)
        return blueprint.route(rule, methods=["POST"])(view)

    return decorate


@_verb(households, f"{_ONE}/move", MoveSchema, HouseholdShown)
def move(asked: dict[str, Any], key: int) -> Any:
    """搬家：全户搬到另一间房屋"""
    return changes.move_household(key, wanted_version(), asked["room_id"], asked.get("on"), asked.get("reason"))


@_verb(households, f"{_ONE}/split", SplitSchema, HouseholdShown, status=201)
def split(asked: dict[str, Any], key: int) -> Any:
    """分户：部分成员另立一户"""
    return changes.split_household(key, wanted_version(), {**asked, "members": changes.members_of(asked["members"])})


@_verb(households, f"{_ONE}/join", JoinSchema, HouseholdShown)
def join(asked: dict[str, Any], key: int) -> Any:
    """并户：另一户全部并入本户"""
    given = {**asked, "members": changes.members_of(asked["members"])}
    return changes.join_households(key, wanted_version(), asked["other_id"], given)


@_verb(households, f"{_ONE}/head", HeadSchema, HouseholdShown)
def head(asked: dict[str, Any], key: int) -> Any:
    """变更户主：重新填写每位成员与户主的关系"""
    relations = changes.members_of(asked["members"])
    return changes.change_head(key, wanted_version(), relations, asked.get("on"), asked.get("reason"))


@_verb(households, f"{_ONE}/birth", BirthSchema, ResidentShown, version=False, status=201)
def birth(asked: dict[str, Any], key: int) -> Any:
    """出生登记"""
    return changes.register_birth(key, asked["child"], asked.get("reason"))


@_verb(households, f"{_ONE}/arrival", ArrivalSchema, ResidentShown, version=False)
def arrival(asked: dict[str, Any], key: int) -> Any:
    """迁入：一人搬入本户；证件号码已登记的视为同一人"""
    return changes.move_person(key, asked["person"], asked.get("on"), asked.get("reason"))


@_verb(households, f"{_ONE}/departure", HappenedSchema, HouseholdShown)
def leave_together(asked: dict[str, Any], key: int) -> Any:
    """全户迁出"""
    return changes.leave_together(key, wanted_version(), asked.get("on"), asked.get("reason"))


@households.route(f"{_ONE}/history")
@households.response(200, History)
@require(READ)
def household_history(key: int) -> dict[str, Any]:
    """住户的变动记录，新的在前"""
    return {"items": changes.history(household_id=key)}


@residents.route(f"{_ONE}/history")
@residents.response(200, History)
@require(READ)
def resident_history(key: int) -> dict[str, Any]:
    """居民的变动记录，新的在前"""
    return {"items": changes.history(resident_id=key)}


@_verb(residents, f"{_ONE}/death", LeaveSchema, ResidentShown)
def death(asked: dict[str, Any], key: int) -> Any:
    """死亡登记；户主去世须同时指定新户主"""
    return _end(asked, key, "died")


@_verb(residents, f"{_ONE}/departure", LeaveSchema, ResidentShown)
def departure(asked: dict[str, Any], key: int) -> Any:
    """个人迁出；户主迁出须同时指定新户主"""
    return _end(asked, key, "moved_out")


def _end(asked: dict[str, Any], key: int, why: str) -> Any:
    relations = changes.members_of(asked["members"]) if asked.get("members") else None
    return changes.end_residence(key, wanted_version(), why, asked.get("on"), relations, asked.get("reason"))


@_verb(residents, f"{_ONE}/merge", MergeSchema, ResidentShown)
def merge(asked: dict[str, Any], key: int) -> Any:
    """合并重复登记：对方并入本人，可撤销"""
    return duplicates.merge(key, wanted_version(), asked["other_id"], asked.get("reason"))


@_verb(rooms, f"{_ONE}/tenants", TenantsSchema, HouseholdShown, version=False, status=201)
def tenants(asked: dict[str, Any], key: int) -> Any:
    """租客更替：原租户迁出，新租户入住"""
    return changes.change_tenants(key, asked)


@_verb(undoing, f"/<int(max={BIGINT}):change_id>/undo", None, HomeChangeSchema, version=False)
def undo(change_id: int) -> Any:
    """撤销一次变动；之后同一些人或同一户又有变动的，须先撤销后面的"""
    return undoing_changes.undo(change_id)


BLUEPRINTS = (households, residents, rooms, undoing)
