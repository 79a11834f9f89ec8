"""Fixes into and out of the database: COPY BINARY from arrays, a device's fixes read back, days made when they are needed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from math import isnan
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from gis_grid.config import settings
from gis_grid.db import raw_connection, session, sql
from gis_grid.patrol.fixes import LEFT_OUT, Fixes, Floats, arrays

COLUMNS = "device_id, at, lon, lat, accuracy_m, speed_mps, course_deg, ele_m, battery, flags, area_code"
_HEADER = b"PGCOPY\n\xff\r\n\0" + b"\0" * 8
_TRAILER = b"\xff\xff"
_EPOCH_2000 = 946_684_800
_BLOCK = 16_384  # rows; the block stays in the processor's cache
_FIRST_DAY = date(2020, 1, 1)  # older fixes lie in one partition


@cache
def zone() -> ZoneInfo:
    """Where a day begins and ends."""
    return ZoneInfo(settings().time_zone)


def days_of(at: NDArray[np.float64]) -> NDArray[np.int64]:
    """The local day of each moment, as days since 1970; one zone rule per hour that occurs is enough for that."""
    hours, which = np.unique(at // 3600, return_inverse=True)
    local = [datetime.fromtimestamp(hour * 3600, zone()).date().toordinal() - 719_163 for hour in hours]
    return np.array(local, dtype=np.int64)[which]


def day_bounds(day: date) -> tuple[datetime, datetime]:
    """When a local day begins and ends, UTC."""
    begin = datetime(day.year, day.month, day.day, tzinfo=zone())
    after = day + timedelta(days=1)
    return begin.astimezone(UTC), datetime(after.year, after.month, after.day, tzinfo=zone()).astimezone(UTC)


def make_days(at: NDArray[np.float64]) -> None:
    """See to it that each day (UTC) has its partition."""
    numbers = np.unique(at // 86_400).astype(np.int64)
    wanted = {date.fromordinal(719_163 + int(number)) for number in numbers}
    days = [day for day in wanted if day >= _FIRST_DAY]
    if days:
        session().execute(sa.text("SELECT make_fix_days(:days)"), {"days": days})


def copy_fixes(
    device_ids: NDArray[np.int64],
    fixes: Fixes,
    codes: NDArray[np.object_],
    table: str = "fixes",
) -> None:
    """COPY BINARY of these fixes; the days must be there, and none of (device, time)."""
    query = f"COPY {table} ({COLUMNS}) FROM STDIN (FORMAT BINARY)"
    with raw_connection().cursor() as cursor, cursor.copy(query) as copy:
        copy.write(_HEADER)
        for begin in range(0, len(fixes), _BLOCK):
            end = min(begin + _BLOCK, len(fixes))
            copy.write(binary_rows(device_ids[begin:end], fixes.part(begin, end), codes[begin:end]))
        copy.write(_TRAILER)


def binary_rows(device_ids: NDArray[np.int64], fixes: Fixes, codes: NDArray[np.object_]) -> bytes:
    """The rows as PostgreSQL's COPY BINARY wants them: each field its length (-1: NULL) and its bytes, big-endian."""
    micros = (np.round(fixes.at * 1000).astype(np.int64) - _EPOCH_2000 * 1000) * 1000
    texts, text_lengths = _texts(codes)
    columns: list[tuple[NDArray[Any], NDArray[np.int64] | int]] = [
        (device_ids.astype(">i8"), 8),
        (micros.astype(">i8"), 8),
        (fixes.lon.astype(">f8"), 8),
        (fixes.lat.astype(">f8"), 8),
    ]
    for name in ("accuracy_m", "speed_mps", "course_deg", "ele_m", "battery"):
        values = getattr(fixes, name)
        with np.errstate(over="ignore"):
            narrow = values.astype(">f4")
        columns.append((narrow, _lengths(np.isfinite(narrow), 4)))
    columns += [(fixes.flags.astype(">i4"), 4), (texts, text_lengths)]
    return _packed(columns, len(fixes))


def _lengths(known: NDArray[np.bool_], size: int) -> NDArray[np.int64] | int:
    if known.all():
        return size
    return np.where(known, size, -1) if known.any() else -1


