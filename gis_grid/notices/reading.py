"""What a plan shows, read from the layer files' own SELECTs, and taken to metres around the area."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import shapely
import sqlalchemy as sa

from gis_grid.areas.duty import Node, all_areas
from gis_grid.areas.placing import today
from gis_grid.areas.rules import LEVEL_CODES
from gis_grid.config import settings
from gis_grid.db import session
from gis_grid.maps.layers import layers
from gis_grid.notices.ground import Ground, House, Mark, Patch, Street, flat
from gis_grid.notices.spots import short_names

Box = tuple[float, float, float, float]
_ROOM = 0.6  # of the longer side: how far around the area the plan may look
_RANK_M = {"trunk": 30.0, "main": 20.0, "street": 12.0, "lane": 6.0}


def read_ground(code: str, shape: Any, *, inner: bool = False, marks: tuple[str, ...] = (), here: Any = None) -> Ground:
    """The ground of one area (its boundary in degrees) with what lies around it.

    Names and shapes of areas and of the base map are no secret; of buildings only the area's own are read, whoever asks, so
    that a board does not depend on who prints it. `inner`: an overview with the areas within instead of buildings.
    """
    west, south, east, north = shape.bounds
    room_x, room_y = _ROOM * max(east - west, (north - south)), _ROOM * max(north - south, east - west)
    box = (west - room_x, south - room_y, east + room_x, north + room_y)
    metres = flat((west + east) / 2, (south + north) / 2)
    tree = all_areas()
    level = tree[code].link["level"]
    below = LEVEL_CODES[min(LEVEL_CODES.index(level) + 1, len(LEVEL_CODES) - 1)]
    near = _rows(area_layer(level), box)
    return Ground(
        area=metres(shape),
        name=tree[code].link["name"],
        neighbours=tuple(
            Patch(_full_name(tree, row.code, code), metres(row.shape), row.code) for row in near if row.code != code
        ),
        inner=tuple(_inner(below, box, code, metres)) if inner else (),
        streets=tuple(_streets(box, metres)),
        waters=_patches("water", box, metres),
        greens=_patches("green", box, metres),
        houses=() if inner else tuple(_houses(code, metres)),
        estates=() if inner else _patches("estates", box, metres, code),
        marks=() if inner else tuple(_marks(code, box, metres, marks, here)),
    )


def _streets(box: Box, metres: Any) -> Iterator[Street]:
    for row in _rows("roads", box):
        yield Street(row.name or "", row.rank or "lane", row.width_m or _RANK_M.get(row.rank, 6.0), metres(row.shape))


def _patches(name: str, box: Box, metres: Any, within: str | None = None) -> tuple[Patch, ...]:
    return tuple(Patch(row.name or "", metres(row.shape)) for row in _rows(name, box, within))


def area_layer(level: str) -> str:
    return {"district": "districts", "street": "streets", "community": "communities", "grid": "grids"}[level]


def _full_name(tree: Mapping[str, Node], other: str, mine: str) -> str:
    """A neighbour's name; with its parent's when it is not ours."""
    node, own = tree[other], tree[mine]
    parent = tree.get(node.parent or "")
    return node.link["name"] if node.parent == own.parent or parent is None else f"{parent.link['name']}{node.link['name']}"


def _inner(level: str, box: Any, code: str, metres: Any) -> Iterator[Patch]:
    for row in _rows(area_layer(level), box):
        if row.code.startswith(code) and row.code != code:
            yield Patch(row.name, metres(row.shape), row.code)


class _Row:
    """A row of a layer: its fields and its shape."""

    def __init__(self, row: sa.Row[Any]) -> None:
        self._row = row
        self.shape = shapely.from_wkb(bytes(row.wkb))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._row, name)


def _rows(name: str, box: Box, within: str | None = None) -> list[_Row]:
    """A layer's rows in a box (degrees), of one area when `within` is given. The layer's own SELECT decides what there is."""
    layer = layers()[name]
    query = f"""
    SELECT ST_AsBinary(l.geom) AS wkb, l.* FROM ({layer.select}
    ) l
    WHERE l.geom && ST_MakeEnvelope(:w, :s, :e, :n, 4490) {"AND l.area_code LIKE :within" if within else ""} ORDER BY l.id
    """
    values = {
        "w": box[0],
        "s": box[1],
        "e": box[2],
        "n": box[3],
        "at": today(),
        "zone": settings().time_zone,
        "within": f"{within}%",
    }
    return [_Row(row) for row in session().execute(sa.text(query), {k: v for k, v in values.items() if f":{k}" in query})]


def _houses(code: str, metres: Any) -> Iterator[House]:
    """The area's own buildings by assignment, wherever their footprint reaches; those without footprint as points."""
    query = """
    SELECT ST_AsBinary(coalesce(b.footprint, b.point)) AS wkb, b.name, b.use, e.name AS estate
    FROM buildings b LEFT JOIN estates e ON e.id = b.estate_id
    WHERE b.retired_at IS NULL AND b.area_code LIKE :within AND coalesce(b.footprint, b.point) IS NOT NULL ORDER BY b.id
    """
    for row in session().execute(sa.text(query), {"within": f"{code}%"}):
        shape = shapely.from_wkb(bytes(row.wkb))
        yield House(short_names(row.name, row.estate), metres(shape), row.use or "")


def _marks(code: str, box: Any, metres: Any, names: tuple[str, ...], here: Any) -> Iterator[Mark]:
    if "units" in names:
        rows = _rows("units", box, code)
        many = {name for name, count in Counter(row.building for row in rows).items() if count > 1}  # one entrance needs no name
        yield from (Mark(row.name if row.building in many else "", metres(row.shape), "entrance") for row in rows)
    for name in names:
        if name != "units":
            yield from (
                Mark(getattr(row, "name", "") or "", metres(shapely.point_on_surface(row.shape)), name)
                for row in _rows(name, box, code)
            )
    if here is not None:
        yield Mark("您在此处", metres(here), "here")


def boundary_shapes(codes: Sequence[str], at: date | None = None) -> dict[str, Any]:
    """A day's (today's without one) boundaries of areas, in degrees."""
    query = (
        "SELECT area_code, ST_AsBinary(geom) AS wkb FROM boundaries WHERE area_code = ANY(:codes) AND valid @> CAST(:at AS date)"
    )
    rows = session().execute(sa.text(query), {"codes": list(codes), "at": at or today()})
    return {row.area_code: shapely.from_wkb(bytes(row.wkb)) for row in rows}
