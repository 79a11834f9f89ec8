"""The division as one walks down it: an area, what stands above it within the caller's scope, and what right below."""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa

from gis_grid.access.guard import caller, scope_clause, scope_patterns
from gis_grid.areas.models import Area, Boundary
from gis_grid.areas.placing import today
from gis_grid.areas.rules import LEVEL_CODES, LEVEL_NAMES
from gis_grid.config import settings
from gis_grid.db import ask, driver_text, session, sql
from gis_grid.errors import NotFound
from gis_grid.kept import Kept
from gis_grid.maps import tiles
from gis_grid.maps.layers import Layer

_counts: Kept[dict[str, int]] = Kept(most=2000)


def area_tree(code: str | None, at: date | None, level: str | None = None) -> dict[str, Any]:
    """chain (from the topmost the caller may see down to `code` itself), items (right below, or all of a level below),
    each with its box in degrees, and levels (which there are below, with how many areas)."""
    values = {"code": code, "at": at or today(), "scope": scope_patterns(), "level": level}
    chain = [_link(row) for row in session().execute(sql("area_chain"), values)] if code else []
    if code and not (chain and chain[-1]["code"] == code):
        raise NotFound(f"没有区域 {code[:32]}，或它不在您的数据范围内。")
    items = [_below(row) for row in session().execute(sql("area_tree"), values)]
    return {"chain": chain, "items": items, "levels": _levels(code, at or today())}


def _levels(code: str | None, at: date) -> list[dict[str, Any]]:
    """The levels that have areas below, the highest first."""
    there = sa.exists().where(Boundary.area_code == Area.code, Boundary.valid.contains(at))
    never = sa.and_(Area.retired_at.is_(None), ~sa.exists().where(Boundary.area_code == Area.code))
    query = sa.select(Area.level, sa.func.count()).where(scope_clause(Area.code), sa.or_(there, never))
    if code is not None:
        query = query.where(sa.func.starts_with(Area.code, code), Area.code != code)
    known: dict[str, int] = dict(session().execute(query.group_by(Area.level)).tuples().all())
    return [{"code": level, "name": LEVEL_NAMES[level], "count": known[level]} for level in LEVEL_CODES if level in known]


def _link(row: sa.Row[Any]) -> dict[str, Any]:
    return {
        "code": row.code,
        "name": row.name,
        "level": row.level,
        "level_name": LEVEL_NAMES[row.level],
        "kind": row.kind,
        "bounds": None if row.west is None else [row.west, row.south, row.east, row.north],
    }


def _below(row: sa.Row[Any]) -> dict[str, Any]:
    place = {"lon": row.lon, "lat": row.lat, "area_m2": row.area_m2}
    return {**_link(row), "children": row.children, **place}


def layer_counts(names: str, code: str | None, at: date | None) -> dict[str, int | None]:
    """How many features each of these layers has in an area (the caller's whole scope without one); None for the ground of the
    map, which belongs to nobody. Remembered while the data hold."""
    return {layer.name: _count(layer, code, at or today()) if layer.scoped else None for layer in tiles.asked_layers(names)}


def _count(layer: Layer, code: str | None, at: date) -> int:
    prefix = None if code is None else code.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    state = tiles.state_of([layer], at)
    kept = _counts.get((layer.name, prefix, tuple(sorted(caller().scopes))), dict)
    if state not in kept:
        text = f"""
          SELECT count(*) FROM ({layer.select}
          ) l
          WHERE coalesce(l.area_code LIKE ANY(:scope), '%' = ANY(:scope))
            AND (CAST(:prefix AS text) IS NULL OR l.area_code LIKE :prefix)
        """
        values = {"scope": scope_patterns(), "prefix": prefix, "at": at, "zone": settings().time_zone}
        kept.clear()
        kept[state] = ask(driver_text(text), {name: one for name, one in values.items() if f":{name}" in text}, prepare=False)[0][
            0
        ]
    return kept[state]
