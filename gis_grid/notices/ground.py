"""What a plan shows, in metres: the area, its neighbours, streets, water, greens, buildings, entrances, places. Pure.

x is east, y is north, from any origin near by; `flat` makes such metres from degrees, true to 1 part in 10,000 over 5 km.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import shapely

GRS80_A, GRS80_E2 = 6_378_137.0, 0.006_694_380_022_9


@dataclass(frozen=True)
class Street:
    """A road: its middle line, its width in metres, its rank (trunk, main, street, lane)."""

    name: str
    rank: str
    width_m: float
    line: Any


@dataclass(frozen=True)
class Patch:
    """A named shape: a water body, a green, a neighbouring area, an estate (a point)."""

    name: str
    shape: Any
    code: str = ""


@dataclass(frozen=True)
class House:
    """A building: footprint or point, what may be written on it (longest first), its use (code table building_use)."""

    names: tuple[str, ...]
    shape: Any
    use: str = ""


@dataclass(frozen=True)
class Mark:
    """A point with a name: an entrance, a key place, a checkpoint, where the reader stands."""

    name: str
    point: Any
    kind: str = "place"


@dataclass(frozen=True)
class Ground:
    """All that lies in and around one area, in metres."""

    area: Any
    name: str = ""
    neighbours: tuple[Patch, ...] = ()
    inner: tuple[Patch, ...] = ()  # the areas within, for an overview
    streets: tuple[Street, ...] = ()
    waters: tuple[Patch, ...] = ()
    greens: tuple[Patch, ...] = ()
    houses: tuple[House, ...] = ()
    estates: tuple[Patch, ...] = ()
    marks: tuple[Mark, ...] = field(default=())

    def moved(self, change: Callable[[Any], Any]) -> Ground:
        """The same ground with every shape changed by `change` (metres to paper, for one)."""
        return replace(
            self,
            area=change(self.area),
            neighbours=tuple(replace(each, shape=change(each.shape)) for each in self.neighbours),
            inner=tuple(replace(each, shape=change(each.shape)) for each in self.inner),
            streets=tuple(replace(each, line=change(each.line)) for each in self.streets),
            waters=tuple(replace(each, shape=change(each.shape)) for each in self.waters),
            greens=tuple(replace(each, shape=change(each.shape)) for each in self.greens),
            houses=tuple(replace(each, shape=change(each.shape)) for each in self.houses),
            estates=tuple(replace(each, shape=change(each.shape)) for each in self.estates),
            marks=tuple(replace(each, point=change(each.point)) for each in self.marks),
        )


def flat(lon: float, lat: float) -> Callable[[Any], Any]:
    """A function from shapes in CGCS2000 degrees to metres east and north of lon, lat (tangent plane of the ellipsoid)."""
    sine = math.sin(math.radians(lat))
    across = GRS80_A / math.sqrt(1 - GRS80_E2 * sine**2)
    along = across * (1 - GRS80_E2) / (1 - GRS80_E2 * sine**2)
    east_m, north_m = math.radians(1) * across * math.cos(math.radians(lat)), math.radians(1) * along

    def change(shape: Any) -> Any:
        return shapely.transform(shape, lambda xy: (xy - (lon, lat)) * np.array((east_m, north_m)))

    return change
