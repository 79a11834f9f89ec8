"""Where patrols spent their time: minutes per small cell, over some days of an area; nobody's name in it."""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa

from gis_grid import audit
from gis_grid.access.guard import scope_clause, scope_patterns
from gis_grid.db import session, sql
from gis_grid.errors import Invalid
from gis_grid.patrol.models import Segment
from gis_grid.patrol.store import day_bounds

CELL_DEGREES = 0.0002  # about 20 m
MOST_SEGMENTS = 30_000
MOST_CELLS = 20_000


def presence(prefix: str, first: date, last: date) -> list[dict[str, Any]]:
    """Cells with lon, lat of their middle and minutes, the busiest first. Refused where it would take too long to count."""
    begin, end = day_bounds(first)[0], day_bounds(last)[1]
    within = (
        Segment.started_at >= begin,
        Segment.started_at < end,
        Segment.area_code.startswith(prefix, autoescape=True),
        scope_clause(Segment.area_code),
    )
    some = sa.select(Segment.id).where(*within).limit(MOST_SEGMENTS + 1).subquery()
    if (session().scalar(sa.select(sa.func.count()).select_from(some)) or 0) > MOST_SEGMENTS:
        raise Invalid("这段时间的轨迹太多，请缩短日期或选择更小的区域。", code="too_many_tracks")
    escaped = prefix.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    values = {"begin": begin, "end": end, "prefix": escaped + "%", "scope": scope_patterns()}
    rows = session().execute(sql("presence"), {**values, "cell": CELL_DEGREES, "most": MOST_CELLS}).mappings()
    cells = [{name: float(row[name]) for name in ("lon", "lat", "minutes")} for row in rows]
    what = {"first": first.isoformat(), "last": last.isoformat(), "cells": len(cells)}
    audit.record("view", "presence", after=what, area_code=prefix or None)
    return cells
