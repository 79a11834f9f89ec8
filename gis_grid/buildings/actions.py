"""Place estates, buildings, units and rooms; lay out the rooms of a unit."""

from __future__ import annotations

from typing import Any

import shapely
import sqlalchemy as sa
from blinker import signal

from gis_grid import audit
from gis_grid.access.guard import check_area
from gis_grid.areas.actions import place
from gis_grid.areas.reassign import Progress, Touched, changed, follow, note_move, place_again
from gis_grid.buildings import floors
from gis_grid.buildings.models import Building, Estate, Room, Unit
from gis_grid.buildings.rules import Layout, layout_fault, rooms_of
from gis_grid.db import session
from gis_grid.errors import Conflict, Invalid
from gis_grid.freshness import due_on
from gis_grid.geo import shapes

moved = signal("rooms-moved")  # everything=: moves tells which rooms and buildings: whoever lives there follows


def prepare_estate(estate: Estate, extra: dict[str, Any]) -> None:
    """Placed by its point, or by a point inside its outline."""
    estate.point = estate.point or _inside(estate.outline)
    estate.area_code, estate.placed_by = place(estate.point)


def prepare_building(building: Building, extra: dict[str, Any]) -> None:
    """Placed by its entrance, or by a point inside its footprint; what hangs on it follows."""
    if building.pin_locked and has_moved(building):
        raise Conflict("该楼栋的位置已锁定，请先解锁再移动。", code="pin_locked")
    building.point = building.point or _inside(building.footprint)
    if building.point is None:
        raise Invalid("楼栋须有位置（point）或轮廓（footprint）。", code="no_position")
    building.area_code, building.placed_by = place(building.point)
    if building.estate_id is not None:
        _known(Estate, building.estate_id, "小区")
    if not sa.inspect(building).transient:
        _move_along(building)


def _move_along(building: Building) -> None:
    """Units without an entrance of their own go with the building, rooms with their units; others are told."""
    session().flush()
    note_move("buildings", building.id)
    follow_all()
    session().expire_all()


def follow_all(*, everything: bool = False) -> None:
    """Of those noted in `moves`, or of all: units without an entrance of their own, rooms, and whoever is in them, follow."""
    follow("units", "buildings", "building_id", "building", "t.point IS NULL", everything=everything)
    follow("rooms", "units", "unit_id", "unit", everything=everything)
    moved.send("buildings", everything=everything)


def prepare_unit(unit: Unit, extra: dict[str, Any]) -> None:
    """Placed by its own entrance, otherwise with the building; its rooms follow."""
    inspected = sa.inspect(unit)
    if not inspected.transient and inspected.attrs.building_id.history.has_changes():
        raise Invalid("单元不能改到另一楼栋；请注销后在新楼栋登记。", code="fixed_building")
    building = _known(Building, unit.building_id, "楼栋")
    if unit.point is not None:
        unit.area_code, unit.placed_by = place(unit.point)
    else:
        unit.area_code, unit.placed_by = building.area_code, "building"
    if sa.inspect(unit).transient:
        same = sa.select(Unit.id).where(Unit.building_id == building.id, Unit.name == unit.name)
        if session().scalar(same):
            raise Conflict(f"该楼栋已有“{unit.name}”。", code="unit_taken")
        return
    session().flush()
    note_move("units", unit.id)
    follow_all()
    session().expire_all()


def prepare_room(room: Room, extra: dict[str, Any]) -> None:
    """A room lies where its unit lies and belongs to the unit's building."""
    unit = _known(Unit, room.unit_id, "单元")
    if room.floor == 0:
        raise Invalid("没有 0 层：地下为 -1、-2，地上从 1 开始。", code="bad_floor")
    room.building_id = unit.building_id
    _check_floor(room)
    room.due_on = due_on("rooms", (room.use,), room.verified_at)
    room.area_code, room.placed_by = unit.area_code, "unit"
    if not sa.inspect(room).transient:
        session().flush()
        note_move("rooms", room.id)
        moved.send("rooms", everything=False)


def _check_floor(room: Room) -> None:
    """Refuse a room on a floor the building lacks."""
    building = session().get_one(Building, room.building_id)
    with session().no_autoflush:
        used = session().scalars(
            sa.select(Room.floor).where(Room.building_id == building.id, Room.retired_at.is_(None)).distinct()
        )
        others = [floors.Room(0, 0, "", floor, 1) for floor in used]
    asked = floors.Room(
        0, room.unit_id, room.number, room.floor, room.door, floor_span=room.floor_span or 1, floor_label=room.floor_label or ""
    )
    fault = floors.floor_fault(asked, others, building.floors_above, building.floors_below, building.floor_order)
    if fault:
        raise Invalid(fault, code="no_such_floor")


