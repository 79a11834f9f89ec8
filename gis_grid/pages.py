"""The console's files, the API document's page, and health."""

from __future__ import annotations

import mimetypes
from pathlib import Path
from typing import Any

import orjson
import sqlalchemy as sa
from flask import Response, current_app, request, send_from_directory
from flask_smorest import Blueprint

from gis_grid import __version__
from gis_grid.access.guard import PUBLIC, require
from gis_grid.db import session
from gis_grid.errors import NotFound, Unavailable
from gis_grid.maps.ogc import landing

CONSOLE = Path(__file__).parent / "console"
_FOR_PROGRAMS = (
    "api/",
    "tiles/",
    "health/",
    "collections/",
    "styles/",
    "tileMatrixSets/",
    "point/",
    "area/",
    "areas/",
    "generations",
)  # what is not there is no page
_FORMS = (("br", ".br"), ("gzip", ".gz"))  # what the build writes beside each text file (web/scripts/compress.mjs)
_ENCODINGS = {ending: name for name, ending in _FORMS}
_YEAR = "public, max-age=31536000, immutable"

blueprint = Blueprint("pages", __name__, description="页面与健康检查")


def _no_database(view: Any) -> Any:
    view.right, view.no_database = PUBLIC, True
    return view


@blueprint.route("/health/live")
@_no_database
def live() -> Response:
    """进程在运行"""
    return _json({"status": "ok", "version": __version__})


@blueprint.route("/health/ready")
@require(PUBLIC)
def ready() -> Response:
    """数据库可用，结构是最新的"""
    found = session().scalar(sa.text("SELECT version_num FROM alembic_version"))
    if not found:
        raise Unavailable("数据库结构尚未建立：请运行 gis-grid migrate。", code="not_migrated")
    return _json({"status": "ok", "schema": found})


@blueprint.route("/api/openapi.json")
@_no_database
def openapi() -> Response:
    """OpenAPI 3.0 文档"""
    return _json(current_app.extensions["grid_api"].spec.to_dict())


@blueprint.route("/api/docs")
@_no_database
def api_docs() -> Response:
    """接口文档页（本机文件）"""
    if not (CONSOLE / "api-docs" / "index.html").is_file():
        raise NotFound("接口文档页尚未构建：请运行 ./scripts/run；文档本身在 /api/openapi.json。")
    return _file("api-docs/index.html", "no-cache")


@blueprint.route("/", defaults={"path": ""})
@blueprint.route("/<path:path>")
@_no_database
def console(path: str) -> Response:
    """控制台页面；程序在根地址得到 OGC API 的入口"""
    if not path and (request.args.get("f") == "json" or "text/html" not in request.headers.get("Accept", "")):
        return landing()
    if path.startswith(_FOR_PROGRAMS):
        raise NotFound("没有这个地址。")
    if path and (CONSOLE / path).is_file():
        return _file(path, _YEAR if path.startswith("assets/") else "no-cache")
    if path.startswith("assets/") or not (CONSOLE / "index.html").is_file():
        raise NotFound("页面尚未构建：请运行 ./scripts/run。" if not path.startswith("assets/") else "没有这个文件。")
    return _file("index.html", "no-cache")


def _file(path: str, keep: str) -> Response:
    """A file of the console in the smallest form the browser reads; each form has its own ETag."""
    ending = next((end for name, end in _FORMS if name in request.accept_encodings and (CONSOLE / (path + end)).is_file()), "")
    answer = send_from_directory(CONSOLE, path + ending, mimetype=mimetypes.guess_type(path)[0], download_name=Path(path).name)
    if ending:
        answer.headers["Content-Encoding"] = _ENCODINGS[ending]
    answer.headers["Cache-Control"] = keep
    answer.vary.add("Accept-Encoding")
    return answer


def _json(value: Any) -> Response:
    return Response(orjson.dumps(value), mimetype="application/json")


BLUEPRINTS = (blueprint,)
