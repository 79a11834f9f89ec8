"""Which registers can be asked, by which fields, and how a row without a point of its own gets its place."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import shapely
import sqlalchemy as sa
from geoalchemy2 import Geometry
from sqlalchemy.dialects.postgresql import ARRAY

from gis_grid.access.guard import check_right
from gis_grid.areas.api import AREAS, STAFF
from gis_grid.buildings.api import BUILDINGS, ESTATES, ROOMS, UNITS
from gis_grid.buildings.models import Building, Estate, Room, Unit
from gis_grid.db import SRID, session
from gis_grid.errors import Invalid, NotFound
from gis_grid.events.api import EVENTS
from gis_grid.geo import shapes
from gis_grid.people.models import Household, Resident, Valuable
from gis_grid.people.registers import HOUSEHOLDS, RESIDENTS, VALUABLES
from gis_grid.premises import PREMISES, Premises, PremisesStaff
from gis_grid.premises import STAFF as WORKERS
from gis_grid.query.rules import Asked, BadQuery, Near
from gis_grid.register import Register
from gis_grid.sealed import Sealed

REGISTERS: dict[str, Register] = {
    register.name: register
    for register in (
        AREAS,
        STAFF,
        ESTATES,
        BUILDINGS,
        UNITS,
        ROOMS,
        HOUSEHOLDS,
        RESIDENTS,
        VALUABLES,
        PREMISES,
        WORKERS,
        EVENTS,
    )
}
PEOPLE = ("households", "residents", "valuables", "premises_staff")  # who asks for these is noted
MOST_VERTICES = 5_000
Place = Callable[[Any], Any]  # a condition on a point -> the condition on the register's rows


def asked_register(name: str) -> Register:
    """The register of this name, when the caller may read it."""
    found = REGISTERS.get(name)
    if found is None:
        raise NotFound(f"没有“{name[:20]}”这个登记表，可用：{'、'.join(REGISTERS)}。")
    check_right(found.read)
    return found


@cache
def fields_of(register: Register) -> dict[str, Asked]:
    """Every field the register can be asked by, in the table's order."""
    found = {
        column.key: _asked(register, column) for column in register.columns if not isinstance(column.type, Geometry | sa.JSON)
    }
    if "birth_date" in found:
        found["age"] = Asked("age", "年龄", "age")
    if register is RESIDENTS:
        found["initials"] = Asked("initials", "姓名拼音首字母", "initials")
    return found


def _asked(register: Register, column: sa.Column[Any]) -> Asked:
    codes = register.codes.get(column.key)
    kind = _kind(register, column, codes)
    return Asked(column.key, str(column.comment or column.key), kind, codes, kind not in ("sealed", "hidden", "codes"))


def _kind(register: Register, column: sa.Column[Any], codes: str | None) -> str:
    if isinstance(column.type, Sealed):
        return "sealed" if hasattr(register.model, f"{column.key}_hash") else "hidden"
    if isinstance(column.type, ARRAY):
        return "codes"
    if codes:
        return "code"
    return next(kind for types, kind in _KINDS if isinstance(column.type, types))


_KINDS: tuple[tuple[Any, str], ...] = (
    (sa.Boolean, "truth"),
    (sa.DateTime, "moment"),
    (sa.Date, "day"),
    (sa.Integer | sa.Float, "number"),
    (sa.String, "text"),
    (sa.types.TypeEngine, "hidden"),
)


def _of_buildings(holds: Any) -> Any:
    """The buildings there, found before: from their numbers the planner tells how many people it will find, from a shape not."""
    found = ",".join(map(str, session().scalars(sa.select(Building.id).where(holds(Building.point)))))
    keys = sa.bindparam(
        None, f"{{{found}}}", sa.String, literal_execute=True
    )  # stands in the text: planned for these very numbers
    return sa.any_(sa.cast(keys, ARRAY(sa.BigInteger)))


def _of_rooms(holds: Any) -> Any:
    return sa.select(Room.id).where(Room.building_id == _of_buildings(holds))


def _of_households(holds: Any) -> Any:
    return sa.select(Household.id).where(Household.room_id.in_(_of_rooms(holds)))


