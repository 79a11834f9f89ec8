"""A device's day made into its track: totals per area, ten-minute segments, stays. From the fixes alone, so always repeatable."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import shapely
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.dialects.postgresql import insert

from gis_grid.areas.placing import current_index
from gis_grid.config import settings
from gis_grid.db import raw_connection, session
from gis_grid.geo.locate import EDGE, NEAREST, AreaIndex
from gis_grid.patrol.doubts import keep_doubts
from gis_grid.patrol.fixes import Fixes, Flag, Floats, count_flags
from gis_grid.patrol.models import ArchivedSegment, Device, DueDay, Track
from gis_grid.patrol.rules import Limits, clean, pieces_of, stays
from gis_grid.patrol.shares import Place, Share, shares_of, steps_of
from gis_grid.patrol.store import change_flags, day_bounds, read_fixes
from gis_grid.patrol.visits import keep_visits

WINDOW_SECONDS = 600
_BEGAN = date(1970, 1, 1)


def limits_now() -> Limits:
    """The settings of the installation, at this moment."""
    conf = settings()
    return Limits(
        now=datetime.now(UTC).timestamp(),
        max_accuracy_m=conf.track_max_accuracy_m,
        max_speed_mps=conf.track_max_speed_mps,
        gap_seconds=conf.track_gap_minutes * 60,
        oldest_seconds=conf.track_oldest_days * 86_400.0,
        future_seconds=conf.track_future_minutes * 60,
        stay_m=conf.track_stay_m,
        stay_seconds=conf.track_stay_minutes * 60,
        flap_seconds=conf.track_flap_seconds,
    )


def place_codes(lon: Floats, lat: Floats) -> NDArray[np.object_]:
    """The area of each point, by the one rule."""
    return current_index().place(lon, lat).code


def place_fixes(fixes: Fixes, index: AreaIndex) -> tuple[Fixes, NDArray[np.object_]]:
    """The area of each fix by this index; on an edge or only near is noted in its flags."""
    possible = (fixes.flags & np.int32(Flag.IMPOSSIBLE)) == 0
    placed = index.place(np.where(possible, fixes.lon, np.nan), np.where(possible, fixes.lat, np.nan))
    for how, flag in ((EDGE, Flag.ON_EDGE), (NEAREST, Flag.NEAREST)):
        mask = placed.how == how
        if mask.any():
            fixes = fixes.flagged(mask, flag)
    return fixes, placed.code


def digest_day(device: Device, day: date) -> Track | None:
    """Make the track of a day anew from what is stored; also corrects flags that later fixes have changed."""
    if is_archived(device.id, day):
        return None
    fixes, codes = read_fixes(device.id, *day_bounds(day))
    if not len(fixes):
        session().execute(sa.delete(Track).where(Track.device_id == device.id, Track.day == day))
        return None
    cleaned = clean(fixes, limits_now())
    differs = cleaned.flags != fixes.flags
    if differs.any():
        change_flags(device.id, fixes.at[differs], cleaned.flags[differs])
    return keep_track(device, day, cleaned, codes)


def is_archived(device_id: int, day: date) -> bool:
    """Whether the day was thinned: its fixes are gone, so its track must not be made anew from what comes late."""
    query = sa.select(ArchivedSegment.track_id).join(Track, Track.id == ArchivedSegment.track_id)
    return session().scalar(query.where(Track.device_id == device_id, Track.day == day).limit(1)) is not None


@dataclass(frozen=True)
class Made:
    """What the cleaned fixes of a day amount to, ready to be written: rows of its segments and stays without their track."""

    day: date
    fixes: Fixes
    line: Fixes
    parts: Sequence[Share]
    segments: Sequence[tuple[Any, ...]]
    stays: Sequence[tuple[Any, ...]]


def make_tracks(days: Sequence[tuple[date, Fixes, NDArray[np.object_]]], place: Place) -> list[Made]:
    """What becomes of days of cleaned fixes and their areas. Asks no database, so it may go on while that is busy."""
    lines = []
    for _, fixes, codes in days:
        good = fixes.good
        lines.append((fixes, codes) if good.all() else (fixes.take(good), codes[good]))
    parts = shares_of(lines, place, settings().track_flap_seconds)
    return [
        Made(day, fixes, line, part, _segments(line, on), _stays(line, on))
        for (day, fixes, _), (line, on), part in zip(days, lines, parts, strict=True)
    ]


def keep_track(device: Device, day: date, fixes: Fixes, codes: NDArray[np.object_], *, thorough: bool = True) -> Track:
    """Write the track of a day from all its cleaned fixes and their areas; what was there is replaced."""
    return keep_tracks(device, make_tracks([(day, fixes, codes)], place_codes), thorough=thorough)[0]


def keep_tracks(device: Device, days: Sequence[Made], *, thorough: bool = True) -> list[Track]:
    """Write the tracks of some days together; what was there is replaced.

    Not `thorough`: visits, coverage and doubts are left to the worker, who finds the days marked as due.
    """
    found = _upsert(device, days)
    again = [track.id for track in found.values() if track.version > 1]
    for table in ("track_areas", "track_segments", "track_stays") if again else ():
        session().execute(sa.text(f"DELETE FROM {table} WHERE track_id = ANY(:ids)"), {"ids": again})
    tracks = [(found[made.day].id, made) for made in days]
    _copy(
        "track_areas (track_id, day, area_code, fixes, length_m, minutes)",
        ("int8", "date", "varchar", "int4", "float8", "float8"),
        ((key, made.day, part.code, part.fixes, part.length_m, part.minutes) for key, made in tracks for part in made.parts),
    )
    _copy(
        "track_segments (track_id, device_id, started_at, ended_at, fixes, area_code, geom)",
        ("int8", "int8", "timestamptz", "timestamptz", "int4", "varchar", "bytea"),
        ((key, device.id, *row) for key, made in tracks for row in made.segments),
    )
    _copy(
        "track_stays (track_id, started_at, ended_at, area_code, point)",
        ("int8", "timestamptz", "timestamptz", "varchar", "bytea"),
        ((key, *row) for key, made in tracks for row in made.stays),
    )
    for key, made in tracks if thorough else ():
        keep_visits(key, made.day, made.line)
        keep_doubts(key, device, made.fixes, made.line)
    if not thorough:
        due = [{"device_id": device.id, "day": made.day} for made in days]
        session().execute(insert(DueDay).values(due).on_conflict_do_nothing())
    if thorough:  # visits and doubts were written beside the objects
        query = sa.select(Track).where(Track.id.in_([key for key, _ in tracks]))
        session().scalars(query.execution_options(populate_existing=True)).all()
    return [found[made.day] for made in days]


def _copy(into: str, types: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
    """COPY BINARY; geometries are EWKB, which is what PostGIS reads."""
    with raw_connection().cursor() as cursor, cursor.copy(f"COPY {into} FROM STDIN (FORMAT BINARY)") as copy:
        copy.set_types(types)
        for row in rows:
            copy.write_row(row)


def _upsert(device: Device, days: Sequence[Made]) -> dict[date, Track]:
    """The tracks by day; version 1 is a new one."""
    rows = [{"device_id": device.id, "device": device.code, "worker": device.worker, **_summary(made)} for made in days]
    row = insert(Track).values(rows)
    values = {name: row.excluded[name] for name in rows[0] if name not in ("device_id", "day")}
    changed = row.on_conflict_do_update(
        index_elements=["device_id", "day"], set_={**values, "updated_at": sa.func.now(), "version": Track.version + 1}
    )
    written = session().scalars(changed.returning(Track), execution_options={"populate_existing": True})
    return {track.day: track for track in written}


def _summary(made: Made) -> dict[str, Any]:
    """What the track of a day says of itself."""
    fixes, steps = made.fixes, steps_of(made.line)
    main = next((part.code for part in made.parts if part.code), None)
    return {
        "day": made.day,
        "started_at": datetime.fromtimestamp(fixes.at[0], UTC),
        "ended_at": datetime.fromtimestamp(fixes.at[-1], UTC),
        "fixes": len(fixes),
        "flagged": count_flags(fixes.flags),
        "length_m": float(steps.metres.sum()),
        "minutes": float(steps.seconds.sum() / 60),
        "area_code": main,
        "placed_by": "inside" if main else None,
    }


def segments_of(line: Fixes) -> list[tuple[int, int]]:
    """First and last index of each segment: ten minutes of the clock at most, within one piece. Each but the last of a piece
    reaches to the first fix of the next, so that the line has no holes."""
    if not len(line):
        return []
    pieces = pieces_of(line)
    windows = (line.at // WINDOW_SECONDS).astype(np.int64)
    starts = np.flatnonzero(np.append(True, (np.diff(pieces) != 0) | (np.diff(windows) != 0)))
    ends = np.append(starts[1:], len(line)) - 1
    joins = np.append(pieces[starts[1:]] == pieces[ends[:-1]], False)
    return list(zip(starts.tolist(), (ends + joins).tolist(), strict=True))


def _segments(line: Fixes, codes: NDArray[np.object_]) -> list[tuple[Any, ...]]:
    """Begin, end, fixes, area and line (M in epoch seconds) of each. A lonely fix is a line of two equal points: it was there."""
    spans = segments_of(line)
    if not spans:
        return []
    begins, ends = (np.array(each, np.int64) for each in zip(*spans, strict=True))
    lonely = ends == begins
    sizes = np.where(lonely, 2, ends - begins + 1)
    index = np.repeat(begins - (np.cumsum(sizes) - sizes), sizes) + np.arange(int(sizes.sum()))
    index = np.minimum(index, np.repeat(ends, sizes))
    xym = np.column_stack([line.lon[index], line.lat[index], line.at[index]])
    own = np.append(begins[1:], len(line)) - begins
    starts = np.cumsum(sizes) - sizes
    rows = []
    for begin, end, count, start, size in zip(begins.tolist(), ends.tolist(), own.tolist(), starts, sizes, strict=True):
        first, last = (datetime.fromtimestamp(line.at[place], UTC) for place in (begin, end))
        rows.append((first, last, count, codes[begin + int(count) // 2], _line_m(xym[start : start + size])))
    return rows


def _line_m(xym: Floats) -> bytes:
    """EWKB of a LINESTRING M in CGCS2000."""
    head = b"\x01" + (0x60000002).to_bytes(4, "little") + (4490).to_bytes(4, "little") + len(xym).to_bytes(4, "little")
    return head + np.ascontiguousarray(xym, "<f8").tobytes()


def _stays(line: Fixes, codes: NDArray[np.object_]) -> list[tuple[Any, ...]]:
    """Begin, end, area and place of each."""
    conf = limits_now()
    rows = []
    for begin, end in stays(line, conf.stay_m, conf.stay_seconds, conf.gap_seconds):
        place = shapely.Point(np.median(line.lon[begin : end + 1]), np.median(line.lat[begin : end + 1]))
        first, last = (datetime.fromtimestamp(line.at[at], UTC) for at in (begin, end))
        rows.append((first, last, codes[begin], shapely.to_wkb(shapely.set_srid(place, 4490), include_srid=True)))
    return rows


def day_of(number: int) -> date:
    """The day with this number since 1970."""
    return _BEGAN + timedelta(days=number)
