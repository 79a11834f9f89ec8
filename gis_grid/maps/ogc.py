"""OGC API Features and Tiles: landing page, conformance, collections, items; JSON unless a browser asks.

Standards: OGC 17-069r4 (Core), 18-058r1 (CRS), 19-079r2 (Filtering), 20-002 (Create, Replace, Update, Delete), 20-057 (Tiles).
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

from flask import Response, request
from flask_smorest import Blueprint
from marshmallow import Schema

from gis_grid.access.guard import PUBLIC, SIGNED_IN, require
from gis_grid.config import settings
from gis_grid.errors import BadRequest
from gis_grid.geo.reference import Reference
from gis_grid.maps import asked as asking
from gis_grid.maps import collections, cql, described, downloads, features, pages, writing
from gis_grid.maps.asked import PARAMETERS, Asked
from gis_grid.maps.features import GEOJSON
from gis_grid.maps.layers import Layer

_SPEC = "http://www.opengis.net/spec/"
CONFORMANCE = (
    *(f"{_SPEC}ogcapi-features-1/1.0/conf/{part}" for part in ("core", "geojson", "html", "oas30")),
    f"{_SPEC}ogcapi-features-2/1.0/conf/crs",
    *(
        f"{_SPEC}ogcapi-features-3/1.0/conf/{part}"
        for part in ("filter", "features-filter", "queryables", "queryables-query-parameters")
    ),
    *(
        f"{_SPEC}ogcapi-features-4/1.0/conf/{part}"
        for part in ("create-replace-delete", "update", "features", "optimistic-locking-etags")
    ),
    *cql.CONFORMANCE,
    *(
        f"{_SPEC}ogcapi-tiles-1/1.0/conf/{part}"
        for part in ("core", "tileset", "tilesets-list", "geodata-tilesets", "mvt", "oas30")
    ),
)
blueprint = Blueprint("ogc", __name__, description="OGC API：要素与瓦片，供其他系统与桌面 GIS 读写")
Anything = Schema.from_dict({}, name="OgcDocument")


def root() -> str:
    """Where this service is, as its callers see it."""
    return (settings().public_url or request.host_url).rstrip("/")


def wants_html() -> bool:
    """A browser asks for pages; programs get JSON, whatever else they would take."""
    chosen = request.args.get("f")
    if chosen in ("html", "json"):
        return chosen == "html"
    return chosen is None and "text/html" in request.headers.get("Accept", "")


def plain(allowed: tuple[str, ...] = ("f",)) -> None:
    """Refuse parameters that this document does not know (Core, /req/core/query-param-unknown)."""
    for name in request.args:
        if name not in allowed:
            raise BadRequest(f"没有参数“{name[:40]}”。", code="unknown_parameter")
    if request.args.get("f") not in (None, "json", "html"):
        raise BadRequest("f 只能是 json 或 html。", code="bad_format")


def json(value: Any, mime: str = "application/json", **headers: str) -> Response:
    return Response(features.dump(value), content_type=mime, headers={**_PRIVATE, **headers})


_PRIVATE = {"Cache-Control": "private, no-cache", "Vary": "Accept, Authorization, Cookie"}


def landing() -> Response:
    """The landing page; the console's own page is what browsers get at the same address."""
    plain()
    return json(described.landing(root()))


@blueprint.route("/conformance")
@blueprint.response(200, Anything)
@require(PUBLIC)
def conformance() -> Response:
    """符合哪些标准的哪些部分"""
    plain()
    told = {"conformsTo": list(CONFORMANCE)}
    return pages.conformance(told) if wants_html() else json(told)


@blueprint.route("/api")
@blueprint.response(200, Anything)
@require(SIGNED_IN)
def definition() -> Response:
    """OGC API 的 OpenAPI 3.0 文档，逐个数据集写明可用参数"""
    plain()
    return json(described.openapi(root()), "application/vnd.oai.openapi+json;version=3.0")


@blueprint.route("/collections")
@blueprint.response(200, Anything)
@require(SIGNED_IN)
def list_collections() -> Response:
    """我可以看的数据集"""
    plain()
    here = f"{root()}/collections"
    told = {
        "links": [
            {"rel": "self", "href": here, "type": "application/json"},
            {"rel": "alternate", "href": f"{here}?f=html", "type": "text/html"},
        ],
        "crs": list(collections.systems()),
        "collections": [collections.described(layer, root()) for layer in collections.collections()],
    }
    return pages.collections(told) if wants_html() else json(told)


@blueprint.route("/collections/<string:name>")
@blueprint.response(200, Anything)
@require(SIGNED_IN)
def one_collection(name: str) -> Response:
    """一个数据集"""
    layer = collections.collection(name)
    plain()
    told = collections.described(layer, root())
    return pages.collection(layer, told) if wants_html() else json(told)


@blueprint.route("/collections/<string:name>/queryables")
@blueprint.response(200, Anything)
@require(SIGNED_IN)
def queryables(name: str) -> Response:
    """可查询的字段（JSON Schema）"""
    layer = collections.collection(name)
    plain()
    return json(collections.queryables(layer, f"{root()}/collections/{name}/queryables"), "application/schema+json")


