"""The area index of a day, kept in memory and thrown away when a boundary changes; `place_*` for every door."""

from __future__ import annotations

from collections import OrderedDict
from datetime import date, datetime
from threading import Lock
from zoneinfo import ZoneInfo

import shapely
import sqlalchemy as sa

from gis_grid.areas.models import DataVersion
from gis_grid.areas.rules import LEVEL_CODES
from gis_grid.config import settings
from gis_grid.db import session, sql
from gis_grid.geo.locate import AreaIndex, Bounded

_KEPT_DAYS = 4
_kept: OrderedDict[tuple[int, date], AreaIndex] = OrderedDict()
_lock = Lock()


def today() -> date:
    """The day it is where the grids are."""
    return datetime.now(ZoneInfo(settings().time_zone)).date()


def current_index(at: date | None = None) -> AreaIndex:
    """The index of the boundaries valid on `at` (default today). Never stale: the version is read in this transaction."""
    key = (boundaries_version(), at or today())
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
    index = _load(key[1])
    with _lock:
        _kept[key] = index
        while len(_kept) > _KEPT_DAYS:
            _kept.popitem(last=False)
    return index


def boundaries_version() -> int:
    """How often boundaries or areas changed, as this transaction sees it; a trigger counts."""
    found = session().scalar(sa.select(DataVersion.version).where(DataVersion.name == "boundaries"))
    return int(found or 0)


def forget_indexes() -> None:
    """Throw the kept indexes away; a rolled-back transaction may have used version numbers again."""
    with _lock:
        _kept.clear()


def _load(at: date) -> AreaIndex:
    rows = session().execute(sql("bounded"), {"at": at}).all()
    shapes = shapely.from_wkb([bytes(row.wkb) for row in rows])
    areas = [Bounded(row.code, row.level, row.kind == "exclusive", shape) for row, shape in zip(rows, shapes, strict=True)]
    return AreaIndex(areas, LEVEL_CODES, settings().nearest_m)
