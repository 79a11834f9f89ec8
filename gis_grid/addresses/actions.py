"""Match addresses to our estates, buildings, units and rooms, with a score; what is not sure is asked, not decided."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa

from gis_grid.access.guard import scope_clause, scope_patterns
from gis_grid.addresses.places import Names
from gis_grid.addresses.rules import Address, read_address
from gis_grid.addresses.spelling import normal, plain_part
from gis_grid.areas.models import Area
from gis_grid.buildings.models import Building, Estate, Unit
from gis_grid.db import session, sql

SURE, APART = 0.9, 0.1  # decided: at least so good, and so much better than the next
MOST = 5
_LAST = re.compile(r"(?<![0-9A-Z-])([0-9]+[A-Z]?)(?:号|室)?[_-]*$")
Found = tuple[dict[int, float], dict[int, float]]  # estates and buildings named in an address, with their scores
_ANY_BUILDING, _NO_BUILDING, _NO_ROOM, _NO_UNIT_SAID, _AREA_NAMED = 0.45, 0.5, 0.6, 0.97, 0.12


@dataclass(frozen=True)
class Candidate:
    """A place an address may mean. `score` is 0 to 1; ids below what was found are None."""

    score: float
    estate: str | None = None
    building: str | None = None
    unit: str | None = None
    room: str | None = None
    estate_id: int | None = None
    building_id: int | None = None
    unit_id: int | None = None
    room_id: int | None = None
    area_code: str | None = None
    missing: str | None = None  # the part that is said but not on record


@dataclass(frozen=True)
class Match:
    """What an address says, the places it may mean (best first), and the one it means when that is sure."""

    address: Address
    candidates: Sequence[Candidate]
    decided: Candidate | None = None
    question: str | None = None


@dataclass
class Gazetteer:
    """The names within the caller's scope; buildings and rooms are fetched for a whole batch of addresses at once."""

    estates: Mapping[int, Any]
    names: Names[int]
    named_buildings: Names[int]
    areas: Mapping[str, str]
    by_estate: dict[int, dict[str, list[Any]]] = field(default_factory=dict)
    by_id: dict[int, Any] = field(default_factory=dict)
    anywhere: dict[str, list[Any]] = field(default_factory=dict)
    units: dict[int, list[Any]] = field(default_factory=dict)
    rooms: dict[tuple[int, str], list[Any]] = field(default_factory=dict)
    above: dict[str, list[str]] = field(default_factory=dict)  # code -> the names of the areas it lies in


def gazetteer() -> Gazetteer:
    """The names of estates, of buildings that have more than a number, and of areas, as the caller may see them."""
    estate = sa.select(Estate.id, Estate.name, Estate.address, Estate.area_code)
    estates = {
        row.id: row for row in session().execute(estate.where(Estate.retired_at.is_(None), scope_clause(Estate.area_code)))
    }
    named = [(normal(text), row.id) for row in estates.values() for text in (row.name, row.address) if text]
    building = sa.select(Building.id, Building.name).where(
        Building.retired_at.is_(None), scope_clause(Building.area_code), Building.name.regexp_match("[一-龥]{2}")
    )
    own = [(normal(row.name), row.id) for row in session().execute(building)]
    areas = sa.select(Area.code, Area.name).where(Area.retired_at.is_(None), Area.level != "district", scope_clause(Area.code))
    return Gazetteer(estates, Names(named), Names(own), {code: name for code, name in session().execute(areas)})


def match_addresses(texts: Sequence[str], known: Gazetteer | None = None) -> list[Match]:
    """Each address with its candidates within the caller's scope."""
    known = known or gazetteer()
    read = [read_address(text) for text in texts]
    found = [_estates_and_buildings(known, address) for address in read]
    _fetch_buildings(known, read, found)
    houses = [_houses(known, *pair) for pair in zip(read, found, strict=True)]
    _fetch_rooms(known, read, houses)
    return [_decide(known, address, places) for address, places in zip(read, houses, strict=True)]


def _estates_and_buildings(known: Gazetteer, address: Address) -> Found:
    head = address.head if address.building else normal(address.text)
    estates, buildings = dict(known.names.find(head)), dict(known.named_buildings.find(normal(address.text)))
    return estates, buildings


