"""Single fixes as phones send them to /ingest/osmand: query form (OsmAnd, Traccar Client to 8, GPSLogger), JSON (Traccar 9).

Speed in the query form is knots for Traccar's apps and m/s for OsmAnd's own: a setting of the device. -1 is unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from gis_grid.patrol.fixes import NAN, Fix, Flag
from gis_grid.patrol.formats.times import epoch, number

SPEED_UNITS = {"knots": 1852 / 3600, "mps": 1.0, "kmh": 1 / 3.6}  # m/s in one


def device_of(asked: Mapping[str, str]) -> str | None:
    """Whose fix it is: id or deviceid; GPSLogger's custom URL has the serial number (ser) or the Android id (aid)."""
    return next((asked[name] for name in ("id", "deviceid", "ser", "aid") if asked.get(name)), None)


def fix_of_query(asked: Mapping[str, str], zone: ZoneInfo, speed_unit: str = "knots") -> Fix:
    """The position of a query; ValueError with a sentence when it has no place."""
    lat, lon = asked.get("lat"), asked.get("lon")
    if "location" in asked:
        lat, _, lon = asked["location"].partition(",")
    if lat is None or lon is None:
        raise ValueError("缺少 lat、lon（或 location）")
    if asked.get("valid", "true").lower() not in ("true", "1"):
        raise ValueError("设备说此定位无效（valid=false）")
    is_logger = "s" in asked or "acc" in asked  # GPSLogger's own names are ours to choose: m/s, metres
    speed = number(asked.get("speed")) * SPEED_UNITS[speed_unit]
    if is_logger and "s" in asked:
        speed = number(asked["s"])
    flags = Flag.MOCK if asked.get("mock", "").lower() in ("true", "1") else 0
    return Fix(
        _time(asked, zone),
        number(lon),
        number(lat),
        accuracy_m=_known(asked, "accuracy", "acc"),
        speed_mps=speed if speed >= 0 else NAN,
        course_deg=_known(asked, "bearing", "heading", "dir"),
        ele_m=next((number(asked[name]) for name in ("altitude", "alt") if asked.get(name)), NAN),
        battery=_known(asked, "batt"),
        flags=int(flags),
    )


def fix_of_json(body: Any) -> tuple[str | None, Fix]:
    """Device and position of a Traccar Client 9 message; ValueError with a sentence when it is none."""
    location = body.get("location") if isinstance(body, dict) else None
    coords = location.get("coords") if isinstance(location, dict) else None
    if not isinstance(location, dict) or not isinstance(coords, dict):
        raise ValueError("缺少 location.coords")
    battery = location.get("battery")
    level = _given(battery, "level") if isinstance(battery, dict) else NAN
    device = body.get("device_id")
    fix = Fix(
        epoch(str(location.get("timestamp") or "")),
        _given(coords, "longitude", signed=True),
        _given(coords, "latitude", signed=True),
        accuracy_m=_given(coords, "accuracy"),
        speed_mps=_given(coords, "speed"),
        course_deg=_given(coords, "heading"),
        ele_m=_given(coords, "altitude", signed=True),
        battery=level * 100,
        flags=int(Flag.MOCK) if location.get("mock") is True else 0,
    )
    return (str(device) if device else None), fix


def _time(asked: Mapping[str, str], zone: ZoneInfo) -> float:
    text = asked.get("timestamp") or asked.get("ts") or asked.get("time")
    return epoch(text, zone)


def _known(asked: Mapping[str, str], *names: str) -> float:
    value = next((number(asked[name]) for name in names if asked.get(name)), NAN)
    return value if value >= 0 else NAN


def _given(told: Mapping[str, Any], name: str, *, signed: bool = False) -> float:
    value = told.get(name)
    if not isinstance(value, int | float) or isinstance(value, bool) or (value < 0 and not signed):
        return NAN
    return float(value)
