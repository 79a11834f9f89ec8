"""GPX 1.0 and 1.1 track points. Expat reads every byte; in plain files a scanner picks the points, in others expat's handlers.

Calling Python for each tag would take three times as long as all the rest of an upload.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO, Any
from xml.parsers import expat
from zoneinfo import ZoneInfo

import numpy as np

from gis_grid.patrol.fixes import Fixes, Flag, Part, arrays
from gis_grid.patrol.formats.times import epochs, numbers
from gis_grid.patrol.formats.xml import PIECE, checked, faults, new_parser

MOST = 20_000  # points in a part
_FIELDS = {b"time": "at", b"ele": "ele_m", b"speed": "speed_mps", b"course": "course_deg"}
_TOKEN = re.compile(rb"<(trkpt|trkseg|time|ele|speed|course|/trkpt)\b([^>]*)>([^<]*)")
_PREFIX = re.compile(rb"<(/?)\w+:(speed|course)\b")
_LAT = re.compile(rb"""\blat\s*=\s*["']([^"']*)["']""")
_LON = re.compile(rb"""\blon\s*=\s*["']([^"']*)["']""")
_ODD = (b"<!--", b"<![CDATA[", b"&", b":trkpt", b":trkseg", b":time", b":ele")
_ENCODING = re.compile(rb"<\?xml[^>]*encoding=[\"'](?![uU][tT][fF]-?8)")
_PLACE = rb"""\s+(lat|lon)=["'][^"'<>]*["']"""
_FLAT = re.compile(rb"<trkpt%b%b\s*>((?:\s*<\w+>[^<]*</\w+>)*)\s*</trkpt>" % (_PLACE, _PLACE))
_END = b"</trkpt>"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def read(stream: IO[bytes], zone: ZoneInfo) -> Iterator[Part]:
    """Track points of all tracks and segments. Times are UTC unless they say otherwise; routes and waypoints are no track."""
    gathered = _Gathered()
    count = 0
    try:
        for _ in _slices(stream, gathered):
            if len(gathered) >= MOST:
                count += len(gathered)
                yield Part(None, gathered.take())
    except ValueError:
        if len(gathered) and gathered.is_gpx:
            yield Part(None, gathered.take())
        raise
    if not gathered.is_gpx:
        raise ValueError("不是 GPX 文件")
    count += len(gathered)
    if len(gathered):
        yield Part(None, gathered.take())
    if not count:
        raise ValueError("没有轨迹点（trkpt）；路线和航点不是轨迹")


def _slices(stream: IO[bytes], gathered: _Gathered) -> Iterator[None]:
    """Expat and the scanner get the same slices, each ending with a whole point; once a slice is odd, the handlers take over."""
    parser = new_parser()
    parser.StartElementHandler = gathered.look_for_root
    rest, plain = b"", True
    with faults():
        for piece in checked(stream):
            text = rest + piece
            cut = text.rfind(_END) + len(_END)
            if cut < len(_END):
                cut = len(text) if len(text) > 4 * PIECE or not plain else 0
            text, rest = text[:cut], text[cut:]
            plain = _parse(parser, gathered, text, plain)
            yield
        _parse(parser, gathered, rest, plain, is_last=True)


def _parse(parser: Any, gathered: _Gathered, text: bytes, plain: bool, *, is_last: bool = False) -> bool:
    """Where the text breaks off, the whole points before that place are gathered all the same."""
    if plain and _is_odd(text):
        plain = False
        parser.StartElementHandler, parser.EndElementHandler = gathered.start, gathered.end
        parser.CharacterDataHandler = gathered.words.append
    try:
        parser.Parse(text, is_last)
    except expat.ExpatError:
        if plain:
            good = text.rfind(_END, 0, parser.ErrorByteIndex - gathered.parsed)
            gathered.scan(text[: good + len(_END)] if good >= 0 else b"")
        else:
            gathered.drop_unfinished()
        raise
    gathered.parsed += len(text)
    if gathered.is_gpx and parser.StartElementHandler == gathered.look_for_root:
        parser.StartElementHandler = None
    if plain:
        gathered.scan(text)
    return plain


def _is_odd(text: bytes) -> bool:
    """Comments, CDATA, references, prefixes, other encodings, or a long slice without a point: expat's handlers read it right."""
    if len(text) > 4 * PIECE and not text.endswith(_END):
        return True
    return any(mark in text for mark in _ODD) or bool(_ENCODING.search(text[:1000])) or text[:2] in _UTF16


