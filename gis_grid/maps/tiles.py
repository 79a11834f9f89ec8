"""Vector tiles: one query wrapped around a layer's own SELECT; the caller's scope is always bound here, never in a layer.

Numbers: a tile has 4096 units, a pixel of the usual 256 has 16 of them. Vertices of layers whose neighbours share edges are
put on the tile's own grid before anything else happens to them, so that both sides lose the same vertices.
"""

from __future__ import annotations

import math
from datetime import date
from functools import cache
from hashlib import blake2b
from typing import Any

from gis_grid.access.guard import caller, scope_patterns
from gis_grid.areas.placing import today
from gis_grid.config import settings
from gis_grid.db import ask, driver_text
from gis_grid.errors import BadRequest, NotFound
from gis_grid.kept import versions
from gis_grid.maps import tile_cache
from gis_grid.maps.layers import Layer, layers
from gis_grid.maps.tile_cache import Tile

EXTENT, BUFFER = 4096, 64
HIGHEST = 22
COARSE_BELOW = 13
RADIUS_M = 6378137.0
WORLD_M = 2 * math.pi * RADIUS_M  # width of the world in EPSG:3857
_BOX = "l.geom::box2d::box3d"  # the box kept beside the shape; ::box3d alone walks all vertices


def visible_layers() -> list[Layer]:
    """The layers this caller has the right to."""
    who = caller()
    return [layer for layer in layers().values() if who.may(layer.right)]


def tile(names: str, z: int, x: int, y: int, at: date | None = None) -> Tile:
    """MVT 2.1 of one or several layers (comma separated); empty when there is nothing. Unknown and forbidden: not found."""
    if z > HIGHEST or x >= 2**z or y >= 2**z:
        raise BadRequest(f"瓦片编号超出范围：z 为 0-{HIGHEST}，x、y 小于 2 的 z 次方。", code="bad_tile")
    wanted = asked_layers(names)
    key = f"{z}/{x}/{y}/{state_of(wanted, at)}"
    return tile_cache.get(blake2b(key.encode(), digest_size=16).hexdigest(), lambda: make(wanted, z, x, y, at))


def asked_layers(names: str) -> list[Layer]:
    """The layers named, in their order, once each. One that is not there for this caller: not found."""
    who, known = caller(), layers()
    wanted = list(dict.fromkeys(names.split(",")))
    for name in wanted:
        if name not in known or not who.may(known[name].right):
            raise NotFound(f"没有图层“{name[:40]}”。")
    return [known[name] for name in wanted]


def state_of(wanted: list[Layer], at: date | None) -> str:
    """All that decides what these layers answer this caller: data, scope, fields, day. Two callers share only what is equal."""
    known, who = versions(), caller()
    parts: list[Any] = [sorted(who.scopes)]
    for layer in wanted:
        day = (at or today()).isoformat() if layer.dated else ""
        fields = layer.seen_by(who)
        parts += [layer.name, day, len(fields) if len(fields) == len(layer.fields) else fields]
        parts += [known.get(table, 0) for table in layer.tables]
    return f"{parts}{_release()}"


@cache
def _release() -> str:
    """A change of a layer file makes other tiles."""
    told = [(one.name, one.select, one.smallest_px, one.blocks, one.seamless, list(one.fields)) for one in layers().values()]
    return blake2b(repr(told).encode(), digest_size=8).hexdigest()


def make(wanted: list[Layer], z: int, x: int, y: int, at: date | None) -> bytes:
    """The tile itself, from the database in one trip."""
    who = caller()
    whole = "" in who.scopes
    queries = [
        query
        for layer in wanted
        if layer.minzoom <= z <= layer.maxzoom
        for query in _queries(layer.name, layer.seen_by(who), z, whole or not layer.scoped)
    ]
    if not queries:
        return b""
    text = driver_text(f"SELECT {' || '.join(queries)}") if len(queries) > 1 else _single(queries[0])
    return bytes(ask(text, tile_values(z, x, y, at))[0][0] or b"")


@cache
def _single(query: str) -> str:
    return driver_text(f"SELECT {query}")


