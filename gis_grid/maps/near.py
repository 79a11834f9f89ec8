"""Spatial questions of other systems: what is near, within, along; who is responsible. Exact metres, everything scoped.

Metres come from `geography`; the index is asked with boxes that are never too small.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import orjson
import shapely
from shapely.ops import substring

from gis_grid.access.guard import caller, scope_patterns
from gis_grid.areas.actions import boundary_of
from gis_grid.areas.placing import today
from gis_grid.config import settings
from gis_grid.db import ask, driver_text
from gis_grid.errors import BadRequest, NotFound
from gis_grid.geo import crs, shapes
from gis_grid.maps.asked import cursor
from gis_grid.maps.collections import collection
from gis_grid.maps.layers import Layer

MOST_M = 20_000.0
_DEGREE_M = 110_574.0  # the shortest degree of latitude: boxes made with it are never too small


@dataclass(frozen=True)
class Found:
    """Features in order, and where the next page begins; none at the end."""

    items: list[dict[str, Any]]
    next: str | None


def near(name: str, lon: float, lat: float, most: int, within_m: float, at: date | None) -> list[dict[str, Any]]:
    """The `most` nearest features of a layer within metres of a point (CGCS2000), nearest first, ties by id.

    The nearest by degrees give a radius in metres; whatever lies in that radius is measured, so none is missed.
    """
    layer = collection(name)
    inner, values = _rows(layer, at)
    values |= {"lon": lon, "lat": lat, "most": most, "within_m": within_m}
    text = f"""
      WITH p AS MATERIALIZED (SELECT ST_SetSRID(ST_MakePoint(:lon, :lat), 4490) AS g),
      few AS (
        SELECT ST_Distance(l.geom::geography, (SELECT g::geography FROM p)) AS m
        FROM ({inner}) l ORDER BY l.geom <-> ST_SetSRID(ST_MakePoint(:lon, :lat), 4490) LIMIT :most
      ),
      r AS (SELECT least(CASE WHEN count(*) < :most THEN 1e9 ELSE max(m) END, :within_m) AS m FROM few)
      SELECT l.id, l.{layer.key} AS key, {_shape()}, round(l.m::numeric, 2)::float8 AS m{_own(layer)}
      FROM (
        SELECT l.*, ST_Distance(l.geom::geography, (SELECT g::geography FROM p)) AS m FROM ({inner}) l
        WHERE l.geom && (
          SELECT ST_Expand(p.g, r.m / ({_DEGREE_M} * cos(radians(:lat))) + 1e-9, r.m / {_DEGREE_M} + 1e-9) FROM p, r
        )
      ) l
      WHERE l.m <= (SELECT m FROM r) + 0.001 AND l.m <= :within_m ORDER BY l.m, l.id LIMIT :most
    """
    rows = ask(driver_text(text), values)
    return [{**_feature(layer, row), "distance_m": row[3]} for row in rows]


def within(names: Sequence[str], shape: Any, most: int, after: str | None, at: date | None) -> Found:
    """Everything of these layers that meets a shape, layer by layer, by id; a page of `most`."""
    items: list[dict[str, Any]] = []
    start, last = _place(after, names)
    for number, name in enumerate(names[start:], start):
        layer = collection(name)
        inner, values = _rows(layer, at)
        values |= {"wkb": shapely.to_wkb(shape), "last": last, "most": most + 1 - len(items)}
        text = f"""
          SELECT l.id, l.{layer.key} AS key, {_shape()}{_own(layer)} FROM ({inner}) l
          WHERE ST_Intersects(l.geom, ST_SetSRID(ST_GeomFromWKB(:wkb), 4490)) AND l.id > :last ORDER BY l.id LIMIT :most
        """
        rows = ask(driver_text(text), values)
        for row in rows:
            if len(items) == most:
                return Found(items, cursor(str(number), items[-1]["_id"] if items[-1]["layer"] == name else -1))
            items.append({**_feature(layer, row, skip=3), "_id": row[0]})
        last = -1
    return Found(items, None)


def along(names: Sequence[str], line: Any, within_m: float, at: date | None, most: int) -> list[dict[str, Any]]:
    """Everything of these layers within metres of a line, in the order one meets it; how far along and how far off, in metres."""
    box = _around(line, within_m)
    found = []
    for name in names:
        layer = collection(name)
        inner, values = _rows(layer, at)
        values |= {"wkb": shapely.to_wkb(line), "within_m": within_m, "most": most, **box}
        text = f"""
          WITH w AS MATERIALIZED (SELECT ST_SetSRID(ST_GeomFromWKB(:wkb), 4490) AS g)
          SELECT l.id, l.{layer.key} AS key, {_shape()}, ST_Distance(l.geom::geography, (SELECT g::geography FROM w)) AS off,
            ST_LineLocatePoint((SELECT g FROM w), ST_ClosestPoint((SELECT g FROM w), l.geom)) AS share{_own(layer)}
          FROM ({inner}) l
          WHERE l.geom && ST_MakeEnvelope(:w, :s, :e, :n, 4490)
            AND ST_DWithin(l.geom::geography, (SELECT g::geography FROM w), :within_m)
          ORDER BY share, l.id LIMIT :most
        """
        for row in ask(driver_text(text), values):
            told = {"along_m": round(_along_m(line, row[4]), 1), "off_m": round(row[3], 1)}
            found.append({**_feature(layer, row, skip=5), **told})
    return sorted(found, key=lambda item: (item["along_m"], item["layer"]))[:most]


def shape_of(asked: dict[str, Any]) -> Any:
    """The shape a question is about: geometry (GeoJSON), area (code), or lon, lat and radius_m; exactly one of them."""
    named = [name for name in ("geometry", "area", "radius_m") if asked.get(name) is not None]
    if len(named) != 1:
        raise BadRequest("请给出一种范围：geometry（GeoJSON）、area（区域编码）或 lon、lat、radius_m。", code="bad_shape")
    if named == ["area"]:
        found = boundary_of(asked["area"], asked.get("at"))
        if found is None:
            raise NotFound(f"区域 {asked['area'][:32]} 在那一天没有边界。")
        return found
    if named == ["radius_m"]:
        if asked.get("lon") is None or asked.get("lat") is None:
            raise BadRequest("radius_m 须与 lon、lat 一起给出。", code="bad_shape")
        return circle(asked["lon"], asked["lat"], asked["radius_m"])
    return stored_shape(asked["geometry"], asked.get("crs", "wgs84"))


def stored_shape(geometry: Any, datum: str) -> Any:
    """A caller's GeoJSON geometry as ours; refused when invalid or with more than 20,000 vertices."""
    shape = shapes.from_geojson_of_any_system(geometry)
    if shapely.get_num_coordinates(shape) > 20_000:
        raise BadRequest("图形的点超过 20,000 个，请先简化。", code="too_many_vertices")
    if fault := shapes.why_invalid(shape):
        raise BadRequest(f"图形无效：{fault}。", code="bad_shape")
    pairs = shapely.get_coordinates(shape)
    crs.check_plausible(pairs[:, 0], pairs[:, 1], datum)
    return shapes.check_degrees(crs.shapes_to_stored(np.array([shape], dtype=object), datum)[0])


