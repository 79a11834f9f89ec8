"""Whom to visit first, and in which order one walks: pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Door:
    """A place to visit: `unit` is its entrance; degrees; floors are walked from the top down."""

    key: int
    unit: int
    lon: float | None
    lat: float | None
    floor: int = 1
    number: str = ""


def walking_order(doors: Sequence[Door], start: tuple[float, float] | None = None) -> list[Door]:
    """The nearest entrance next, all doors of an entrance together, the highest floor first; those without a place at the end.

    Without a start the walk begins at the entrance farthest west.
    """
    by_unit: dict[int, list[Door]] = {}
    for door in doors:
        by_unit.setdefault(door.unit, []).append(door)
    placed = {unit: there[0] for unit, there in by_unit.items() if there[0].lon is not None and there[0].lat is not None}
    order: list[int] = []
    here = start or min(((door.lon or 0, door.lat or 0) for door in placed.values()), default=(0.0, 0.0))
    left = dict(placed)
    while left:
        unit = min(left, key=lambda unit: (_apart(here, left[unit]), unit < 0, unit))
        here = (left[unit].lon or 0, left[unit].lat or 0)
        order.append(unit)
        del left[unit]
    order += [unit for unit in by_unit if unit not in placed]
    return [door for unit in order for door in sorted(by_unit[unit], key=lambda door: (-door.floor, door.number, door.key))]


def _apart(here: tuple[float, float], door: Door) -> float:
    """Something that grows with the distance: degrees, the longitude's made equal to the latitude's."""
    lon, lat = door.lon or 0, door.lat or 0
    return math.hypot((lon - here[0]) * math.cos(math.radians(lat)), lat - here[1])
