"""The same documents as pages for people: plain HTML without scripts, large enough to read, with a drawn map."""

from __future__ import annotations

import math
from html import escape
from typing import Any
from urllib.parse import urlencode

import shapely
from flask import Response

from gis_grid import dictionary
from gis_grid.access.guard import caller
from gis_grid.maps import features
from gis_grid.maps.asked import Asked
from gis_grid.maps.collections import DOWNLOADS
from gis_grid.maps.layers import Layer

_STYLE = """
body{font:16px/1.6 "Noto Sans CJK SC","Noto Sans SC","Microsoft YaHei",sans-serif}
body{margin:0;color:#1f2a37;background:#f6f7f9}
main{max-width:1080px;margin:0 auto;padding:20px 16px 60px}
h1{font-size:26px;margin:8px 0 12px}h2{font-size:19px;margin:24px 0 8px}
a{color:#1a5296}nav{font-size:15px}nav a+a::before{content:" › ";color:#6b7785}
table{border-collapse:collapse;width:100%;background:#fff;font-size:15px}
th,td{border:1px solid #d9dee5;padding:7px 10px;text-align:left}
th{background:#eef2f7;white-space:nowrap}
.wide{overflow-x:auto}
svg{width:100%;height:auto;background:#fff;border:1px solid #d9dee5}
.more{display:inline-block;margin:14px 14px 0 0;padding:8px 18px;background:#1a5296;color:#fff}
.more{border-radius:4px;text-decoration:none}
.quiet{color:#5b6673}code{background:#eef2f7;padding:1px 5px;border-radius:3px;word-break:break-all}
"""


def conformance(told: dict[str, Any]) -> Response:
    """What the service conforms to."""
    rows = "".join(f"<li><code>{escape(uri)}</code></li>" for uri in told["conformsTo"])
    return _page("符合的标准", [("/collections", "数据集")], f"<ul>{rows}</ul>")


def collections(told: dict[str, Any]) -> Response:
    """All collections the caller may see."""
    rows = "".join(
        f'<tr><td><a href="/collections/{one["id"]}">{escape(one["title"])}</a></td><td><code>{one["id"]}</code></td>'
        f'<td>{escape(one["description"])}</td><td><a href="/collections/{one["id"]}/items">要素</a></td></tr>'
        for one in told["collections"]
    )
    head = "<tr><th>名称</th><th>标识</th><th>说明</th><th></th></tr>"
    note = '<p class="quiet">供其他系统与桌面 GIS（QGIS、GDAL 等）读取：OGC API 要素与瓦片。只列出您有权查看的数据集。</p>'
    return _page("数据集", [("/", "控制台")], f'{note}<div class="wide"><table>{head}{rows}</table></div>')


def collection(layer: Layer, told: dict[str, Any]) -> Response:
    """One collection: its fields, links and systems."""
    seen = layer.seen_by(caller())
    rows = "".join(
        f"<tr><td>{escape(layer.fields[name]['label'])}</td><td><code>{name}</code></td>"
        f"<td>{escape(str(layer.fields[name].get('unit') or ''))}</td></tr>"
        for name in seen
    )
    links = "".join(
        f'<li><a href="{escape(link["href"])}">{escape(link["title"])}</a></li>'
        for link in told["links"]
        if link["rel"] != "self"
    )
    systems = "".join(f"<li><code>{escape(uri)}</code></li>" for uri in told["crs"])
    body = (
        f'<p>{escape(told["description"])}</p><a class="more" href="/collections/{layer.name}/items">查看要素</a>'
        f'<h2>字段</h2><div class="wide"><table><tr><th>名称</th><th>标识</th><th>单位</th></tr>{rows}</table></div>'
        f"<h2>链接</h2><ul>{links}</ul><h2>坐标系</h2><ul>{systems}</ul>"
    )
    return _page(layer.title, [("/collections", "数据集")], body)


def items(asked: Asked) -> Response:
    """One page of features: a drawn map, a table, and the way on."""
    found = features.page(asked)
    layer = asked.layer
    here = f"/collections/{layer.name}"
    number = features.matched(asked, found)
    told = f"本页 {len(found.features)} 个" + ("" if number is None else f"，共 {number} 个")
    own = {name: value for name, value in asked.own.items() if name not in ("f", "after")}
    onward = {**asked.own, "after": found.next} if found.next else None
    more = f'<a class="more" href="{here}/items?{escape(urlencode(onward))}">下一页</a>' if onward else ""
    files = "".join(f' <a href="{here}/items?{escape(urlencode({**own, "f": kind}))}">{kind}</a>' for kind in DOWNLOADS)
    body = (
        f'<p class="quiet">{told}。下载全部：{files}</p>{drawing(found.shapes, asked)}'
        f'<div class="wide">{_table(layer, asked.fields, found.features)}</div>{more}'
    )
    return _page(f"{layer.title}：要素", [("/collections", "数据集"), (here, layer.title)], body)


