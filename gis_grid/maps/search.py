"""Search as one types: areas, estates, buildings, rooms, shops, residents, events, coordinates; each through its own index.

Everything is within the caller's scope and rights. Finding residents is noted, without what was typed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from itertools import chain, zip_longest
from typing import Any

import sqlalchemy as sa

from gis_grid import audit
from gis_grid.access.guard import caller, scope_clause
from gis_grid.addresses.rules import Address, read_address
from gis_grid.areas.models import Area, Boundary
from gis_grid.areas.placing import today
from gis_grid.areas.rules import LEVEL_NAMES
from gis_grid.buildings.models import Building, Estate, Room, Unit
from gis_grid.db import session
from gis_grid.dictionary import names
from gis_grid.events.models import Event
from gis_grid.geo.typed import read_coordinates
from gis_grid.maps.collections import middle
from gis_grid.maps.typed import TAIL, Person, people_meant
from gis_grid.people.models import Household, Resident, ResidentKey
from gis_grid.premises import Premises
from gis_grid.sealed import fingerprint, mask_id, mask_phone, tail_mark

Item = dict[str, Any]
Finder = Callable[[str, int], Sequence[Item]]
EXACT, LEADING, INSIDE = 0, 1, 2
_MARKS = ("", "幢", "栋", "号楼", "座", "号", "号院")
_LAST = "\U0010ffff"  # sorts behind every character


def search(text: str, limit: int) -> list[Item]:
    """What `text` may mean, grouped by kind; the kind with the best match first, and no kind crowds out another."""
    text = text.strip()
    if caller().may("areas.read") and (places := _coordinates(text, limit)):
        return [_told(place) for place in places]  # two exact numbers are nobody's name
    groups = [found for right, find in FINDERS if caller().may(right) and (found := [*find(text, limit)])]
    groups = sorted(groups, key=lambda group: min(item["rank"] for item in group))
    turns = chain.from_iterable(zip_longest(*groups))
    chosen = [item for item in turns if item is not None][:limit]
    kept = {(item["kind"], item["id"]) for item in chosen}
    return [_told(item) for group in groups for item in group if (item["kind"], item["id"]) in kept]


def _told(item: Item) -> Item:
    return {name: value for name, value in item.items() if name != "rank"}


def _item(kind: str, key: object, title: str, **given: Any) -> Item:
    given = {"subtitle": None, "area_code": None, "lon": None, "lat": None, "bounds": None, "rank": LEADING} | given
    if given["bounds"] is None and given["lon"] is not None:
        given["bounds"] = [given["lon"], given["lat"], given["lon"], given["lat"]]
    return {"kind": kind, "id": str(key), "title": title, **given}


def _rank(name: str | None, text: str) -> int:
    if name == text:
        return EXACT
    return LEADING if (name or "").upper().startswith(text.upper()) else INSIDE


def _ordered(column: Any, text: str) -> tuple[Any, ...]:
    """Exact, leading, other; short before long, so that 1幢 stands before 11幢."""
    return (column == text).desc(), column.startswith(text, autoescape=True).desc(), sa.func.length(column), column


def _holds(column: Any, text: str) -> Any:
    """The column holds the text; case is ignored only where there is any, for that costs three times as much."""
    plain = text.upper() == text.lower()
    return column.contains(text, autoescape=True) if plain else column.icontains(text, autoescape=True)


def _coordinates(text: str, limit: int) -> list[Item]:
    box = middle()
    found = read_coordinates(text, (box[0] + box[2]) / 2 if box else 105.0)
    return [
        _item("coordinate", f"{one.lon:.7f},{one.lat:.7f}", f"{one.lon:.6f}°, {one.lat:.6f}°", subtitle=one.read_as,
              lon=one.lon, lat=one.lat, rank=EXACT)
        for one in found[:limit]
    ]  # fmt: skip


def _areas(text: str, limit: int) -> list[Item]:
    spot = sa.func.ST_PointOnSurface(Boundary.geom)
    query = (
        sa.select(Area.code, Area.name, Area.level, *_xy(spot), *_box(Boundary.geom))
        .join(Boundary, sa.and_(Boundary.area_code == Area.code, Boundary.valid.op("@>")(sa.cast(today(), sa.Date))))
        .where(Area.retired_at.is_(None), sa.or_(_holds(Area.name, text), Area.code.startswith(text, autoescape=True)))
        .where(scope_clause(Area.code))
        .order_by((Area.code == text).desc(), *_ordered(Area.name, text), Area.code)
        .limit(limit)
    )
    return [
        _item("area", row.code, row.name, subtitle=f"{LEVEL_NAMES[row.level]} {row.code}", area_code=row.code, **_place(row),
              rank=EXACT if row.code == text else _rank(row.name, text))
        for row in session().execute(query)
    ]  # fmt: skip


def _estates(text: str, limit: int) -> list[Item]:
    shape = sa.func.coalesce(Estate.outline, Estate.point)
    named = sa.or_(_holds(Estate.name, text), _holds(Estate.address, text), Estate.code == text)
    query = (
        sa.select(Estate.id, Estate.name, Estate.address, Estate.area_code, *_xy(sa.func.ST_PointOnSurface(shape)), *_box(shape))
        .where(Estate.retired_at.is_(None), named, scope_clause(Estate.area_code))
        .order_by(*_ordered(Estate.name, text), Estate.id)
        .limit(limit)
    )
    return [
        _item(
            "estate", row.id, row.name, subtitle=row.address, area_code=row.area_code, **_place(row), rank=_rank(row.name, text)
        )
        for row in session().execute(query)
    ]


def _buildings(text: str, limit: int) -> list[Item]:
    title = sa.func.concat(Estate.name, Building.name)
    said = read_address(text)
    named = [_holds(title, text), _holds(Building.address, text), Building.code == text]
    if said.building and not said.room and not said.head:
        named.append(Building.name.in_(_spelt(said.building)))  # 3号楼 is also found as 3幢
    query = (
        sa.select(Building.id, title.label("title"), Building.name, Building.address, Building.area_code, *_xy(Building.point),
                  *_box(sa.func.coalesce(Building.footprint, Building.point)))
        .outerjoin(Estate, Estate.id == Building.estate_id)
        .where(Building.retired_at.is_(None), sa.or_(*named), scope_clause(Building.area_code))
        .order_by((Building.name == text).desc(), *_ordered(title, text), Building.id)
        .limit(limit)
    )  # fmt: skip
    return [
        _item("building", row.id, row.title, subtitle=row.address, area_code=row.area_code, building_id=row.id, **_place(row),
              rank=min(_rank(row.title, text), _rank(row.name, text)))
        for row in session().execute(query)
    ]  # fmt: skip


def _rooms(text: str, limit: int) -> list[Item]:
    """1-3-502 is building 1, unit 3, room 502; an estate may stand before it."""
    said = read_address(text)
    if not said.room or not (said.building or said.unit):
        return []
    query = _home_of(sa.select(Room.id, Room.area_code, Room.use)).select_from(Room)
    query = query.join(Unit, Unit.id == Room.unit_id).join(Building, Building.id == Room.building_id)
    query = query.outerjoin(Estate, Estate.id == Building.estate_id)
    query = query.where(*_is_room(said), Room.retired_at.is_(None), scope_clause(Room.area_code))
    query = query.order_by(Estate.name, sa.func.length(Building.name), Building.name, Unit.position, Room.id).limit(limit)
    uses = names("house_type")
    return [
        _item("room", row.id, _home(row), subtitle=uses.get(row.use or "", None) or row.address, area_code=row.area_code,
              building_id=row.building_id, **_place(row), rank=EXACT)
        for row in session().execute(query)
    ]  # fmt: skip


def _is_room(said: Address) -> list[Any]:
    asked: list[Any] = [Room.number.in_([f"{said.room}{mark}" for mark in ("", "室", "号")])]
    if said.building:
        asked.append(Building.name.in_(_spelt(said.building)))
    if said.unit:
        asked.append(Unit.name.in_((said.unit, f"{said.unit}单元")))
    if said.head:
        asked.append(sa.or_(_holds(Estate.name, said.head), _holds(Building.address, said.head)))
    return asked


def _spelt(number: str) -> list[str]:
    return [number + mark for mark in _MARKS]


def _premises(text: str, limit: int) -> list[Item]:
    query = (
        sa.select(Premises.id, Premises.name, Premises.address, Premises.area_code, *_xy(Premises.point))
        .where(Premises.retired_at.is_(None), sa.or_(_holds(Premises.name, text), Premises.code == text))
        .where(scope_clause(Premises.area_code))
        .order_by(*_ordered(Premises.name, text), Premises.id)
        .limit(limit)
    )
    return [
        _item(
            "premises", row.id, row.name, subtitle=row.address, area_code=row.area_code, **_place(row), rank=_rank(row.name, text)
        )
        for row in session().execute(query)
    ]


def _events(text: str, limit: int) -> list[Item]:
    """By the number, its beginning or its end: 0007 of SJ20261122-0007."""
    number = text.upper()
    if len(number) < TAIL or not number.isascii():
        return []
    begins = Event.number.between(number, number + _LAST)
    ends = sa.func.reverse(Event.number).startswith(number[::-1], autoescape=True)
    query = (
        sa.select(Event.id, Event.number, Event.title, Event.status, Event.area_code, *_xy(Event.point))
        .where(sa.or_(begins, ends), Event.retired_at.is_(None), scope_clause(Event.area_code))
        .order_by(begins.desc(), Event.reported_at.desc().nulls_last(), Event.number)
        .limit(limit)
    )
    status = names("event_status")
    return [
        _item("event", row.id, row.title or row.number, area_code=row.area_code, **_place(row), rank=_rank(row.number, number),
              subtitle=f"{row.number} · {status.get(row.status, row.status)}")
        for row in session().execute(query)
    ]  # fmt: skip


def _residents(text: str, limit: int) -> list[Item]:
    found: list[Item] = []
    for meant in people_meant(text):
        if meant.by == "id_tail" and not caller().may("people.unmask"):
            continue  # the birth date stands beside the person: the last four would complete the number
        found += _people(meant, limit - len(found))
        if len(found) >= limit:
            break
    if found:
        by = sorted({item["by"] for item in found})
        audit.record("search", "residents", after={"by": by, "found": len(found)})
    return [{name: value for name, value in item.items() if name != "by"} for item in found]


def _people(meant: Person, limit: int) -> list[Item]:
    """Found first, within the scope and through one index; their homes afterwards."""
    few = (
        sa.select(Resident)
        .join(ResidentKey, ResidentKey.resident_id == Resident.id)
        .where(Resident.retired_at.is_(None), *_is_person(meant), scope_clause(Resident.area_code))
        .order_by(ResidentKey.initials if meant.by == "initials" else Resident.name, ResidentKey.resident_id)
        .limit(4 * limit if meant.by in _MARKED else limit)
    )
    people = [one for one in session().scalars(few) if _ends(one, meant)][:limit]
    homes = _homes([one.household_id for one in people if one.household_id])
    return [_person(one, meant, homes.get(one.household_id or 0)) for one in people]


_MARKED = {"phone_tail": "phone", "id_tail": "id_number"}


def _is_person(meant: Person) -> list[Any]:
    value = meant.value
    conditions: dict[str, Callable[[], list[Any]]] = {
        "name": lambda: [Resident.name >= value, Resident.name < value + _LAST],
        "initials": lambda: [ResidentKey.initials.between(value, value + _LAST)],
        "phone": lambda: [ResidentKey.phone_hash == fingerprint(value)],
        "id_number": lambda: [Resident.id_number_hash == fingerprint(value)],
        "phone_tail": lambda: [ResidentKey.phone_tail == tail_mark("phone", value)],
        "id_tail": lambda: [ResidentKey.id_number_tail == tail_mark("id_number", value)],
    }
    return conditions[meant.by]()


def _ends(one: Resident, meant: Person) -> bool:
    """Marks are shared by a few numbers: the number itself decides."""
    column = _MARKED.get(meant.by)
    return column is None or str(getattr(one, column) or "").endswith(meant.value)


def _person(one: Resident, meant: Person, home: Any) -> Item:
    told = [_home(home)] if home else []
    if meant.by in ("phone", "phone_tail") and one.phone:
        told.append(mask_phone(one.phone))
    elif meant.by in ("id_number", "id_tail") and one.id_number:
        told.append(mask_id(one.id_number))
    elif one.birth_date:
        told.append(f"{_age(one.birth_date, today())} 岁")
    place = _place(home) | {"building_id": home.building_id, "room_id": home.room_id} if home else {}
    rank = LEADING if meant.by in ("initials", *_MARKED) or one.name != meant.value else EXACT
    return _item(
        "resident", one.id, one.name, subtitle=" · ".join(told), area_code=one.area_code, by=meant.by, rank=rank, **place
    )


def _age(born: date, day: date) -> int:
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def _homes(households: Sequence[int]) -> dict[int, Any]:
    query = _home_of(sa.select(Household.id.label("household"), Room.id.label("room_id")))
    query = query.select_from(Household).join(Room, Room.id == Household.room_id).join(Unit, Unit.id == Room.unit_id)
    query = query.join(Building, Building.id == Room.building_id).outerjoin(Estate, Estate.id == Building.estate_id)
    return {row.household: row for row in session().execute(query.where(Household.id.in_(households)))} if households else {}


def _home_of(query: Any) -> Any:
    parts = (Estate.name.label("estate"), Building.name.label("building"), Unit.name.label("unit"), Room.number.label("room"))
    return query.add_columns(*parts, Building.id.label("building_id"), Building.address,
                             *_xy(sa.func.coalesce(Unit.point, Building.point)))  # fmt: skip


def _home(row: Any) -> str:
    return "".join(part for part in (row.estate, row.building, row.unit, row.room) if part)


def _xy(spot: Any) -> tuple[Any, ...]:
    return sa.func.ST_X(spot).label("lon"), sa.func.ST_Y(spot).label("lat")


def _box(shape: Any) -> tuple[Any, ...]:
    sides = ("west", "ST_XMin"), ("south", "ST_YMin"), ("east", "ST_XMax"), ("north", "ST_YMax")
    return tuple(getattr(sa.func, ask)(sa.func.Box2D(shape)).label(side) for side, ask in sides)


def _place(row: Any) -> dict[str, Any]:
    bounds = [row.west, row.south, row.east, row.north] if getattr(row, "west", None) is not None else None
    return {"lon": row.lon, "lat": row.lat, "bounds": bounds}


FINDERS: tuple[tuple[str, Finder], ...] = (
    ("areas.read", _areas),
    ("buildings.read", _estates),
    ("buildings.read", _buildings),
    ("buildings.read", _rooms),
    ("premises.read", _premises),
    ("people.read", _residents),
    ("events.read", _events),
)
