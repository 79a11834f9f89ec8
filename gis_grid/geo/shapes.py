"""GeoJSON in and out, validity with where and why, and metres that are metres."""

from __future__ import annotations

from typing import Any

import numpy as np
import orjson
import shapely
from geoalchemy2 import WKBElement
from numpy.typing import NDArray
from pyproj import Geod
from shapely.geometry.base import BaseGeometry
from shapely.validation import explain_validity

from gis_grid.errors import Invalid

GEOD = Geod(ellps="GRS80")  # CGCS2000's ellipsoid differs by 0.1 mm
_REASONS = {
    "Self-intersection": "边界自相交",
    "Ring Self-intersection": "环自相交",
    "Too few points in geometry component": "点数太少",
    "Hole lies outside shell": "洞在外环之外",
    "Nested shells": "外环相互嵌套",
    "Nested holes": "洞相互嵌套",
    "Interior is disconnected": "内部不连通",
    "Duplicate Rings": "环重复",
    "Invalid Coordinate": "坐标无效",
}


def from_geojson(value: Any) -> BaseGeometry:
    """The shape of a GeoJSON geometry (a dict) in degrees, two-dimensional. Refuses what is none, with a sentence."""
    return check_degrees(from_geojson_of_any_system(value))


def from_geojson_of_any_system(value: Any) -> BaseGeometry:
    """The same for coordinates of a system named elsewhere: metres, or latitude first."""
    try:
        shape = shapely.from_geojson(orjson.dumps(value))
    except (shapely.errors.GEOSException, TypeError, ValueError, orjson.JSONEncodeError):
        raise Invalid("图形不是有效的 GeoJSON（环须首尾闭合，坐标为 [经度, 纬度]）。", code="bad_geometry") from None
    if shape is None or shape.is_empty:
        raise Invalid("图形为空。", code="bad_geometry")
    shape = shapely.force_2d(shape)
    if not np.isfinite(shapely.get_coordinates(shape)).all():
        raise Invalid("图形坐标不是有限的数。", code="bad_geometry")
    return shape


def check_degrees(shape: BaseGeometry) -> BaseGeometry:
    """The same shape; refused when it lies beyond the earth's degrees."""
    west, south, east, north = shape.bounds
    if not (west >= -180 and east <= 180 and south >= -90 and north <= 90):  # infinite or none at all: PROJ could not
        raise Invalid("图形坐标超出经纬度范围：经度在前，纬度在后。", code="bad_geometry")
    return shape


def to_geojson(shape: BaseGeometry) -> dict[str, Any]:
    """GeoJSON with 7 decimals (about 1 cm)."""
    rounded = shapely.transform(shape, lambda xy: np.round(xy, 7))
    result: dict[str, Any] = orjson.loads(shapely.to_geojson(rounded))
    return result


def from_stored(value: WKBElement | None) -> BaseGeometry | None:
    """The shape in a geometry column."""
    return None if value is None else shapely.from_wkb(bytes.fromhex(value.desc))


def to_column(shape: BaseGeometry | None, srid: int = 4490) -> WKBElement | None:
    """What a geometry column takes."""
    return None if shape is None else WKBElement(shapely.to_wkb(shape), srid=srid)


def as_multipolygon(shape: BaseGeometry) -> BaseGeometry:
    """A polygon as a multipolygon; refuses points and lines."""
    if shape.geom_type == "Polygon":
        return shapely.multipolygons([shape])
    if shape.geom_type != "MultiPolygon":
        raise Invalid(f"需要面（Polygon），收到的是 {shape.geom_type}。", code="bad_geometry")
    return shape


def why_invalid(shape: BaseGeometry) -> str | None:
    """None for a valid shape, otherwise what is wrong and where (lon lat), in Chinese."""
    if shape.is_valid:
        return None
    text = explain_validity(shape)
    reason, _, where = text.partition("[")
    return f"{_REASONS.get(reason, reason)}，位置 {where.rstrip(']')}"


def repair(shape: BaseGeometry) -> BaseGeometry:
    """The nearest valid polygon: make_valid, lines and points dropped."""
    made = shapely.make_valid(shape, method="structure", keep_collapsed=False)
    parts = [part for part in shapely.get_parts(made) if part.geom_type in ("Polygon", "MultiPolygon")]
    return shapely.multipolygons([p for part in parts for p in shapely.get_parts(part)])


def area_m2(shape: BaseGeometry) -> float:
    """Geodesic area in square metres."""
    return abs(GEOD.geometry_area_perimeter(shape)[0])


def lengths_m(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.float64]:
    """Geodesic metres between neighbouring points; one less than there are points."""
    if len(lon) < 2:
        return np.zeros(0)
    return np.asarray(GEOD.line_lengths(lon, lat))


def distance_m(lon1: float, lat1: float, lon2: float, lat2: float) -> float:
    """Geodesic metres between two points."""
    return float(GEOD.inv(lon1, lat1, lon2, lat2)[2])


def bearing_equal_scale(lat: float) -> float:
    """How much shorter a degree of longitude is than one of latitude here; for nearest-edge searches in degrees."""
    return float(np.cos(np.radians(lat)))