def lay_out(unit_id: int, layout: Layout) -> dict[str, Any]:
    """Make the rooms of a layout that the unit does not have yet; answers how many were made and how many were there."""
    if fault := layout_fault(layout):
        raise Invalid(fault, code="bad_layout")
    unit: Unit = _known(Unit, unit_id, "单元", lock=True)
    check_area(unit.area_code)
    known = set(session().scalars(sa.select(Room.number).where(Room.unit_id == unit.id)))
    places = rooms_of(layout)
    new = [one for one in places if one.number not in known]
    _check_layout_floors(unit, sorted({one.floor for one in new}))
    session().add_all(
        Room(
            building_id=unit.building_id,
            unit_id=unit.id,
            number=one.number,
            floor=one.floor,
            door=one.door,
            door_span=one.door_span,
            area_code=unit.area_code,
            placed_by="unit",
        )
        for one in new
    )
    session().flush()
    answer = {"made": len(new), "already_there": len(places) - len(new)}
    audit.record("lay_out", "units", unit.id, after=answer, area_code=unit.area_code)
    return answer


def preview_layout(unit_id: int, layout: Layout) -> dict[str, Any]:
    """The rooms a layout would make, and which of them the unit has already; writes nothing. `fault`: why it would be refused."""
    unit: Unit = _known(Unit, unit_id, "单元")
    if fault := layout_fault(layout):
        return {"rooms": [], "made": 0, "already_there": 0, "fault": fault}
    known = set(session().scalars(sa.select(Room.number).where(Room.unit_id == unit.id)))
    places = rooms_of(layout)
    rooms = [
        {"floor": one.floor, "door": one.door, "door_span": one.door_span, "number": one.number, "is_there": one.number in known}
        for one in places
    ]
    new = [one for one in places if one.number not in known]
    try:
        _check_layout_floors(unit, sorted({one.floor for one in new}))
    except Invalid as refused:
        return {"rooms": rooms, "made": len(new), "already_there": len(places) - len(new), "fault": refused.detail}
    return {"rooms": rooms, "made": len(new), "already_there": len(places) - len(new), "fault": None}


def _check_layout_floors(unit: Unit, new: list[int]) -> None:
    building = session().get_one(Building, unit.building_id)
    others = [floors.Room(0, 0, "", floor, 1) for floor in new]
    order = building.floor_order
    for other in others:
        fault = floors.floor_fault(other, others, building.floors_above, building.floors_below, order)
        if fault:
            raise Invalid(fault, code="no_such_floor")


@changed.connect
def place_all_again(sender: object, touched: Touched, progress: Progress) -> None:
    """Boundaries changed: estates, buildings and entrances by their points, then units, rooms and whoever is in them."""
    for model in (Estate, Building, Unit):
        place_again(model, touched, progress)
    follow_all(everything=touched is None)


def on_footprints(lon: Any, lat: Any) -> int:
    """How many of these points (degrees) stand on a building; for telling whether a file's datum is right."""
    query = """
    SELECT count(*) FROM unnest(CAST(:x AS float8[]), CAST(:y AS float8[])) AS p (x, y)
    WHERE EXISTS (SELECT 1 FROM buildings b WHERE ST_Covers(b.footprint, ST_SetSRID(ST_MakePoint(p.x, p.y), 4490)))
    """
    return int(session().scalar(sa.text(query), {"x": lon.tolist(), "y": lat.tolist()}) or 0)


def _known(model: Any, key: int | None, title: str, *, lock: bool = False) -> Any:
    row = session().get(model, key, with_for_update=lock) if key is not None else None
    if row is None or row.retired_at:
        raise Invalid(f"{title} {key} 不存在或已注销。", code="unknown_reference")
    check_area(row.area_code)
    return row


def has_moved(row: Any) -> bool:
    """Whether this change moves a stored row's point."""
    inspected = sa.inspect(row)
    return bool(inspected.persistent and inspected.attrs.point.history.has_changes())


def _inside(polygon: Any) -> Any:
    shape = shapes.from_stored(polygon)
    return None if shape is None else shapes.to_column(shapely.point_on_surface(shape))
