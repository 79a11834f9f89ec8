"""The areas that are the rows of an answer: those right below one, on the day asked for, with the way down to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import shapely
import sqlalchemy as sa

from gis_grid.access.guard import scope_clause
from gis_grid.areas.duty import names_on
from gis_grid.areas.models import Area, Boundary
from gis_grid.areas.placing import today
from gis_grid.areas.rules import LEVEL_NAMES
from gis_grid.db import session
from gis_grid.errors import NotFound

FINENESS = 1_500  # the shapes are true to this part of their width: enough for a screen, small enough for a slow line


@dataclass(frozen=True)
class Parts:
    """`told`: the rows (code, name, level, level_name, more: whether there are areas below). `path`: from the top to the area."""

    told: Sequence[dict[str, Any]]
    path: Sequence[dict[str, Any]]

    @cached_property
    def names(self) -> dict[str, str]:
        return {one["code"]: one["name"] for one in self.told}

    @cached_property
    def _lengths(self) -> list[int]:
        return sorted({len(code) for code in self.names}, reverse=True)

    def of(self, code: str | None) -> str | None:
        """The row a code belongs to."""
        return next((code[:length] for length in self._lengths if code and code[:length] in self.names), None)


def parts_of(area: str | None, day: date, level: str | None = None) -> Parts:
    """The areas right below one, or all of a level below it; without one, the caller's own. One without parts is its own row."""
    path = _path(area) if area is not None else []
    if area is not None and not path:
        raise NotFound(f"没有区域 {area[:32]}，或它不在您的数据范围内。")
    mine = sa.select(Area.code, Area.name, Area.level).where(scope_clause(Area.code), _there(day)).order_by(Area.code)
    if level is not None:
        found = session().execute(mine.where(Area.level == level, sa.func.starts_with(Area.code, area or ""))).all()
        found = found or session().execute(mine.where(Area.code == area)).all()
    elif area is not None:
        found = session().execute(mine.where(Area.parent_code == area)).all()
        found = found or session().execute(mine.where(Area.code == area)).all()
    else:
        rows = session().execute(mine.order_by(None).order_by(sa.func.length(Area.code), Area.code)).all()
        codes = {row.code for row in rows}
        found = [row for row in rows if not any(row.code[:end] in codes for end in range(1, len(row.code)))]
    below = sa.select(Area.parent_code).where(Area.parent_code.in_([row.code for row in found]), _there(day)).distinct()
    with_more = set(session().scalars(below))
    told = [{**_named(row), "more": row.code in with_more} for row in found]
    called = names_on(day)
    return Parts(*([{**one, "name": called.get(one["code"], one["name"])} for one in rows] for rows in (told, path)))


def shapes_of(area: str | None, day: date, level: str | None = None) -> dict[str, Any]:
    """The rows' boundaries on that day as GeoJSON (CGCS2000), simplified alike on both sides of shared edges."""
    parts = parts_of(area, day, level)
    query = sa.select(Boundary.area_code, sa.func.ST_AsBinary(Boundary.geom)).where(
        Boundary.area_code.in_(list(parts.names)), Boundary.valid.contains(day)
    )
    rows = session().execute(query.order_by(Boundary.area_code)).all()
    drawn = shapely.from_wkb([bytes(row[1]) for row in rows])
    if len(drawn):
        west, _, east, _ = shapely.total_bounds(drawn)
        drawn = shapely.coverage_simplify(drawn, (east - west) / FINENESS)
    features = [
        {
            "type": "Feature",
            "properties": {"id": row[0], "name": parts.names[row[0]]},
            "geometry": shapely.geometry.mapping(shape),
        }
        for row, shape in zip(rows, drawn, strict=True)
    ]
    return {"type": "FeatureCollection", "features": features}


def _there(day: date) -> Any:
    """Areas in use: today those not retired; on another day those with a boundary then."""
    if day == today():
        return Area.retired_at.is_(None)
    return sa.exists().where(Boundary.area_code == Area.code, Boundary.valid.contains(day))


def _path(area: str) -> list[dict[str, Any]]:
    """The area and those above it within the caller's scope, the highest first."""
    above = [area[:end] for end in range(1, len(area) + 1)]
    query = sa.select(Area.code, Area.name, Area.level).where(Area.code.in_(above), scope_clause(Area.code))
    rows = session().execute(query.order_by(sa.func.length(Area.code))).all()
    return [_named(row) for row in rows] if rows and rows[-1].code == area else []


def _named(row: Any) -> dict[str, Any]:
    return {"code": row.code, "name": row.name, "level": row.level, "level_name": LEVEL_NAMES.get(row.level, row.level)}