def tile_values(z: int, x: int, y: int, at: date | None) -> dict[str, Any]:
    """What a tile query binds: the box in degrees with its margin, and the tile's corner and unit in metres."""
    west, south, east, north = tile_bounds(z, x, y, BUFFER / EXTENT)
    side = WORLD_M / 2**z
    return {
        "z": z, "x": x, "y": y, "w": west, "s": south, "e": east, "n": north, "at": at or today(),
        "zone": settings().time_zone, "scope": scope_patterns(), "px": (east - west) / 256,
        "left": x * side - WORLD_M / 2, "top": WORLD_M / 2 - y * side, "unit": side / EXTENT,
    }  # fmt: skip


@cache
def _queries(name: str, seen: tuple[str, ...], z: int, whole: bool) -> list[str]:
    """The tile queries of one layer: its shapes and, where names are shown, a point for each."""
    layer = layers()[name]
    fields = tuple(field for field in seen if z >= layer.fields[field].get("zoom", 0))
    if layer.blocks and z < layer.blocks[0]:
        return [_blocks_query(layer, layer.blocks[1], whole)]
    shape = "ST_Transform(l.geom, 3857)"
    if layer.seamless:
        step = 1 if z > COARSE_BELOW else 4  # a quarter of a pixel
        shape = f"ST_SnapToGrid({shape}, :left, :top, :unit * {step}, :unit * {step})"
    queries = [_shapes_query(layer, name, fields, shape, whole)]
    if layer.labelled and z + 1 > layer.label_zoom:
        queries.append(_shapes_query(layer, f"{name}-label", fields, "ST_Transform(ST_PointOnSurface(l.geom), 3857)", whole))
    return queries


def _shapes_query(layer: Layer, name: str, fields: tuple[str, ...], shape: str, whole: bool) -> str:
    """The one tile query. The box is given as values, so that the GiST index on geom answers it.

    What becomes nothing is left out by ST_AsMVT itself: a condition on the made shape would make it twice.
    """
    own = "".join(f", l.{field}" for field in fields)
    return f"""coalesce((
      SELECT ST_AsMVT(t, '{name}', {EXTENT}, 'geom', 'fid') FROM (
        SELECT l.id AS fid, l.{layer.key}::text AS id,
          ST_AsMVTGeom({shape}, ST_TileEnvelope(:z, :x, :y), {EXTENT}, {BUFFER}, true) AS geom{own}
        FROM ({layer.select}
          ) l
        WHERE {_within(layer, whole)}
      ) t), '')"""


def _blocks_query(layer: Layer, px: int, whole: bool) -> str:
    """Squares of the tile's own grid and how many features have their middle there: what is too small to see, merged."""
    step = px * EXTENT // 256
    return f"""coalesce((
      SELECT ST_AsMVT(t, '{layer.name}', {EXTENT}, 'geom') FROM (
        SELECT ST_ForcePolygonCCW(ST_MakeEnvelope(i * {step}, j * {step}, (i + 1) * {step}, (j + 1) * {step})) AS geom,
          count(*)::int AS count
        FROM (
          SELECT floor(((ST_XMin({_BOX}) + ST_XMax({_BOX})) / 360 * {WORLD_M / 2} - :left) / (:unit * {step}))::int AS i,
            floor((:top - {RADIUS_M} * ln(tan(pi() / 4 + radians(ST_YMin({_BOX}) + ST_YMax({_BOX})) / 4)))
              / (:unit * {step}))::int AS j
          FROM ({layer.select}
          ) l
          WHERE {_within(layer, whole, smallest=False)}
        ) cells
        GROUP BY i, j
      ) t), '')"""


def _within(layer: Layer, whole: bool, *, smallest: bool = True) -> str:
    box = "l.geom && ST_MakeEnvelope(:w, :s, :e, :n, 4490)"
    scope = "" if whole else " AND coalesce(l.area_code LIKE ANY(:scope), '%' = ANY(:scope))"
    if not (smallest and layer.smallest_px):
        return box + scope
    wide = f"greatest(ST_XMax({_BOX}) - ST_XMin({_BOX}), ST_YMax({_BOX}) - ST_YMin({_BOX}))"
    return f"{box}{scope} AND {wide} > :px * {layer.smallest_px}"


def tile_bounds(z: int, x: int, y: int, margin: float = 0.0) -> tuple[float, float, float, float]:
    """Degrees west, south, east, north of a tile, widened by a share of its width."""
    side = 2.0**z

    def lat(row: float) -> float:
        return math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * row / side))))

    west, east = (x - margin) / side * 360 - 180, (x + 1 + margin) / side * 360 - 180
    return max(west, -180.0), lat(min(y + 1 + margin, side)), min(east, 180.0), lat(max(y - margin, 0))
