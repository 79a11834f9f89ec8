"""What stands beside the rows of an answer: names for the numbers they refer to, and where they lie on the map."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from gis_grid.access.guard import caller, scoped
from gis_grid.areas.models import Area, Staff
from gis_grid.buildings.models import Building, Estate, Room, Unit
from gis_grid.db import SRID, session
from gis_grid.events.models import Event
from gis_grid.people.models import Household, Resident, Valuable
from gis_grid.people.rules import HEAD
from gis_grid.premises import Premises, PremisesStaff
from gis_grid.query.actions import matching, note
from gis_grid.query.registers import LINKS, PEOPLE, REGISTERS, place_of, with_place
from gis_grid.query.rules import Group
from gis_grid.register import Register

MOST_SPOTS = 4_000
MOST_LISTED = 300  # rows of one place that are named, for the list beside the map
TITLED_FROM_ZOOM = 16.5  # from here on every place stands for itself and is named
SPOT_PX = 44
_BUILDING = sa.func.coalesce(Building.name, Building.code)
_ADDRESS = {"estate": Estate.name, "building": _BUILDING, "unit": Unit.name, "room": Room.number}
_HEAD = (
    sa.select(Resident.name)
    .where(Resident.household_id == Household.id, Resident.relation == HEAD, Resident.retired_at.is_(None))
    .limit(1)
    .scalar_subquery()
)
_OWN: Mapping[str, Sequence[Any]] = {  # what a row is called, after its address where that is part of its name
    "areas": (Area.name,),
    "staff": (Staff.name,),
    "estates": (Estate.name,),
    "buildings": (_BUILDING,),
    "units": (Unit.name,),
    "rooms": (Room.number,),
    "households": (_HEAD,),
    "residents": (Resident.name,),
    "valuables": (Valuable.name, Valuable.number),
    "premises": (Premises.name,),
    "premises_staff": (PremisesStaff.name,),
    "events": (Event.number, Event.title),
}
_NAMED_BY_ADDRESS = ("buildings", "units", "rooms", "households")


def references(register: Register) -> dict[str, str]:
    """Which columns name rows of which other register."""
    by_table = {one.model.__tablename__: name for name, one in REGISTERS.items()}
    found = {}
    for column in register.columns:
        for key in column.foreign_keys:
            table = key.target_fullname.split(".")[0]
            if table in by_table:
                found[column.key] = by_table[table]
    if "area_code" in {column.key for column in register.columns}:
        found["area_code"] = "areas"  # rooms and people have no foreign key: they follow their house
    return found


def names_beside(register: Register, rows: Sequence[Any]) -> dict[str, dict[str, str]]:
    """column -> value -> the name of the row it refers to."""
    told = {}
    for column, name in references(register).items():
        keys = {getattr(row, column) for row in rows} - {None}
        if keys and caller().may(REGISTERS[name].read):
            told[column] = {str(key): title for key, title in titles(REGISTERS[name], keys).items()}
    return told


def titles(register: Register, keys: Collection[Any]) -> dict[Any, str]:
    """key -> what the row is called; people of others' areas have no name here."""
    query = with_place(register, sa.select(register.model)).where(register.key.in_(keys))
    if register.name in PEOPLE:
        query = scoped(query, register.model)
    return {key: title for key, title in session().execute(query.with_only_columns(register.key, _title(register)))}


def _title(register: Register) -> Any:
    address = [_ADDRESS[link] for link in LINKS.get(register.name, ()) if link in _ADDRESS]
    parts = [*(address if register.name in _NAMED_BY_ADDRESS else ()), *_OWN[register.name]]
    return sa.func.concat_ws(" ", *parts)


def has_places(register: Register) -> bool:
    """Whether its rows lie on the map."""
    return bool({"estate", "premises"} & {*LINKS.get(register.name, ())}) or hasattr(register.model, "point")


