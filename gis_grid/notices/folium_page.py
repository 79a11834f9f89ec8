"""Chosen layers as one HTML file that opens without internet: Leaflet, its pictures and all data stand in the file itself.

A reader gets what the maker may see: his layers, his scope, his fields. The page forbids itself every request (CSP).
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from gis_grid.access.guard import caller, scope_patterns
from gis_grid.areas.duty import all_areas
from gis_grid.areas.placing import today
from gis_grid.config import settings
from gis_grid.db import session
from gis_grid.dictionary import names
from gis_grid.errors import Invalid, TooLarge, Unavailable
from gis_grid.maps.layers import Layer
from gis_grid.maps.tiles import asked_layers
from gis_grid.notices.actions import check_code
from gis_grid.notices.expressions import Seen, Unknown, evaluate
from gis_grid.notices.reading import boundary_shapes
from gis_grid.notices.views import DRAWN

MOST_FEATURES = 20_000
LEAFLET = Path(__file__).parents[1] / "console" / "leaflet"
MOST_NAMES = 300
_NAMED = 16.0  # areas named from this zoom on stand named on the page
_ZOOM = 17.0  # sizes and colours are those of this zoom
_ALONE = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:"
_CSS = """
html, body { margin: 0; height: 100%; font: 16px/1.5 "Microsoft YaHei", "Noto Sans CJK SC", sans-serif }
.leaflet-container { font: inherit; background: #f5f2ec }
.leaflet-tooltip table { border-spacing: 0 } .leaflet-tooltip th { text-align: left; padding-right: 10px; color: #4b5868 }
.leaflet-control-layers { font-size: 16px; line-height: 2 }
.page-title { position: fixed; z-index: 1000; top: 10px; left: 56px; max-width: 60%; padding: 8px 14px; background: #fffffff2; border-radius: 8px }
.page-title strong { font-size: 19px } .page-title div { font-size: 14px; color: #4b5868 }
.page-legend { position: fixed; z-index: 1000; left: 10px; bottom: 34px; max-height: 45%; overflow: auto; padding: 8px 14px;
  background: #fffffff2; border-radius: 8px; font-size: 14px }
.page-legend i { display: inline-block; width: 18px; height: 12px; margin-right: 8px; border: 1px solid #8a8f96 }
.page-source { position: fixed; z-index: 1000; left: 0; bottom: 0; padding: 2px 10px; background: #ffffffe0; font-size: 14px }
.leaflet-bottom.leaflet-left { left: auto; right: 4px } .leaflet-control-scale-line:nth-child(2) { display: none }
.page-name { width: 0 !important; white-space: nowrap; font-weight: 600; color: #123a6b; text-shadow: 0 0 3px #fff, 0 0 3px #fff, 0 0 3px #fff }
.page-name div { transform: translate(-50%, -50%); width: max-content }
@media (max-width: 600px) { .page-legend { display: none } }
"""  # noqa: E501


@dataclass(frozen=True)
class Drawn:
    """A layer with its features as GeoJSON, each with its values in words and its look."""

    layer: Layer
    features: list[dict[str, Any]]
    named: list[tuple[float, float, str]]  # lon, lat, name of areas that the map names from afar


def write_page(code: str, layers: str, title: str | None) -> bytes:
    """The HTML of one area's layers. Refuses layers that are not there for the caller, and more features than browsers bear."""
    check_code(code)
    shape = boundary_shapes([code]).get(code)
    if shape is None:
        raise Invalid(f"{all_areas()[code].link['name']}（{code}）没有边界，不能制作离线地图。", code="no_boundary")
    wanted = [layer for layer in asked_layers(layers) if any(entry["type"] in DRAWN for entry in layer.style)]
    drawn: list[Drawn] = []
    room = MOST_FEATURES
    for layer in wanted:
        rows = _rows(layer, shape.bounds, room)
        seen = layer.seen_by(caller())
        drawn.append(Drawn(layer, [_feature(layer, seen, row) for row in rows], list(_named(layer, seen, rows))))
        room -= len(rows)
    return _page(title or f"{all_areas()[code].link['name']}地图", drawn, shape.bounds).encode()


def _rows(layer: Layer, box: Sequence[float], room: int) -> Sequence[sa.Row[Any]]:
    seen = layer.seen_by(caller())
    fields = "".join(f", l.{name}" for name in seen)
    scope = "AND coalesce(l.area_code LIKE ANY(:scope), '%' = ANY(:scope))" if layer.scoped else ""
    query = f"""
    SELECT ST_AsGeoJSON(l.geom, 7) AS shape_, ST_AsText(ST_PointOnSurface(l.geom)) AS middle_{fields} FROM ({layer.select}
    ) l
    WHERE l.geom && ST_MakeEnvelope(:w, :s, :e, :n, 4490) {scope} ORDER BY l.id LIMIT {room + 1}
    """
    values: dict[str, Any] = dict(zip("wsen", box, strict=True))
    values |= {"at": today(), "zone": settings().time_zone, "scope": scope_patterns()}
    rows = session().execute(sa.text(query), {name: value for name, value in values.items() if f":{name}" in query}).all()
    if len(rows) > room:
        raise TooLarge(
            f"所选图层超过 {MOST_FEATURES} 个要素（到“{layer.title}”为止），离线网页会打不开：请选小一些的区域或少选图层。",
            code="too_many_features",
        )
    return rows


def _named(layer: Layer, seen: Sequence[str], rows: Sequence[sa.Row[Any]]) -> Iterator[tuple[float, float, str]]:
    """Names of areas, as the layer's own style writes them."""
    style = next((entry for entry in layer.style if entry["type"] == "symbol" and entry.get("minzoom", 0) < _NAMED), None)
    if style is None or layer.shape != "polygon":
        return
    for row in rows:
        try:
            text = str(evaluate(style["layout"]["text-field"], Seen({name: getattr(row, name) for name in seen}, _NAMED)) or "")
        except Unknown:
            return
        lon, lat = (float(part) for part in row.middle_[6:-1].split())
        if text.strip():
            yield lon, lat, text.strip()


def _feature(layer: Layer, seen: Sequence[str], row: sa.Row[Any]) -> dict[str, Any]:
    values = {name: getattr(row, name) for name in seen}
    return {
        "type": "Feature",
        "geometry": _plain(row.shape_),
        "properties": {**_in_words(layer, values), "_look": _look(layer, values)},
    }


def _plain(text: str) -> dict[str, Any]:
    import orjson

    found: dict[str, Any] = orjson.loads(text)
    return found


def _in_words(layer: Layer, values: Mapping[str, Any]) -> dict[str, str]:
    """Label: value, as text: what people typed is never markup in the page."""
    told = {}
    for name, value in values.items():
        field = layer.fields[name]
        shown = names(field["dictionary"]).get(value, value) if field.get("dictionary") and value is not None else value
        unit = field.get("unit") or ""
        told[escape(field["label"])] = "" if shown is None else escape(f"{shown}{unit}")
    return told


def _look(layer: Layer, values: Mapping[str, Any]) -> dict[str, Any]:
    """Colour, width and radius by the layer's own style entries, the upper one counts."""
    seen = Seen({key: value for key, value in values.items() if value is not None}, _ZOOM)
    look: dict[str, Any] = {}
    for entry in layer.style:
        if not entry.get("minzoom", 0) <= _ZOOM < entry.get("maxzoom", 99) or entry["type"] not in _PAINTS:
            continue
        try:
            if evaluate(entry.get("filter", True), seen):
                paints = _PAINTS[entry["type"]].items()
                look |= {to: evaluate(entry["paint"][of], seen) for of, to in paints if of in entry.get("paint", {})}
        except Unknown:
            continue  # what only screens can show keeps the look below it
    polygon = layer.shape == "polygon"
    return {"color": "#5a6472", "weight": 1, "fill": polygon and "fillColor" in look, "fillOpacity": 0.8, **look}


_PAINTS = {
    "fill": {"fill-color": "fillColor", "fill-opacity": "fillOpacity"},
    "line": {"line-color": "color", "line-width": "weight", "line-opacity": "opacity"},
    "circle": {
        "circle-color": "fillColor", "circle-radius": "radius", "circle-stroke-color": "color",
        "circle-stroke-width": "weight", "circle-opacity": "fillOpacity",
    },
}  # fmt: skip


def _page(title: str, drawn: Sequence[Drawn], box: Sequence[float]) -> str:
    import folium
    from branca.element import Element

    page = folium.Map(tiles=None, control_scale=True, prefer_canvas=True, zoom_snap=0.5)
    page.default_js, page.default_css = [], []
    page.options["attributionControl"] = False
    for one in drawn:
        if one.features:
            _shown(one, folium).add_to(page)
    folium.LayerControl(collapsed=False).add_to(page)
    page.fit_bounds([[box[1], box[0]], [box[3], box[2]]])
    figure = page.get_root()
    head = (
        f'<meta http-equiv="Content-Security-Policy" content="{_ALONE}"><title>{escape(title)}</title>'
        f"<style>{_leaflet_css()}{_CSS}</style><script>{_leaflet_js()}</script>"
    )
    figure.header.add_child(Element(_raw(head)), name="alone")  # type: ignore[attr-defined]
    figure.html.add_child(Element(_raw(_around_the_map(title, drawn))), name="words")  # type: ignore[attr-defined]
    return str(figure.render())


def _shown(one: Drawn, folium: Any) -> Any:
    """A folium layer; values are shown when a feature is touched or pointed at."""
    labels = [label for label in one.features[0]["properties"] if label != "_look"]
    tips = folium.GeoJsonTooltip(fields=labels, sticky=True) if labels else None
    popup = folium.GeoJsonPopup(fields=labels, max_width=420) if labels else None
    group = folium.FeatureGroup(name=escape(one.layer.title))
    folium.GeoJson(
        {"type": "FeatureCollection", "features": one.features},
        style_function=lambda feature: feature["properties"]["_look"],
        marker=folium.CircleMarker(radius=5),
        tooltip=tips,
        popup=popup,
    ).add_to(group)
    for lon, lat, text in one.named[:MOST_NAMES]:
        icon = folium.DivIcon(html=f"<div>{escape(text)}</div>", icon_size=(0, 0), class_name="page-name")
        folium.Marker((lat, lon), icon=icon, interactive=False).add_to(group)
    return group


def _around_the_map(title: str, drawn: Sequence[Drawn]) -> str:
    day, told = today(), settings()
    entries = [entry for one in reversed(drawn) if one.features for entry in one.layer.legend]
    legend = "".join(f'<div><i style="background:{escape(str(e["color"]))}"></i>{escape(e["label"])}</div>' for e in entries[:24])
    parts = [f"制图：{told.map_publisher}"] if told.map_publisher else []
    parts += [f"资料来源：{told.map_source}"] if told.map_source else []
    parts += [f"审图号：{told.map_review_number}"] if told.map_review_number else []
    parts += ["本图为示意图，不作为权属和划界依据"]
    made = f"{day.year}年{day.month}月{day.day}日　{caller().name}　内部资料，请勿外传"
    return (
        f'<div class="page-title"><strong>{escape(title)}</strong><div>{escape(made)}</div></div>'
        f'<div class="page-legend">{legend}</div>'
        f'<div class="page-source">{escape("　".join(parts))}</div>'
    )


def _raw(text: str) -> str:
    """Element texts are templates: ours must come out as they are."""
    return "{% raw %}" + text + "{% endraw %}"


@cache
def _leaflet_js() -> str:
    script = re.sub(r"//# sourceMappingURL=.*", "", _asset("leaflet.js").decode())
    return script.replace('href="https://leafletjs.com"', 'href="#"')  # its own attribution leads nowhere without internet


@cache
def _leaflet_css() -> str:
    """The style sheet with its pictures in it."""

    def inlined(found: re.Match[str]) -> str:
        return f"url(data:image/png;base64,{base64.b64encode(_asset(found[1])).decode()})"

    css = re.sub(r"url\((images/[\w.-]+)\)", inlined, _asset("leaflet.css").decode())
    return css.replace("behavior: url(#default#VML);", "")


def _asset(name: str) -> bytes:
    try:
        return (LEAFLET / name).read_bytes()
    except OSError:
        raise Unavailable("控制台尚未构建，缺少离线地图所需的文件：请管理员运行 ./scripts/run。", code="no_console") from None
