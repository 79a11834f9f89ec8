"""STEPS: how a track is cleaned. Each step is pure and says which fixes it found and why; the fixes stay, with the flag."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gis_grid.patrol.fixes import Fixes, Flag, Floats

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Limits:
    """What a believable fix is; settings of the installation."""

    now: float  # epoch seconds
    max_accuracy_m: float = 50.0
    max_speed_mps: float = 40.0
    gap_seconds: float = 300.0
    oldest_seconds: float = 18_250 * 86_400.0
    future_seconds: float = 300.0
    stay_m: float = 30.0
    stay_seconds: float = 180.0
    flap_seconds: float = 20.0


def admit(fixes: Fixes, limits: Limits) -> tuple[Fixes, dict[str, int]]:
    """What can be stored at all: it has a time that can be, and a place. The others are refused, with the count per reason."""
    timed = np.isfinite(fixes.at)
    late = timed & (fixes.at > limits.now + limits.future_seconds)
    old = timed & (fixes.at < limits.now - limits.oldest_seconds)
    placed = np.isfinite(fixes.lon) & np.isfinite(fixes.lat)
    counts = {
        "没有时间": int((~timed).sum()),
        "时间在将来": int(late.sum()),
        "时间过早": int(old.sum()),
        "没有坐标": int((timed & ~late & ~old & ~placed).sum()),
    }
    keep = timed & ~late & ~old & placed
    return fixes if keep.all() else fixes.take(keep), {reason: count for reason, count in counts.items() if count}


def in_order(fixes: Fixes) -> tuple[Fixes, int]:
    """Sorted by time to the millisecond, each time once (the first that came); how many came again. Disorder is flagged."""
    at = np.round(fixes.at * 1000) / 1000
    step = np.diff(at)
    if (step > 0).all():
        return fixes, 0
    behind = np.zeros(len(at), dtype=bool)
    behind[1:] = at[1:] < np.maximum.accumulate(at)[:-1]
    order = np.argsort(at, kind="stable")
    fresh = np.ones(len(at), dtype=bool)
    fresh[1:] = np.diff(at[order]) > 0
    return fixes.flagged(behind, Flag.DISORDER).take(order[fresh]), int((~fresh).sum())


def find_impossible(fixes: Fixes, usable: Mask, limits: Limits) -> Mask:
    """400 degrees, or null island."""
    possible = (np.abs(fixes.lon) <= 180) & (np.abs(fixes.lat) <= 90)
    return ~possible | ((np.abs(fixes.lon) < 1e-6) & (np.abs(fixes.lat) < 1e-6))


def find_coarse(fixes: Fixes, usable: Mask, limits: Limits) -> Mask:
    """They say of themselves that they are too coarse."""
    return np.nan_to_num(fixes.accuracy_m, nan=0.0) > limits.max_accuracy_m


def find_jumps(fixes: Fixes, usable: Mask, limits: Limits) -> Mask:
    """Single fixes far off the way: too fast to reach and too fast to leave, while the way without them can be walked."""
    found = np.zeros(len(fixes), dtype=bool)
    index = np.flatnonzero(usable)
    if len(index) < 3:
        return found
    good = fixes if len(index) == len(fixes) else fixes.take(index)
    too_fast = speeds(good) > limits.max_speed_mps
    if not too_fast.any():
        return found
    spike = too_fast[:-1] & too_fast[1:] & (speeds(good, step=2) <= limits.max_speed_mps)
    spike[1:] &= ~spike[:-1]  # of two in a row the second is what came back
    found[index[1:-1][spike]] = True
    return found


def find_fast(fixes: Fixes, usable: Mask, limits: Limits) -> Mask:
    """Reached faster than can be: a train, a teleport, a made-up track. The line is cut before them."""
    found = np.zeros(len(fixes), dtype=bool)
    index = np.flatnonzero(usable)
    if len(index) > 1:
        found[index[1:]] = speeds(fixes if len(index) == len(fixes) else fixes.take(index)) > limits.max_speed_mps
    return found


def find_silence(fixes: Fixes, usable: Mask, limits: Limits) -> Mask:
    """The first after a gap: nothing was heard (indoors, a cellar); that is no sign of absence."""
    found = np.zeros(len(fixes), dtype=bool)
    index = np.flatnonzero(usable)
    found[index[1:]] = np.diff(fixes.at[index]) > limits.gap_seconds
    return found


def find_drift(fixes: Fixes, usable: Mask, limits: Limits) -> Mask:
    """Fixes within a stay, but for its first and last: where they wander, nobody walked."""
    found = np.zeros(len(fixes), dtype=bool)
    index = np.flatnonzero(usable)
    good = fixes if len(index) == len(fixes) else fixes.take(index)
    for begin, end in stays(good, limits.stay_m, limits.stay_seconds, limits.gap_seconds):
        found[index[begin + 1 : end]] = True
    return found


Step = Callable[[Fixes, Mask, Limits], Mask]
STEPS: tuple[tuple[Flag, Step], ...] = (
    (Flag.IMPOSSIBLE, find_impossible),
    (Flag.COARSE, find_coarse),
    (Flag.JUMP, find_jumps),
    (Flag.FAST, find_fast),
    (Flag.NO_SIGNAL, find_silence),
    (Flag.DRIFT, find_drift),
)
_FOUND_HERE = np.int32(sum(flag for flag, _ in STEPS))


def clean(fixes: Fixes, limits: Limits) -> Fixes:
    """The same fixes (in order of time) with the flags of all steps; cleaning again changes nothing."""
    flags = fixes.flags & ~_FOUND_HERE
    found = Fixes(**{**vars(fixes), "flags": flags})
    for flag, step in STEPS:
        mask = step(found, found.good, limits)
        if mask.any():
            found = found.flagged(mask, flag)
    return found


def pieces_of(fixes: Fixes) -> NDArray[np.int64]:
    """The number of the piece each fix belongs to: a new one after a gap, after an impossible speed, and where its file cut."""
    starts = (fixes.flags & np.int32(Flag.NO_SIGNAL | Flag.FAST | Flag.CUT)) != 0
    if len(starts):
        starts[0] = False
    return np.cumsum(starts)


def stays(fixes: Fixes, within_m: float, seconds: float, gap_seconds: float) -> list[tuple[int, int]]:
    """First and last index of each stay: stay points that follow each other at once, with centres within `within_m`, are one."""
    east, north = local_metres(fixes) if len(fixes) else (np.zeros(0), np.zeros(0))
    merged: list[tuple[int, int]] = []
    for begin, end in stay_points(fixes, within_m, seconds, gap_seconds):
        if merged and begin == merged[-1][1] + 1 and fixes.at[begin] - fixes.at[begin - 1] <= gap_seconds:
            last = slice(merged[-1][0], merged[-1][1] + 1)
            here = slice(begin, end + 1)
            if np.hypot(east[last].mean() - east[here].mean(), north[last].mean() - north[here].mean()) <= within_m:
                merged[-1] = (merged[-1][0], end)
                continue
        merged.append((begin, end))
    return merged


def stay_points(fixes: Fixes, within_m: float, seconds: float, gap_seconds: float) -> list[tuple[int, int]]:
    """Stay points as published (Li et al. 2008, Mining user similarity based on location history): from its first fix on all
    fixes within `within_m` of that one, for at least `seconds`. A silence ends a stay.
    """
    count = len(fixes)
    if count < 2:
        return []
    east, north = local_metres(fixes)
    ahead = np.searchsorted(fixes.at, fixes.at + seconds)
    candidates = np.flatnonzero(ahead < count)
    for part in (0.0, 0.5, 0.25, 0.75):  # who stays is near all the time: who is not near then need not be followed
        later = np.searchsorted(fixes.at, fixes.at[candidates] + part * seconds) if part else ahead[candidates]
        away = np.hypot(east[later] - east[candidates], north[later] - north[candidates])
        candidates = candidates[away <= within_m]
    ends = np.append(np.flatnonzero(np.diff(fixes.at) > gap_seconds), count - 1)
    found: list[tuple[int, int]] = []
    begin = 0
    place = 0
    while place < len(candidates):
        begin = int(candidates[place])
        last = int(ends[np.searchsorted(ends, begin)])
        end = _first_beyond(east, north, begin, last, within_m) - 1
        if end > begin and fixes.at[end] - fixes.at[begin] >= seconds:
            found.append((begin, end))
            place = int(np.searchsorted(candidates, end))
            if place < len(candidates) and candidates[place] == end:
                place += 1
        else:
            place += 1
    return found


def _first_beyond(east: Floats, north: Floats, begin: int, last: int, within_m: float) -> int:
    """The first fix after `begin` farther away than `within_m`, at most one after `last`; looked for in growing blocks."""
    size, at = 32, begin + 1
    while at <= last:
        until = min(at + size, last + 1)
        away = np.hypot(east[at:until] - east[begin], north[at:until] - north[begin]) > within_m
        if away.any():
            return at + int(np.argmax(away))
        at, size = until, size * 4
    return last + 1


def local_metres(fixes: Fixes) -> tuple[Floats, Floats]:
    """Metres east and north of the first fix; good to 1e-4 within a city, which is what stays and visits compare."""
    per_lon, per_lat = degree_metres(fixes.lat)
    return (fixes.lon - fixes.lon[0]) * per_lon[0], (fixes.lat - fixes.lat[0]) * per_lat[0]


def degree_metres(lat: Floats) -> tuple[Floats, Floats]:
    """Metres in a degree of longitude and of latitude at these latitudes (the usual series on the ellipsoid, to 0.01 m)."""
    one = np.cos(np.radians(lat))  # cosines of the multiples of an angle come from its own
    square = one * one
    two = 2 * square - 1
    three, five = one * (4 * square - 3), one * (16 * square * square - 20 * square + 5)
    per_lat = 111_132.954 - 559.822 * two + 1.175 * (2 * two * two - 1)
    return 111_412.84 * one - 93.5 * three + 0.118 * five, per_lat


def steps_m(lon: Floats, lat: Floats, step: int = 1) -> Floats:
    """Metres from each position to the one `step` later; 1e-5 of the geodesic for the steps of a walk or a ride."""
    if len(lon) <= step:
        return np.zeros(0)
    per_lon, per_lat = degree_metres((lat[step:] + lat[:-step]) / 2)
    metres: Floats = np.hypot((lon[step:] - lon[:-step]) * per_lon, (lat[step:] - lat[:-step]) * per_lat)
    return metres


def speeds(fixes: Fixes, step: int = 1) -> Floats:
    """m/s from each fix to the one `step` later."""
    seconds = np.maximum(fixes.at[step:] - fixes.at[:-step], 0.5)
    return steps_m(fixes.lon, fixes.lat, step) / seconds
