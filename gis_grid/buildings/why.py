"""Why a building, a unit, a room or whoever is in it belongs to its grid: which entrance decides, and what lies there."""

from __future__ import annotations

from typing import Any

from gis_grid.areas.actions import locate
from gis_grid.buildings.models import Building, Estate, Room, Unit
from gis_grid.db import session
from gis_grid.geo import shapes

Why = dict[str, Any]  # area_code and placed_by as stored, reason of a choice by hand, sentence, by_place: the point that decides


def told(row: Any, sentence: str, by_place: Why | None = None, reason: str | None = None) -> Why:
    """The answer of every `why` route."""
    return {"area_code": row.area_code, "placed_by": row.placed_by, "reason": reason, "sentence": sentence, "by_place": by_place}


def why_estate(estate: Estate) -> Why:
    """By its point, or one inside its outline."""
    by_place = at_point(estate.point, None)
    return told(estate, f"按小区的代表点：{_sentence(by_place)}", by_place)


def why_building(building: Building) -> Why:
    """By its entrance, or a point inside its footprint."""
    by_place = at_point(building.point, building.accuracy_m)
    return told(building, f"按楼栋的入口或代表点：{_sentence(by_place)}", by_place)


def why_unit(unit: Unit) -> Why:
    """By its own entrance; without one by the building's."""
    building = session().get_one(Building, unit.building_id)
    if unit.point is None:
        above = why_building(building)
        return told(unit, f"{unit.name}没有自己的入口，随楼栋归属。{above['sentence']}", above["by_place"])
    by_place = at_point(unit.point, None)
    other = f"楼栋本身归 {building.area_code}。" if building.area_code != unit.area_code and building.area_code else ""
    return told(unit, f"按{unit.name}自己的入口：{_sentence(by_place)}{other}", by_place)


def why_room(room: Room) -> Why:
    """With its unit."""
    return indoors(room, room, "房屋")


def indoors(row: Any, room: Room, what: str) -> Why:
    """For whoever is in a room: the room's unit decides, never a position of their own."""
    unit = session().get_one(Unit, room.unit_id)
    above = why_unit(unit)
    home = f"房屋 {room.number} 所在的{unit.name}" if row is not room else unit.name
    return told(row, f"{what}随{home}归属，不看坐标。{above['sentence']}", above["by_place"])


def at_point(point: Any, accuracy_m: float | None) -> Why | None:
    """What `locate` says of a stored point, and the code it finds; None without a point."""
    shape = shapes.from_stored(point)
    if shape is None:
        return None
    found = locate(shape.x, shape.y, "cgcs2000", accuracy_m=accuracy_m)
    return {**found["why"], "code": found["code"]}


def _sentence(by_place: Why | None) -> str:
    return by_place["sentence"] if by_place else "没有位置。"