@blueprint.route("/collections/<string:name>/items")
@blueprint.response(200, Anything)
@blueprint.doc(parameters=described.ITEM_PARAMETERS)
@require(SIGNED_IN)
def items(name: str) -> Response:
    """要素：按范围、时间、字段、CQL2 查询；翻页跟随 next 链接"""
    layer = collections.collection(name)
    asked = _asked(layer)
    chosen = request.args.get("f", "json")
    if chosen in collections.DOWNLOADS:
        return downloads.answer(asked, chosen, request.args.get("encoding"))
    hits = request.args.get("resulttype") == "hits"
    if request.args.get("resulttype", "results") not in ("results", "hits"):
        raise BadRequest("resulttype 只能是 results 或 hits。", code="bad_resulttype")
    if chosen not in ("json", "geojson", "html"):
        raise BadRequest(f"f 只能是 json、html、{'、'.join(collections.DOWNLOADS)}。", code="bad_format")
    if wants_html():
        return pages.items(asked)
    status, headers, body = _page(asked, request.headers.get("If-None-Match", ""), root(), hits=hits)
    return Response(body, status=status, headers=headers)


@blueprint.route("/collections/<string:name>/items/<string:key>")
@blueprint.response(200, Anything)
@require(SIGNED_IN)
def item(name: str, key: str) -> Response:
    """一个要素"""
    layer = collections.collection(name)
    unknown = [given for given in request.args if given not in ("f", "crs", "at")]
    if unknown:
        raise BadRequest(f"没有参数“{unknown[0][:40]}”。", code="unknown_parameter")
    asked = _asked(layer)
    if wants_html():
        return pages.item(asked, key)
    told = features.feature_document(asked, key, root())
    return json(told, GEOJSON, **_content_crs(asked.system), **writing.etag(layer, told["id"]))


def _quick_items(environ: dict[str, Any]) -> tuple[str, list[tuple[str, str]], bytes] | None:
    """A page of features as JSON without the machinery of requests: programs harvest them by the hundred thousand."""
    found = _ITEMS.fullmatch(environ["PATH_INFO"])
    given = dict(pairs := parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True))
    if found is None or len(given) != len(pairs) or given.get("f", "json") != "json" or "resulttype" in given:
        return None
    if "f" not in given and "text/html" in environ.get("HTTP_ACCEPT", ""):
        return None
    asked = asking.read(collections.collection(found[1]), given)
    here = settings().public_url or f"{environ['wsgi.url_scheme']}://{environ['HTTP_HOST']}"
    return _page(asked, environ.get("HTTP_IF_NONE_MATCH", ""), here.rstrip("/"))


def _page(asked: Asked, known: str, here: str, *, hits: bool = False) -> tuple[str, list[tuple[str, str]], bytes]:
    """With an ETag made of the question and the state of the data: unchanged is answered without asking the database."""
    tag = f'"{features.tag(asked, "items")}"'
    headers = [*_PRIVATE.items(), *_content_crs(asked.system).items(), ("ETag", tag), ("Content-Type", GEOJSON)]
    if tag in known:
        return "304 NOT MODIFIED", headers, b""
    body = features.document(asked, here, hits=hits)
    return "200 OK", [*headers, ("Content-Length", str(len(body)))], body


_ITEMS = re.compile(r"/collections/([a-z_]{1,60})/items")
items.quick = _quick_items
QUICK = {"/collections/": items}


def _asked(layer: Layer) -> Asked:
    given = request.args.to_dict(flat=True)
    if len(given) != len(list(request.args.items(multi=True))):
        raise BadRequest("同一个参数给了两次。", code="repeated_parameter")
    return asking.read(layer, given)


def _content_crs(system: Reference) -> dict[str, str]:
    return {"Content-Crs": f"<{system.uri}>"}


FeatureBody = {"content": {GEOJSON: {"schema": {"type": "object", "required": ["type"]}}}, "required": True}


@blueprint.route("/collections/<string:name>/items", methods=["POST"])
@blueprint.response(201, Anything)
@blueprint.doc(requestBody=FeatureBody)
@require(SIGNED_IN)
def create(name: str) -> Response:
    """新增一个要素（GeoJSON），与登记接口同样的权限、检查和审计"""
    layer = collections.collection(name)
    key = writing.create(layer, writing.body(request), asking.system_of(_content(request), "Content-Crs"))
    return Response(status=201, headers={"Location": f"{root()}/collections/{name}/items/{key}"})


@blueprint.route("/collections/<string:name>/items/<string:key>", methods=["PUT", "PATCH"])
@blueprint.response(204)
@blueprint.doc(requestBody=FeatureBody)
@require(SIGNED_IN)
def change(name: str, key: str) -> Response:
    """替换（PUT）或修改（PATCH）一个要素；须带 If-Match"""
    layer = collections.collection(name)
    system = asking.system_of(_content(request), "Content-Crs")
    writing.change(layer, key, writing.body(request), system, whole=request.method == "PUT")
    return Response(status=204, headers=writing.etag(layer, key))


@blueprint.route("/collections/<string:name>/items/<string:key>", methods=["DELETE"])
@blueprint.response(204)
@require(SIGNED_IN)
def remove(name: str, key: str) -> Response:
    """注销一个要素；须带 If-Match"""
    writing.remove(collections.collection(name), key)
    return Response(status=204)


def _content(asked: Any) -> str | None:
    text: str = asked.headers.get("Content-Crs", "")
    return text.strip().strip("<>") or None


BLUEPRINTS = (blueprint,)
__all__ = ["BLUEPRINTS", "PARAMETERS", "landing"]
