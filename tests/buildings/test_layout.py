"""Rooms from floors x doors: irregular floors, basements, skipped numbers, merged flats."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from gis_grid.buildings.actions import lay_out
from gis_grid.buildings.models import Room
from gis_grid.buildings.rules import Layout, layout_fault, rooms_of
from gis_grid.errors import Invalid
from tests.factories import GRID_1, make_building, make_town, make_unit


def numbers(layout: Layout) -> list[str]:
    return [place.number for place in rooms_of(layout)]


def test_an_ordinary_stair() -> None:
    assert numbers(Layout(1, 2, 2)) == ["101", "102", "201", "202"]


def test_basements_have_no_floor_nought_between() -> None:
    assert numbers(Layout(-1, 1, 1)) == ["负101", "101"]


def test_skipped_floors_and_doors() -> None:
    assert numbers(Layout(3, 5, 2, skipped_floors=(4,), skipped_doors=(2,))) == ["301", "303", "501", "503"]


def test_a_merged_flat_keeps_the_first_number_and_spans() -> None:
    places = rooms_of(Layout(1, 1, 3, merged=[(1, 2, 2)]))
    assert [(place.number, place.door, place.door_span) for place in places] == [("101", 1, 1), ("102", 2, 2)]


def test_floors_that_differ() -> None:
    assert numbers(Layout(1, 3, 2, doors_on={1: 1, 2: 0})) == ["101", "301", "302"]


@pytest.mark.parametrize("layout", [Layout(5, 1, 2), Layout(1, 2, 0), Layout(1, 2, 61), Layout(1, 2, 2, number="{floor}")])
def test_layouts_that_cannot_be_built(layout: Layout) -> None:
    assert layout_fault(layout)


def test_laying_out_twice_makes_nothing_twice(session) -> None:
    make_town()
    unit = make_unit(make_building())
    assert lay_out(unit.id, Layout(1, 6, 2)) == {"made": 12, "already_there": 0}
    assert lay_out(unit.id, Layout(-1, 6, 2)) == {"made": 2, "already_there": 12}
    rows = session.scalars(sa.select(Room).where(Room.unit_id == unit.id)).all()
    assert {(row.area_code, row.placed_by) for row in rows} == {(GRID_1, "unit")}
    with pytest.raises(Invalid):
        lay_out(unit.id, Layout(2, 1, 1))
