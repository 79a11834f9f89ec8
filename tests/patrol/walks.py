"""Walks for the tests of patrol: fixes in metres from the middle of the first grid of the town."""

from __future__ import annotations

from gis_grid.patrol.fixes import Fix, Fixes, TrackInput, make_fixes
from tests.factories import middle

NOON = 1_714_957_200.0  # 2024-05-06 09:00 in Beijing
PER_LON, PER_LAT = 96_960.0, 110_850.0  # metres in a degree near the town


def walk(*steps: tuple[float, float, float], accuracy: float = 5.0, start: float = NOON, flags: int = 0) -> Fixes:
    """Fixes of (seconds, metres east, metres north)."""
    lon, lat = middle(0)
    return make_fixes([Fix(start + s, lon + e / PER_LON, lat + n / PER_LAT, accuracy, flags=flags) for s, e, n in steps])


def straight(count: int, every: float = 5.0, mps: float = 1.0, **more: float) -> Fixes:
    """A walk to the east at an even pace."""
    return walk(*[(n * every, n * every * mps, 0) for n in range(count)], **more)  # type: ignore[arg-type]


def track(fixes: Fixes, device: str | None = "d1", **more: str) -> TrackInput:
    return TrackInput(fixes, "csv", device=device, **more)
