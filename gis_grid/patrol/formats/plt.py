"""GeoLife .plt: six header lines, then lat, lon, 0, altitude in feet, days since 1899-12-30, date, time; GMT, WGS 84."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from gis_grid.patrol.fixes import Fixes, make_fixes

NAN = float("nan")


def read(data: bytes, zone: ZoneInfo) -> Fixes:
    """All lines as one segment; a line that cannot be read is an unusable fix, so that it is counted."""
    lines = data.decode("ascii", "replace").splitlines()
    if len(lines) < 6 or not lines[0].startswith("Geolife"):
        raise ValueError("不是 GeoLife .plt 文件")
    rows = [_row(line) for line in lines[6:] if line.strip()]
    if not rows:
        raise ValueError("没有轨迹点")
    return make_fixes(rows)


def _row(line: str) -> tuple[float, float, float, float, float, int]:
    parts = line.split(",")
    try:
        moment = datetime.fromisoformat(f"{parts[5]}T{parts[6]}").replace(tzinfo=UTC)
        return moment.timestamp(), float(parts[1]), float(parts[0]), NAN, NAN, 0
    except (ValueError, IndexError):
        return NAN, NAN, NAN, NAN, NAN, 0
