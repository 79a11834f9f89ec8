"""/ingest/osmand and /ingest/owntracks: what phones' apps say, and what they expect to hear. Plain WSGI: thousands a second.

Unknown devices get 400 (query form) or 404 (JSON), as Traccar answers them; 503 asks to come again. A fix that can never be
stored (a time in the future) is answered with 200 and the reason: apps send again whatever is not, and all behind it would wait.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl

import orjson
from flask import Response
from flask_smorest import Blueprint

from gis_grid.access.guard import PUBLIC, require
from gis_grid.patrol import door
from gis_grid.patrol.fixes import Fix
from gis_grid.patrol.formats import osmand, owntracks
from gis_grid.patrol.store import zone

MOST_BYTES = 64 * 1024
Answer = tuple[int, bytes, str]  # status, body, its type
_REASONS = {
    200: "200 OK",
    400: "400 Bad Request",
    404: "404 Not Found",
    413: "413 Content Too Large",
    503: "503 Service Unavailable",
}
_TEXT, _JSON = "text/plain; charset=utf-8", "application/json"


def answer_osmand(environ: dict[str, Any]) -> Answer:
    """OsmAnd, Traccar Client, GPSLogger: query, form or JSON. The key is in the path, in `key`, or the Basic password."""
    query = dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=False))
    body = _body(environ)
    if body is None:
        return 413, "内容过大。".encode(), _TEXT
    key = environ["PATH_INFO"].removeprefix("/ingest/osmand").strip("/") or query.pop("key", "") or _basic(environ)[1]
    is_json = "json" in environ.get("CONTENT_TYPE", "")
    try:
        if is_json:
            code, fix = osmand.fix_of_json(orjson.loads(body))
        else:
            asked = {**query, **dict(parse_qsl(body.decode("utf-8", "replace")))} if body else query
            code, fix = osmand.device_of(asked), osmand.fix_of_query(asked, zone(), "mps")
    except (ValueError, RecursionError) as fault:
        reason = "不是有效的 JSON" if isinstance(fault, orjson.JSONDecodeError) else fault
        return 400, f"{reason}。".encode(), _TEXT
    code = code or query.get("id")
    if not code:
        return 400, "缺少设备编号（id）。".encode(), _TEXT
    is_knots = not is_json and "s" not in query  # GPSLogger's `s` is m/s by our own template
    return _told(door.DOOR.store(door.Entry((code,), key, fix, is_knots)), 404 if is_json else 400, b"", _TEXT)


def answer_owntracks(environ: dict[str, Any]) -> Answer:
    """OwnTracks over HTTP: one message; what is no position is heard and passed over. Basic: the device's number and key."""
    body = _body(environ)
    if body is None:
        return 413, "内容过大。".encode(), _TEXT
    try:
        message = orjson.loads(body) if body else {}
    except orjson.JSONDecodeError:
        return 400, "不是有效的 JSON。".encode(), _TEXT
    fix: Fix | None = owntracks.fix_of(message)
    if fix is None:
        return 200, b"[]", _JSON
    query = dict(parse_qsl(environ.get("QUERY_STRING", "")))
    user, key = _basic(environ)
    user = environ.get("HTTP_X_LIMIT_U") or query.get("u") or user
    device = environ.get("HTTP_X_LIMIT_D") or query.get("d") or ""
    if not user:
        return 400, "缺少用户（Basic 认证的用户名填设备编号）。".encode(), _TEXT
    key = key or query.get("key", "")
    return _told(door.DOOR.store(door.Entry((f"{user}/{device}", user), key, fix)), 404, b"[]", _JSON)


def _told(entry: door.Entry, unknown: int, good: bytes, kind: str) -> Answer:
    if entry.outcome == door.STORED:
        return 200, good, kind
    if entry.outcome == door.REFUSED:
        return 200, (good if kind == _JSON else f"{entry.why}。".encode()), kind
    if entry.outcome == door.UNKNOWN:
        return unknown, f"{entry.why}。".encode(), _TEXT
    return 503, "服务繁忙，请稍后重发。".encode(), _TEXT


def _body(environ: dict[str, Any]) -> bytes | None:
    """The body, or None when it is too long."""
    try:
        length = int(environ.get("CONTENT_LENGTH") or 0)
    except ValueError:
        length = 0
    if length > MOST_BYTES:
        return None
    found: bytes = environ["wsgi.input"].read(length) if length else b""
    return found


def _basic(environ: dict[str, Any]) -> tuple[str, str]:
    kind, _, told = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    if kind.lower() == "bearer":
        return "", told.strip()
    if kind.lower() != "basic":
        return "", ""
    try:
        user, _, key = base64.b64decode(told.strip(), validate=True).decode("utf-8", "replace").partition(":")
    except (binascii.Error, ValueError):
        return "", ""
    return user, key


def wsgi(answer: Any) -> Any:
    """One of these doors as a WSGI application."""

    def serve(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        status, body, kind = answer(environ)
        headers = [("Content-Type", kind), ("Content-Length", str(len(body))), ("Cache-Control", "no-store")]
        if status == 503:
            headers.append(("Retry-After", "5"))
        start_response(_REASONS[status], headers)
        return [body]

    return serve


DOORS = {"/ingest/osmand": wsgi(answer_osmand), "/ingest/owntracks": wsgi(answer_owntracks)}
_NEVER_HERE = Response(status=503)  # the doors answer before Flask is asked; these views are for the API document
blueprint = Blueprint("ingest", __name__, url_prefix="/ingest", description="手机定位入口（凭设备密钥，不需登录）")


@blueprint.route("/osmand", methods=["GET", "POST"])
@blueprint.route("/osmand/<string:path>", methods=["GET", "POST"])
@blueprint.response(200, content_type="text/plain")
@require(PUBLIC)
def from_osmand(path: str = "") -> Response:
    """OsmAnd、Traccar Client（查询、表单、JSON）、GPSLogger 自定义网址：一个定位点，存好才答 200"""
    return _NEVER_HERE


@blueprint.route("/owntracks", methods=["POST"])
@blueprint.response(200, content_type="application/json")
@require(PUBLIC)
def from_owntracks() -> Response:
    """OwnTracks HTTP：一条消息，存好才答 200 和 []"""
    return _NEVER_HERE


BLUEPRINTS = (blueprint,)
for _view in (from_osmand, from_owntracks):
    _view.no_database = True  # they do not use the request's transaction: the door has its own