def circle(lon: float, lat: float, radius_m: float) -> Any:
    """A circle in metres as a polygon of 128 corners (true to 0.03 %)."""
    turns = [360 * step / 128 for step in range(128)]
    lons, lats, _ = shapes.GEOD.fwd([lon] * 128, [lat] * 128, turns, [radius_m] * 128)
    return shapely.Polygon(list(zip(lons, lats, strict=True)))


def _rows(layer: Layer, at: date | None) -> tuple[str, dict[str, Any]]:
    """The layer's rows in the caller's scope."""
    values: dict[str, Any] = {"at": at or today(), "zone": settings().time_zone, "scope": scope_patterns()}
    scoped = layer.scoped and "" not in caller().scopes
    text = f"SELECT l.* FROM ({layer.select}\n) l" + (" WHERE l.area_code LIKE ANY(:scope)" if scoped else "")
    return text, {name: value for name, value in values.items() if f":{name}" in text}


def _shape() -> str:
    return "convert_to(ST_AsGeoJSON(l.geom, 7, 0), 'UTF8')"


def _own(layer: Layer) -> str:
    return "".join(f", l.{name}" for name in layer.seen_by(caller()))


def _feature(layer: Layer, row: Any, skip: int = 4) -> dict[str, Any]:
    names = layer.seen_by(caller())
    geometry = orjson.Fragment(bytes(row[2]))
    return {"layer": layer.name, "id": row[1], "properties": dict(zip(names, row[skip:], strict=True)), "geometry": geometry}


def _place(after: str | None, names: Sequence[str]) -> tuple[int, int]:
    """Which layer and after which id the page begins."""
    if not after:
        return 0, -1
    try:
        number, last = orjson.loads(base64.urlsafe_b64decode(after + "=" * (-len(after) % 4)))
        if not 0 <= int(number) < len(names) or not isinstance(last, int):
            raise ValueError(after)
        return int(number), last
    except (ValueError, TypeError):
        raise BadRequest("翻页标记 after 无效，请从第一页重新开始。", code="bad_cursor") from None


def _around(shape: Any, metres: float) -> dict[str, float]:
    west, south, east, north = shape.bounds
    tall = metres / _DEGREE_M
    wide = tall / max(0.01, math.cos(math.radians(max(abs(south), abs(north)))))
    return {"w": west - wide, "s": south - tall, "e": east + wide, "n": north + tall}


def _along_m(line: Any, share: float) -> float:
    part = substring(line, 0, share, normalized=True)
    pairs = shapely.get_coordinates(part)
    return float(shapes.lengths_m(pairs[:, 0], pairs[:, 1]).sum()) if len(pairs) > 1 else 0.0
