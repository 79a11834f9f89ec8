"""Routes of sign-in, users and tokens."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from typing import Any

from flask import Response, g, jsonify, request
from flask_smorest import Blueprint
from marshmallow import Schema, ValidationError, fields, validate
from werkzeug.http import parse_cookie

from gis_grid.access import actions
from gis_grid.access.guard import PUBLIC, SIGNED_IN, caller, require
from gis_grid.access.rules import RIGHTS, Caller
from gis_grid.config import settings
from gis_grid.errors import Forbidden, Unauthenticated

COOKIE = "gis_grid_session"
CSRF_HEADER = "X-CSRF-Token"
_SAFE = ("GET", "HEAD", "OPTIONS")


class Plain(fields.String):
    """A string that UTF-8 and PostgreSQL can hold, as it was typed."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> str:
        text = super()._deserialize(value, attr, data, **options)
        if any(char == "\x00" or "\ud800" <= char <= "\udfff" for char in text):
            raise ValidationError("含有不能保存的字符。")
        return text


def _matching(pattern: str, told: str) -> Callable[[str], None]:
    """A validator for the whole text; the document cannot show Python's patterns, so it shows none."""

    def check(value: str) -> None:
        if not re.fullmatch(pattern, value):
            raise ValidationError(f"应为{told}。")

    return check


class SignInSchema(Schema):
    username = Plain(required=True, validate=validate.Length(min=1, max=50), metadata={"title": "账号"})
    password = Plain(required=True, validate=validate.Length(min=1, max=128), metadata={"title": "密码"})


class PasswordSchema(Schema):
    old_password = Plain(required=True, validate=validate.Length(max=128))
    new_password = Plain(required=True, validate=validate.Length(max=128))


class WhoSchema(Schema):
    id = fields.Integer(allow_none=True)
    username = fields.String()
    name = fields.String()
    rights = fields.List(fields.String())
    scopes = fields.List(fields.String())
    must_change_password = fields.Boolean()
    demo = fields.Boolean()


class SessionSchema(Schema):
    user = fields.Nested(WhoSchema)
    csrf = fields.String(allow_none=True)


class UserSchema(Schema):
    username = Plain(required=True, validate=_matching("[A-Za-z0-9_.-]{3,50}", "3-50 位字母、数字、点、横线或下划线"))
    name = Plain(required=True, validate=validate.Length(min=1, max=50))
    roles = fields.List(Plain(validate=validate.Length(max=32)), required=True)
    scopes = fields.List(Plain(validate=_matching("[0-9A-Za-z_-]{0,32}", "区域编码，空为全部")), required=True)


class TokenSchema(Schema):
    name = Plain(required=True, validate=validate.Length(min=1, max=100))
    rights = fields.List(fields.String(validate=validate.OneOf(sorted(RIGHTS))), required=True)
    scopes = fields.List(Plain(validate=_matching("[0-9A-Za-z_-]{0,32}", "区域编码，空为全部")), required=True)
    days = fields.Integer(strict=True, load_default=90, validate=validate.Range(min=1, max=3650))


class ShownUserSchema(Schema):
    username = fields.String()
    name = fields.String()
    roles = fields.List(fields.String())
    scopes = fields.List(fields.String())
    must_change_password = fields.Boolean()
    locked_until = fields.DateTime(allow_none=True)
    retired_at = fields.DateTime(allow_none=True)
    demo = fields.Boolean()


class ShownTokenSchema(Schema):
    id = fields.Integer()
    name = fields.String()
    rights = fields.List(fields.String())
    scopes = fields.List(fields.String())
    expires_at = fields.DateTime()
    retired_at = fields.DateTime(allow_none=True)


blueprint = Blueprint("access", __name__, url_prefix="/api", description="登录、用户、令牌")


@blueprint.route("/session")
@blueprint.response(200, SessionSchema)
@require(SIGNED_IN)
def who_am_i() -> dict[str, Any]:
    """我是谁、有什么权限"""
    found: actions.Session | None = g.get("signed_in")
    return _told(found) if found else {"user": _plain(caller()), "csrf": None}


@blueprint.route("/session", methods=["POST"])
@blueprint.arguments(SignInSchema)
@blueprint.response(200, SessionSchema)
@require(PUBLIC)
def sign_in(asked: dict[str, str]) -> Response:
    """登录"""
    made = actions.sign_in(asked["username"], asked["password"], request.remote_addr)
    answer = jsonify(_told(made))
    secure = bool((settings().public_url or "").startswith("https:"))
    answer.set_cookie(COOKIE, made.cookie, httponly=True, samesite="Strict", secure=secure, path="/")
    return answer


@blueprint.route("/session", methods=["DELETE"])
@blueprint.response(204)
@require(SIGNED_IN)
def sign_out() -> Response:
    """退出"""
    actions.sign_out(request.cookies.get(COOKIE, ""))
    answer = Response(status=204)
    answer.delete_cookie(COOKIE, path="/")
    return answer


