"""KML gx:Track and gx:MultiTrack: as many <when> as <gx:coord> (lon lat alt, separated by blanks)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any
from zoneinfo import ZoneInfo

import numpy as np

from gis_grid.patrol.fixes import Fixes, Flag, Part, arrays
from gis_grid.patrol.formats.times import epochs, numbers
from gis_grid.patrol.formats.xml import pieces


def read(stream: IO[bytes], zone: ZoneInfo) -> Iterator[Part]:
    """One part per gx:Track. Positions without times (LineString) are no track."""
    collector = _Collector()
    count = 0
    try:
        for _ in pieces(stream, collector.start, collector.end, collector.words):
            for track in collector.done:
                count += len(track[1])
                yield Part(None, _fixes(*track))
            collector.done.clear()
    except ValueError:
        if collector.unfinished:
            yield Part(None, _fixes(*collector.unfinished))
        raise
    if not collector.is_kml:
        raise ValueError("不是 KML 文件")
    if not count:
        raise ValueError("没有带时间的轨迹（gx:Track）；只有线而没有时间的 KML 不是轨迹")


class _Collector:
    """Gathers the times and coordinates of each track while the file is read."""

    def __init__(self) -> None:
        self.done: list[tuple[list[str], list[str]]] = []
        self.words: list[str] = []
        self.is_kml = False
        self._when: list[str] = []
        self._coords: list[str] = []

    @property
    def unfinished(self) -> tuple[list[str], list[str]]:
        """Of a track that breaks off, what has both a time and a place."""
        return self._when[: len(self._coords)], self._coords[: len(self._when)]

    def start(self, name: str, attributes: dict[str, Any]) -> None:
        self.words.clear()
        local = name.rpartition(":")[2]
        if local == "kml":
            self.is_kml = True
        elif local == "Track":
            self._when, self._coords = [], []

    def end(self, name: str) -> None:
        local = name.rpartition(":")[2]
        if local == "when":
            self._when.append("".join(self.words).strip())
        elif local == "coord":
            self._coords.append("".join(self.words).strip())
        elif local == "Track":
            self.done.append((self._when, self._coords))
            self._when, self._coords = [], []
        self.words.clear()


def _fixes(when: list[str], coords: list[str]) -> Fixes:
    if len(when) != len(coords):
        raise ValueError(f"轨迹中时间有 {len(when)} 个、坐标有 {len(coords)} 个，对不上")
    places = [(*coord.split(), "", "", "")[:3] for coord in coords]
    lon, lat, ele = zip(*places, strict=True) if places else ((), (), ())
    flags = np.zeros(len(coords), np.int32)
    flags[:1] = Flag.CUT
    return arrays(epochs(when), numbers(lon), numbers(lat), ele_m=numbers(ele), flags=flags)
