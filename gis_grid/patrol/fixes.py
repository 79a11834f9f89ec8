"""Positions as arrays, how a file's reader hands them over, and what is noted of each one (flags)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from enum import IntFlag
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
NAN = float("nan")


class Flag(IntFlag):
    """What was found of a fix. It stays with the fix; nothing is deleted for it."""

    IMPOSSIBLE = 1  # no place on earth, or 0, 0
    COARSE = 2  # says of itself that it is too coarse
    JUMP = 4  # a single fix far off the way
    FAST = 8  # reached faster than can be
    DRIFT = 16  # wanders about while standing
    NO_SIGNAL = 32  # nothing was heard for a while before it
    MOCK = 64  # the phone says that the position is made up
    ON_EDGE = 128  # on a shared edge
    NEAREST = 256  # outside all areas, given to the nearest
    DISORDER = 512  # came after a later one
    CUT = 1024  # its file began a new piece here


FLAG_WORDS = {
    Flag.IMPOSSIBLE: "坐标无效",
    Flag.COARSE: "精度不足",
    Flag.JUMP: "漂移",
    Flag.FAST: "速度过快",
    Flag.DRIFT: "静止飘动",
    Flag.NO_SIGNAL: "信号中断",
    Flag.MOCK: "模拟定位",
    Flag.DISORDER: "时间倒退",
}
LEFT_OUT = Flag.IMPOSSIBLE | Flag.COARSE | Flag.JUMP  # these are in no line, no metres and no visit


@dataclass(frozen=True)
class Fixes:
    """Arrays of one length: `at` epoch seconds UTC, degrees, metres, m/s, degrees from north, per cent; NaN where unknown."""

    at: Floats
    lon: Floats
    lat: Floats
    accuracy_m: Floats
    speed_mps: Floats
    course_deg: Floats
    ele_m: Floats
    battery: Floats
    flags: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.at)

    def take(self, index: NDArray[np.int64] | NDArray[np.bool_]) -> Fixes:
        """The chosen positions, in the chosen order."""
        return Fixes(**{field.name: getattr(self, field.name)[index] for field in fields(self)})

    def part(self, begin: int, end: int) -> Fixes:
        """The positions from `begin` up to `end`, without copying."""
        return Fixes(**{field.name: getattr(self, field.name)[begin:end] for field in fields(self)})

    def flagged(self, mask: NDArray[np.bool_], flag: Flag) -> Fixes:
        """The same with a flag on the chosen ones."""
        return replace(self, flags=np.where(mask, self.flags | np.int32(flag), self.flags))

    @property
    def good(self) -> NDArray[np.bool_]:
        """Which fixes belong to the line."""
        usable: NDArray[np.bool_] = (self.flags & np.int32(LEFT_OUT)) == 0
        return usable


class Fix(NamedTuple):
    """One position, as a phone sends it."""

    at: float
    lon: float
    lat: float
    accuracy_m: float = NAN
    speed_mps: float = NAN
    course_deg: float = NAN
    ele_m: float = NAN
    battery: float = NAN
    flags: int = 0


class Part(NamedTuple):
    """A piece of a file: the device it names (None: it names none) and positions; `unread` rows could not be read at all."""

    device: str | None
    fixes: Fixes
    unread: int = 0


@dataclass(frozen=True)
class TrackInput:
    """Positions in memory and whose they are; `fixes` are in `crs`."""

    fixes: Fixes
    format: str
    file_name: str | None = None
    device: str | None = None
    worker: str | None = None
    crs: str = "wgs84"


_CAN_BE = {  # least and most
    "accuracy_m": (0.0, np.inf),
    "speed_mps": (0.0, 1_000.0),
    "course_deg": (0.0, 360.0),
    "ele_m": (-20_000.0, 20_000.0),
    "battery": (0.0, 100.0),
}
_COARSEST_M = 1e6


def arrays(at: Floats, lon: Floats, lat: Floats, **known: NDArray[Any]) -> Fixes:
    """Fixes of what a file has; what it has not, and what cannot be (-1, 900 %), is unknown."""
    count = len(at)
    rest = {name: _possible(known[name], *limits) if name in known else np.full(count, NAN) for name, limits in _CAN_BE.items()}
    rest["accuracy_m"] = np.minimum(rest["accuracy_m"], _COARSEST_M)
    flags = np.asarray(known.get("flags", np.zeros(count)), dtype=np.int32)
    return Fixes(np.asarray(at, np.float64), np.asarray(lon, np.float64), np.asarray(lat, np.float64), **rest, flags=flags)


def _possible(values: NDArray[Any], least: float, most: float) -> Floats:
    found: Floats = np.where((values >= least) & (values <= most), values, NAN)
    return found


def make_fixes(rows: Sequence[Fix]) -> Fixes:
    """Fixes of rows."""
    table = np.array(rows, dtype=np.float64).reshape(-1, len(Fix._fields))
    columns = dict(zip(Fix._fields, table.T, strict=True))
    return arrays(columns.pop("at"), columns.pop("lon"), columns.pop("lat"), **columns)


def joined(parts: Sequence[Fixes]) -> Fixes:
    """Several as one, in the order given."""
    if len(parts) == 1:
        return parts[0]
    return Fixes(**{field.name: np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Fixes)})


def count_flags(flags: NDArray[np.int32]) -> dict[str, int]:
    """How many fixes carry each flag, in words; only those that occur."""
    counts = {words: int(np.count_nonzero(flags & np.int32(flag))) for flag, words in FLAG_WORDS.items()}
    return {words: count for words, count in counts.items() if count}