@blueprint.route("/session/password", methods=["POST"])
@blueprint.arguments(PasswordSchema)
@blueprint.response(204)
@require(SIGNED_IN)
def change_password(asked: dict[str, str]) -> Response:
    """修改自己的密码"""
    user_id = caller().user_id
    if user_id is None:
        raise Forbidden("令牌没有密码。")
    actions.change_password(user_id, asked["old_password"], asked["new_password"], request.cookies.get(COOKIE, ""))
    return Response(status=204)


@blueprint.route("/users", methods=["POST"])
@blueprint.arguments(UserSchema)
@blueprint.response(201, Schema.from_dict({"username": fields.String(), "one_time_password": fields.String()}, name="NewUser"))
@require("users.manage")
def create_user(asked: dict[str, Any]) -> dict[str, Any]:
    """新建用户：答一次性密码"""
    once = actions.create_user(asked["username"], asked["name"], asked["roles"], asked["scopes"])
    return {"username": asked["username"], "one_time_password": once}


@blueprint.route("/users")
@blueprint.response(200, Schema.from_dict({"items": fields.List(fields.Nested(ShownUserSchema))}, name="Users"))
@require("users.manage")
def list_users() -> dict[str, Any]:
    """用户列表"""
    return {"items": actions.list_users()}


@blueprint.route("/users/<string:username>", methods=["DELETE"])
@blueprint.response(204)
@require("users.manage")
def retire_user(username: str) -> Response:
    """停用用户：立即退出，不能再登录"""
    actions.retire_user(username.replace("\x00", ""))
    return Response(status=204)


@blueprint.route("/users/<string:username>/reset-password", methods=["POST"])
@blueprint.response(200, Schema.from_dict({"one_time_password": fields.String()}, name="OneTimePassword"))
@require("users.manage")
def reset_password(username: str) -> dict[str, Any]:
    """重设密码：答一次性密码，并解除锁定"""
    return {"one_time_password": actions.reset_password(username.replace("\x00", ""))}


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


def identify() -> Caller | None:
    """Who sends this request: a bearer token, or a session whose state-changing requests prove they come from our page."""
    signed_in = _by_header(request.headers.get("Authorization", "")) or _by_cookie(request.cookies.get(COOKIE))
    if not isinstance(signed_in, actions.Session):
        return signed_in
    if request.method not in _SAFE and request.path != "/api/session":
        _check_csrf(signed_in)
    g.signed_in = signed_in
    return _after_first_password(signed_in, request.path)


def identify_reader(environ: dict[str, Any]) -> Caller | None:
    """The same for a request that only reads, from its WSGI environment."""
    signed_in: Caller | actions.Session | None = _by_header(environ.get("HTTP_AUTHORIZATION", ""))
    if signed_in is None and "HTTP_COOKIE" in environ:
        signed_in = _by_cookie(parse_cookie(environ["HTTP_COOKIE"]).get(COOKIE))
    if not isinstance(signed_in, actions.Session):
        return signed_in
    return _after_first_password(signed_in, environ["PATH_INFO"])


def _by_header(header: str) -> Caller | None:
    kind, _, given = header.partition(" ")
    if kind.lower() not in ("bearer", "basic"):
        return None
    found = actions.find_token(given.strip() if kind.lower() == "bearer" else _basic_password(given))
    if found is None:
        raise Unauthenticated("令牌无效或已过期，请向管理员重新申请。", code="bad_token")
    return found


def _basic_password(given: str) -> str:
    """Desktop GIS often knows only user and password: the token is the password, the user any."""
    try:
        return base64.b64decode(given, validate=True).decode().partition(":")[2]
    except ValueError:
        return ""


def _by_cookie(cookie: str | None) -> actions.Session | None:
    return actions.find_session(cookie) if cookie else None


def _after_first_password(signed_in: actions.Session, path: str) -> Caller:
    if signed_in.must_change_password and not path.startswith("/api/session"):
        raise Forbidden("请先修改一次性密码。", code="must_change_password")
    return signed_in.caller


def _check_csrf(signed_in: actions.Session) -> None:
    import hmac

    sent = request.headers.get(CSRF_HEADER, "")
    if not hmac.compare_digest(sent.encode(), signed_in.csrf.encode()):
        raise Forbidden(f"页面已过期，请刷新后重试（缺少或不符的 {CSRF_HEADER}）。", code="csrf")


def _told(found: actions.Session) -> dict[str, Any]:
    user = {
        **_plain(found.caller),
        "username": found.username,
        "must_change_password": found.must_change_password,
        "demo": found.demo,
    }
    return {"user": user, "csrf": found.csrf}


def _plain(who: Caller) -> dict[str, Any]:
    return {
        "id": who.user_id,
        "username": who.name,
        "name": who.name,
        "rights": sorted(who.rights),
        "scopes": list(who.scopes),
        "must_change_password": False,
        "demo": False,
    }


BLUEPRINTS = (blueprint,)
