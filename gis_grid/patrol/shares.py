"""What of a track fell into which area: metres and minutes, jitter at edges calmed, grids between two fixes counted; pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gis_grid.patrol.fixes import Fixes, Flag, Floats
from gis_grid.patrol.rules import pieces_of, steps_m

Place = Callable[[Floats, Floats], NDArray[np.object_]]  # area codes of points
SAMPLE_M = 5.0  # how finely a step across areas is shared out
MOST_SAMPLES = 100
WIDE_M = 60.0  # longer steps may have left their area in between


@dataclass(frozen=True)
class Share:
    """What of a track fell into one area (code None: outside all)."""

    code: str | None
    fixes: int
    length_m: float
    minutes: float


@dataclass(frozen=True)
class Steps:
    """From each fix of a line to the next: metres and seconds that count (none across pieces, no metres while standing)."""

    metres: Floats
    seconds: Floats


def steps_of(line: Fixes) -> Steps:
    """The steps of the good fixes of a track."""
    if len(line) < 2:
        return Steps(np.zeros(0), np.zeros(0))
    inside = np.diff(pieces_of(line)) == 0
    drift = (line.flags & np.int32(Flag.DRIFT)) != 0
    walked = inside & ~drift[1:] & ~drift[:-1]
    metres = steps_m(line.lon, line.lat)
    return Steps(np.where(walked, metres, 0.0), np.where(inside, np.diff(line.at), 0.0))


def calm(codes: NDArray[np.object_], at: Floats, flap_seconds: float) -> NDArray[np.object_]:
    """The same codes, but who leaves an area and is back in it within `flap_seconds` was not away: that is jitter at an edge."""
    ranks, names = _ranks(codes)
    starts = np.flatnonzero(np.append(True, np.diff(ranks) != 0)) if len(ranks) else np.zeros(0, np.int64)
    if len(starts) < 3:
        return codes
    ends = np.append(starts[1:], len(ranks))
    which = ranks[starts]
    lasts = at[ends - 1]
    for run in range(1, len(starts) - 1):
        if which[run - 1] == which[run + 1] and at[starts[run + 1]] - lasts[run - 1] <= flap_seconds:
            which[run] = which[run - 1]
    return names[np.repeat(which, ends - starts)]


def shares(line: Fixes, codes: NDArray[np.object_], place: Place, flap_seconds: float = 20.0) -> list[Share]:
    """Fixes, metres and minutes per area, most fixes first. `line`: good fixes; `codes`: the area of each; `place` finds others'.

    A step within one area counts there; a step from one area to another is shared out along its straight line, so that an area
    which was crossed between two fixes has its part.
    """
    return shares_of([(line, codes)], place, flap_seconds)[0]


def shares_of(lines: Sequence[tuple[Fixes, NDArray[np.object_]]], place: Place, flap_seconds: float = 20.0) -> list[list[Share]]:
    """The same of several lines at once: `place` is asked once for the samples of all."""
    split = [_split(line, codes, flap_seconds) for line, codes in lines]
    lon, lat = (np.concatenate([getattr(each, name) for each in split]) for name in ("lon", "lat"))
    found = place(lon, lat) if len(lon) else np.empty(0, object)
    ends = np.cumsum([len(each.lon) for each in split])
    return [_summed(each, found[end - len(each.lon) : end]) for each, end in zip(split, ends, strict=True)]


@dataclass(frozen=True)
class _Split:
    """A line's steps within areas summed up by area, and those across, cut into samples that each stand for a part of a step."""

    within: dict[str | None, list[float]]  # fixes, metres, seconds
    lon: Floats
    lat: Floats
    metres: Floats  # of each sample
    seconds: Floats


def _split(line: Fixes, codes: NDArray[np.object_], flap_seconds: float) -> _Split:
    ranks, names = _ranks(calm(codes, line.at, flap_seconds))
    steps = steps_of(line)
    across = np.flatnonzero(((np.diff(ranks) != 0) | (steps.metres > WIDE_M)) & (steps.seconds > 0))
    inside = np.ones(len(steps.metres), dtype=bool)
    inside[across] = False
    metres, seconds = (np.bincount(ranks[:-1][inside], each[inside], len(names)) for each in (steps.metres, steps.seconds))
    counts = np.bincount(ranks, minlength=len(names))
    within = {names[rank]: [float(counts[rank]), float(metres[rank]), float(seconds[rank])] for rank in range(len(names))}
    wide = steps_m(line.lon, line.lat)[across]
    samples = np.clip(np.ceil(wide / SAMPLE_M), 2, MOST_SAMPLES).astype(np.int64)
    step, weight = np.repeat(across, samples), np.repeat(1 / samples, samples)
    share = (np.arange(len(step)) - np.repeat(np.cumsum(samples) - samples, samples) + 0.5) * weight
    lon, lat = (each[step] + share * (each[step + 1] - each[step]) for each in (line.lon, line.lat))
    return _Split(within, lon, lat, steps.metres[step] * weight, steps.seconds[step] * weight)


def _summed(split: _Split, codes: NDArray[np.object_]) -> list[Share]:
    """The areas' shares once the area of each sample is known."""
    ranks, names = _ranks(codes)
    metres, seconds = (np.bincount(ranks, each, len(names)) for each in (split.metres, split.seconds))
    for rank, code in enumerate(names):
        amounts = split.within.setdefault(code, [0.0, 0.0, 0.0])
        amounts[1] += float(metres[rank])
        amounts[2] += float(seconds[rank])
    found = [Share(code, int(n), m, s / 60) for code, (n, m, s) in split.within.items()]
    return sorted(found, key=lambda share: (-share.fixes, -share.length_m, share.code or ""))


def _ranks(codes: NDArray[np.object_]) -> tuple[NDArray[np.int64], NDArray[np.object_]]:
    """Small numbers instead of codes, and the code of each number; sorting the runs only, since neighbours are mostly alike."""
    if not len(codes):
        return np.zeros(0, np.int64), np.empty(0, object)
    starts = np.flatnonzero(np.append(True, codes[1:] != codes[:-1]))
    runs = codes[starts].tolist()
    known: dict[str | None, int] = {code: number for number, code in enumerate(dict.fromkeys(runs))}
    which = np.fromiter(map(known.__getitem__, runs), np.int64, len(runs))
    names = np.empty(len(known), object)
    names[:] = list(known)
    return np.repeat(which, np.diff(np.append(starts, len(codes)))), names
