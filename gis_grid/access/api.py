"""Routes of sign-in and of one's own account, and who sends a request."""

from __future__ import annotations

import base64
import hmac
import io
from typing import Any

from flask import Response, g, jsonify, request
from flask_smorest import Blueprint
from marshmallow import Schema, fields
from werkzeug.http import parse_cookie

from gis_grid.access import actions, factor
from gis_grid.access.guard import PUBLIC, SIGNED_IN, caller, require
from gis_grid.access.rules import Caller, needs_second_factor
from gis_grid.access.schemas import CodeSchema, FactorRemovalSchema, PasswordSchema, SecretSchema, SessionSchema, SignInSchema
from gis_grid.choices import chosen
from gis_grid.config import settings
from gis_grid.errors import Forbidden, Unauthenticated

COOKIE = "gis_grid_session"
CSRF_HEADER = "X-CSRF-Token"
_SAFE = ("GET", "HEAD", "OPTIONS")


blueprint = Blueprint("access", __name__, url_prefix="/api", description="登录、用户、令牌")


@blueprint.route("/session")
@blueprint.response(200, SessionSchema)
@require(SIGNED_IN)
def who_am_i() -> dict[str, Any]:
    """我是谁、有什么权限"""
    found: actions.Session | None = g.get("signed_in")
    return _told(found) if found else {"user": _plain(caller()), "csrf": None, "waits": None, "policy": _policy(caller())}


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
    actions.change_password(_own_id(), asked["old_password"], asked["new_password"], _cookie())
    return Response(status=204)


@blueprint.route("/session/lock", methods=["POST"])
@blueprint.response(204)
@require(SIGNED_IN)
def lock() -> Response:
    """锁屏：在输入密码之前，这个登录什么都不能做"""
    actions.lock(_cookie())
    return Response(status=204)


@blueprint.route("/session/unlock", methods=["POST"])
@blueprint.arguments(SecretSchema)
@blueprint.response(204)
@require(SIGNED_IN)
def unlock(asked: dict[str, str]) -> Response:
    """用密码解锁"""
    actions.unlock(_own_id(), _cookie(), asked["password"])
    return Response(status=204)


@blueprint.route("/session/second-factor", methods=["POST"])
@blueprint.arguments(CodeSchema)
@blueprint.response(200, SessionSchema)
@require(SIGNED_IN)
def pass_second_factor(asked: dict[str, str]) -> dict[str, Any]:
    """登录的第二步：手机上的 6 位动态口令，或一个备用码"""
    return _told(factor.pass_second_factor(_own_id(), _cookie(), asked["code"]))


@blueprint.route("/session/second-factor/enrolment", methods=["POST"])
@blueprint.arguments(SecretSchema)
@blueprint.response(
    200, Schema.from_dict({"secret": fields.String(), "address": fields.String(), "qr": fields.String()}, name="Enrolment")
)
@require(SIGNED_IN)
def begin_enrolment(asked: dict[str, str]) -> dict[str, Any]:
    """启用动态口令：答密钥与二维码（data: 图片，本服务生成）"""
    made, address = factor.begin_enrolment(_own_id(), asked["password"])
    return {"secret": made, "address": address, "qr": _qr(address)}


@blueprint.route("/session/second-factor/confirmation", methods=["POST"])
@blueprint.arguments(CodeSchema)
@blueprint.response(200, Schema.from_dict({"recovery_codes": fields.List(fields.String())}, name="RecoveryCodes"))
@require(SIGNED_IN)
def confirm_enrolment(asked: dict[str, str]) -> dict[str, Any]:
    """用手机上的第一个动态口令确认启用：答备用码，只显示这一次"""
    return {"recovery_codes": factor.confirm_enrolment(_own_id(), _cookie(), asked["code"])}


@blueprint.route("/session/second-factor/removal", methods=["POST"])
@blueprint.arguments(FactorRemovalSchema)
@blueprint.response(204)
@require(SIGNED_IN)
def remove_second_factor(asked: dict[str, str]) -> Response:
    """停用自己的动态口令（规定必须使用的账号不能停用）"""
    factor.remove_second_factor(_own_id(), asked["password"], asked["code"])
    return Response(status=204)


