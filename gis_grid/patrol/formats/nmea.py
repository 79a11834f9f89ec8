"""NMEA 0183: RMC (place, speed in knots, date) and GGA (height). A wrong checksum is unread, a fix marked V is no fix."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import reduce
from itertools import islice
from operator import xor
from typing import IO
from zoneinfo import ZoneInfo

from gis_grid.patrol.fixes import NAN, Fix, Part, make_fixes
from gis_grid.patrol.formats.times import number

MOST = 50_000
KNOT_MPS = 1852 / 3600


def read(stream: IO[bytes], zone: ZoneInfo) -> Iterator[Part]:
    """One fix for each valid RMC sentence; the height of the GGA with the same time. Times are UTC."""
    seen = 0
    height: tuple[str, float] = ("", NAN)
    while batch := list(islice(stream, MOST)):
        rows: list[Fix] = []
        unread = 0
        for line in batch:
            fields = _fields(line)
            if fields is None:
                unread += bool(line.strip())
                continue
            kind = fields[0][-3:]
            if kind == "GGA" and len(fields) > 9:
                height = (fields[1], number(fields[9]))
            elif kind == "RMC" and len(fields) > 9 and fields[2] == "A":
                rows.append(_fix(fields, height))
            seen += kind in ("RMC", "GGA")
        if rows or unread:
            yield Part(None, make_fixes(rows), unread)
    if not seen:
        raise ValueError("不是 NMEA 文件（没有 RMC 语句）")


def _fields(line: bytes) -> list[str] | None:
    body, star, told = line.strip().rpartition(b"*")
    if not star or not body.startswith(b"$"):
        return None
    try:
        good = int(told[:2], 16) == reduce(xor, body[1:], 0)
    except ValueError:
        return None
    return body.decode("ascii", "replace").split(",") if good else None


def _fix(fields: list[str], height: tuple[str, float]) -> Fix:
    lat, lon = _degrees(fields[3], 2, fields[4]), _degrees(fields[5], 3, fields[6])
    ele = height[1] if height[0] == fields[1] else NAN
    speed = number(fields[7]) * KNOT_MPS
    return Fix(_time(fields[1], fields[9]), lon, lat, speed_mps=speed, course_deg=number(fields[8]), ele_m=ele)


def _degrees(text: str, whole: int, side: str) -> float:
    """ddmm.mmmm or dddmm.mmmm."""
    value = number(text[:whole]) + number(text[whole:]) / 60
    return -value if side in ("S", "W") else value


def _time(clock: str, day: str) -> float:
    try:
        moment = datetime.strptime(day + clock[:6], "%d%m%y%H%M%S").replace(tzinfo=UTC)
        return (moment + timedelta(seconds=float("0" + clock[6:]))).timestamp()
    except ValueError:
        return NAN
