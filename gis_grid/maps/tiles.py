"""Vector tiles: one query wrapped around a layer's own SELECT; the caller's scope is always bound here, never in a layer.

Numbers: a tile has 4096 units, a pixel of the usual 256 has 16 of them. Vertices of layers whose neighbours share edges are
put on the tile's own grid before anything else happens to them, so that both sides lose the same vertices.
"""

from __future__ import annotations

import math
from datetime import date
from functools import cache, lru_cache
from hashlib import blake2b
from typing import Any

from gis_grid.access.guard import caller, scope_patterns
from gis_grid.areas.placing import today
from gis_grid.config import settings
from gis_grid.db import ask, driver_text
from gis_grid.errors import BadRequest, NotFound
from gis_grid.kept import states
from gis_grid.maps import tile_cache
from gis_grid.maps.layers import Layer, layers
from gis_grid.maps.tile_cache import Tile

EXTENT, BUFFER = 4096, 64
HIGHEST = 22
ONE_PLAN_ABOVE, AFFINE_FROM = 13, 14
RADIUS_M = 6378137.0
WORLD_M = 2 * math.pi * RADIUS_M  # width of the world in EPSG:3857
_MIDDLE = f"ST_AsMVTGeom(ST_Transform(ST_PointOnSurface(l.geom), 3857), ST_TileEnvelope(:z, :x, :y), {EXTENT}, {BUFFER}, true)"
_BOX = "l.geom::box2d::box3d"  # the box kept beside the shape; ::box3d alone walks all vertices


def visible_layers() -> list[Layer]:
    """The layers this caller has the right to."""
    who = caller()
    return [layer for layer in layers().values() if who.may(layer.right)]


def tile(names: str, z: int, x: int, y: int, at: date | None = None) -> Tile:
    """MVT 2.1 of one or several layers (comma separated); empty when there is nothing. Unknown and forbidden: not found."""
    if z > HIGHEST or x >= 2**z or y >= 2**z:
        raise BadRequest(f"瓦片编号超出范围：z 为 0-{HIGHEST}，x、y 小于 2 的 z 次方。", code="bad_tile")
    who, day = caller(), at or today()
    wanted, state = _stated(names, who.scopes, who.rights, day, tuple(states().items()))
    key = f"{z}/{x}/{y}/{state}"
    return tile_cache.get(blake2b(key.encode(), digest_size=16).hexdigest(), lambda: make(wanted, z, x, y, day))


@lru_cache(500)
def _stated(names: str, scopes: Any, rights: Any, day: date, numbers: Any) -> tuple[list[Layer], str]:
    """The layers and their state, once for each caller, day and state of all tables: a map asks for a wall of tiles."""
    wanted = asked_layers(names)
    return wanted, state_of(wanted, day)


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
    known, who = states(), caller()
    parts: list[Any] = [sorted(who.scopes)]
    for layer in wanted:
        day = (at or today()).isoformat() if layer.dated else ""
        fields = layer.seen_by(who)
        parts += [layer.name, day, len(fields) if len(fields) == len(layer.fields) else fields]
        parts += [known.get(state, 0) for state in layer.states]
    return f"{parts}{_release()}"


@cache
def _release() -> str:
    """A change of a layer file makes other tiles."""
    told = [(one.name, one.select, one.smallest_px, one.blocks, one.stack, one.seamless, one.fields) for one in layers().values()]
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
    planned = None if z > ONE_PLAN_ABOVE else False  # many rows: worth planning for this very box
    return bytes(ask(text, tile_values(z, x, y, at), prepare=planned)[0][0] or b"")


@cache
def _single(query: str) -> str:
    return driver_text(f"SELECT {query}")


def tile_values(z: int, x: int, y: int, at: date | None) -> dict[str, Any]:
    """What a tile query binds: the box in degrees with its margin, and the tile's corner and unit in metres."""
    west, south, east, north = tile_bounds(z, x, y, BUFFER / EXTENT)
    side = WORLD_M / 2**z
    inner_west, inner_south, inner_east, inner_north = tile_bounds(z, x, y)
    middle = math.radians(math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * (y + 0.5) / 2**z)))))
    across = EXTENT / (inner_east - inner_west)  # units per degree
    up = across / math.cos(middle)
    return {
        "z": z, "x": x, "y": y, "w": west, "s": south, "e": east, "n": north, "at": at or today(),
        "zone": settings().time_zone, "scope": scope_patterns(), "px": (east - west) / 256,
        "left": x * side - WORLD_M / 2, "top": WORLD_M / 2 - y * side, "unit": side / EXTENT,
        "iw": inner_west, "is": inner_south, "ie": inner_east, "in": inner_north,
        "ax": across, "ay": -up, "dx": -inner_west * across, "dy": EXTENT / 2 + math.degrees(middle) * up, "clear": 1.5 / across,
    }  # fmt: skip