def places_beside(register: Register, rows: Sequence[Any]) -> dict[str, dict[str, Any]]:
    """key -> lon, lat and address of each row that lies on the map."""
    if not has_places(register) or not rows:
        return {}
    keys = [getattr(row, register.key.key) for row in rows]
    query, point = _located(register, sa.select(register.model).where(register.key.in_(keys)))
    parts = [
        _ADDRESS[link]
        for link in LINKS.get("residents" if register.name == "valuables" else register.name, ())
        if link in _ADDRESS
    ]
    address = sa.func.concat_ws(" ", *parts) if parts else sa.null()
    found = session().execute(query.with_only_columns(register.key, sa.func.ST_X(point), sa.func.ST_Y(point), address))
    return {str(key): {"lon": lon, "lat": lat, "address": text or None} for key, lon, lat, text in found if lon is not None}


def _located(register: Register, query: Any) -> tuple[Any, Any]:
    """The query joined with what tells where its rows lie, and that point: their own, or their entrance's, building's, shop's."""
    if register.name == "valuables":
        query = query.outerjoin(Resident, Valuable.resident_id == Resident.id)
        register = REGISTERS["residents"]
    links = LINKS.get(register.name, ())
    query = with_place(register, query)
    points = [register.model.point] if hasattr(register.model, "point") else []
    points += [Unit.point] if "unit" in links else []
    points += [Building.point] if "building" in links else []
    points += [Premises.point] if "premises" in links else []
    return query, sa.func.coalesce(*points) if len(points) > 1 else points[0]


def spots(register: Register, tree: Group, bounds: Sequence[float], zoom: float) -> dict[str, Any]:
    """How many rows lie where within a box (degrees): one spot for each place from zoom 16.5 on, squares of many before."""
    if not has_places(register):
        return {"items": [], "more": False}
    box = sa.func.ST_MakeEnvelope(*bounds, SRID)

    def within(point: Any) -> Any:
        return point.op("&&")(box)

    query = matching(register, tree).where(place_of(register, within))
    query, point = _located(register, query)
    near = zoom >= TITLED_FROM_ZOOM
    cell = 360 / 2**zoom / 256 * SPOT_PX
    at = point if near else sa.func.ST_SnapToGrid(point, cell)
    grouped = query.where(point.is_not(None)).with_only_columns(
        sa.func.avg(sa.func.ST_X(point)).label("lon"),
        sa.func.avg(sa.func.ST_Y(point)).label("lat"),
        sa.func.count().label("count"),
        sa.func.min(register.key).label("key"),
        (sa.func.min(_place_name(register)) if near else sa.null()).label("title"),
        (sa.func.array_agg(register.key)[1:MOST_LISTED] if near else sa.null()).label("keys"),
    )
    if tree.parts:
        note(register, tree, 0)
    rows = list(session().execute(grouped.group_by(at).order_by(sa.desc("count")).limit(MOST_SPOTS + 1)).mappings())
    return {"items": rows[:MOST_SPOTS], "more": len(rows) > MOST_SPOTS, "exact": near}


def _place_name(register: Register) -> Any:
    """What a place is called: the building's entrance for those who live there, themselves for the others."""
    links = LINKS.get("residents" if register.name == "valuables" else register.name, ())
    if "room" in links and register.name != "premises":
        return sa.func.concat_ws(" ", *(_ADDRESS[link] for link in ("estate", "building", "unit")))
    return _title(register)


def sums(register: Register, tree: Group, *, retired: bool = False) -> dict[str, Any]:
    """How many rows fit, and the sum of each column that counts or measures something."""
    counted = [column for column in register.columns if is_measure(register, column)]
    query = matching(register, tree, retired=retired)
    found = query.with_only_columns(sa.func.count(), *(sa.func.sum(getattr(register.model, one.key)) for one in counted))
    total, *values = session().execute(found.order_by(None)).one()
    return {"total": total, "sums": {one.key: value for one, value in zip(counted, values, strict=True) if value is not None}}


def is_measure(register: Register, column: sa.Column[Any]) -> bool:
    """A number worth summing: not a key, a version or a place in an order."""
    number = isinstance(column.type, sa.Integer | sa.Float)
    closed = ("id", "version", "merged_into", "floor", "door", "position", "door_span", "floor_span", "accuracy_m", "height_m")
    return number and not column.foreign_keys and column.key not in closed
