"""CSV tracks: GPSLogger's columns, and those of Chinese offices (GB18030, local time, km/h)."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from zoneinfo import ZoneInfo

from gis_grid.patrol.fixes import Fixes, make_fixes

NAN = float("nan")
_NAMES = {
    "at": ("time", "timestamp", "时间", "定位时间"),
    "lon": ("lon", "lng", "longitude", "经度"),
    "lat": ("lat", "latitude", "纬度"),
    "accuracy": ("accuracy", "精度"),
    "speed": ("speed", "速度"),
}


def read(data: bytes, zone: ZoneInfo) -> Fixes:
    """One fix a row. Times without a zone are local (`zone`); a speed under a Chinese heading is km/h, otherwise m/s."""
    try:
        return _read_rows(csv.DictReader(io.StringIO(_decode(data))), zone)
    except csv.Error:
        raise ValueError("CSV 中有过长或损坏的字段") from None


def _read_rows(rows: csv.DictReader[str], zone: ZoneInfo) -> Fixes:
    header = {name.strip().lower(): name for name in rows.fieldnames or ()}
    columns = {key: next((header[name] for name in names if name in header), None) for key, names in _NAMES.items()}
    if not (columns["at"] and columns["lon"] and columns["lat"]):
        raise ValueError("CSV 须有时间、经度、纬度三列")
    per_mps = 3.6 if columns["speed"] == "速度" else 1.0
    made = [
        (
            _time(row.get(columns["at"] or ""), zone),
            _number(row.get(columns["lon"] or "")),
            _number(row.get(columns["lat"] or "")),
            _number(row.get(columns["accuracy"] or "")),
            _number(row.get(columns["speed"] or "")) / per_mps,
            0,
        )
        for row in rows
    ]
    if not made:
        raise ValueError("没有轨迹点")
    return make_fixes(made)


def _decode(data: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ValueError("既不是 UTF-8 也不是 GB18030 编码")


def _number(text: str | None) -> float:
    try:
        return float(text) if text else NAN
    except ValueError:
        return NAN


def _time(text: str | None, zone: ZoneInfo) -> float:
    try:
        moment = datetime.fromisoformat((text or "").strip().replace("Z", "+00:00").replace("/", "-"))
    except ValueError:
        return NAN
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).timestamp()
