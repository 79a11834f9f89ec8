"""How large areas are: households, people, buildings, shops, open events, square metres; and the size rules (soft)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np

from gis_grid.areas.placing import current_index, today
from gis_grid.config import settings
from gis_grid.db import session, sql

COUNTED = {
    "households": "住户",
    "residents": "居民",
    "buildings": "楼栋",
    "rooms": "房屋",
    "premises": "营业场所",
    "open_events": "未结事件",
}
Sizes = dict[str, dict[str, int]]


def sizes_now(prefix: str) -> Sizes:
    """Counts by area code of what lies under a prefix, as placed today."""
    found: Sizes = {}
    for row in session().execute(sql("sizes_now"), {"prefix": f"{prefix}%"}):
        found.setdefault(row.code, {})[row.kind] = row.number
    return found


def sizes_on(prefix: str, day: date) -> Sizes:
    """The same on the boundaries of another day: every entrance and point is placed again by them, people with their rooms."""
    index = current_index(day)
    found: Sizes = {}
    rows = session().execute(sql("points_of"), {"prefix": f"{prefix}%"}).all()
    if not rows:
        return found
    kinds, lon, lat, counts = (list(each) for each in zip(*rows, strict=True))
    codes = index.place(np.array(lon, dtype=float), np.array(lat, dtype=float)).code
    for kind, code, held in zip(kinds, codes, counts, strict=True):
        if code is not None and code.startswith(prefix):
            sizes = found.setdefault(code, {})
            for name, number in {kind: 1, **(held or {})}.items():
                if number:
                    sizes[name] = sizes.get(name, 0) + number
    return found


def sizes_told(prefix: str, at: date | None, on: str) -> list[dict[str, Any]]:
    """Counts per area: `on` "that_day" uses the boundaries of `at`, "today" those of today."""
    day = at or today()
    sizes = sizes_now(prefix) if on == "today" or day == today() else sizes_on(prefix, day)
    return [{"code": code, **{kind: held.get(kind, 0) for kind in COUNTED}} for code, held in sorted(sizes.items())]


def size_faults(sizes: Mapping[str, Mapping[str, int]], grids: Sequence[tuple[str, str, str]]) -> list[dict[str, Any]]:
    """Grids (code, name, kind) whose number of households breaks the size rule; exclusive grids have no rule. A warning only."""
    low, high = settings().grid_households
    faults = []
    for code, name, kind in grids:
        held = sizes.get(code, {}).get("households", 0)
        if kind == "ordinary" and not low <= held <= high:
            text = f"{name}（{code}）有 {held} 户，{'少于' if held < low else '多于'}规定的 {low}-{high} 户。"
            faults.append({"code": code, "households": held, "low": low, "high": high, "message": text})
    return faults
