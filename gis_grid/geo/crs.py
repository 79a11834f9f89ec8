"""Datums at the door: WGS 84, CGCS2000, GCJ-02, BD-09 and any EPSG code; inside there is only CGCS2000, lon before lat.

WGS 84 and CGCS2000 (EPSG:4490) count as equal (PROJ does the same; the difference is below a metre). GCJ-02 is the open
formula (a 6378245, Krasovsky 1940); the true algorithm is not public, so expect about 1 m; its inverse is exact to 1e-6 m.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError

from gis_grid.errors import Invalid

Floats = NDArray[np.float64]

_A, _EE = 6378245.0, 0.00669342162296594323
_GCJ_STEPS = 5
_BLOCK = 8192
_X_PI = np.pi * 3000.0 / 180.0
CHINA = (72.004, 0.8293, 137.8347, 55.8271)  # where GCJ-02 and BD-09 exist (the published rectangle)
_NAMES = {
    "wgs84": "EPSG:4326",
    "wgs-84": "EPSG:4326",
    "crs84": "EPSG:4326",
    "cgcs2000": "EPSG:4490",
    "epsg:4979": "EPSG:4326",  # WGS 84 with heights, which are dropped
    "gcj02": "gcj02",
    "gcj-02": "gcj02",
    "bd09": "bd09",
    "bd-09": "bd09",
}


SHIFTED = ("gcj02", "bd09")  # shifted by a formula: no registry knows them, nor does the database


@dataclass(frozen=True)
class Datum:
    """A coordinate system a caller may name. `name` is what is stored as source_crs."""

    name: str
    is_degrees: bool


@cache
def datum(name: str) -> Datum:
    """The datum called wgs84, cgcs2000, gcj02, bd09, or EPSG:n. Refuses others with a sentence."""
    known = _NAMES.get(name.strip().lower(), name.strip().upper())
    if known in ("gcj02", "bd09"):
        return Datum(known, True)
    if not re.fullmatch(r"EPSG:\d{4,6}", known):
        raise Invalid(f"不认识的坐标系“{name[:40]}”：请用 wgs84、cgcs2000、gcj02、bd09 或 EPSG:编号。", code="unknown_crs")
    try:
        found = CRS.from_user_input(known)
    except CRSError:
        raise Invalid(f"坐标系编号 {known} 不存在。", code="unknown_crs") from None
    if not (found.is_geographic or found.is_projected) or len(found.axis_info) != 2:
        raise Invalid(f"{known} 不是平面或经纬度坐标系。", code="unknown_crs")
    return Datum(known, found.is_geographic)


def to_stored(lon: Floats, lat: Floats, crs: str = "wgs84") -> tuple[Floats, Floats]:
    """CGCS2000 degrees of x/y (longitude or easting first) given in `crs`. Arrays in, arrays out; NaN stays NaN."""
    lon, lat = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    named = datum(crs)
    if named.name == "gcj02":
        return _in_blocks(gcj_to_wgs, lon, lat)
    if named.name == "bd09":
        return _in_blocks(lambda x, y: gcj_to_wgs(*bd_to_gcj(x, y)), lon, lat)
    if named.name in ("EPSG:4326", "EPSG:4490"):
        return lon, lat
    x, y = _transformer(named.name, "EPSG:4490").transform(lon, lat)
    return np.asarray(x), np.asarray(y)


def from_stored(lon: Floats, lat: Floats, crs: str) -> tuple[Floats, Floats]:
    """x/y in `crs` of CGCS2000 degrees: the way out of every door."""
    lon, lat = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    named = datum(crs)
    if named.name == "gcj02":
        return _in_blocks(wgs_to_gcj, lon, lat)
    if named.name == "bd09":
        return _in_blocks(lambda x, y: gcj_to_bd(*wgs_to_gcj(x, y)), lon, lat)
    if named.name in ("EPSG:4326", "EPSG:4490"):
        return lon, lat
    x, y = _transformer("EPSG:4490", named.name).transform(lon, lat)
    return np.asarray(x), np.asarray(y)


def _in_blocks(convert: Callable[[Floats, Floats], tuple[Floats, Floats]], x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Long arrays in pieces that stay in the processor's cache: the steps between are many."""
    if x.ndim != 1 or len(x) <= _BLOCK:
        return convert(x, y)
    out_x, out_y = np.empty_like(x), np.empty_like(y)
    for start in range(0, len(x), _BLOCK):
        part = slice(start, start + _BLOCK)
        out_x[part], out_y[part] = convert(x[part], y[part])
    return out_x, out_y


def shapes_to_stored(shapes: NDArray[np.object_], crs: str) -> NDArray[np.object_]:
    """The same shapes in CGCS2000 degrees; one vectorised call for all their vertices."""
    if datum(crs).name in ("EPSG:4326", "EPSG:4490"):
        return shapes
    return shapely.transform(shapes, lambda xy: np.column_stack(to_stored(xy[:, 0], xy[:, 1], crs)))


def shapes_from_stored(shapes: NDArray[np.object_], crs: str) -> NDArray[np.object_]:
    """Stored shapes in `crs`; one vectorised call for all their vertices."""
    return shapely.transform(shapes, lambda xy: np.column_stack(from_stored(xy[:, 0], xy[:, 1], crs)))


