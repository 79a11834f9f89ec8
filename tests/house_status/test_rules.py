"""The diagram's layout: every recorded room is a cell, once, where it physically lies."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from gis_grid.buildings.floors import Room, floor_fault
from gis_grid.house_status.rules import Cell, Diagram, Unit, lay_out

U = Unit(1, "1单元")


def rooms(*told: tuple, unit: int = 1) -> list[Room]:
    """(number, floor, door[, door_span[, floor_span[, label]]]) each."""
    return [Room(i, unit, *one[:3], *one[3:]) for i, one in enumerate(told, 1)]


def tower(floors, doors: int = 2, unit: int = 1) -> list[Room]:
    return [Room(floor * 100 + door, unit, f"{floor}{door:02d}", floor, door) for floor in floors for door in range(1, doors + 1)]


def drawn(diagram: Diagram) -> list[str]:
    """One text per floor from the top: titles, then numbers over their columns; (401) is a gap, . is nothing."""
    grid = [["."] * diagram.columns for _ in diagram.floors]
    for cell in diagram.cells:
        for row in range(cell.row, cell.row + cell.rows):
            for col in range(cell.col, cell.col + cell.cols):
                assert grid[row][col] == ".", "cells overlap"
                grid[row][col] = cell.number if cell.room else f"({cell.number})"
    return [f"{floor.title}: {' '.join(line)}" for floor, line in zip(diagram.floors, grid, strict=True)]


def test_basements_lie_below_and_the_top_floor_comes_first() -> None:
    told = drawn(lay_out([U], [*tower([1, 2]), *rooms(("负101", -1, 1), ("负102", -1, 2))]))
    assert told == ["2层: 201 202", "1层: 101 102", "负1层: 负101 负102"]


def test_numbers_nobody_uses_are_no_rows() -> None:
    diagram = lay_out([U], tower([n for n in range(1, 19) if n not in (4, 13, 14)], 1))
    assert diagram.skipped == [4, 13, 14]
    assert len(diagram.floors) == 15


def test_a_floor_whose_rooms_are_missing_from_the_record_is_a_row_of_gaps() -> None:
    assert drawn(lay_out([U], tower([1, 2, 3, 5, 6, 7, 9]))) == [
        "9层: 901 902", "8层: (801) (802)", "7层: 701 702", "6层: 601 602", "5层: 501 502",
        "3层: 301 302", "2层: 201 202", "1层: 101 102",
    ]  # fmt: skip


def test_a_building_of_known_height_shows_the_fourth_floor_that_is_not_recorded() -> None:
    known = tower([1, 2, 3, 5, 6])
    assert "4层: (401) (402)" in drawn(lay_out([U], known, floors_above=6))
    assert lay_out([U], known, floors_above=5).skipped == [4]
    assert drawn(lay_out([U], tower([1, 2]), floors_above=3))[0] == "3层: (301) (302)"


def test_a_door_missing_between_whole_floors_is_a_gap_and_a_smaller_top_is_not() -> None:
    known = [*tower([1, 2, 3], 3), *rooms(("401", 4, 1), ("403", 4, 3)), *tower([5], 3), *rooms(("601", 6, 1))]
    assert drawn(lay_out([U], known)) == [
        "6层: 601 . .", "5层: 501 502 503", "4层: 401 (402) 403", "3层: 301 302 303", "2层: 201 202 203", "1层: 101 102 103",
    ]  # fmt: skip


def test_a_duplex_spans_rows_even_above_the_last_recorded_floor() -> None:
    assert drawn(lay_out([U], [*tower([1, 2]), *rooms(("301", 3, 1, 1, 2), ("302", 3, 2))]))[:2] == ["4层: 301 .", "3层: 301 302"]
    skipping = [*tower([1, 2]), *rooms(("301", 3, 1, 2, 2)), *tower([6])]
    assert drawn(lay_out([U], skipping))[:3] == ["6层: 601 602", "5层: 301 301", "3层: 301 301"]
    under_four = [*tower([1, 2]), *rooms(("301", 3, 1, 1, 2), ("302", 3, 2), ("402", 4, 2)), *tower([5])]
    assert drawn(lay_out([U], under_four))[:3] == ["5层: 501 502", "4层: 301 402", "3层: 301 302"]


def test_merged_rooms_and_many_shops_share_the_band_of_the_homes_above() -> None:
    shops = rooms(("101", 1, 1), ("102", 1, 2), ("103", 1, 3, 2), ("105", 1, 5))
    assert drawn(lay_out([U], [*shops, *tower([2, 3])])) == [
        "3层: 301 301 301 302 302 302", "2层: 201 201 201 202 202 202", "1层: 101 102 103 103 103 105",
    ]  # fmt: skip


def test_a_flat_that_was_divided_shares_its_door() -> None:
    known = [*tower([2, 3, 5]), *rooms(("401", 4, 1), ("401A", 4, 1), ("402", 4, 2))]
    assert drawn(lay_out([U], known))[1] == "4层: 401 401A 402 402"


def test_a_mezzanine_lies_above_the_floor_it_shares_its_number_with() -> None:
    told = drawn(lay_out([U], [*tower([1, 2]), *rooms(("夹01", 1, 1, 2, 1, "夹层"))]))
    assert told == ["2层: 201 202", "夹层: 夹01 夹01", "1层: 101 102"]


def test_the_buildings_own_order_of_floors_wins_over_numbers() -> None:
    known = [*tower([1, 2, 3], 1), *rooms(("M1", 5, 1, 1, 1, "避难层")), *rooms(("B1", -1, 1))]
    order = ["B1", "3", "1", "设备层", "2", "避难层"]
    titles = [floor.title for floor in lay_out([U], known, floor_order=order).floors]
    assert titles == ["避难层", "2层", "设备层", "1层", "3层", "负1层"]


def test_floors_that_the_order_forgot_are_not_dropped() -> None:
    titles = [floor.title for floor in lay_out([U], tower([1, 2, 3], 1), floor_order=["1", "3"]).floors]
    assert titles == ["3层", "2层", "1层"]


def test_units_stand_side_by_side_by_position_and_share_the_floors() -> None:
    known = [*tower([1, 2], 1, unit=1), *tower([1, 2, 3], 2, unit=2)]
    diagram = lay_out([Unit(2, "甲"), Unit(1, "乙", 2)], known)
    assert [(band.unit.name, band.col, band.cols) for band in diagram.bands] == [("甲", 0, 2), ("乙", 2, 1)]
    assert drawn(diagram)[0] == "3层: 301 302 ."


def test_records_that_contradict_each_other_are_cut_and_said() -> None:
    across = lay_out([U], rooms(("101", 1, 1, 3), ("102", 1, 2)))
    assert [(cell.number, bool(cell.fault)) for cell in across.cells if cell.room] == [("101", True), ("102", False)]
    upwards = lay_out([U], [*rooms(("101", 1, 1, 1, 2)), *rooms(("201", 2, 1))])
    assert [cell.fault for cell in upwards.cells if cell.number == "101"] == ["与上层房屋的位置重叠"]


def test_a_building_without_rooms_has_no_rows() -> None:
    diagram = lay_out([U], [])
    assert (diagram.floors, diagram.cells, diagram.columns) == ([], [], 1)


def test_rooms_on_floors_a_building_lacks_are_refused_with_the_reason() -> None:
    known = tower([1, 2, 3, 5, 6])
    assert floor_fault(Room(9, 1, "701", 7, 1), known, 6, 0, None) is None  # 4 is not used: 7 is the sixth
    assert "没有第 8 层" in (floor_fault(Room(9, 1, "801", 8, 1), known, 6, 0, None) or "")
    assert "没有第 7 层" in (floor_fault(Room(9, 1, "701", 7, 1), tower(range(1, 7)), 6, 0, None) or "")
    duplex = floor_fault(Room(9, 1, "601", 6, 1, floor_span=2), tower(range(1, 7)), 6, 0, None)
    assert duplex is None  # with a loft under the roof
    assert "超出了该楼栋地上的 6 层" in (
        floor_fault(Room(9, 1, "101", 1, 1, floor_span=60), tower(range(1, 7)), 6, 0, None) or ""
    )
    assert "没有负 1 层" in (floor_fault(Room(9, 1, "负101", -1, 1), known, 6, 0, None) or "")
    assert floor_fault(Room(9, 1, "避1", 5, 1, floor_label="避难层"), [], 6, 0, ["1", "避难层"]) is None
    assert "避难层" in (floor_fault(Room(9, 1, "3", 3, 1), [], 6, 0, ["1", "避难层"]) or "")


ROOM = st.builds(
    Room,
    id=st.integers(1, 10**6),
    unit_id=st.sampled_from([1, 2]),
    number=st.text("0123456789A", min_size=1, max_size=4),
    floor=st.integers(-3, 40).filter(bool),
    door=st.integers(1, 9),
    door_span=st.integers(1, 4),
    floor_span=st.integers(1, 3),
    floor_label=st.sampled_from(["", "", "", "夹层"]),
)


@settings(max_examples=200, deadline=None)
@given(
    known=st.lists(ROOM, max_size=40), above=st.none() | st.integers(0, 60), order=st.none() | st.just(["B1", "2", "1", "夹层"])
)
def test_whatever_is_recorded_each_room_is_one_cell_and_none_overlaps(known, above, order) -> None:
    diagram = lay_out([U, Unit(2, "2单元")], known, above, order)
    shown = [cell.room for cell in diagram.cells if cell.room]
    assert sorted(id(room) for room in shown) == sorted(id(room) for room in known)
    drawn(diagram)
    for cell in diagram.cells:
        assert_inside(cell, diagram)


def assert_inside(cell: Cell, diagram: Diagram) -> None:
    band = next(band for band in diagram.bands if band.unit.id == cell.unit_id)
    assert band.col <= cell.col < cell.col + cell.cols <= band.col + band.cols
    assert 0 <= cell.row < cell.row + cell.rows <= len(diagram.floors)
