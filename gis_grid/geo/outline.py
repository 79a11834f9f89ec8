"""How far points are from the outline of one area, in geodesic metres."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from gis_grid.geo.shapes import GEOD, bearing_equal_scale, distance_m

Floats = NDArray[np.float64]
_FEW = 1_000  # so many edges are looked through sooner than GEOS is asked


class Outline:
    """The edges of an area (degrees), x shortened so that both directions scale alike."""

    def __init__(self, shape: BaseGeometry) -> None:
        _, south, _, north = shape.bounds
        self._scale = bearing_equal_scale((south + north) / 2)
        self._line = shapely.transform(shape.boundary, lambda xy: xy * (self._scale, 1.0))
        shapely.prepare(self._line)
        ends, part = shapely.get_coordinates(shapely.get_parts(self._line), return_index=True)
        along = np.diff(ends, axis=0)
        long = (part[1:] == part[:-1]) & along.any(axis=1)
        self._begin, self._along = ends[:-1][long] @ (1, 1j), along[long] @ (1, 1j)  # a complex number is a place
        self._inverse = 1 / self._along

    def metres(self, lon: float, lat: float) -> float:
        """To the nearest edge."""
        if len(self._begin) > _FEW:
            return float(self.metres_of(np.array([lon]), np.array([lat]))[0])
        away = complex(lon * self._scale, lat) - self._begin
        share = np.minimum(np.maximum((away * self._inverse).real, 0.0), 1.0)
        away -= share * self._along
        nearest = int((away.real**2 + away.imag**2).argmin())
        at = complex(self._begin[nearest]) + float(share[nearest]) * complex(self._along[nearest])
        return distance_m(lon, lat, at.real / self._scale, at.imag)

    def metres_of(self, lon: Floats, lat: Floats) -> Floats:
        """The same for many points."""
        lines = shapely.shortest_line(self._line, shapely.points(lon * self._scale, lat))
        at = shapely.get_coordinates(lines)[::2]
        return np.asarray(GEOD.inv(lon, lat, at[:, 0] / self._scale, at[:, 1])[2])