def _own_id() -> int:
    user_id = caller().user_id
    if user_id is None:
        raise Forbidden("令牌没有密码，也没有动态口令。")
    return user_id


def _cookie() -> str:
    return request.cookies.get(COOKIE, "")


def _qr(address: str) -> str:
    """A QR code as a data: picture; dark on white in every theme, or phones do not read it."""
    import segno

    out = io.BytesIO()
    segno.make(address, error="m").save(out, kind="svg", scale=5, border=3, dark="#000", light="#fff", xmldecl=False)
    return "data:image/svg+xml;base64," + base64.b64encode(out.getvalue()).decode()


def identify() -> Caller | None:
    """Who sends this request: a bearer token, or a session whose state-changing requests prove they come from our page."""
    signed_in = _by_header(request.headers.get("Authorization", "")) or _by_cookie(request.cookies.get(COOKIE))
    if not isinstance(signed_in, actions.Session):
        return signed_in
    if request.method not in _SAFE and request.path != "/api/session":
        _check_csrf(signed_in)
    g.signed_in = signed_in
    return _admitted(signed_in, request.path)


def identify_reader(environ: dict[str, Any]) -> Caller | None:
    """The same for a request that only reads, from its WSGI environment."""
    signed_in: Caller | actions.Session | None = _by_header(environ.get("HTTP_AUTHORIZATION", ""))
    if signed_in is None and "HTTP_COOKIE" in environ:
        signed_in = _by_cookie(parse_cookie(environ["HTTP_COOKIE"]).get(COOKIE))
    if not isinstance(signed_in, actions.Session):
        return signed_in
    return _admitted(signed_in, environ["PATH_INFO"])


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


_DOORS = {  # all that is open beside the session itself; a covered phone still tells where it is, and hears nothing of others
    "code": ("/api/session/second-factor",),
    "locked": ("/api/session/unlock", "/api/phone/fixes"),
}
_SAID = {"code": "请先输入动态口令。", "locked": "页面已锁定，请输入密码解锁。", "enrol": "请先启用动态口令。"}


def _admitted(signed_in: actions.Session, path: str) -> Caller:
    """The caller, unless something must be done first: pass the second factor, unlock, change the password, enrol."""
    waits = signed_in.waits
    if waits in _DOORS and path not in ("/api/session", *_DOORS[waits]):
        raise Forbidden(_SAID[waits], code=f"waits_{waits}")
    if path.startswith("/api/session"):
        return signed_in.caller
    if signed_in.must_change_password:
        raise Forbidden("请先修改一次性密码。", code="must_change_password")
    if waits == "enrol":
        raise Forbidden(_SAID["enrol"], code="waits_enrol")
    return signed_in.caller


def _check_csrf(signed_in: actions.Session) -> None:
    sent = request.headers.get(CSRF_HEADER, "")
    if not hmac.compare_digest(sent.encode(), signed_in.csrf.encode()):
        raise Forbidden(f"页面已过期，请刷新后重试（缺少或不符的 {CSRF_HEADER}）。", code="csrf")


def _told(found: actions.Session) -> dict[str, Any]:
    user = {
        **_plain(found.caller),
        "username": found.username,
        "must_change_password": found.must_change_password,
        "demo": found.demo,
        "second_factor": found.second_factor,
    }
    return {"user": user, "csrf": found.csrf, "waits": found.waits, "policy": _policy(found.caller)}


def _policy(who: Caller) -> dict[str, Any]:
    return {
        "idle_lock_minutes": chosen("idle_lock_minutes"),
        "password_length": chosen("password_length"),
        "second_factor_required": needs_second_factor(chosen("second_factor"), who.rights),
        "time_zone": settings().time_zone,
    }


def _plain(who: Caller) -> dict[str, Any]:
    return {
        "id": who.user_id,
        "username": who.name,
        "name": who.name,
        "rights": sorted(who.rights),
        "scopes": list(who.scopes),
        "must_change_password": False,
        "demo": False,
        "second_factor": False,
    }


BLUEPRINTS = (blueprint,)
