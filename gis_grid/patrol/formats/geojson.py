"""GeoJSON tracks: lines with times beside them (coordTimes, coordinateProperties.times), and collections of timed points."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator
from typing import IO, Any
from zoneinfo import ZoneInfo

import numpy as np
import orjson

from gis_grid.patrol.fixes import NAN, Fixes, Flag, Floats, Part, arrays, joined
from gis_grid.patrol.formats import owntracks
from gis_grid.patrol.formats.pieces import Long, features_of, in_pieces, set_aside
from gis_grid.patrol.formats.streams import whole
from gis_grid.patrol.formats.times import epochs, numbers

MOST_BYTES = 128 * 1024**2  # the text of a JSON document is held whole
_AT_ONCE = 50_000
_POINT = {"accuracy_m": "accuracy", "speed_mps": "speed", "course_deg": "bearing", "ele_m": "altitude", "battery": "battery"}


def read(stream: IO[bytes], zone: ZoneInfo) -> Iterator[Part]:
    """Lines one by one, then all points. Lines without times are refused: RFC 7946 knows none, so they stand beside."""
    for part in _parts_of(whole(stream, MOST_BYTES)):
        for begin in range(0, max(1, len(part.fixes)), _AT_ONCE):
            yield Part(part.device, part.fixes.part(begin, begin + _AT_ONCE), 0 if begin else part.unread)


def _parts_of(text: bytes) -> list[Part]:
    """A part per line, one for all points."""
    short, arrays = set_aside(text)
    try:
        return list(_parts_in(features_of(short), arrays))
    except ValueError:
        pass  # no collection, or one that cannot be cut: read as a whole, which also tells exactly what is wrong
    if arrays:
        try:
            return list(_parts(_loaded(short), arrays))
        except ValueError:
            pass
    return list(_parts(_loaded(text), {}))


def _loaded(data: bytes) -> Any:
    """The document. The collector of garbage would look at every one of its lists again and again: half of the time."""
    collects = gc.isenabled()
    gc.disable()
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as fault:
        raise ValueError(f"不是有效的 JSON（第 {fault.lineno} 行）") from None
    finally:
        if collects:
            gc.enable()


def _parts(document: Any, arrays: dict[str, Long]) -> Iterator[Part]:
    if isinstance(document, dict) and document.get("_type"):
        return owntracks.read_messages([document])
    features = document.get("features", [document]) if isinstance(document, dict) else document
    if not isinstance(features, list):
        raise ValueError("不是 GeoJSON")
    return _parts_in([features], arrays)


def _parts_in(pieces: Iterable[list[Any]], arrays: dict[str, Long]) -> Iterator[Part]:
    """The parts of features, piece by piece; all points are one part, by the device that the first names."""
    found: list[Part] = []
    count = 0
    for features in pieces:
        points = []
        for shape, told in filter(None, map(_shape_of, features)):
            kind = shape.get("type")
            if kind == "Point":
                points.append((shape.get("coordinates"), told))
            elif kind in ("LineString", "MultiLineString"):
                for fixes in _lines(shape, told, arrays, several=kind == "MultiLineString"):
                    count += len(fixes)
                    yield Part(_device(told), fixes)
        found += [Part(_device(points[0][1]), _points(points))] if points else []
    if found:
        yield Part(found[0].device, joined([part.fixes for part in found]))
    if not count and not found:
        raise ValueError("没有轨迹（需要带时间的线，或带时间的点）")


def _shape_of(feature: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """Geometry and properties of a feature; None when it is none."""
    if not isinstance(feature, dict):
        return None
    shape, told = feature.get("geometry") or {}, feature.get("properties") or {}
    return (shape, told) if isinstance(shape, dict) and isinstance(told, dict) else None


def _device(told: dict[str, Any]) -> str | None:
    name = told.get("device") or told.get("device_id") or told.get("deviceId")
    return str(name)[:64] if isinstance(name, str | int) and name else None


def _lines(shape: dict[str, Any], told: dict[str, Any], arrays: dict[str, Long], *, several: bool) -> Iterator[Fixes]:
    beside = told.get("coordinateProperties")
    times = told.get("coordTimes") or (beside.get("times") if isinstance(beside, dict) else None)
    lines = shape.get("coordinates")
    times, lines = (arrays.get(found, found) if isinstance(found, str) else found for found in (times, lines))
    if not isinstance(times, list | Long) or not isinstance(lines, list | Long):
        raise ValueError("线没有时间（coordTimes 或 coordinateProperties.times）")
    if not several:
        yield _line(lines, times)
        return
    groups: list[Any] = times.lines() if isinstance(times, Long) else times
    pieces: list[Any] = lines.lines() if isinstance(lines, Long) else lines
    if groups and not isinstance(groups[0], list | Long):
        raise ValueError("多段线的时间应按段分组")
    if len(pieces) != len(groups):
        raise ValueError(f"有 {len(pieces)} 段线，却有 {len(groups)} 组时间")
    for line, moments in zip(pieces, groups, strict=True):
        if not isinstance(line, list | Long) or not isinstance(moments, list | Long):
            raise ValueError("坐标与时间的个数不一致")
        yield _line(line, moments)


def _line(line: list[Any] | Long, moments: list[Any] | Long) -> Fixes:
    at = np.concatenate([_moments(piece) for piece in in_pieces(moments)])
    lon, lat, ele = (np.concatenate(each) for each in zip(*map(_coordinates, in_pieces(line)), strict=True))
    if len(at) != len(lon):
        raise ValueError("坐标与时间的个数不一致")
    flags = np.zeros(len(at), np.int32)
    flags[:1] = Flag.CUT
    return arrays(at, lon, lat, ele_m=ele, flags=flags)


def _moments(texts: list[Any]) -> Floats:
    return epochs([text if isinstance(text, str) else str(text) for text in texts])


def _coordinates(line: list[Any]) -> tuple[Floats, Floats, Floats]:
    try:
        table = np.array(line, dtype=np.float64).reshape(len(line), -1)
    except (ValueError, TypeError):
        table = np.array([_three(one) for one in line], dtype=np.float64).reshape(len(line), -1)
    if len(table) and table.shape[1] < 2:
        raise ValueError("坐标应为 [经度, 纬度]")
    if not len(table):
        return np.zeros(0), np.zeros(0), np.zeros(0)
    ele = table[:, 2] if table.shape[1] > 2 else np.full(len(table), NAN)
    return table[:, 0].copy(), table[:, 1].copy(), ele.copy()


def _three(one: Any) -> tuple[float, float, float]:
    """lon, lat, ele of one position; NaN for what is none."""
    values = [float(v) if isinstance(v, int | float) else NAN for v in one[:3]] if isinstance(one, list) else []
    lon, lat, ele = (*values, NAN, NAN, NAN)[:3]
    return lon, lat, ele


def _points(points: list[tuple[Any, dict[str, Any]]]) -> Fixes:
    lon, lat, ele = _coordinates([place if isinstance(place, list) else [None, None] for place, _ in points])
    known = {name: numbers([_text(told.get(key)) for _, told in points]) for name, key in _POINT.items()}
    known["ele_m"] = np.where(np.isnan(known["ele_m"]), ele, known["ele_m"])
    return arrays(epochs([str(told.get("time", "")) for _, told in points]), lon, lat, **known)


def _text(value: Any) -> str | None:
    return str(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else None
