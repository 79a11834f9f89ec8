"""Vector tiles: one query wrapped around a layer's own SELECT; the caller's scope is always bound here, never in a layer."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

import sqlalchemy as sa

from gis_grid.access.guard import caller, scope_patterns
from gis_grid.areas.placing import today
from gis_grid.config import settings
from gis_grid.db import session
from gis_grid.errors import BadRequest, NotFound
from gis_grid.maps.layers import Layer, layers

EXTENT, BUFFER = 4096, 64
HIGHEST = 22


def visible_layers() -> list[Layer]:
    """The layers this caller has the right to."""
    return [layer for layer in layers().values() if caller().may(layer.right)]


def tile(names: str, z: int, x: int, y: int, at: date | None = None) -> bytes:
    """MVT 2.1 of one or several layers (comma separated); empty when there is nothing. Unknown and forbidden: not found."""
    if z > HIGHEST or x >= 2**z or y >= 2**z:
        raise BadRequest(f"瓦片编号超出范围：z 为 0-{HIGHEST}，x、y 小于 2 的 z 次方。", code="bad_tile")
    mine = {layer.name: layer for layer in visible_layers()}
    wanted = list(dict.fromkeys(names.split(",")))
    unknown = [name for name in wanted if name not in mine]
    if unknown:
        raise NotFound(f"没有图层“{unknown[0][:40]}”。")
    return b"".join(_layer_tile(mine[name], z, x, y, at or today()) for name in wanted)


def _layer_tile(layer: Layer, z: int, x: int, y: int, at: date) -> bytes:
    if not layer.minzoom <= z <= layer.maxzoom:
        return b""
    west, south, east, north = tile_bounds(z, x, y, BUFFER / EXTENT)
    values: dict[str, Any] = {
        "z": z, "x": x, "y": y, "w": west, "s": south, "e": east, "n": north,
        "at": at, "zone": settings().time_zone, "scope": scope_patterns(),
        "px": (east - west) / 256 * layer.smallest_px,
    }  # fmt: skip
    queries = [_query(layer, layer.name, "l.geom")]
    if layer.labelled:
        queries.append(_query(layer, f"{layer.name}-label", "ST_PointOnSurface(l.geom)"))
    answers = [session().scalar(sa.text(query), {k: v for k, v in values.items() if f":{k}" in query}) for query in queries]
    return b"".join(bytes(answer or b"") for answer in answers)


def _query(layer: Layer, name: str, shape: str) -> str:
    """The one tile query. The box is a literal, so that the GiST index on geom answers it."""
    fields = "".join(f", l.{name}" for name in layer.fields)
    scope = "AND coalesce(l.area_code LIKE ANY(:scope), '%' = ANY(:scope))" if layer.scoped else ""
    small = "AND greatest(ST_XMax(l.geom) - ST_XMin(l.geom), ST_YMax(l.geom) - ST_YMin(l.geom)) > :px"
    return f"""
    SELECT ST_AsMVT(t, '{name}', {EXTENT}, 'geom', 'fid') FROM (
      SELECT l.id AS fid, l.{layer.key}::text AS id,
        ST_AsMVTGeom(ST_Transform({shape}, 3857), ST_TileEnvelope(:z, :x, :y), {EXTENT}, {BUFFER}, true) AS geom{fields}
      FROM ({layer.select}) l
      WHERE l.geom && ST_MakeEnvelope(:w, :s, :e, :n, 4490) {scope} {small if layer.smallest_px else ""}
    ) t WHERE t.geom IS NOT NULL
    """


def tile_bounds(z: int, x: int, y: int, margin: float = 0.0) -> tuple[float, float, float, float]:
    """Degrees west, south, east, north of a tile, widened by a share of its width."""
    side = 2.0**z

    def lat(row: float) -> float:
        return math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * row / side))))

    west, east = (x - margin) / side * 360 - 180, (x + 1 + margin) / side * 360 - 180
    return max(west, -180.0), lat(min(y + 1 + margin, side)), min(east, 180.0), lat(max(y - margin, 0))