def _of_residents(holds: Any) -> Any:
    return sa.select(Resident.id).where(Resident.household_id.in_(_of_households(holds)))


def _of_units(holds: Any) -> Any:
    return sa.or_(holds(Unit.point), sa.and_(Unit.point.is_(None), Unit.building_id == _of_buildings(holds)))


PLACES: dict[str, Place] = {  # those without a point lie where their building stands
    "units": _of_units,
    "rooms": lambda holds: Room.building_id == _of_buildings(holds),
    "households": lambda holds: Household.room_id.in_(_of_rooms(holds)),
    "residents": lambda holds: Resident.household_id.in_(_of_households(holds)),
    "valuables": lambda holds: Valuable.resident_id.in_(_of_residents(holds)),
    "premises_staff": lambda holds: PremisesStaff.premises_id.in_(sa.select(Premises.id).where(holds(Premises.point))),
}


def place_of(register: Register, holds: Any) -> Any:
    """A condition on points as a condition on the register's rows."""
    if register.name in PLACES:
        return PLACES[register.name](holds)
    if not hasattr(register.model, "point"):
        raise BadQuery(f"{register.title}没有位置，不能按范围或距离查询；可用 area。")
    return holds(register.model.point)


def inside(geojson: Any) -> Any:
    """In or on a polygon."""
    try:
        shape = shapes.from_geojson(geojson)
    except Invalid as fault:
        raise BadQuery(f"inside 不是可用的图形：{fault.detail}") from None
    if shape.geom_type not in ("Polygon", "MultiPolygon"):
        raise BadQuery("inside 须为面（Polygon 或 MultiPolygon）。")
    if why := shapes.why_invalid(shape):
        raise BadQuery(f"inside 的图形无效：{why}。")
    if shapely.get_num_coordinates(shape) > MOST_VERTICES:
        raise BadQuery(f"inside 的顶点超过 {MOST_VERTICES} 个，请先简化。")
    area = sa.func.ST_GeomFromText(shape.wkt, SRID)
    return lambda point: sa.func.ST_Intersects(point, area)


def near(node: Near) -> Any:
    """Within metres of a point: a box first (index), then exactly on the ellipsoid."""
    centre = sa.func.ST_SetSRID(sa.func.ST_MakePoint(node.lon, node.lat), SRID)
    up = node.metres / 110_000
    across = up / max(0.01, math.cos(math.radians(min(89.0, abs(node.lat) + up))))
    box = sa.func.ST_MakeEnvelope(node.lon - across, node.lat - up, node.lon + across, node.lat + up, SRID)

    def holds(point: Any) -> Any:
        exact = sa.func.ST_DWithin(sa.func.geography(point), sa.func.geography(centre), node.metres)
        return sa.and_(point.op("&&")(box), exact)

    return holds


LINKS = {
    "residents": ("household_number", "estate", "building", "unit", "room"),
    "households": ("estate", "building", "unit", "room"),
    "rooms": ("estate", "building", "unit"),
    "units": ("estate", "building"),
    "buildings": ("estate",),
    "premises": ("estate", "building", "unit", "room"),
    "valuables": ("person", "household_number", "estate", "building", "unit", "room"),
    "premises_staff": ("premises_code", "premises"),
}


def with_place(register: Register, query: Any) -> Any:
    """The tables that tell where a row belongs."""
    links = LINKS.get(register.name, ())
    if "premises" in links:
        query = query.outerjoin(Premises, PremisesStaff.premises_id == Premises.id)
    if "person" in links:
        query = query.outerjoin(Resident, Valuable.resident_id == Resident.id)
    if "household_number" in links:
        query = query.outerjoin(Household, Resident.household_id == Household.id)
    if "room" in links:
        query = query.outerjoin(Room, (Premises.room_id if register.name == "premises" else Household.room_id) == Room.id)
    if "unit" in links:
        query = query.outerjoin(Unit, Room.unit_id == Unit.id)
    if "building" in links:
        query = query.outerjoin(Building, BUILDING_OF.get(register.name, Room.building_id) == Building.id)
    return query.outerjoin(Estate, Building.estate_id == Estate.id) if "estate" in links else query


BUILDING_OF = {"units": Unit.building_id, "premises": Premises.building_id}
