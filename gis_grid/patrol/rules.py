"""STEPS: how a track is cleaned. Each step is pure and says what it dropped and why; nothing goes silently."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gis_grid.geo.shapes import lengths_m
from gis_grid.patrol.fixes import Fixes


@dataclass(frozen=True)
class Limits:
    """What a believable fix is; settings of the installation."""

    now: float  # epoch seconds
    max_accuracy_m: float = 50.0
    max_speed_mps: float = 40.0
    gap_seconds: float = 300.0
    oldest_seconds: float = 36_500 * 86_400.0
    future_seconds: float = 300.0


Step = Callable[[Fixes, Limits], tuple[Fixes, dict[str, int]]]


def drop_unusable(fixes: Fixes, limits: Limits) -> tuple[Fixes, dict[str, int]]:
    """No coordinates, impossible ones, or null island."""
    possible = np.isfinite(fixes.lon) & np.isfinite(fixes.lat) & (np.abs(fixes.lon) <= 180) & (np.abs(fixes.lat) <= 90)
    null_island = possible & (np.abs(fixes.lon) < 1e-6) & (np.abs(fixes.lat) < 1e-6)
    return fixes.take(possible & ~null_island), {"坐标无效": int((~possible).sum()), "坐标为 0,0": int(null_island.sum())}


def drop_untimed(fixes: Fixes, limits: Limits) -> tuple[Fixes, dict[str, int]]:
    """No time, a time to come, or one too long ago."""
    timed = np.isfinite(fixes.at)
    late = timed & (fixes.at > limits.now + limits.future_seconds)
    old = timed & (fixes.at < limits.now - limits.oldest_seconds)
    counts = {"没有时间": int((~timed).sum()), "时间在将来": int(late.sum()), "时间过早": int(old.sum())}
    return fixes.take(timed & ~late & ~old), counts


def drop_inaccurate(fixes: Fixes, limits: Limits) -> tuple[Fixes, dict[str, int]]:
    """Fixes that say of themselves that they are too coarse."""
    coarse = np.nan_to_num(fixes.accuracy_m, nan=0.0) > limits.max_accuracy_m
    return fixes.take(~coarse), {"精度不足": int(coarse.sum())}


def order_in_time(fixes: Fixes, limits: Limits) -> tuple[Fixes, dict[str, int]]:
    """Sorted by time; the same position at the same time counts once."""
    ordered = fixes.take(np.argsort(fixes.at, kind="stable"))
    if len(ordered) < 2:
        return ordered, {}
    same = np.zeros(len(ordered), dtype=bool)
    same[1:] = (np.diff(ordered.at) == 0) & (np.diff(ordered.lon) == 0) & (np.diff(ordered.lat) == 0)
    return ordered.take(~same), {"重复": int(same.sum())}


def drop_jumps(fixes: Fixes, limits: Limits) -> tuple[Fixes, dict[str, int]]:
    """Single fixes far off the way: too fast to reach and too fast to leave, while the way without them is walkable."""
    if len(fixes) < 3:
        return fixes, {}
    speed = _speeds(fixes)
    direct = _speeds(fixes, step=2)
    spike = np.zeros(len(fixes), dtype=bool)
    too_fast = speed > limits.max_speed_mps
    spike[1:-1] = too_fast[:-1] & too_fast[1:] & (direct <= limits.max_speed_mps)
    return fixes.take(~spike), {"漂移": int(spike.sum())}


def cut_segments(fixes: Fixes, limits: Limits) -> tuple[Fixes, dict[str, int]]:
    """A new segment after a gap, an impossible speed, or where the file began one; drops nothing."""
    if not len(fixes):
        return fixes, {}
    new = np.zeros(len(fixes), dtype=bool)
    if len(fixes) > 1:
        new[1:] = (np.diff(fixes.at) > limits.gap_seconds) | (_speeds(fixes) > limits.max_speed_mps)
        new[1:] |= np.diff(fixes.segment) != 0
    return replace(fixes, segment=np.cumsum(new)), {}


STEPS: tuple[Step, ...] = (drop_unusable, drop_untimed, drop_inaccurate, order_in_time, drop_jumps, cut_segments)


def clean(fixes: Fixes, limits: Limits) -> tuple[Fixes, dict[str, int]]:
    """The fixes that remain after all steps, and how many went for which reason."""
    dropped: Counter[str] = Counter()
    for step in STEPS:
        fixes, counts = step(fixes, limits)
        dropped.update(counts)
    return fixes, {reason: count for reason, count in dropped.items() if count}


@dataclass(frozen=True)
class Share:
    """What of a track fell into one area (code None: outside all)."""

    code: str | None
    fixes: int
    length_m: float
    minutes: float


def shares(fixes: Fixes, codes: NDArray[np.object_]) -> list[Share]:
    """Fixes, metres and minutes per area, most fixes first. A step between two areas counts half for each."""
    names, rank = np.unique([code or "" for code in codes], return_inverse=True)
    steps_m, steps_s = step_lengths(fixes)
    metres, seconds = np.zeros(len(names)), np.zeros(len(names))
    for ends in (rank[:-1], rank[1:]):
        np.add.at(metres, ends, steps_m / 2)
        np.add.at(seconds, ends, steps_s / 2)
    counts = np.bincount(rank, minlength=len(names))
    found = [
        Share(str(name) or None, int(count), float(m), float(s / 60))
        for name, count, m, s in zip(names, counts, metres, seconds, strict=True)
    ]
    return sorted(found, key=lambda share: (-share.fixes, share.code or ""))


def step_lengths(fixes: Fixes) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Metres and seconds of each step within a segment; steps between segments count nothing."""
    if len(fixes) < 2:
        return np.zeros(0), np.zeros(0)
    inside = np.diff(fixes.segment) == 0
    return np.where(inside, lengths_m(fixes.lon, fixes.lat), 0.0), np.where(inside, np.diff(fixes.at), 0.0)


def _speeds(fixes: Fixes, step: int = 1) -> NDArray[np.float64]:
    """m/s from each fix to the one `step` later."""
    scale = np.cos(np.radians(fixes.lat[:-step]))
    dx = (fixes.lon[step:] - fixes.lon[:-step]) * scale * 111_320.0
    dy = (fixes.lat[step:] - fixes.lat[:-step]) * 110_574.0
    seconds = np.maximum(fixes.at[step:] - fixes.at[:-step], 0.5)
    speeds: NDArray[np.float64] = np.hypot(dx, dy) / seconds
    return speeds
