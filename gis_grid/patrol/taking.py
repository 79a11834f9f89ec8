"""Fixes of a device taken in block by block: what needs no database (`make_ready`) apart from what only asks it (`write`).

So a block is placed and cleaned while the database still takes in the one before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import psycopg
import sqlalchemy as sa
from numpy.typing import NDArray

from gis_grid.access.guard import caller
from gis_grid.areas.placing import current_index
from gis_grid.db import session
from gis_grid.errors import Invalid
from gis_grid.geo import crs
from gis_grid.geo.locate import AreaIndex
from gis_grid.patrol.digest import Made, day_of, is_archived, keep_track, keep_tracks, make_tracks, place_fixes
from gis_grid.patrol.fixes import Fixes, joined
from gis_grid.patrol.models import Device, DueDay, Track
from gis_grid.patrol.rules import Limits, clean
from gis_grid.patrol.store import change_flags, copy_fixes, day_bounds, days_of, keep_last, make_days, read_fixes

THOROUGH = 20_000  # so many fixes have their visits found at once; more are left to the worker
_FOREIGN = 0.2  # fewer than this share inside any area: perhaps another coordinate system


@dataclass
class Told:
    """What the answer says, gathered while the file is read."""

    received: int = 0
    stored: int = 0
    repeated: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    tracks: dict[int, dict[str, Any]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    elsewhere: set[int] = field(default_factory=set)  # tracks that lie mostly outside the caller's areas
    broken: str = ""  # why the file could not be read to its end


@dataclass(frozen=True)
class Block:
    """Whole days of a device, in order of time, placed. `fixes` as they came, `days` as a track of each would be."""

    device: Device
    datum: str
    fixes: Fixes
    codes: NDArray[np.object_]
    days: Sequence[Made]

    def parts(self) -> Iterator[tuple[Made, Fixes, NDArray[np.object_]]]:
        """Each day with its fixes, not yet cleaned, and their areas."""
        begin = 0
        for made in self.days:
            end = begin + len(made.fixes)
            yield made, self.fixes.part(begin, end), self.codes[begin:end]
            begin = end


def make_ready(device: Device, fixes: Fixes, datum: str, index: AreaIndex, limits: Limits) -> Block:
    """Place fixes (in `datum`, in order of time), clean them and make each day's track. Asks no database."""
    fixes = _stored(fixes, datum)
    fixes, codes = place_fixes(fixes, index)
    days = days_of(fixes.at)
    starts = np.flatnonzero(np.append(True, np.diff(days) != 0)).tolist()
    whole = []
    for start, end in zip(starts, [*starts[1:], len(days)], strict=True):
        whole.append((day_of(int(days[start])), clean(fixes.part(start, end), limits), codes[start:end]))
    made = make_tracks(whole, lambda lon, lat: index.place(lon, lat).code)
    return Block(device, datum, fixes, codes, made)


def write(block: Block, limits: Limits, told: Told) -> None:
    """Fresh days are copied together; a day of which something is there already is joined with it first."""
    if not told.warnings:
        told.warnings.extend(_suspect_datum(block))
    device, fixes, codes = block.device, block.fixes, block.codes
    known = _known_days(device.id, [made.day for made in block.days])
    make_days(fixes.at)
    fresh = [made for made in block.days if made.day not in known]
    on = [part for made, _, part in block.parts() if made.day not in known]
    is_written = not fresh or _write_fresh(device, fresh, on, told)  # if not, a phone has just sent some of the same
    for made, part, areas in block.parts():
        if made.day in known or not is_written:
            _write_more(device, made, part, areas, limits, told)
    keep_last(np.full(len(fixes), device.id, np.int64), fixes, codes)


def _stored(fixes: Fixes, datum: str) -> Fixes:
    crs.check_plausible(fixes.lon, fixes.lat, datum)
    with np.errstate(invalid="ignore"):
        lon, lat = crs.to_stored(fixes.lon, fixes.lat, datum)
    return Fixes(**{**vars(fixes), "lon": lon, "lat": lat})


