"""The area index of a day, kept in memory and thrown away when a boundary changes; `place_*` for every door."""

from __future__ import annotations

from datetime import date, datetime
from functools import cache
from zoneinfo import ZoneInfo

import shapely

from gis_grid.areas.rules import LEVEL_CODES
from gis_grid.config import settings
from gis_grid.db import session, sql
from gis_grid.geo.locate import AreaIndex, Bounded
from gis_grid.kept import Kept

_indexes: Kept[AreaIndex] = Kept("placing", most=4)


def today() -> date:
    """The day it is where the grids are."""
    return datetime.now(_zone()).date()


def day_of(moment: datetime) -> date:
    """The day it was then where the grids are."""
    return moment.astimezone(_zone()).date()


@cache
def _zone() -> ZoneInfo:
    return ZoneInfo(settings().time_zone)


def current_index(at: date | None = None) -> AreaIndex:
    """The index of the boundaries valid on `at` (default today). Never stale: the version is read in this transaction."""
    day = at or today()
    return _indexes.get(day, lambda: _load(day))


def _load(at: date) -> AreaIndex:
    rows = session().execute(sql("bounded"), {"at": at}).all()
    shapes = shapely.from_wkb([bytes(row.wkb) for row in rows])
    areas = [Bounded(row.code, row.level, row.kind == "exclusive", shape) for row, shape in zip(rows, shapes, strict=True)]
    return AreaIndex(areas, LEVEL_CODES, settings().nearest_m)
