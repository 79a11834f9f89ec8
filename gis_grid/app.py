"""create_app(): features in dependency order, one transaction per request, error answers, logs with a request id."""

from __future__ import annotations

import re
import secrets
import threading
import time
from collections import deque
from datetime import date
from functools import cache
from importlib import import_module
from typing import Any, ClassVar

import psycopg
import sqlalchemy as sa
from flask import Flask, Response, g, request
from flask.json.provider import DefaultJSONProvider
from flask.typing import ResponseReturnValue
from flask_smorest import Api, Blueprint
from marshmallow import RAISE, ValidationError
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge, UnsupportedMediaType

from gis_grid import __version__, audit, problems
from gis_grid.access.api import identify, identify_reader
from gis_grid.access.guard import PUBLIC, acting, check_right
from gis_grid.access.rules import Caller
from gis_grid.config import settings
from gis_grid.db import reading, session, transaction
from gis_grid.errors import Forbidden, GridError
from gis_grid.logs import logger, note_request, where_of
from gis_grid.maps.basemap import hosts as basemap_hosts

# In dependency order; each module lists its BLUEPRINTS.
FEATURES = (
    "gis_grid.access.api",
    "gis_grid.access.users_api",
    "gis_grid.audit.api",
    "gis_grid.dictionary.api",
    "gis_grid.jobs.api",
    "gis_grid.imports.api",
    "gis_grid.areas.api",
    "gis_grid.buildings.api",
    "gis_grid.addresses.api",
    "gis_grid.people.api",
    "gis_grid.people.changes_api",
    "gis_grid.premises",
    "gis_grid.visits.api",
    "gis_grid.photos.api",
    "gis_grid.pins",
    "gis_grid.events.api",
    "gis_grid.patrol.api",
    "gis_grid.patrol.desk",
    "gis_grid.patrol.shifts_api",
    "gis_grid.patrol.phone_api",
    "gis_grid.patrol.orders_api",
    "gis_grid.patrol.ingest",
    "gis_grid.maps.api",
    "gis_grid.maps.ogc",
    "gis_grid.maps.ogc_tiles",
    "gis_grid.maps.near_api",
    "gis_grid.house_status.api",
    "gis_grid.house_status.colours_api",
    "gis_grid.plans.api",
    "gis_grid.query.api",
    "gis_grid.stats.api",
    "gis_grid.sheets.api",
    "gis_grid.notices.api",
    "gis_grid.system.api",
    "gis_grid.pages",
)
CSP = (  # other hosts only where a tile service is set as the base map
    "default-src 'self'; img-src {}; style-src 'self' 'unsafe-inline'; worker-src 'self' blob:; "
    "connect-src {}; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
).format(" ".join(("'self' data: blob:", *basemap_hosts())), " ".join(("'self'", *basemap_hosts())))


class _Written(DefaultJSONProvider):
    """Days and moments as everywhere in ISO 8601: Flask would write them as a header of HTTP does."""

    @staticmethod
    def default(value: Any) -> Any:
        """What JSON has no own form for."""
        return value.isoformat() if isinstance(value, date) else DefaultJSONProvider.default(value)


class GridApp(Flask):
    """Flask with one transaction around each view: what a view wrote is committed or, on any error, is not there."""

    json_provider_class = _Written
    quick: ClassVar[dict[str, Any]] = {}  # first part of a path -> view of plain GETs that are asked thousands of times a second
    doors: ClassVar[dict[str, Any]] = {}  # first two parts of a path -> WSGI application that mostly waits for others

    def wsgi_app(self, environ: Any, start_response: Any) -> Any:
        """Doors wait outside the gate, so that waiting phones take nobody's turn; all others pass it, `threads` at a time."""
        door = self.doors.get("/".join(environ["PATH_INFO"].split("/", 3)[:3])) if self.doors else None
        if door is not None:
            return door(environ, start_response)
        with _gate():
            return self._within(environ, start_response)

    def _within(self, environ: Any, start_response: Any) -> Any:
        """Quick views answer without the machinery of requests and schemas; whatever is not plain goes the usual way."""
        path = environ["PATH_INFO"]
        view = self.quick.get(path) or self.quick.get(path[: path.find("/", 1) + 1])
        answer = _quick_answer(view, environ) if view is not None and environ["REQUEST_METHOD"] == "GET" else None
        if answer is None:
            return super().wsgi_app(environ, start_response)
        status, headers, body = answer
        start_response(status, [*_QUICK_HEADERS, *headers, ("X-Request-Id", audit.request_id.get())])
        return [body]

    def dispatch_request(self) -> ResponseReturnValue:
        view = self.view_functions.get(request.endpoint or "")
        right = getattr(view, "right", None)
        if request.routing_exception is not None or getattr(view, "no_database", False):
            return super().dispatch_request()
        if right is None:
            raise Forbidden("该地址未声明权限，已拒绝。", code="unguarded")
        try:
            if (request.content_length or 0) > _LONG_BODY or "Transfer-Encoding" in request.headers:
                _take_in(right)
            with transaction(), acting(_whoever(right)):
                check_right(right)
                return super().dispatch_request()
        except Forbidden as refusal:
            _remember_refusal(refusal)
            raise