def _texts(codes: NDArray[np.object_]) -> tuple[NDArray[np.bytes_], NDArray[np.int64] | int]:
    """Codes as bytes, and how many of each; only where they change is one looked at, since neighbours are mostly alike."""
    starts = np.flatnonzero(np.append(True, codes[1:] != codes[:-1])) if len(codes) else np.zeros(0, np.int64)
    runs = [(code or "").encode() for code in codes[starts].tolist()]
    counts = np.diff(np.append(starts, len(codes)))
    lengths = np.array([len(run) or -1 for run in runs], dtype=np.int64)
    even = len(runs) > 0 and bool((lengths == lengths[0]).all())
    return np.repeat(np.array(runs, dtype=np.bytes_), counts), int(lengths[0]) if even else np.repeat(lengths, counts)


def _packed(columns: Sequence[tuple[NDArray[Any], NDArray[np.int64] | int]], count: int) -> bytes:
    """One structured array; where lengths differ from row to row, the bytes that are not there are cut out with a mask."""
    layout: list[tuple[str, str]] = [("n", ">i2")]
    for place, (values, length) in enumerate(columns):
        layout.append((f"l{place}", ">i4"))
        if not (isinstance(length, int) and length < 0):
            layout.append((f"v{place}", values.dtype.str))
    rows = np.zeros(count, dtype=layout)
    rows["n"] = len(columns)
    uneven = []
    for place, (values, length) in enumerate(columns):
        rows[f"l{place}"] = length
        if f"v{place}" in (rows.dtype.names or ()):
            rows[f"v{place}"] = values
            if not isinstance(length, int):
                uneven.append((f"v{place}", length))
    if not uneven:
        return rows.tobytes()
    cells = rows.view(np.uint8).reshape(count, rows.dtype.itemsize)
    if [name for name, _ in uneven] == [f"v{len(columns) - 1}"]:
        return _without_ends(cells, cells.shape[1] - columns[-1][0].dtype.itemsize + np.maximum(uneven[0][1], 0))
    there = np.ones(cells.shape, dtype=bool)
    for name, length in uneven:
        kind, begin = rows.dtype.fields[name][:2]  # type: ignore[index]
        there[:, begin : begin + kind.itemsize] = np.arange(kind.itemsize) < np.maximum(length, 0)[:, None]
    return cells[there].tobytes()


def _without_ends(cells: NDArray[np.uint8], lengths: NDArray[np.int64]) -> bytes:
    """The first so many bytes of each row: neighbours of one length go together."""
    starts = np.flatnonzero(np.append(True, np.diff(lengths) != 0)).tolist()
    ends = [*starts[1:], len(cells)]
    return b"".join(cells[begin:end, : lengths[begin]].tobytes() for begin, end in zip(starts, ends, strict=True))


_NUMBERS = ("lon", "lat", "accuracy_m", "speed_mps", "course_deg", "ele_m", "battery", "flags")
_READ = f"""
SELECT string_agg(float8send(extract(epoch FROM at)::float8), ''),
  {", ".join(f"string_agg(float8send(coalesce({name}::float8, 'NaN')), '')" for name in _NUMBERS)}, array_agg(area_code)
FROM (SELECT * FROM fixes WHERE device_id = %s AND at >= %s AND at < %s ORDER BY at) f
"""  # a row of columns: a day of a million fixes is no million of Python's rows


def read_fixes(device_id: int, begin: datetime, end: datetime) -> tuple[Fixes, NDArray[np.object_]]:
    """What is stored of a device from `begin` until before `end`, in order of time, and the area of each."""
    with raw_connection().cursor(binary=True) as cursor:
        (*columns, codes), *_ = cursor.execute(_READ, (device_id, begin, end)).fetchall()
    at, lon, lat, *rest = (np.frombuffer(column or b"", ">f8").astype(np.float64) for column in columns)
    return arrays(at, lon, lat, **dict(zip(_NUMBERS[2:], rest, strict=True))), np.array(codes or [], dtype=object)


