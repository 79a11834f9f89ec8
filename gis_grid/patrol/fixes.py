"""Positions of a track as arrays, and how a file's reader hands them over."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Fixes:
    """Arrays of one length: `at` in epoch seconds UTC (NaN: no time), degrees, metres, m/s, segment number."""

    at: Floats
    lon: Floats
    lat: Floats
    accuracy_m: Floats
    speed_mps: Floats
    segment: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.at)

    def take(self, index: NDArray[np.int64] | NDArray[np.bool_]) -> Fixes:
        """The chosen positions, in the chosen order."""
        return Fixes(**{field.name: getattr(self, field.name)[index] for field in fields(self)})


@dataclass(frozen=True)
class TrackInput:
    """What a reader or the phone hands over. `fixes` are in `crs`; times are UTC already."""

    fixes: Fixes
    format: str
    file_name: str | None = None
    device: str | None = None
    worker: str | None = None
    crs: str = "wgs84"


def make_fixes(rows: list[tuple[float, float, float, float, float, int]]) -> Fixes:
    """Fixes of rows (at, lon, lat, accuracy, speed, segment), NaN where unknown."""
    table = np.array(rows, dtype=np.float64).reshape(-1, 6)
    return Fixes(table[:, 0], table[:, 1], table[:, 2], table[:, 3], table[:, 4], table[:, 5].astype(np.int64))