def _alike(text: bytes) -> tuple[re.Pattern[bytes], list[bytes]] | None:
    """What finds points that look like the first of this slice, and what its groups are; None when that is not flat and plain."""
    first = _FLAT.search(text)
    if first is None or first[1] == first[2]:
        return None
    names = re.findall(rb"<(\w+)>", first[3])
    if len(set(names)) != len(names):
        return None
    places = b"".join(rb"""\s+%b=["']([^"'<>]*)["']""" % name for name in first.group(1, 2))
    inner = b"".join(rb"\s*<%b>%b</%b>" % (name, rb"([^<]*)" if name in _FIELDS else rb"[^<]*", name) for name in names)
    return re.compile(rb"<trkpt%b\s*>%b\s*</trkpt>" % (places, inner)), [*first.group(1, 2), *(n for n in names if n in _FIELDS)]


class _Gathered:
    """The points found so far: lists side by side, text as it stands in the file."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self.is_gpx = False
        self.parsed = 0  # bytes
        self._inside = False
        self._told: dict[bytes, list[bytes | None]] = {name: [] for name in (b"lon", b"lat", *_FIELDS)}
        self._begins: list[int] = []
        self._like: tuple[re.Pattern[bytes], list[bytes]] | None = None

    def __len__(self) -> int:
        return len(self._told[b"lon"])

    def look_for_root(self, name: str, attributes: Any) -> None:
        self.is_gpx = self.is_gpx or name.rpartition(":")[2] == "gpx"

    def scan(self, text: bytes) -> None:
        """All points of a plain slice; in one sweep where they all look alike."""
        if b"<trkseg" in text or not self._scan_alike(text):
            self._scan_any(text)

    def _scan_alike(self, text: bytes) -> bool:
        self._like = self._like or _alike(text)
        if self._like is None:
            return False
        found = self._like[0].findall(text)
        if len(found) != text.count(b"<trkpt"):
            self._like = None
            return False
        columns = dict(zip(self._like[1], zip(*found, strict=True), strict=True)) if found else {}
        for name, column in self._told.items():
            column.extend(columns.get(name) or [None] * len(found))
        return True

    def _scan_any(self, text: bytes) -> None:
        """Tag by tag."""
        places: list[bytes] = []
        before, inside = len(self), False
        columns = {name: self._told[name] for name in _FIELDS}
        for name, attributes, value in _TOKEN.findall(_PREFIX.sub(rb"<\1\2", text)):
            if name == b"trkpt":
                places.append(attributes)
                for column in columns.values():
                    column.append(None)
                inside = not attributes.endswith(b"/")
            elif name == b"/trkpt":
                inside = False
            elif name == b"trkseg":
                self._begins.append(before + len(places))
            elif inside:
                columns[name][-1] = value
        lon, lat = _coordinates(places)
        self._told[b"lon"].extend(lon)
        self._told[b"lat"].extend(lat)

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.words.clear()
        local = name.rpartition(":")[2]
        if local == "trkpt":
            for column_name, column in self._told.items():
                column.append(attributes.get(column_name.decode(), "").encode() if column_name in (b"lon", b"lat") else None)
            self._inside = True
        elif local == "gpx":
            self.is_gpx = True
        elif local == "trkseg":
            self._begins.append(len(self))

    def end(self, name: str) -> None:
        local = name.rpartition(":")[2].encode()
        if local == b"trkpt":
            self._inside = False
        elif self._inside and local in self._told:
            self._told[local][-1] = "".join(self.words).encode()
        self.words.clear()

    def drop_unfinished(self) -> None:
        """Forget the point whose end was not reached."""
        if self._inside:
            for column in self._told.values():
                column.pop()

    def take(self) -> Fixes:
        """The points as fixes; they are forgotten here."""
        lon, lat = numbers(self._told[b"lon"]), numbers(self._told[b"lat"])
        flags = np.zeros(len(lon), np.int32)
        flags[[begin for begin in self._begins if begin < len(flags)]] = Flag.CUT
        at = epochs([one.strip() if one else b"" for one in self._told[b"time"]])
        known = {_FIELDS[name]: numbers(self._told[name]) for name in _FIELDS if name != b"time"}
        for column in (self._begins, *self._told.values()):
            column.clear()  # type: ignore[attr-defined]
        return arrays(at, lon, lat, **known, flags=flags)


def _coordinates(places: list[bytes]) -> tuple[list[bytes | None], list[bytes | None]]:
    """Longitudes and latitudes of attributes; all at once where each point has both, in the usual writing."""
    text = b"\n".join(places)
    lon, lat = _LON.findall(text), _LAT.findall(text)
    if len(lon) == len(places) == len(lat):
        return lon, lat
    found = [(_LON.search(place), _LAT.search(place)) for place in places]
    return [x[1] if x else None for x, _ in found], [y[1] if y else None for _, y in found]