def item(asked: Asked, key: str) -> Response:
    """One feature: map and fields."""
    page = features.one(asked, key)
    found, layer = page.features[0], asked.layer
    rows = "".join(
        f"<tr><th>{escape(layer.fields[name]['label'])}</th><td>{_cell(layer, name, found['properties'][name])}</td></tr>"
        for name in asked.fields
    )
    crumbs = [
        ("/collections", "数据集"),
        (f"/collections/{layer.name}", layer.title),
        (f"/collections/{layer.name}/items", "要素"),
    ]
    return _page(f"{layer.title} {found['id']}", crumbs, f"{drawing(page.shapes, asked)}<table>{rows}</table>")


def _table(layer: Layer, fields: tuple[str, ...], rows: list[dict[str, Any]]) -> str:
    head = "<th>编号</th>" + "".join(f"<th>{escape(layer.fields[name]['label'])}</th>" for name in fields)
    lines = "".join(
        f'<tr><td><a href="/collections/{layer.name}/items/{escape(str(row["id"]))}">{escape(str(row["id"]))}</a></td>'
        + "".join(f"<td>{_cell(layer, name, row['properties'][name])}</td>" for name in fields)
        + "</tr>"
        for row in rows
    )
    return f"<table><tr>{head}</tr>{lines}</table>"


def _cell(layer: Layer, name: str, value: Any) -> str:
    if value is None:
        return ""
    told = layer.fields[name]
    if told.get("dictionary"):
        value = dictionary.names(told["dictionary"]).get(str(value), value)
    return escape(f"{value}{told.get('unit') or ''}" if not isinstance(value, bool) else ("是" if value else "否"))


def drawing(texts: list[bytes], asked: Asked) -> str:
    """The page's shapes (GeoJSON) as one SVG, 1000 units wide, north up, true to shape at their latitude."""
    shapes = [shape for shape in shapely.from_geojson(texts) if not shape.is_empty]
    if not shapes:
        return ""
    flip = asked.system.flipped
    x1, y1, x2, y2 = shapely.total_bounds(shapes)
    west, south, east, north = (y1, x1, y2, x2) if flip else (x1, y1, x2, y2)
    squeeze = math.cos(math.radians((south + north) / 2)) if asked.system.srid == 4490 else 1.0
    span = max((east - west) * squeeze, (north - south) * 2, 1e-9 if asked.system.srid == 4490 else 1.0) * 1.1
    middle = ((west + east) / 2, (south + north) / 2)

    def spot(pair: Any) -> str:
        x, y = (pair[1], pair[0]) if flip else (pair[0], pair[1])
        return f"{500 + (x - middle[0]) * squeeze / span * 1000:.1f},{250 - (y - middle[1]) / span * 1000:.1f}"

    marks = "".join(_mark(part, spot) for shape in shapes for part in shapely.get_parts([shape]))
    return f'<svg viewBox="0 0 1000 500" role="img" aria-label="本页要素的位置"><title>本页要素的位置</title>{marks}</svg>'


def _mark(shape: Any, spot: Any) -> str:
    if shape.geom_type == "Point":
        x, y = spot(shape.coords[0]).split(",")
        return f'<circle cx="{x}" cy="{y}" r="6" fill="#c8322b" stroke="#fff" stroke-width="2"/>'
    if shape.geom_type == "LineString":
        return f'<polyline points="{" ".join(map(spot, shape.coords))}" fill="none" stroke="#0b8484" stroke-width="3"/>'
    rings = "".join(f"M{' L'.join(map(spot, ring.coords))}Z" for ring in (shape.exterior, *shape.interiors))
    return f'<path d="{rings}" fill="#2468b2" fill-opacity="0.15" stroke="#2468b2" stroke-width="2" fill-rule="evenodd"/>'


def _page(title: str, crumbs: list[tuple[str, str]], body: str) -> Response:
    way = "".join(f'<a href="{href}">{escape(text)}</a>' for href, text in crumbs)
    text = (
        f'<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body><main><nav>{way}</nav><h1>{escape(title)}</h1>"
        f"{body}</main></body></html>"
    )
    return Response(
        text, mimetype="text/html", headers={"Cache-Control": "private, no-cache", "Vary": "Accept, Authorization, Cookie"}
    )