def vertices_of(lines: Sequence[bytes]) -> tuple[Floats, NDArray[np.int64]]:
    """lon, lat, M of all vertices of these LINESTRINGs M one after the other (ISO WKB, little-endian, as PostGIS writes it here),
    and how many of them each line has."""
    sizes = np.array([(len(line) - 9) // 24 for line in lines], dtype=np.int64)
    return np.frombuffer(b"".join(line[9:] for line in lines), "<f8").reshape(-1, 3), sizes


def change_flags(device_id: int, at: NDArray[np.float64], flags: NDArray[np.int32]) -> None:
    """Write the flags of fixes that were stored before and look different now that their neighbours are known."""
    moments = [datetime.fromtimestamp(moment, UTC) for moment in at.tolist()]
    session().execute(
        sa.text(
            "UPDATE fixes f SET flags = n.flags FROM unnest(CAST(:at AS timestamptz[]), CAST(:flags AS int[])) AS n (at, flags) "
            "WHERE f.device_id = :device AND f.at = n.at AND f.at BETWEEN :first AND :last"
        ),
        {"at": moments, "flags": flags.tolist(), "device": device_id, "first": min(moments), "last": max(moments)},
    )


KEEP_LAST = """
INSERT INTO last_positions AS l (device_id, at, lon, lat, accuracy_m, speed_mps, battery, flags, area_code)
SELECT * FROM unnest(
  CAST(%s AS bigint[]), CAST(%s AS timestamptz[]), CAST(%s AS float8[]), CAST(%s AS float8[]), CAST(%s AS real[]),
  CAST(%s AS real[]), CAST(%s AS real[]), CAST(%s AS int[]), CAST(%s AS text[])) ORDER BY 1
ON CONFLICT (device_id) DO UPDATE SET at = excluded.at, lon = excluded.lon, lat = excluded.lat,
  accuracy_m = excluded.accuracy_m, speed_mps = excluded.speed_mps, battery = excluded.battery, flags = excluded.flags,
  area_code = excluded.area_code, received_at = now()
WHERE l.at < excluded.at
"""


def last_values(device_ids: NDArray[np.int64], fixes: Fixes, codes: NDArray[np.object_]) -> list[list[Any]]:
    """The parameters of KEEP_LAST: the latest good fix of each device, by device (so that two writers cannot deadlock)."""
    order = np.lexsort((fixes.at, device_ids))
    order = order[fixes.good[order]]
    last = order[np.flatnonzero(np.append(np.diff(device_ids[order]) != 0, True))] if len(order) else order
    chosen = fixes.take(last)
    known = ([None if np.isnan(v) else float(v) for v in getattr(chosen, n)] for n in ("accuracy_m", "speed_mps", "battery"))
    moments = [datetime.fromtimestamp(at, UTC) for at in chosen.at.tolist()]
    places = [chosen.lon.tolist(), chosen.lat.tolist()]
    return [device_ids[last].tolist(), moments, *places, *known, chosen.flags.tolist(), codes[last].tolist()]


def take_fixes(device_ids: Sequence[int], fixes: Fixes, codes: NDArray[np.object_]) -> None:
    """Store some fixes of many devices, passing over those that are there; for batches of up to a few thousand."""
    known = ("accuracy_m", "speed_mps", "course_deg", "ele_m", "battery")
    reals = [[None if isnan(value) else value for value in getattr(fixes, name).tolist()] for name in known]
    moments = [datetime.fromtimestamp(at, UTC) for at in (np.round(fixes.at * 1000) / 1000).tolist()]
    days = [date.fromordinal(719_163 + day) for day in days_of(fixes.at).tolist()]
    places = [fixes.lon.tolist(), fixes.lat.tolist()]
    values = [list(device_ids), moments, *places, *reals, fixes.flags.tolist(), codes.tolist(), days, int(LEFT_OUT)]
    raw_connection().execute(sql("take_fixes").text, values)


def keep_last(device_ids: NDArray[np.int64], fixes: Fixes, codes: NDArray[np.object_]) -> None:
    """Move the last positions on, where these are newer."""
    values = last_values(device_ids, fixes, codes)
    if values[0]:
        raw_connection().execute(KEEP_LAST, values)