def _take_in(right: str) -> None:
    """Read a long body between two transactions: over a slow line it takes minutes, and none may lie idle that long.

    Of a form the files go to disk; all else is held in memory, and is no more than so much.
    """
    with transaction(), acting(_whoever(right)):
        check_right(right)
    if request.mimetype == "multipart/form-data":
        request.files  # noqa: B018  reads the form
    elif request.path not in _STREAMED:
        request.max_content_length = _MOST_IN_MEMORY
        if len(request.get_data()) == _MOST_IN_MEMORY:  # a body sent in chunks is cut there, without a word
            raise RequestEntityTooLarge


class Gate:
    """So many at once, the others one after the other in the order they came: a semaphore lets late-comers pass in front."""

    def __init__(self, places: int) -> None:
        self._places = places
        self._lock = threading.Lock()
        self._waiting: deque[threading.Lock] = deque()

    def __enter__(self) -> None:
        with self._lock:
            if self._places:
                self._places -= 1
                return
            turn = threading.Lock()
            turn.acquire()
            self._waiting.append(turn)
        turn.acquire()

    def __exit__(self, *_: object) -> None:
        with self._lock:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._places += 1


@cache
def _gate() -> Gate:
    return Gate(max(1, settings().threads))


def _quick_answer(view: Any, environ: dict[str, Any]) -> tuple[str, list[tuple[str, str]], bytes] | None:
    """Status, headers, body; None for what is not plain or is refused: the usual way finds the reason and says it."""
    began = time.perf_counter()
    try:
        with reading(), acting(identify_reader(environ)):
            check_right(view.right)
            answer: tuple[str, list[tuple[str, str]], bytes] | None = view.quick(environ)
    except Exception:  # whatever it is, the usual way answers it as a problem and logs it
        return None
    if answer is not None:
        _set_request_id(environ.get("HTTP_X_REQUEST_ID", ""))
        _log("GET", environ["PATH_INFO"], int(answer[0][:3]), began)
    return answer


def load_features() -> None:
    """Import every feature, so that its tables, jobs and importable kinds are known."""
    for name in FEATURES:
        import_module(name)


def create_app() -> Flask:
    """The service as a WSGI application."""
    app = GridApp("gis_grid", static_folder=None)
    app.config.update(
        API_TITLE="GIS Grid 社区网格空间服务",
        API_VERSION=__version__,
        OPENAPI_VERSION="3.0.3",
        OPENAPI_URL_PREFIX=None,
        MAX_CONTENT_LENGTH=settings().max_upload_mb * 1024 * 1024,
        API_SPEC_OPTIONS={"components": {"securitySchemes": _SECURITY}},
    )
    app.url_map.strict_slashes = False
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    Blueprint.ARGUMENTS_PARSER.DEFAULT_UNKNOWN_BY_LOCATION["query"] = RAISE  # a misspelt filter must not pass for all
    api = Api(app)
    for name in FEATURES:
        module = import_module(name)
        for blueprint in module.BLUEPRINTS:
            api.register_blueprint(blueprint)
        app.quick.update(getattr(module, "QUICK", {}))
        app.doors.update(getattr(module, "DOORS", {}))
    _tell_rights(app, api)
    app.before_request(_start)
    app.before_request(_check_type)
    app.after_request(_finish)
    app.register_error_handler(GridError, _known_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(ValidationError, lambda fault: problems.answer(problems.from_validation(fault)))
    app.register_error_handler(IntegrityError, _integrity_error)
    app.register_error_handler(DataError, _data_error)
    app.register_error_handler(DBAPIError, _database_error)
    app.register_error_handler(sa.exc.TimeoutError, _busy)
    app.register_error_handler(StaleDataError, lambda _: problems.answer(problems.AT_ONCE))
    app.register_error_handler(psycopg.DataError, lambda _: problems.answer(problems.BAD_VALUE))
    app.register_error_handler(RecursionError, lambda _: problems.answer(problems.TOO_DEEP))
    app.register_error_handler(Exception, _unknown_error)
    app.extensions["grid_api"] = api
    return app


_SECURITY = {
    "session": {"type": "apiKey", "in": "cookie", "name": "gis_grid_session"},
    "bearer": {"type": "http", "scheme": "bearer"},
}


def _tell_rights(app: Flask, api: Api) -> None:
    """Write each route's right into the document (x-right), from the route itself."""
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        path = re.sub(r"<(?:[^:<>]+(?:\([^)]*\))?:)?([^<>]+)>", r"{\1}", rule.rule)
        operations: dict[str, Any] = api.spec._paths.get(path, {})
        for method in rule.methods or ():
            operation = operations.get(method.lower())
            if operation is not None:
                right = getattr(view, "right", "")
                operation["x-right"] = right
                operation["security"] = [] if right == PUBLIC else [{"session": []}, {"bearer": []}]
                operation["responses"].update(_PROBLEMS)
                operation["responses"].pop("default", None)


_LONG_BODY = 1 << 20  # bytes
_MOST_IN_MEMORY = 32 << 20
_STREAMED = ("/api/locate/stream",)  # read while it is answered, of any length
_TYPES = ("application/json", "multipart/form-data", "text/csv", "application/geo+json", "application/merge-patch+json")
_PROBLEM = {
    "type": "object",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "给使用者看的一句话"},
        "code": {"type": "string", "description": "稳定的错误代码"},
    },
}
_PROBLEMS = {
    "4XX": {"description": "问题说明 (RFC 9457)", "content": {"application/problem+json": {"schema": _PROBLEM}}},
    "5XX": {"description": "服务故障", "content": {"application/problem+json": {"schema": _PROBLEM}}},
}


