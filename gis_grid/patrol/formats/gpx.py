"""GPX 1.0 and 1.1 track points. Expat reads every byte; in plain files a scanner picks the points, in others expat's handlers.

Calling Python for each tag would take three times as long as all the rest of an upload.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO, Any
from zoneinfo import ZoneInfo

import numpy as np

from gis_grid.patrol.fixes import Fixes, Flag, Part, arrays
from gis_grid.patrol.formats.times import epochs, numbers
from gis_grid.patrol.formats.xml import PIECE, faults, new_parser

MOST = 100_000  # points in a part
_FIELDS = {"time": 2, "ele": 3, "speed": 4, "course": 5}
_PLACES = {name.encode(): place for name, place in _FIELDS.items()}
_FRESH: list[Any] = [None] * 6
_TOKEN = re.compile(rb"<(trkpt|trkseg|time|ele|speed|course|/trkpt)\b([^>]*)>([^<]*)")
_PREFIXED = re.compile(rb"<\w+:(trkpt|trkseg|time|ele)\b")
_PREFIX = re.compile(rb"<(/?)\w+:(speed|course)\b")
_LAT = re.compile(rb"""\blat\s*=\s*["']([^"']*)["']""")
_LON = re.compile(rb"""\blon\s*=\s*["']([^"']*)["']""")
_ODD = re.compile(rb"<!--|<!\[CDATA\[|&|<\?xml[^>]*encoding=[\"'](?![uU][tT][fF]-?8)")
_END = b"</trkpt>"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def read(stream: IO[bytes], zone: ZoneInfo) -> Iterator[Part]:
    """Track points of all tracks and segments. Times are UTC unless they say otherwise; routes and waypoints are no track."""
    gathered = _Gathered()
    count = 0
    for _ in _slices(stream, gathered):
        if len(gathered.points) >= MOST:
            count += len(gathered.points)
            yield Part(None, gathered.take())
    if not gathered.is_gpx:
        raise ValueError("不是 GPX 文件")
    count += len(gathered.points)
    if gathered.points:
        yield Part(None, gathered.take())
    if not count:
        raise ValueError("没有轨迹点（trkpt）；路线和航点不是轨迹")


def _slices(stream: IO[bytes], gathered: _Gathered) -> Iterator[None]:
    """Expat and the scanner get the same slices, each ending with a whole point; once a slice is odd, the handlers take over."""
    parser = new_parser()
    parser.StartElementHandler = gathered.look_for_root
    rest, plain = b"", True
    with faults():
        while piece := stream.read(PIECE):
            text = rest + piece
            cut = text.rfind(_END) + len(_END)
            if cut < len(_END):
                cut = len(text) if len(text) > 4 * PIECE or not plain else 0
            text, rest = text[:cut], text[cut:]
            plain = _parse(parser, gathered, text, plain)
            yield
        _parse(parser, gathered, rest, plain)
        parser.Parse(b"", True)


def _parse(parser: Any, gathered: _Gathered, text: bytes, plain: bool) -> bool:
    if plain and _is_odd(text):
        plain = False
        parser.StartElementHandler, parser.EndElementHandler = gathered.start, gathered.end
        parser.CharacterDataHandler = gathered.words.append
    parser.Parse(text, False)
    if gathered.is_gpx and parser.StartElementHandler == gathered.look_for_root:
        parser.StartElementHandler = None
    if plain:
        gathered.scan(text)
    return plain


def _is_odd(text: bytes) -> bool:
    """Comments, CDATA, references, prefixes, other encodings, or a long slice without a point: expat's handlers read it right."""
    if len(text) > 4 * PIECE and not text.endswith(_END):
        return True
    return bool(_ODD.search(text) or _PREFIXED.search(text) or text[:2] in _UTF16)


class _Gathered:
    """The points found so far: lon, lat, time, ele, speed, course as text."""

    def __init__(self) -> None:
        self.points: list[list[Any]] = []
        self.begins: list[int] = []
        self.words: list[str] = []
        self.is_gpx = False
        self._point: list[Any] | None = None

    def look_for_root(self, name: str, attributes: Any) -> None:
        self.is_gpx = self.is_gpx or name.rpartition(":")[2] == "gpx"

    def scan(self, text: bytes) -> None:
        """All points of a plain slice."""
        point: list[Any] | None = None
        for name, told, value in _TOKEN.findall(_PREFIX.sub(rb"<\1\2", text)):
            if name == b"trkpt":
                point = _FRESH.copy()
                lon, lat = _LON.search(told), _LAT.search(told)
                point[0], point[1] = lon and lon[1], lat and lat[1]
                if told.endswith(b"/"):
                    self.points.append(point)
                    point = None
            elif name == b"/trkpt":
                if point is not None:
                    self.points.append(point)
                point = None
            elif name == b"trkseg":
                self.begins.append(len(self.points))
            elif point is not None:
                point[_PLACES[name]] = value

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.words.clear()
        local = name.rpartition(":")[2]
        if local == "trkpt":
            self._point = _FRESH.copy()
            self._point[0], self._point[1] = attributes.get("lon"), attributes.get("lat")
        elif local == "gpx":
            self.is_gpx = True
        elif local == "trkseg":
            self.begins.append(len(self.points))

    def end(self, name: str) -> None:
        if self._point is not None:
            local = name.rpartition(":")[2]
            if local in _FIELDS:
                self._point[_FIELDS[local]] = "".join(self.words)
            elif local == "trkpt":
                self.points.append(self._point)
                self._point = None
        self.words.clear()

    def take(self) -> Fixes:
        """The points as fixes; they are forgotten here."""
        lon, lat, time, ele, speed, course = zip(*self.points, strict=True)
        flags = np.zeros(len(self.points), np.int32)
        flags[[begin for begin in self.begins if begin < len(flags)]] = Flag.CUT
        self.points.clear()
        self.begins.clear()
        at = epochs([one.strip() if one else b"" for one in time])
        known = {"ele_m": numbers(ele), "speed_mps": numbers(speed), "course_deg": numbers(course)}
        return arrays(at, numbers(lon), numbers(lat), **known, flags=flags)
