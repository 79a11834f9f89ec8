"""GPX 1.0 and 1.1 track points, with expat; entity declarations are refused (no bombs, nothing fetched)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from xml.parsers import expat
from zoneinfo import ZoneInfo

from gis_grid.patrol.fixes import Fixes, make_fixes

NAN = float("nan")
_TEXT = {"time", "hdop", "speed"}


def read(data: bytes, zone: ZoneInfo) -> Fixes:
    """Track points of all tracks and segments. Times are UTC unless they say otherwise; routes and waypoints are no track."""
    collector = _Collector()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.EntityDeclHandler = _refuse_entities
    parser.StartElementHandler = collector.start
    parser.EndElementHandler = collector.end
    parser.CharacterDataHandler = collector.text
    try:
        parser.Parse(data, True)
    except expat.ExpatError as fault:
        raise ValueError(f"不是有效的 XML（第 {fault.lineno} 行）") from None
    except LookupError:
        raise ValueError("XML 声明的编码不认识，请存为 UTF-8") from None
    if not collector.is_gpx:
        raise ValueError("不是 GPX 文件")
    if not collector.rows:
        raise ValueError("没有轨迹点（trkpt）；路线和航点不是轨迹")
    return make_fixes(collector.rows)


class _Collector:
    """Gathers (at, lon, lat, accuracy, speed, segment) while the file is read."""

    def __init__(self) -> None:
        self.rows: list[tuple[float, float, float, float, float, int]] = []
        self.is_gpx = False
        self._segment = 0
        self._point: dict[str, Any] | None = None
        self._words: list[str] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(":")[2]
        if local == "gpx":
            self.is_gpx = True
        elif local in ("trk", "trkseg"):
            self._segment += 1
        elif local == "trkpt":
            self._point = {"lon": _number(attributes.get("lon")), "lat": _number(attributes.get("lat"))}
        self._words.clear()

    def text(self, words: str) -> None:
        if self._point is not None:
            self._words.append(words)

    def end(self, name: str) -> None:
        local = name.rpartition(":")[2]
        if self._point is None:
            return
        if local in _TEXT:
            self._point[local] = "".join(self._words).strip()
        elif local == "trkpt":
            point, self._point = self._point, None
            row = (_time(point.get("time")), point["lon"], point["lat"], NAN, _number(point.get("speed")), self._segment)
            self.rows.append(row)


def _refuse_entities(*_: Any) -> None:
    raise ValueError("含有实体声明（ENTITY），已拒绝")


def _number(text: str | None) -> float:
    try:
        return float(text) if text else NAN
    except ValueError:
        return NAN


def _time(text: str | None) -> float:
    if not text:
        return NAN
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return NAN
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