@cache
def _queries(name: str, seen: tuple[str, ...], z: int, whole: bool) -> list[str]:
    """The tile queries of one layer: its shapes and, where names are shown, a point for each."""
    layer = layers()[name]
    fields = tuple(field for field in seen if z >= layer.fields[field].get("zoom", 0))
    if layer.blocks and z < layer.blocks[0]:
        return [_blocks_query(layer, layer.blocks[1], whole)]
    queries = [_shapes_query(layer, name, fields, _shape(layer, z), whole)]
    if layer.labelled and z + 1 > layer.label_zoom:
        queries.append(_shapes_query(layer, f"{name}-label", fields, _MIDDLE, whole))
    return queries


def _shape(layer: Layer, z: int) -> str:
    """The shape in the tile's units.

    A shape wholly inside whose parts are further apart than its corners are moved needs no cutting and no repair: it is moved by
    one affine step, which from zoom 14 on is true to a tenth of a unit (latitude bends by the square of the tile's height).
    """
    shape = "ST_Transform(l.geom, 3857)"
    if layer.seamless:
        shape = f"ST_SnapToGrid({shape}, :left, :top, :unit, :unit)"
    careful = f"ST_AsMVTGeom({shape}, ST_TileEnvelope(:z, :x, :y), {EXTENT}, {BUFFER}, true)"
    if not layer.clearance or z < AFFINE_FROM:
        return careful
    moved = "ST_ForcePolygonCCW(ST_SnapToGrid(ST_Affine(l.geom, :ax, 0, 0, :ay, :dx, :dy), 1))"
    return f"""
          CASE WHEN l.clearance > :clear AND l.geom @ ST_MakeEnvelope(:iw, :is, :ie, :in, 4490) THEN {moved} ELSE {careful} END"""


def _shapes_query(layer: Layer, name: str, fields: tuple[str, ...], shape: str, whole: bool) -> str:
    """The one tile query. The box is given as values, so that the GiST index on geom answers it.

    What becomes nothing is left out by ST_AsMVT itself: a condition on the made shape would make it twice.
    """
    own = "".join(f", l.{field}" for field in (*fields, *(["stacked"] if layer.stack else [])))
    return f"""coalesce((
      SELECT ST_AsMVT(t, '{name}', {EXTENT}, 'geom', 'fid') FROM (
        SELECT l.id AS fid, l.{layer.key}::text AS id,
          {shape} AS geom{own}
        FROM {_rows(layer, whole)}
      ) t), '')"""


def _rows(layer: Layer, whole: bool) -> str:
    """The rows in the box. Of many on one very spot only the first are told apart; how many there are, goes along."""
    rows = f"({layer.select}\n) l WHERE {_within(layer, whole)}"
    if not layer.stack:
        return rows
    return f"""(
          SELECT q.*, CASE WHEN q.many > {layer.stack} THEN q.many END AS stacked FROM (
            SELECT l.*, row_number() OVER (PARTITION BY l.geom ORDER BY l.id) AS nth,
              count(*) OVER (PARTITION BY l.geom)::int AS many
            FROM {rows}
          ) q WHERE q.nth <= {layer.stack}
        ) l"""


def _blocks_query(layer: Layer, px: int, whole: bool) -> str:
    """Squares of the tile's own grid and how many features have their middle there: what is too small to see, merged.

    Of points their mean is told.
    """
    step = px * EXTENT // 256
    square = f"ST_ForcePolygonCCW(ST_MakeEnvelope(i * {step}, j * {step}, (i + 1) * {step}, (j + 1) * {step}))"
    if layer.shape == "point":
        square = "ST_MakePoint(round(avg(x)), round(avg(y)))"
    return f"""coalesce((
      SELECT ST_AsMVT(t, '{layer.name}', {EXTENT}, 'geom') FROM (
        SELECT {square} AS geom, count(*)::int AS count
        FROM (
          SELECT x, y, floor(x / {step})::int AS i, floor(y / {step})::int AS j
          FROM (
            SELECT ((ST_XMin({_BOX}) + ST_XMax({_BOX})) / 360 * {WORLD_M / 2} - :left) / :unit AS x,
              (:top - {RADIUS_M} * ln(tan(pi() / 4 + radians(ST_YMin({_BOX}) + ST_YMax({_BOX})) / 4))) / :unit AS y
            FROM ({layer.select}
            ) l
            WHERE {_within(layer, whole, smallest=False)}
          ) places
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
