"""Routes of users, roles and tokens."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_smorest import Blueprint
from marshmallow import Schema, fields

from gis_grid.access import actions, factor, keeping
from gis_grid.access.guard import require
from gis_grid.access.rules import RIGHTS
from gis_grid.access.schemas import (
    RoleChangeSchema,
    RoleSchema,
    ShownRoleSchema,
    ShownTokenSchema,
    ShownUserSchema,
    TokenSchema,
    UserChangeSchema,
    UserSchema,
)
from gis_grid.register.api import IF_MATCH, wanted_version

blueprint = Blueprint("users", __name__, url_prefix="/api", description="用户、角色、令牌")


@blueprint.route("/users", methods=["POST"])
@blueprint.arguments(UserSchema)
@blueprint.response(201, Schema.from_dict({"username": fields.String(), "one_time_password": fields.String()}, name="NewUser"))
@require("users.manage")
def create_user(asked: dict[str, Any]) -> dict[str, Any]:
    """新建用户：答一次性密码"""
    once = actions.create_user(
        asked["username"], asked["name"], asked["roles"], asked["scopes"], expires_on=asked.get("expires_on")
    )
    return {"username": asked["username"], "one_time_password": once}


@blueprint.route("/users")
@blueprint.response(200, Schema.from_dict({"items": fields.List(fields.Nested(ShownUserSchema))}, name="Users"))
@require("users.manage")
def list_users() -> dict[str, Any]:
    """用户列表"""
    return {"items": keeping.list_users()}


@blueprint.route("/users/<string:username>", methods=["PATCH"])
@blueprint.arguments(UserChangeSchema)
@blueprint.response(200, ShownUserSchema)
@blueprint.doc(parameters=[IF_MATCH])
@require("users.manage")
def change_user(asked: dict[str, Any], username: str) -> dict[str, Any]:
    """修改用户的姓名、角色、数据范围、有效期"""
    return keeping.change_user(username.replace("\x00", ""), wanted_version(), asked)


@blueprint.route("/users/<string:username>/restore", methods=["POST"])
@blueprint.response(204)
@require("users.manage")
def restore_user(username: str) -> Response:
    """重新启用已停用的用户"""
    keeping.restore_user(username.replace("\x00", ""))
    return Response(status=204)


@blueprint.route("/users/<string:username>/second-factor", methods=["DELETE"])
@blueprint.response(204)
@require("users.manage")
def reset_second_factor(username: str) -> Response:
    """手机和备用码都丢失时：清除动态口令，下次登录重新启用"""
    factor.reset_second_factor(username.replace("\x00", ""))
    return Response(status=204)


@blueprint.route("/users/<string:username>", methods=["DELETE"])
@blueprint.response(204)
@require("users.manage")
def retire_user(username: str) -> Response:
    """停用用户：立即退出，不能再登录"""
    keeping.retire_user(username.replace("\x00", ""))
    return Response(status=204)


@blueprint.route("/users/<string:username>/reset-password", methods=["POST"])
@blueprint.response(200, Schema.from_dict({"one_time_password": fields.String()}, name="OneTimePassword"))
@require("users.manage")
def reset_password(username: str) -> dict[str, Any]:
    """重设密码：答一次性密码，并解除锁定"""
    return {"one_time_password": keeping.reset_password(username.replace("\x00", ""))}


@blueprint.route("/users/<string:username>/unlock", methods=["POST"])
@blueprint.response(204)
@require("users.manage")
def unlock_user(username: str) -> Response:
    """解除因输错密码而来的锁定，密码不变"""
    keeping.unlock_user(username.replace("\x00", ""))
    return Response(status=204)


@blueprint.route("/roles")
@blueprint.response(
    200,
    Schema.from_dict(
        {
            "items": fields.List(fields.Nested(ShownRoleSchema)),
            "rights": fields.Dict(keys=fields.String(), values=fields.String(), metadata={"title": "全部权限：编码与名称"}),
        },
        name="Roles",
    ),
)
@require("users.manage")
def list_roles() -> dict[str, Any]:
    """角色、各自的权限与在用账号数"""
    return {"items": keeping.list_roles(), "rights": RIGHTS}


@blueprint.route("/roles", methods=["POST"])
@blueprint.arguments(RoleSchema)
@blueprint.response(201, ShownRoleSchema)
@require("roles.manage")
def create_role(asked: dict[str, Any]) -> dict[str, Any]:
    """新建角色"""
    return keeping.create_role(asked["code"], asked["name"], asked["rights"])


@blueprint.route("/roles/<string:code>", methods=["PATCH"])
@blueprint.arguments(RoleChangeSchema)
@blueprint.response(200, ShownRoleSchema)
@blueprint.doc(parameters=[IF_MATCH])
@require("roles.manage")
def change_role(asked: dict[str, Any], code: str) -> dict[str, Any]:
    """修改角色的名称与权限，立即对所有使用者生效"""
    return keeping.change_role(code.replace("\x00", ""), wanted_version(), asked)


@blueprint.route("/roles/<string:code>", methods=["DELETE"])
@blueprint.response(204)
@require("roles.manage")
def retire_role(code: str) -> Response:
    """删除没有人使用的自定义角色"""
    keeping.retire_role(code.replace("\x00", ""))
    return Response(status=204)


@blueprint.route("/tokens", methods=["POST"])
@blueprint.arguments(TokenSchema)
@blueprint.response(
    201,
    Schema.from_dict({"id": fields.Integer(), "token": fields.String(), "expires_at": fields.DateTime()}, name="NewToken"),
)
@require("users.manage")
def create_token(asked: dict[str, Any]) -> dict[str, Any]:
    """签发接口令牌：只显示这一次"""
    token, bearer = actions.create_token(asked["name"], asked["rights"], asked["scopes"], asked["days"])
    return {"id": token.id, "token": bearer, "expires_at": token.expires_at}


@blueprint.route("/tokens")
@blueprint.response(200, Schema.from_dict({"items": fields.List(fields.Nested(ShownTokenSchema))}, name="Tokens"))
@require("users.manage")
def list_tokens() -> dict[str, Any]:
    """接口令牌列表（不含令牌本身）"""
    return {"items": actions.list_tokens()}


@blueprint.route("/tokens/<int(max=9223372036854775807):token_id>", methods=["DELETE"])
@blueprint.response(204)
@require("users.manage")
def retire_token(token_id: int) -> Response:
    """吊销接口令牌"""
    actions.retire_token(token_id)
    return Response(status=204)


BLUEPRINTS = (blueprint,)