def _fetch_buildings(known: Gazetteer, read: Sequence[Address], found: Sequence[Found]) -> None:
    """In one query: buildings of named estates, named buildings, and where nothing is named those that bear the number."""
    estates = {key for named, _ in found for key in named} - known.by_estate.keys()
    named = {key for _, buildings in found for key in buildings} - known.by_id.keys()
    numbers = {
        address.building for address, (one, other) in zip(read, found, strict=True) if address.building and not (one or other)
    }
    spelt = {number + mark: plain_part(number) or "" for number in numbers for mark in ("", "幢", "栋", "号楼", "座", "号")}
    columns = (Building.id, Building.name, Building.estate_id, Building.area_code)
    asked = sa.or_(Building.estate_id.in_(estates), Building.id.in_(named), Building.name.in_(spelt))
    if not (estates or named or spelt):
        return
    rows = session().execute(sa.select(*columns).where(asked, Building.retired_at.is_(None), scope_clause(Building.area_code)))
    for key in estates:
        known.by_estate[key] = {}
    for row in rows:
        known.by_id[row.id] = row
        number = plain_part(row.name) or ""
        if row.estate_id in estates:
            known.by_estate[row.estate_id].setdefault(number, []).append(row)
        if row.name in spelt:
            known.anywhere.setdefault(spelt[row.name], []).append(row)


def _houses(known: Gazetteer, address: Address, found: Found) -> list[Candidate]:
    estates, named = found
    number = plain_part(address.building)
    houses = []
    for key, score in estates.items():
        estate = known.estates[key]
        place = Candidate(score, estate=estate.name, estate_id=key, area_code=estate.area_code)
        rows = known.by_estate.get(key, {}).get(number, []) if number else []
        houses += [_in_building(place, row) for row in rows]
        if not rows:
            said = number or address.unit or address.room
            missing = "building" if said else None
            houses.append(replace(place, score=score * _NO_BUILDING if said else score, missing=missing))
    for key, score in named.items():
        row = known.by_id.get(key)
        elsewhere = row is not None and estates and row.estate_id not in estates
        if row is not None and not elsewhere and not any(house.building_id == key for house in houses):
            estate = known.estates.get(row.estate_id)
            place = Candidate(score, estate=estate.name if estate else None, estate_id=row.estate_id)
            houses.append(_in_building(place, row))
    if any(house.building_id for house in houses):
        houses = [house for house in houses if house.building_id]
    if not houses and number:
        for row in known.anywhere.get(number, [])[: MOST + 1]:
            estate = known.estates.get(row.estate_id)
            houses.append(_in_building(Candidate(_ANY_BUILDING, estate=estate.name if estate else None), row))
    return houses


def _in_building(place: Candidate, row: Any) -> Candidate:
    return replace(place, building=row.name, building_id=row.id, area_code=row.area_code, estate_id=row.estate_id)


def _fetch_rooms(known: Gazetteer, read: Sequence[Address], houses: Sequence[Sequence[Candidate]]) -> None:
    """The units of all buildings in question, and the rooms of the wanted numbers."""
    buildings = {house.building_id for places in houses for house in places if house.building_id} - known.units.keys()
    for building in buildings:
        known.units[building] = []
    units = sa.select(Unit.id, Unit.name, Unit.building_id, Unit.area_code).where(
        Unit.building_id.in_(buildings), Unit.retired_at.is_(None), scope_clause(Unit.area_code)
    )
    for unit in session().execute(units) if buildings else ():
        known.units[unit.building_id].append(unit)
    wanted = {
        (house.building_id, plain_part(address.room) or "")
        for address, places in zip(read, houses, strict=True)
        for house in places
        if house.building_id and address.room
    } - known.rooms.keys()
    for pair in wanted:
        known.rooms[pair] = []
    if wanted:
        asked = {"buildings": [pair[0] for pair in wanted], "numbers": [pair[1] for pair in wanted], "scope": scope_patterns()}
        for room in session().execute(sql("rooms"), asked):
            known.rooms[room.building_id, room.wanted].append(room)


