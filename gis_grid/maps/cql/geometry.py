"""Geometry literals of a filter: checked, turned longitude first, brought to CGCS2000."""

from __future__ import annotations

from typing import Any

import numpy as np
import orjson
import shapely
from shapely.geometry.base import BaseGeometry

from gis_grid.errors import Invalid
from gis_grid.geo.crs import datum, to_stored
from gis_grid.geo.shapes import why_invalid
from gis_grid.maps.cql.rules import BadFilter, shown

TYPES = ("Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon", "GeometryCollection")
_FARTHEST = 1e9  # metres; no coordinate system has more
_BOX_PARTS = 32  # the sides of a box in metres are curves in degrees


def read_geometry(tree: dict[str, Any], srid: int, flip: bool) -> bytes:
    """WKB in CGCS2000 degrees, longitude first, two-dimensional (heights are dropped, as the s_ functions do not see them).

    `tree` is a GeoJSON geometry or {"bbox": [4 or 6 numbers]} in EPSG:`srid`; `flip` when latitude or northing comes first.
    """
    try:
        is_degrees = datum(f"EPSG:{srid}").is_degrees
        shape = _box(tree["bbox"], is_degrees, flip) if "type" not in tree else _shape(tree, flip)
        stored = shapely.transform(shape, lambda xy: np.column_stack(to_stored(xy[:, 0], xy[:, 1], f"EPSG:{srid}")))
    except Invalid as fault:
        raise BadFilter(fault.detail) from None
    if not np.isfinite(shapely.get_coordinates(stored)).all():
        raise BadFilter("过滤条件里的几何坐标不是有限的数，或不在该坐标系的范围内。")
    west, south, east, north = stored.bounds
    if west < -180 or east > 180 or south < -90 or north > 90:
        raise BadFilter("过滤条件里的几何超出经纬度范围：经度在前，纬度在后（或用 filter-crs 说明坐标系）。")
    if reason := why_invalid(stored):
        raise BadFilter(f"过滤条件里的几何无效：{reason}。")
    return shapely.to_wkb(stored)


def _shape(tree: dict[str, Any], flip: bool) -> BaseGeometry:
    if tree["type"] not in TYPES:
        raise BadFilter(f"几何类型“{shown(tree['type'])}”不认识，可用的有：{'、'.join(TYPES)}，以及 bbox。")
    try:
        shape = shapely.from_geojson(orjson.dumps(tree))
    except (shapely.errors.GEOSException, orjson.JSONEncodeError, ValueError):
        raise BadFilter(f"过滤条件里的 {tree['type']} 坐标不对：面的环须首尾闭合，每个位置是两个或三个数。") from None
    parts = shapely.get_parts(shape)
    if shape is None or shape.is_empty or shapely.is_empty(parts).any():
        raise BadFilter("过滤条件里的几何是空的。")
    shape = shapely.force_2d(shape)
    if (np.abs(shapely.get_coordinates(shape)) > _FARTHEST).any():  # some projections wrap what is far away
        raise BadFilter("过滤条件里的几何坐标太大，不在该坐标系的范围内。")
    return shapely.transform(shape, lambda xy: xy[:, ::-1]) if flip else shape


def _box(given: Any, is_degrees: bool, flip: bool) -> BaseGeometry:
    """A box; one that crosses the antimeridian (west > east) becomes two, one without width or height a line or point."""
    is_number = isinstance(given, list) and all(isinstance(one, int | float) and not isinstance(one, bool) for one in given)
    if not is_number or len(given) not in (4, 6):
        raise BadFilter("BBOX 要四个数（西、南、东、北）或六个数。")
    half = len(given) // 2
    if any(abs(one) > _FARTHEST for one in given):
        raise BadFilter("BBOX 里的数太大。")
    west, south, east, north = (float(one) for one in (*given[:2], *given[half : half + 2]))
    if flip:
        west, south, east, north = south, west, north, east
    if south > north or (west > east and not is_degrees):
        raise BadFilter("BBOX 的顺序应为西、南、东、北。")
    if west > east:
        return shapely.unary_union([_plain_box(west, south, 180.0, north), _plain_box(-180.0, south, east, north)])
    made = _plain_box(west, south, east, north)
    return made if is_degrees else shapely.segmentize(made, max(east - west, north - south) / _BOX_PARTS or 1.0)


def _plain_box(west: float, south: float, east: float, north: float) -> BaseGeometry:
    if west == east and south == north:
        return shapely.Point(west, south)
    if west == east or south == north:
        return shapely.LineString([(west, south), (east, north)])
    return shapely.box(west, south, east, north)