def check_plausible(x: Floats, y: Floats, crs: str) -> None:
    """Refuse a declared system that cannot be true: degrees in a projected one, metres in degrees, GCJ-02 outside China."""
    known = np.isfinite(x) & np.isfinite(y)
    x, y = x[known], y[known]
    if not len(x):
        return
    named = datum(crs)
    in_degrees = bool((np.abs(x) <= 180).all() and (np.abs(y) <= 90).all())
    if not named.is_degrees and in_degrees:
        raise Invalid(
            f"声明的坐标系 {named.name} 以米为单位，但坐标像是经纬度（如 {x[0]:.6f}, {y[0]:.6f}）。请改用 wgs84 或 cgcs2000。",
            code="crs_degrees_in_projected",
        )
    outside = (np.abs(x) > 180) | (np.abs(y) > 90)
    if named.is_degrees and outside.mean() > 0.5:  # a few odd rows are refused one by one, not the whole file
        bad = int(np.argmax(outside))
        hint = "经度和纬度可能写反了" if abs(x[bad]) <= 90 and abs(y[bad]) <= 180 else "坐标可能是投影坐标（米）"
        raise Invalid(f"坐标 {x[bad]:.3f}, {y[bad]:.3f} 超出经纬度范围：{hint}。", code="crs_metres_in_degrees")
    west, south, east, north = CHINA
    abroad = ~((x >= west) & (x <= east) & (y >= south) & (y <= north))
    if named.name in ("gcj02", "bd09") and abroad.mean() > 0.5:
        raise Invalid(f"{named.name} 只在中国境内有定义，但这些坐标大多在境外。", code="crs_outside_china")


def possible(x: Floats, y: Floats) -> NDArray[np.bool_]:
    """Which stored coordinates (degrees) can be a place on earth."""
    return np.isfinite(x) & np.isfinite(y) & (np.abs(x) <= 180) & (np.abs(y) <= 90)


def wgs_to_gcj(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """GCJ-02 of WGS 84 degrees; outside the published rectangle unchanged."""
    west, south, east, north = CHINA
    inside = (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
    d_lon, d_lat = _gcj_shift(lon, lat)
    return np.where(inside, lon + d_lon, lon), np.where(inside, lat + d_lat, lat)


def gcj_to_wgs(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """WGS 84 of GCJ-02 degrees: fixed point, five steps reach < 1e-7 m."""
    west, south, east, north = CHINA
    inside = (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
    w_lon, w_lat = lon, lat
    for _ in range(_GCJ_STEPS):
        d_lon, d_lat = _gcj_shift(w_lon, w_lat)
        w_lon, w_lat = lon - d_lon, lat - d_lat
    return np.where(inside, w_lon, lon), np.where(inside, w_lat, lat)


def gcj_to_bd(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """BD-09 of GCJ-02 degrees."""
    z = np.sqrt(lon**2 + lat**2) + 0.00002 * np.sin(lat * _X_PI)
    theta = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * _X_PI)
    return z * np.cos(theta) + 0.0065, z * np.sin(theta) + 0.006


def bd_to_gcj(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """GCJ-02 of BD-09 degrees: the closed form (0.2 m) made exact by fixed-point steps."""
    x, y = lon - 0.0065, lat - 0.006
    z = np.sqrt(x**2 + y**2) - 0.00002 * np.sin(y * _X_PI)
    theta = np.arctan2(y, x) - 0.000003 * np.cos(x * _X_PI)
    g_lon, g_lat = z * np.cos(theta), z * np.sin(theta)
    for _ in range(4):
        b_lon, b_lat = gcj_to_bd(g_lon, g_lat)
        g_lon, g_lat = g_lon - (b_lon - lon), g_lat - (b_lat - lat)
    return g_lon, g_lat


def _gcj_shift(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    x, y = lon - 105.0, lat - 35.0
    root = np.sqrt(np.abs(x))
    x12, x3, x1, x_half = _sines(x)
    y12, y3, y1, _ = _sines(y)
    wave = 20.0 * (_tripled(x_half) + x_half) * 2.0 / 3.0
    d_lat = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + wave
    d_lat += (20.0 * y1 + 40.0 * y3) * 2.0 / 3.0
    d_lat += (160.0 * y12 + 320.0 * np.sin(np.pi * y / 30.0)) * 2.0 / 3.0
    d_lon = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + wave
    d_lon += (20.0 * x1 + 40.0 * x3) * 2.0 / 3.0
    d_lon += (150.0 * x12 + 300.0 * np.sin(np.pi * x / 30.0)) * 2.0 / 3.0
    phi = np.radians(lat)
    sine = np.sin(phi)
    magic = 1.0 - _EE * sine * sine
    root_magic = np.sqrt(magic)
    d_lat = d_lat * 180.0 / ((_A * (1.0 - _EE)) / (magic * root_magic) * np.pi)
    d_lon = d_lon * 180.0 / (_A / root_magic * np.sqrt(1.0 - sine * sine) * np.pi)
    return d_lon, d_lat


def _sines(value: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """sin of pi v / 12, pi v / 3, pi v and 2 pi v; one sine and one cosine instead of four sines, equal to 1e-14."""
    angle = np.pi * value / 12.0
    sine, cosine = np.sin(angle), np.cos(angle)
    sine2, cosine2 = 2.0 * sine * cosine, 1.0 - 2.0 * sine * sine
    sine4, cosine4 = 2.0 * sine2 * cosine2, 1.0 - 2.0 * sine2 * sine2
    sine12, cosine12 = _tripled(sine4), cosine4 * (4.0 * cosine4 * cosine4 - 3.0)
    return sine, sine4, sine12, 2.0 * sine12 * cosine12


def _tripled(sine: Floats) -> Floats:
    """sin 3a of sin a."""
    return sine * (3.0 - 4.0 * sine * sine)


@cache
def _transformer(source: str, target: str) -> Transformer:
    return Transformer.from_crs(source, target, always_xy=True)
