"""Features of a collection written by other systems (OGC API Features Part 4): through the register, so the same rights,
checks, placing and audit as everywhere else. Deleting is retiring; nothing is lost."""

from __future__ import annotations

from typing import Any

import numpy as np
import orjson
import shapely
from flask import Request

from gis_grid.access.guard import caller, check_right
from gis_grid.errors import BadRequest, Conflict, NotFound
from gis_grid.geo import crs, shapes
from gis_grid.geo.reference import STORED, Reference
from gis_grid.maps.layers import Layer
from gis_grid.register import actions
from gis_grid.register.actions import REGISTERS, Register
from gis_grid.register.api import change_schema, keep_schema, wanted_version
from gis_grid.register.fields import BIGINT

SHAPES = ("point", "footprint", "outline")  # where a register keeps its shape, the one drawn last


def create(layer: Layer, given: dict[str, Any], system: Reference) -> Any:
    """A new row of the layer's register; answers its key."""
    register = _register(layer)
    values = keep_schema(register)().load(_values(register, layer, given, system))
    return getattr(actions.keep(register, values), register.key.key)


def change(layer: Layer, key: str, given: dict[str, Any], system: Reference, *, whole: bool) -> None:
    """Change a row that nobody changed meanwhile (If-Match); `whole`: what is not named becomes empty."""
    register = _register(layer)
    values = change_schema(register)().load(_values(register, layer, given, system))
    if whole:
        shown = {name for name in layer.fields if any(name == column.key and column.nullable for column in register.writable)}
        values = {**dict.fromkeys(shown), **values}
    actions.change(register, _key(key), wanted_version(), values)


def remove(layer: Layer, key: str) -> None:
    """Retire a row that nobody changed meanwhile."""
    register = _register(layer)
    actions.retire(register, _key(key), wanted_version())


def etag(layer: Layer, key: Any) -> dict[str, str]:
    """The version of the row behind a feature, for If-Match; nothing for layers that are not written."""
    register = REGISTERS.get(layer.register or "")
    if register is None or not caller().may(register.read):
        return {}
    return {"ETag": f'"{actions.find(register, _key(str(key))).version}"'}


def body(request: Request) -> dict[str, Any]:
    """The GeoJSON object in the request."""
    try:
        value = orjson.loads(request.get_data())
    except orjson.JSONDecodeError:
        value = None
    if not isinstance(value, dict):
        raise BadRequest('请求正文须为 GeoJSON 要素，如 {"type": "Feature", "geometry": …, "properties": …}。', code="bad_json")
    return value


def _register(layer: Layer) -> Register:
    register = REGISTERS.get(layer.register or "")
    if register is None:
        raise Conflict(f"数据集“{layer.title}”只供读取，请在相应的业务页面维护。", code="read_only")
    check_right(register.write)
    return register


def _values(register: Register, layer: Layer, given: dict[str, Any], system: Reference) -> dict[str, Any]:
    """The register's columns named by a feature: its properties, and its geometry in the column that holds one."""
    properties = given.get("properties") or {}
    if given.get("type", "Feature") != "Feature" or not isinstance(properties, dict):
        raise BadRequest("须为一个 GeoJSON 要素（type 为 Feature，properties 为对象）。", code="bad_feature")
    closed = {"id", "area_code", "version"} - {column.key for column in register.writable}
    values = {name: value for name, value in properties.items() if name not in closed}
    if given.get("geometry") is not None:
        values[_shape_column(register, layer)] = _stored(given["geometry"], system)
    return values


def _shape_column(register: Register, layer: Layer) -> str:
    held = [column.key for column in register.writable if column.key in SHAPES]
    if not held:
        raise BadRequest(f"数据集“{layer.title}”的要素没有自己的位置，请不要给 geometry。", code="no_shape")
    return next((name for name in held if f"{name} AS geom" in layer.select), held[0])


def _stored(geometry: Any, system: Reference) -> dict[str, Any]:
    """GeoJSON in CGCS2000, longitude first."""
    shape = shapes.from_geojson_of_any_system(geometry)
    if system.flipped:
        shape = shapely.transform(shape, lambda pairs: pairs[:, ::-1])
    if system.datum != f"EPSG:{STORED}":
        shape = crs.shapes_to_stored(np.array([shape], dtype=object), system.datum)[0]
    return shapes.to_geojson(shapes.check_degrees(shape))


def _key(text: str) -> int:
    if not text.isdecimal() or len(text) > 18 or int(text) > BIGINT:
        raise NotFound(f"没有编号为 {text[:40]} 的要素。")
    return int(text)
