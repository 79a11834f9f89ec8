"""GPX 1.0 and 1.1 track points, with expat."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import IO, Any
from zoneinfo import ZoneInfo

import numpy as np

from gis_grid.patrol.fixes import Fixes, Flag, Part, arrays
from gis_grid.patrol.formats.times import epochs, numbers
from gis_grid.patrol.formats.xml import pieces

MOST = 100_000  # points in a part
_TEXT = {"time": 2, "ele": 3, "speed": 4, "course": 5}
_FRESH: list[str | None] = [None] * 6


def read(stream: IO[bytes], zone: ZoneInfo) -> Iterator[Part]:
    """Track points of all tracks and segments. Times are UTC unless they say otherwise; routes and waypoints are no track."""
    points: list[list[str | None]] = []
    begins: list[int] = []
    words: list[str] = []
    seen = {"gpx": False, "points": 0}
    start, end = _handlers(points, begins, words, seen)
    for _ in pieces(stream, start, end, words):
        if len(points) >= MOST:
            yield Part(None, _fixes(points, begins))
            points.clear()
            begins.clear()
    if not seen["gpx"]:
        raise ValueError("不是 GPX 文件")
    if points:
        yield Part(None, _fixes(points, begins))
    if not seen["points"]:
        raise ValueError("没有轨迹点（trkpt）；路线和航点不是轨迹")


def _handlers(
    points: list[list[str | None]], begins: list[int], words: list[str], seen: dict[str, Any]
) -> tuple[Callable[[str, Any], None], Callable[[str], None]]:
    """Closures, since they are called ten times a point. A point is lon, lat, time, ele, speed, course as text."""
    point: list[str | None] | None = None

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal point
        words.clear()
        local = name.rpartition(":")[2]
        if local == "trkpt":
            point = _FRESH.copy()
            point[0], point[1] = attributes.get("lon"), attributes.get("lat")
        elif local == "gpx":
            seen["gpx"] = True
        elif local == "trkseg":
            begins.append(len(points))

    def end(name: str) -> None:
        nonlocal point
        if point is None:
            words.clear()
            return
        local = name.rpartition(":")[2]
        if local in _TEXT:
            point[_TEXT[local]] = "".join(words).strip()
        elif local == "trkpt":
            points.append(point)
            seen["points"] += 1
            point = None

    return start, end


def _fixes(points: list[list[str | None]], begins: list[int]) -> Fixes:
    lon, lat, time, ele, speed, course = zip(*points, strict=True)
    flags = np.zeros(len(points), np.int32)
    flags[[begin for begin in begins if begin < len(points)]] = Flag.CUT
    return arrays(
        epochs([text or "" for text in time]),
        numbers(lon),
        numbers(lat),
        ele_m=numbers(ele),
        speed_mps=numbers(speed),
        course_deg=numbers(course),
        flags=flags,
    )