def _write_fresh(device: Device, days: Sequence[Made], codes: Sequence[NDArray[np.object_]], told: Told) -> bool:
    """False when a fix is there already."""
    fixes = joined([made.fixes for made in days])
    if not _copy(device.id, fixes, np.concatenate(codes)):
        return False
    told.stored += len(fixes)
    for track in keep_tracks(device, days, thorough=len(fixes) <= THOROUGH):
        _tell(track, told)
    return True


def _known_days(device_id: int, days: list[Any]) -> set[Any]:
    """Those of which fixes are stored: they have a track, or are due to get one."""
    query = sa.union(
        sa.select(Track.day).where(Track.device_id == device_id, Track.day.in_(days)),
        sa.select(DueDay.day).where(DueDay.device_id == device_id, DueDay.day.in_(days)),
    )
    return set(session().scalars(query))


def _copy(device_id: int, fixes: Fixes, codes: NDArray[np.object_]) -> bool:
    """False when one of them is there already."""
    try:
        with session().begin_nested():
            copy_fixes(np.full(len(fixes), device_id, np.int64), fixes, codes)
    except psycopg.errors.UniqueViolation:
        return False
    return True


def _write_more(device: Device, made: Made, fixes: Fixes, codes: NDArray[np.object_], limits: Limits, told: Told) -> None:
    """Join with what is stored of the day; only what is new is written, and flags that look different now are corrected."""
    day = made.day
    if is_archived(device.id, day):
        told.refused["该日已归档"] += len(fixes)
        return
    there, there_codes = read_fixes(device.id, *day_bounds(day))
    new = ~np.isin(np.round(fixes.at * 1000), np.round(there.at * 1000))
    told.repeated += int((~new).sum())
    if not new.any() and session().scalar(sa.select(Track.id).where(Track.device_id == device.id, Track.day == day)):
        track = session().scalars(sa.select(Track).where(Track.device_id == device.id, Track.day == day)).one()
        _tell(track, told)
        return
    union = joined([there, fixes.take(new)])
    order = np.argsort(union.at, kind="stable")
    union, on = union.take(order), np.concatenate([there_codes, codes[new]])[order]
    cleaned = clean(union, limits)
    is_new = order >= len(there)
    if new.any() and not _copy(device.id, cleaned.take(is_new), on[is_new]):
        raise Invalid("同一设备正在上传相同的轨迹，请稍后重试。", code="try_again")
    told.stored += int(new.sum())
    differs = ~is_new & (cleaned.flags != union.flags)
    if differs.any():
        change_flags(device.id, cleaned.at[differs], cleaned.flags[differs])
    _tell(keep_track(device, day, cleaned, on, thorough=len(cleaned) <= THOROUGH), told)


def _tell(track: Track, told: Told) -> None:
    if not caller().covers(track.area_code):
        told.elsewhere.add(track.id)
    told.tracks[track.id] = {
        "id": track.id,
        "device": track.device,
        "day": track.day.isoformat(),
        "fixes": track.fixes,
        "flagged": track.flagged,
        "length_m": round(track.length_m, 1),
        "minutes": round(track.minutes, 1),
        "area_code": track.area_code,
    }


def _suspect_datum(block: Block) -> list[str]:
    """A warning when hardly anything falls into areas, but would if the coordinates were of another system."""
    fixes, codes, datum = block.fixes, block.codes, block.datum
    inside = float(np.mean([code is not None for code in codes[:: max(1, len(codes) // 500)].tolist()]))
    if inside >= _FOREIGN:
        return []
    lon, lat = (values[:: max(1, len(fixes) // 500)] for values in (fixes.lon, fixes.lat))
    x, y = crs.from_stored(lon, lat, datum)
    others = [name for name in ("wgs84", "gcj02", "bd09") if crs.datum(name).name != crs.datum(datum).name]
    for name in others:
        _, found = place_fixes(Fixes(**{**vars(fixes.part(0, len(lon))), **_as(name, x, y)}), current_index())
        if float(np.mean([code is not None for code in found.tolist()])) > max(0.5, 2 * inside):
            return [f"大多数点不在任何区域内，但按 {name} 读取则在：请核对坐标系（现按 {datum}）。"]
    return []


def _as(name: str, x: NDArray[np.float64], y: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    with np.errstate(invalid="ignore"):
        lon, lat = crs.to_stored(x, y, name)
    return {"lon": lon, "lat": lat}
