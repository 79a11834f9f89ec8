"""Documents that tell programs what is there: the landing page and the OpenAPI 3.0 document, written out per collection.

GDAL pushes filters down only for parameters that the document names under each collection's own path.
"""

from __future__ import annotations

from typing import Any

from gis_grid import __version__
from gis_grid.geo.crs import SHIFTED
from gis_grid.maps.asked import MOST, USUAL
from gis_grid.maps.collections import DOWNLOADS, askable, collections, columns, systems
from gis_grid.maps.layers import Layer

TITLE = "GIS Grid 社区网格空间服务"
_STRING: dict[str, Any] = {"type": "string"}


def _parameter(name: str, schema: dict[str, Any], told: str, **more: Any) -> dict[str, Any]:
    plain = {"style": "form", "explode": False}  # the standard asks for it to be written out
    return {"name": name, "in": "query", "required": False, **plain, "schema": schema, "description": told, **more}


ITEM_PARAMETERS: list[dict[str, Any]] = [
    _parameter("limit", {"type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL}, "每页最多多少个，超出按上限"),
    _parameter(
        "bbox",
        {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 6},
        "范围：西,南,东,北（CRS84），或按 bbox-crs",
    ),
    _parameter("datetime", _STRING, "时刻或“开始/结束”（RFC 3339），一侧可写 .."),
    _parameter("crs", _STRING, f"答复的坐标系（URI）；另可用任何 EPSG:编号，以及 {'、'.join(SHIFTED)}（urn:gis-grid:crs:…）"),
    _parameter("bbox-crs", _STRING, "bbox 的坐标系（URI）"),
    _parameter("filter", _STRING, "CQL2 条件"),
    _parameter("filter-lang", {"type": "string", "enum": ["cql2-text", "cql2-json"], "default": "cql2-text"}, "filter 的写法"),
    _parameter("filter-crs", _STRING, "filter 中坐标的坐标系（URI）"),
    _parameter("sortby", _STRING, "按一个字段排序，降序前加 -"),
    _parameter("properties", {"type": "array", "items": _STRING}, "只要这些字段"),
    _parameter("resulttype", {"type": "string", "enum": ["results", "hits"], "default": "results"}, "hits：只要个数"),
    _parameter("skipGeometry", {"type": "string", "enum": ["true", "false"], "default": "false"}, "不要图形"),
    _parameter("at", {"type": "string", "format": "date"}, "哪一天的，默认今天"),
    _parameter("after", _STRING, "next 链接中的翻页标记"),
    _parameter("f", {"type": "string", "enum": ["json", "html", *DOWNLOADS]}, "格式，默认 json"),
    _parameter("encoding", {"type": "string", "enum": ["UTF-8", "GBK"]}, "Shapefile 属性表与 CSV 的编码，默认 UTF-8"),
]


def landing(root: str) -> dict[str, Any]:
    """The landing page (Core, 7.2): where everything else is."""
    links = [
        ("self", f"{root}/?f=json", "application/json", "本页"),
        ("alternate", f"{root}/", "text/html", "控制台"),
        ("service-desc", f"{root}/api", "application/vnd.oai.openapi+json;version=3.0", "OGC API 的 OpenAPI 文档"),
        ("service-doc", f"{root}/api/docs", "text/html", "全部接口的文档页"),
        ("conformance", f"{root}/conformance", "application/json", "符合的标准"),
        ("data", f"{root}/collections", "application/json", "数据集"),
        ("http://www.opengis.net/def/rel/ogc/1.0/tiling-schemes", f"{root}/tileMatrixSets", "application/json", "瓦片方案"),
    ]
    return {
        "title": TITLE,
        "description": "网格、楼栋、单元、场所、事件与轨迹：哪个网格，谁负责。",
        "links": [{"rel": rel, "href": href, "type": mime, "title": title} for rel, href, mime, title in links],
    }


def openapi(root: str) -> dict[str, Any]:
    """OpenAPI 3.0 of what this caller may read, collection by collection."""
    paths: dict[str, Any] = {
        "/": {"get": _operation("landing", "入口", "application/json")},
        "/conformance": {"get": _operation("conformance", "符合的标准", "application/json")},
        "/collections": {"get": _operation("collections", "数据集", "application/json")},
    }
    for layer in collections():
        paths |= _paths(layer)
    return {
        "openapi": "3.0.3",
        "info": {"title": TITLE, "version": __version__},
        "servers": [{"url": root}],
        "paths": paths,
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}, "basic": {"type": "http", "scheme": "basic"}}
        },
        "security": [{"bearer": []}, {"basic": []}],
    }


def _paths(layer: Layer) -> dict[str, Any]:
    here = f"/collections/{layer.name}"
    feature = {"name": "featureId", "in": "path", "required": True, "schema": _STRING}
    system = {"type": "string", "enum": list(systems())}
    shared = [{**one, "schema": system} if one["name"] in ("crs", "bbox-crs") else one for one in ITEM_PARAMETERS]
    named = {one["name"] for one in ITEM_PARAMETERS}
    kinds = columns(layer.name).kinds
    own = [_parameter(name, _SCALARS[kinds[name]], layer.fields[name]["label"]) for name in askable(layer) if name not in named]
    told = [one for one in shared if one["name"] in ("crs", "at")]
    geojson = "application/geo+json"
    one = _operation(f"{layer.name}.item", f"{layer.title}：一个", geojson)
    return {
        here: {"get": _operation(f"{layer.name}.collection", layer.title, "application/json")},
        f"{here}/queryables": {"get": _operation(f"{layer.name}.queryables", "可查询的字段", "application/schema+json")},
        f"{here}/items": {"get": {**_operation(f"{layer.name}.items", layer.title, geojson), "parameters": [*shared, *own]}},
        f"{here}/items/{{featureId}}": {"get": {**one, "parameters": [feature, *told]}},
    }


_SCALARS: dict[str, dict[str, Any]] = {
    "text": _STRING,
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "timestamp": {"type": "string", "format": "date-time"},
    "array": _STRING,
}


def _operation(name: str, title: str, mime: str) -> dict[str, Any]:
    answer = {"description": title, "content": {mime: {"schema": {"type": "object"}}}}
    return {"operationId": name, "summary": title, "responses": {"200": answer, "400": {"description": "参数有误"}}}
