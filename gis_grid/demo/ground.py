"""The ground the town stands on: the drawing plane bent into hills and a river, and metres to degrees and back.

The plan is drawn with straight lines on a flat sheet whose river is the line v = 0; `Ground.bend` lays the sheet over
the landscape. Bending is smooth and never folds, so what is next to each other on the sheet stays so on the map.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, radians, sin
from typing import Any

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]  # shape (n, 2)

HALF_WIDTH_M, HALF_HEIGHT_M = 2650.0, 2180.0  # of the sheet
HOME = (106.55, 29.56)
PITCH_M = (8200.0, 7200.0)  # between the middles of two districts of a city
CITY_COLUMNS = 5
DIGITS = 7  # of a degree that are kept: about one centimetre
_EQUATOR_M, _SQUARED_ECCENTRICITY = 6378137.0, 0.00669438002290  # GRS 80, as CGCS2000 has it


@dataclass(frozen=True)
class Ground:
    """One district's landscape."""

    waves: NDArray[np.float64]  # rows: kx, ky, phase, dx, dy (radians per metre, metres)
    meander: tuple[float, float, float]  # height, wave length, phase
    turn: float  # radians
    lon: float
    lat: float

    @property
    def scale(self) -> Points:
        """Metres per degree of longitude and of latitude at the middle."""
        w = 1 - _SQUARED_ECCENTRICITY * sin(radians(self.lat)) ** 2
        east = _EQUATOR_M / w**0.5 * cos(radians(self.lat))
        north = _EQUATOR_M * (1 - _SQUARED_ECCENTRICITY) / w**1.5
        return np.radians(np.array([east, north]))

    def degrees(self, metres: Points) -> Points:
        """Longitude and latitude, rounded to what is stored."""
        return np.round(metres / self.scale + (self.lon, self.lat), DIGITS)

    def metres(self, degrees: Points) -> Points:
        """East and north of the district's middle."""
        return (degrees - (self.lon, self.lat)) * self.scale

    def bend(self, sheet: Points) -> Points:
        """Where points of the sheet lie, in metres east and north of the middle."""
        x, y = _round_corners(sheet[:, 0], _make_room_for_the_river(sheet[:, 1]))
        height, length, phase = self.meander
        y = y + height * np.sin(2 * np.pi * x / length + phase) * np.exp(-((y / 1900) ** 2))
        angles = np.outer(x, self.waves[:, 0]) + np.outer(y, self.waves[:, 1]) + self.waves[:, 2]
        bumps = np.sin(angles)
        x, y = x + bumps @ self.waves[:, 3], y + bumps @ self.waves[:, 4]
        c, s = cos(self.turn), sin(self.turn)
        return np.column_stack([c * x - s * y, s * x + c * y])


def landscape(rng: np.random.Generator, number: int = 0) -> Ground:
    """The landscape of the district with this number; 0 lies at home, the others side by side with it."""
    waves = np.vstack([_waves(rng, length, height) for length, height in _RELIEF])
    meander = (rng.uniform(190, 240), rng.uniform(3600, 4400), rng.uniform(0, 2 * np.pi))
    home: Any = Ground(waves, meander, 0.0, *HOME)
    column, row = number % CITY_COLUMNS, number // CITY_COLUMNS
    lon, lat = home.degrees(np.array([[column * PITCH_M[0], -row * PITCH_M[1]]]))[0]
    return Ground(waves, meander, rng.uniform(-0.26, -0.1), float(lon), float(lat))


_RELIEF = ((2600.0, 85.0), (1500.0, 40.0), (760.0, 17.0), (340.0, 5.0))  # wave length and height, metres


def _waves(rng: np.random.Generator, length: float, height: float, count: int = 4) -> NDArray[np.float64]:
    angle = rng.uniform(0, 2 * np.pi, count)
    k = 2 * np.pi / (length * rng.uniform(0.8, 1.25, count))
    push = rng.uniform(0, 2 * np.pi, count)
    size = height / count**0.5
    return np.column_stack(
        [k * np.cos(angle), k * np.sin(angle), rng.uniform(0, 2 * np.pi, count), size * np.cos(push), size * np.sin(push)]
    )


def _make_room_for_the_river(v: NDArray[np.float64]) -> NDArray[np.float64]:
    return v + np.sign(v) * 110 * (1 - np.exp(-np.abs(v) / 70))


def _round_corners(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Half way from a rectangle to an ellipse, so that the town has no corners."""
    u, v = np.clip(x / HALF_WIDTH_M, -1.3, 1.3), np.clip(y / (HALF_HEIGHT_M + 110), -1.3, 1.3)
    return x * (0.45 + 0.55 * np.sqrt(1 - v * v / 2)), y * (0.45 + 0.55 * np.sqrt(1 - u * u / 2))