_HEADERS = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": CSP, "Referrer-Policy": "same-origin"}
_QUICK_HEADERS = list(_HEADERS.items())


def _start() -> None:
    g.started = time.perf_counter()
    g.request_id = _set_request_id(request.headers.get("X-Request-Id", ""))


def _set_request_id(given: str) -> str:
    chosen = given if given and re.fullmatch(r"[A-Za-z0-9._-]{1,64}", given) else secrets.token_hex(8)
    audit.request_id.set(chosen)
    return chosen


def _check_type() -> None:
    """A body of another type would be read as empty and refused for the wrong reason."""
    if request.content_length and request.mimetype not in _TYPES:
        raise UnsupportedMediaType


def _finish(response: Response) -> Response:
    response.headers["X-Request-Id"] = g.get("request_id", "")
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if request.path.startswith("/api"):
        response.headers.setdefault("Cache-Control", "no-store")
    _log(request.method, request.path, response.status_code, g.get("started", time.perf_counter()))
    return response


def _log(method: str, path: str, status: int, began: float) -> None:
    took_ms = round((time.perf_counter() - began) * 1000, 1)
    note_request(method=method, path=path, status=status, took_ms=took_ms, request_id=audit.request_id.get())


def _known_error(fault: GridError) -> Response:
    return problems.answer(fault)


def _http_error(fault: HTTPException) -> Response:
    return problems.answer(problems.from_http(fault))


def _integrity_error(fault: IntegrityError) -> Response:
    return problems.answer(problems.from_constraint(fault))


def _data_error(fault: DataError) -> Response:
    logger().warning("data_error", request_id=g.get("request_id"), sqlstate=problems.sqlstate(fault))
    return problems.answer(problems.from_data(fault))


def _database_error(fault: DBAPIError) -> Response:
    logger().error("database_error", request_id=g.get("request_id"), sqlstate=problems.sqlstate(fault))
    return problems.answer(problems.from_database(fault, isinstance(fault, OperationalError)))


def _busy(fault: Exception) -> Response:
    return problems.answer(problems.BUSY)


def _unknown_error(fault: Exception) -> Response:
    if isinstance(fault, ValueError) and "integer string conversion" in str(fault):
        return problems.answer(problems.TOO_DEEP)
    logger().error("unexpected", request_id=g.get("request_id"), fault=type(fault).__name__, where=where_of(fault))
    return problems.answer(GridError("服务内部出错，请把请求编号告诉管理员。", request_id=g.get("request_id")))


def _whoever(right: str) -> Caller | None:
    g.caller = None if right == PUBLIC else identify()
    return g.caller


def _remember_refusal(refusal: Forbidden) -> None:
    """A refusal is audited on its own, since the request's transaction is gone."""
    with transaction():
        by = g.get("caller")
        what = {"method": request.method, "path": request.path[:200], "code": refusal.code}
        audit.record("refused", "routes", request.path[:80], after=what, by=by)
        session().flush()
