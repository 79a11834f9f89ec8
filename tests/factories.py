"""Rows with believable defaults; a test names only what matters to it. A street of square grids near Chongqing."""

from __future__ import annotations

import shapely

from gis_grid.areas.actions import set_boundary
from gis_grid.areas.models import Area, Staff
from gis_grid.buildings.models import Building, Room, Unit
from gis_grid.db import session
from gis_grid.geo import shapes

WEST, SOUTH, SIDE = 106.5, 29.5, 0.001  # each grid is about 97 x 111 m
DISTRICT, STREET, COMMUNITY = "500103", "500103001", "500103001001"
GRID_1, GRID_2, GRID_3 = (f"{COMMUNITY}00{n}" for n in (1, 2, 3))


def square(column: int, row: int = 0, width: int = 1):
    """The cell in this column and row, `width` cells wide."""
    west, east = (round(WEST + x * SIDE, 7) for x in (column, column + width))
    south, north = (round(SOUTH + y * SIDE, 7) for y in (row, row + 1))
    return shapely.multipolygons([shapely.box(west, south, east, north)])


def make_area(code: str, level: str = "grid", shape=None, *, kind: str = "ordinary", parent: str | None = None, since=None):
    """An area with its boundary."""
    area = Area(code=code, name=f"名{code[-3:]}", level=level, kind=kind, parent_code=parent)
    session().add(area)
    session().flush()
    if shape is not None:
        set_boundary(code, shapes.to_column(shape), since)
    return area


def make_town():
    """District > street > community > three grids side by side, each with a worker."""
    above = None
    for code, level in ((DISTRICT, "district"), (STREET, "street"), (COMMUNITY, "community")):
        make_area(code, level, square(0, width=3), parent=above)
        above = code
    for column, code in enumerate((GRID_1, GRID_2, GRID_3)):
        make_area(code, "grid", square(column), parent=COMMUNITY)
        session().add(Staff(area_code=code, name=f"网格员{code[-1]}", post="grid_worker", duty_phone="10000000000"))
    session().flush()


def middle(column: int) -> tuple[float, float]:
    """The middle of a cell."""
    return WEST + (column + 0.5) * SIDE, SOUTH + 0.5 * SIDE


def point(column: int):
    """A geometry column's value in the middle of a cell."""
    return shapes.to_column(shapely.Point(*middle(column)))


def geojson_point(column: int) -> dict:
    return {"type": "Point", "coordinates": list(middle(column))}


def make_building(column: int = 0, code: str = "B1", **given) -> Building:
    """A building placed in a cell of the town."""
    area = (GRID_1, GRID_2, GRID_3)[column]
    building = Building(code=code, point=point(column), area_code=area, placed_by="inside", **given)
    session().add(building)
    session().flush()
    return building


def make_unit(building: Building, name: str = "1单元", **given) -> Unit:
    unit = Unit(building_id=building.id, name=name, area_code=building.area_code, placed_by="building", **given)
    session().add(unit)
    session().flush()
    return unit


def make_room(unit: Unit, number: str = "101", **given) -> Room:
    room = Room(
        unit_id=unit.id,
        building_id=unit.building_id,
        number=number,
        floor=1,
        door=1,
        area_code=unit.area_code,
        placed_by="unit",
        **given,
    )
    session().add(room)
    session().flush()
    return room


def make_home(column: int = 0, code: str = "B1"):
    """Building, unit and room in one go; answers the room."""
    return make_room(make_unit(make_building(column, code)))
