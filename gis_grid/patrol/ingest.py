"""/ingest/osmand and /ingest/owntracks: what phones' apps say, and what they expect to hear. Plain WSGI: thousands a second.

Unknown devices get 400 (query form) or 404 (JSON), as Traccar answers them; 503 asks to come again. A fix that can never be
stored (a time in the future) is answered with 200 and the reason: apps send again whatever is not, and all behind it would wait.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import orjson
from flask import Response
from flask_smorest import Blueprint

from gis_grid.access.guard import PUBLIC, require
from gis_grid.patrol import door
from gis_grid.patrol.door import Entry
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


@dataclass(frozen=True)
class Sent:
    """What an app sent, whichever server took it in."""

    path: str
    query: str
    kind: str  # its Content-Type
    authorization: str
    body: bytes
    names: tuple[str, str] = ("", "")  # OwnTracks' X-Limit-U and X-Limit-D


@dataclass(frozen=True)
class Asked:
    """A fix to be stored, and how this app wants to be told: status for unknown devices, body and type of a good answer."""

    entry: Entry
    unknown: int
    good: bytes
    kind: str

    def answer(self) -> Answer:
        """What to tell once the entry's outcome is known."""
        entry = self.entry
        if entry.outcome == door.STORED:
            return 200, self.good, self.kind
        if entry.outcome == door.REFUSED:
            return 200, (self.good if self.kind == _JSON else f"{entry.why}。".encode()), self.kind
        if entry.outcome == door.UNKNOWN:
            return self.unknown, f"{entry.why}。".encode(), _TEXT
        return 503, "服务繁忙，请稍后重发。".encode(), _TEXT


def read_osmand(sent: Sent) -> Asked | Answer:
    """OsmAnd, Traccar Client, GPSLogger: query, form or JSON. The key is in the path, in `key`, or the Basic password."""
    query = dict(parse_qsl(sent.query, keep_blank_values=False))
    key = sent.path.removeprefix("/ingest/osmand").strip("/") or query.pop("key", "") or _basic(sent)[1]
    is_json = "json" in sent.kind
    try:
        if is_json:
            code, fix = osmand.fix_of_json(orjson.loads(sent.body))
        else:
            asked = {**query, **dict(parse_qsl(sent.body.decode("utf-8", "replace")))} if sent.body else query
            key = key or asked.pop("key", "")
            code, fix = osmand.device_of(asked), osmand.fix_of_query(asked, zone(), "mps")
    except (ValueError, RecursionError) as fault:
        reason = "不是有效的 JSON" if isinstance(fault, orjson.JSONDecodeError) else fault
        return 400, f"{reason}。".encode(), _TEXT
    code = code or query.get("id")
    if not code:
        return 400, "缺少设备编号（id）。".encode(), _TEXT
    is_knots = not is_json and "s" not in query  # GPSLogger's `s` is m/s by our own template
    return Asked(Entry((code,), key, fix, is_knots), 404 if is_json else 400, b"", _TEXT)


def read_owntracks(sent: Sent) -> Asked | Answer:
    """OwnTracks over HTTP: one message; what is no position is heard and passed over. Basic: the device's number and key."""
    try:
        message = orjson.loads(sent.body) if sent.body else {}
    except orjson.JSONDecodeError:
        return 400, "不是有效的 JSON。".encode(), _TEXT
    fix: Fix | None = owntracks.fix_of(message)
    if fix is None:
        return 200, b"[]", _JSON
    query = dict(parse_qsl(sent.query))
    user, key = _basic(sent)
    user = sent.names[0] or query.get("u") or user
    device = sent.names[1] or query.get("d") or ""
    if not user:
        return 400, "缺少用户（Basic 认证的用户名填设备编号）。".encode(), _TEXT
    key = key or query.get("key", "")
    return Asked(Entry((f"{user}/{device}", user), key, fix), 404, b"[]", _JSON)


READERS = {"/ingest/osmand": read_osmand, "/ingest/owntracks": read_owntracks}
TOO_LONG: Answer = (413, "内容过大。".encode(), _TEXT)


def _basic(sent: Sent) -> tuple[str, str]:
    kind, _, told = sent.authorization.partition(" ")
    if kind.lower() == "bearer":
        return "", told.strip()
    if kind.lower() != "basic":
        return "", ""
    try:
        user, _, key = base64.b64decode(told.strip(), validate=True).decode("utf-8", "replace").partition(":")
    except (binascii.Error, ValueError):
        return "", ""
    return user, key


def wsgi(read: Any) -> Any:
    """One of these doors as a WSGI application."""

    def serve(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        found = _sent(environ)
        asked = TOO_LONG if found is None else read(found)
        if isinstance(asked, Asked):
            door.DOOR.store(asked.entry)
            asked = asked.answer()
        status, body, kind = asked
        start_response(_REASONS[status], headers_of(status, body, kind))
        return [body]

    return serve


def _sent(environ: dict[str, Any]) -> Sent | None:
    """None when the body is too long."""
    try:
        length = int(environ.get("CONTENT_LENGTH") or 0)
    except ValueError:
        length = 0
    if length > MOST_BYTES:
        return None
    if "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower():  # tells no length
        length = MOST_BYTES + 1
    body: bytes = environ["wsgi.input"].read(length) if length else b""
    if len(body) > MOST_BYTES:
        return None
    told = environ.get
    names = told("HTTP_X_LIMIT_U", ""), told("HTTP_X_LIMIT_D", "")
    query, kind, authorization = told("QUERY_STRING", ""), told("CONTENT_TYPE", ""), told("HTTP_AUTHORIZATION", "")
    return Sent(environ["PATH_INFO"], query, kind, authorization, body, names)


def headers_of(status: int, body: bytes, kind: str) -> list[tuple[str, str]]:
    """The headers of an answer."""
    headers = [("Content-Type", kind), ("Content-Length", str(len(body))), ("Cache-Control", "no-store")]
    return [*headers, ("Retry-After", "5")] if status == 503 else headers


DOORS = {path: wsgi(read) for path, read in READERS.items()}
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