def _decide(known: Gazetteer, address: Address, houses: Sequence[Candidate]) -> Match:
    places = [candidate for house in houses for candidate in _rooms(known, address, house)]
    places = _in_named_areas(known, places, normal(address.text))
    places.sort(key=lambda place: (-place.score, place.building_id or 0, place.room_id or 0))
    best = places[0] if places else None
    next_score = places[1].score if len(places) > 1 else 0.0
    if best and best.missing is None and best.score >= SURE and best.score - next_score >= APART:
        unread = _unread(known, address, best)
        if not unread:
            return Match(address, places[:MOST], decided=best)
        return Match(address, places[:MOST], question=f"末尾的“{unread}”看不出是栋、单元还是室，请核对。")
    return Match(address, places[:MOST], question=_question(address, places))


def _unread(known: Gazetteer, address: Address, best: Candidate) -> str | None:
    """A number at the end that no part of the place has: who decides without it says less than was written."""
    found = _LAST.search(normal(address.text))
    if found is None or address.room or found[1] in (address.building, address.unit, address.floor):
        return None
    estate = known.estates.get(best.estate_id or 0)
    names = (best.building, best.estate, estate.address if estate else None)
    return None if any(name and normal(name).rstrip("号").endswith(found[1]) for name in names) else found[1]


def _rooms(known: Gazetteer, address: Address, house: Candidate) -> list[Candidate]:
    """The house narrowed to unit and room, as far as the address says and the record holds them."""
    if house.building_id is None:
        return [house]
    units = known.units.get(house.building_id, [])
    wanted = plain_part(address.unit)
    fitting = [unit for unit in units if wanted is None or plain_part(unit.name) == wanted]
    if wanted is not None and not fitting:
        return [replace(house, score=house.score * _NO_ROOM, missing="unit")]
    if not address.room:
        one = fitting[0] if len(fitting) == 1 else None
        return [_in_unit(house, one) if one and wanted is not None else house]
    by_id = {unit.id: unit for unit in fitting}
    rooms = [room for room in known.rooms[house.building_id, plain_part(address.room) or ""] if room.unit_id in by_id]
    if not rooms:
        inside = _in_unit(house, fitting[0]) if len(fitting) == 1 else house
        return [replace(inside, score=house.score * _NO_ROOM, missing="room")]
    score = house.score * (1.0 if wanted is not None or len(units) == 1 else _NO_UNIT_SAID)
    return [
        replace(_in_unit(house, by_id[room.unit_id]), score=score, room=room.number, room_id=room.id, area_code=room.area_code)
        for room in rooms
    ]


def _in_unit(house: Candidate, unit: Any) -> Candidate:
    return replace(house, unit=unit.name, unit_id=unit.id, area_code=unit.area_code)


def _in_named_areas(known: Gazetteer, places: list[Candidate], text: str) -> list[Candidate]:
    """Of places of the same name, those in the area that is named are meant rather than their namesakes."""
    named = [any(name in text for name in _areas_above(known, place.area_code or "")) for place in places]
    lower = _AREA_NAMED if any(named) else 0.0
    scores = [round(place.score - (0.0 if is_in else lower), 3) for place, is_in in zip(places, named, strict=True)]
    return [place if score == place.score else replace(place, score=score) for place, score in zip(places, scores, strict=True)]


def _areas_above(known: Gazetteer, code: str) -> list[str]:
    if code not in known.above:
        names = (known.areas.get(code[:length], "") for length in range(len(code) + 1))
        known.above[code] = [name.removesuffix("社区") for name in names if len(name) > 2]
    return known.above[code]


def _question(address: Address, places: Sequence[Candidate]) -> str:
    if not places:
        return "没有找到这个地址：请补充小区名称或路名，或先登记楼栋。"
    best = places[0]
    if best.score <= _ANY_BUILDING and address.head and best.missing is None:
        return "没有找到所写的小区或路名：可能没有登记，或不在您的数据范围内。"
    told = {"building": "小区已找到，但没有这一栋", "unit": "楼栋已找到，但没有这个单元", "room": "楼栋已找到，但没有这个房号"}
    if best.missing:
        return f"{told[best.missing]}，请核对。"
    if len(places) > 1 and places[1].score > best.score - APART:
        return f"有 {len(places)} 处可能，请选择。"
    return "不能确定，请核对。"
