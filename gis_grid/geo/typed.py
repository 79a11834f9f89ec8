"""Coordinates as people type them: any datum, order and notation, degrees or metres; pure."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

import numpy as np

from gis_grid.geo import crs

_DATUMS = (  # words people write in front of or behind coordinates
    ("gcj02", r"GCJ-?0?2?|火星|高德|腾讯"),
    ("bd09", r"BD-?0?9?|百度"),
    ("cgcs2000", r"CGCS-?(?:2000)?|国家2000|2000坐标系?"),
    ("wgs84", r"WGS-?(?:84)?|GPS"),
)
_LABELS = {"cgcs2000": "CGCS2000 / WGS 84", "wgs84": "WGS 84", "gcj02": "GCJ-02（高德、腾讯）", "bd09": "BD-09（百度）"}
_UNNAMED = ("cgcs2000", "gcj02", "bd09")  # degrees without a datum's name may be any of these
_SIDE = r"[EWNS]|东经|西经|北纬|南纬|经度|纬度"
_SIGNS = str.maketrans({**dict.fromkeys("′’‘´", "'"), **dict.fromkeys("”“", '"')})  # ″ is two primes once normalised
_DEGREES = re.compile(
    rf"(?P<before>{_SIDE})?[:=\s]*(?P<sign>-?)(?P<d>\d{{1,3}}(?:\.\d+)?)\s*(?:[°度]\s*(?:(?P<m>\d{{1,2}}(?:\.\d+)?)\s*['分]\s*"
    rf"(?:(?P<s>\d{{1,2}}(?:\.\d+)?)\s*(?:[\"秒]|''))?)?)?\s*(?P<after>{_SIDE})?"
)
_METRES = re.compile(r"(?:[XYEN][:=]?\s*)?(\d{6,8}(?:\.\d+)?)")
_WEST, _SOUTH, _EAST, _NORTH = crs.CHINA
_NORTHING = (100_000.0, 6_300_000.0)


@dataclass(frozen=True)
class Reading:
    """A place (CGCS2000 degrees) that typed coordinates may mean, and how they were read."""

    lon: float
    lat: float
    read_as: str


def read_coordinates(text: str, middle_lon: float) -> list[Reading]:
    """The places typed coordinates may mean, the likeliest first; empty when the text is something else.

    Degrees in any order, with or without signs of degrees and datum; metres of CGCS2000 Gauss-Krueger with or without the zone's
    number (without it the 3-degree zone of `middle_lon`, where the map lies).
    """
    plain = unicodedata.normalize("NFKC", text).upper().strip().translate(_SIGNS)
    named, plain = _datum_of(plain)
    plain = re.sub(r"[,、;()]+|坐标", " ", plain).strip()
    if metres := _metres_of(plain):
        return _of_metres(*metres, middle_lon)
    pair = _degrees_of(plain)
    if pair is None:
        return []
    return [_of_degrees(pair, name) for name in ((named,) if named else _UNNAMED)]


def _datum_of(plain: str) -> tuple[str | None, str]:
    for name, words in _DATUMS:
        if re.search(words, plain):
            return name, re.sub(words, " ", plain, count=1)
    return None, plain


def _degrees_of(plain: str) -> tuple[float, float] | None:
    """Longitude and latitude: by their letters, else the one that can only be a longitude in China first."""
    found = _two(plain)
    if found is None:
        return None
    (one, one_side), (other, other_side) = found
    lat_first = one_side in _LAT or other_side in _LON
    if not (one_side or other_side):
        lat_first = _is_lat(one) and _is_lon(other)
    lon, lat = (other, one) if lat_first else (one, other)
    return (lon, lat) if abs(lon) <= 180 and abs(lat) <= 90 else None


_LAT, _LON = ("N", "S", "北纬", "南纬", "纬度"), ("E", "W", "东经", "西经", "经度")


def _two(plain: str) -> tuple[tuple[float, str], tuple[float, str]] | None:
    """Two angles and nothing else; whole numbers are no coordinates (3 502 is a room)."""
    first = _DEGREES.match(plain)
    second = _DEGREES.fullmatch(plain[first.end() :].strip()) if first else None
    if first is None or second is None or not (_is_exact(first) and _is_exact(second)):
        return None
    return (_angle(first), _side(first)), (_angle(second), _side(second))


def _is_exact(found: re.Match[str]) -> bool:
    return "." in found["d"] or found["m"] is not None


def _angle(found: re.Match[str]) -> float:
    value = float(found["d"]) + float(found["m"] or 0) / 60 + float(found["s"] or 0) / 3600
    return -value if found["sign"] or _side(found) in ("W", "S", "西经", "南纬") else value


def _side(found: re.Match[str]) -> str:
    return found["before"] or found["after"] or ""


def _is_lon(value: float) -> bool:
    return _WEST <= value <= _EAST


def _is_lat(value: float) -> bool:
    return _SOUTH <= value <= _NORTH


def _of_degrees(pair: tuple[float, float], name: str) -> Reading:
    lon, lat = crs.to_stored(np.array([pair[0]]), np.array([pair[1]]), name)
    return Reading(float(lon[0]), float(lat[0]), _LABELS[name])


def _metres_of(plain: str) -> tuple[float, float] | None:
    """Easting and northing: the northing has seven digits before the point (X on Chinese maps), the easting six or eight."""
    parts = [found for part in plain.split() if (found := _METRES.fullmatch(part))]
    if len(parts) != 2 or len(plain.split()) != 2:
        return None
    one, other = (float(part[1]) for part in parts)
    if _digits(one) == 7 and _digits(other) in (6, 8):
        return other, one
    return (one, other) if _digits(other) == 7 and _digits(one) in (6, 8) else None


def _digits(value: float) -> int:
    return len(str(int(value)))


def _of_metres(easting: float, northing: float, middle_lon: float) -> list[Reading]:
    """Without the zone's number each neighbouring zone gives a place: those nearest to the map's middle come first."""
    if not _NORTHING[0] <= northing <= _NORTHING[1]:
        return []
    found = []
    for code, told in _zones_of(easting, middle_lon):
        lon, lat = (float(one[0]) for one in crs.to_stored(np.array([easting]), np.array([northing]), f"EPSG:{code}"))
        if _is_lon(lon) and _is_lat(lat):
            found.append(Reading(lon, lat, f"CGCS2000 高斯-克吕格，{told}"))
    return sorted(found, key=lambda one: abs(one.lon - middle_lon))[:2]


def _zones_of(easting: float, middle_lon: float) -> list[tuple[int, str]]:
    """EPSG codes: 4513-4533 by the 3-degree zone's number, 4491-4501 by the 6-degree one's, 4534-4554 by the meridian."""
    zone = int(easting // 1_000_000)
    if 25 <= zone <= 45:
        return [(4513 + zone - 25, f"3 度带第 {zone} 带")]
    if 13 <= zone <= 23:
        return [(4491 + zone - 13, f"6 度带第 {zone} 带")]
    middle = round(middle_lon / 3) * 3
    meridians = [one for one in (middle - 3, middle, middle + 3) if 75 <= one <= 135 and not zone]
    return [(4534 + (one - 75) // 3, f"中央经线 {one}°") for one in meridians]
