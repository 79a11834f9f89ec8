"""Lay the rooms of a building out as cells with row and column spans; pure.

A row is a physical floor, the top one first. Each unit is a band of columns: its usual doors are equally wide, floors with
more doors (shops on the ground) have narrower cells in the same band. Every recorded room is a cell, once; where records
contradict each other a span is cut and the cell says so.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gis_grid.buildings.floors import Floor, Room, Stack, stack_floors

MOST_COLUMNS = 400  # of one unit


@dataclass(frozen=True)
class Unit:
    """A stairwell, from left to right by position."""

    id: int
    name: str
    position: int = 1


@dataclass(frozen=True)
class Band:
    """The columns of one unit: from `col` on, `cols` of them; a usual door is `per_door` columns wide."""

    unit: Unit
    col: int
    cols: int
    per_door: int = 1


@dataclass(frozen=True)
class Cell:
    """A room, or a gap in the record (room is None) between rooms that are there. Rows count from the top."""

    row: int
    col: int
    rows: int
    cols: int
    unit_id: int
    number: str
    room: Room | None = None
    fault: str | None = None


@dataclass(frozen=True)
class Diagram:
    """floors: from the top down; cells: in reading order."""

    floors: list[Floor]
    bands: list[Band]
    cells: list[Cell]
    columns: int
    skipped: list[int] = field(default_factory=list)


@dataclass
class _Slot:
    """A cell in the making; rows count from the lowest floor here, columns within the unit."""

    room: Room
    row: int
    col: int
    end: int
    rows: int
    fault: str | None = None


def lay_out(
    units: Sequence[Unit], rooms: Sequence[Room], floors_above: int | None = None, floor_order: Sequence[str] | None = None
) -> Diagram:
    """The diagram of a building. Rooms of units that are not given are left to the caller's scope."""
    ordered = sorted(units, key=lambda unit: (unit.position, unit.id))
    shown = {unit.id for unit in ordered}
    mine = [room for room in rooms if room.unit_id in shown]
    stack = stack_floors(mine, floors_above, floor_order)
    height = len(stack.floors)
    by_unit: dict[int, list[Room]] = defaultdict(list)
    for room in mine:
        by_unit[room.unit_id].append(room)
    bands: list[Band] = []
    cells: list[Cell] = []
    column = 0
    for unit in ordered:
        usual, per_door = _widths(by_unit[unit.id], stack)
        cols, (slots, gaps) = usual * per_door, _unit_slots(by_unit[unit.id], stack, usual, per_door)
        bands.append(Band(unit, column, cols, per_door))
        cells += [_cell(slot, unit.id, column, height) for slot in slots]
        cells += [Cell(height - 1 - row, column + col, 1, end - col, unit.id, number) for row, col, end, number in gaps]
        column += cols
    cells.sort(key=lambda cell: (cell.row, cell.col))
    return Diagram(stack.floors[::-1], bands, cells, column, stack.skipped)


def _cell(slot: _Slot, unit_id: int, column: int, height: int) -> Cell:
    top = height - slot.row - slot.rows
    return Cell(
        top, column + slot.col, slot.rows, slot.end - slot.col, unit_id, slot.room.number, room=slot.room, fault=slot.fault
    )


def _by_row(rooms: Sequence[Room], stack: Stack) -> dict[int, list[Room]]:
    by_row: dict[int, list[Room]] = defaultdict(list)
    for room in rooms:
        by_row[stack.at[room.key]].append(room)
    return by_row


def _unit_slots(
    rooms: Sequence[Room], stack: Stack, usual: int, width: int
) -> tuple[list[_Slot], list[tuple[int, int, int, str]]]:
    """The rooms of a unit, and the gaps between them as (row, column, end, likely number)."""
    by_row = _by_row(rooms, stack)
    slots = [slot for row, on_floor in sorted(by_row.items()) for slot in _floor_slots(row, on_floor, usual, width)]
    _stretch_upwards(slots, len(stack.floors))
    return slots, _gaps(slots, by_row, usual, width, stack)


def _extent(rooms: Sequence[Room]) -> int:
    return max(room.door + room.door_span - 1 for room in rooms)


def _widths(rooms: Sequence[Room], stack: Stack) -> tuple[int, int]:
    """How many doors a floor usually has, and how many columns each of them needs so that every floor fits."""
    by_row = _by_row(rooms, stack)
    if not by_row:
        return 1, 1
    upper = {row: rooms for row, rooms in by_row.items() if stack.floors[row].number > 1}
    counts = Counter(_extent(rooms) for rooms in (upper or by_row).values())
    usual = max(counts, key=lambda extent: (counts[extent], extent))
    width = 1
    for on_floor in by_row.values():
        shared = max(Counter(room.door for room in on_floor).values())
        width = max(width, math.ceil(shared * max(_extent(on_floor), usual) / usual))
    return usual, min(width, max(1, MOST_COLUMNS // usual))


def _edge(door: int, extent: int, usual: int, width: int) -> int:
    """The column where door number `door` (from 0) begins on a floor with this many doors."""
    return door * width if extent <= usual else round(door * usual * width / extent)


def _floor_slots(row: int, rooms: Sequence[Room], usual: int, width: int) -> list[_Slot]:
    """The rooms of one floor from left to right; rooms at the same door (401, 401A) share its width."""
    extent = _extent(rooms)
    at: dict[int, list[Room]] = defaultdict(list)
    for room in sorted(rooms, key=lambda room: (room.door, room.number, room.id)):
        at[room.door].append(room)
    doors = sorted(at)
    slots = []
    for door, following in zip(doors, [*doors[1:], None], strict=True):
        wanted = max(room.door_span for room in at[door])
        span = wanted if following is None else min(wanted, following - door)
        fault = "与右侧房屋的位置重叠" if span < wanted else None
        begin, end = (_edge(d, extent, usual, width) for d in (door - 1, door - 1 + span))
        share = max(1, end - begin) / len(at[door])
        for i, room in enumerate(at[door]):
            left, right = begin + round(i * share), begin + round((i + 1) * share)
            slots.append(_Slot(room, row, left, max(right, left + 1), 1, fault))
    return slots


def _stretch_upwards(slots: list[_Slot], height: int) -> None:
    """Give rooms of several floors their rows, as far as nothing else begins there."""
    begins: dict[int, list[_Slot]] = defaultdict(list)
    for slot in slots:
        begins[slot.row].append(slot)
    for slot in slots:
        while slot.rows < slot.room.floor_span and slot.row + slot.rows < height:
            above = begins[slot.row + slot.rows]
            if any(other.col < slot.end and slot.col < other.end for other in above):
                slot.fault = slot.fault or "与上层房屋的位置重叠"
                break
            slot.rows += 1


def _gaps(
    slots: Sequence[_Slot], by_row: Mapping[int, Sequence[Room]], usual: int, width: int, stack: Stack
) -> list[tuple[int, int, int, str]]:
    """Doors that the floors around have and this one lacks: rooms missing from the record, not an irregular top."""
    covered: dict[int, set[int]] = defaultdict(set)
    for slot in slots:
        for row in range(slot.row, slot.row + slot.rows):
            covered[row].update(range(slot.col, slot.end))
    rows = [row for row, floor in enumerate(stack.floors) if floor.number > 0]
    regular = _regular_rows(rows, covered, usual, width)
    if not regular:
        return []
    found = []
    for row in rows:
        extent = _extent(by_row[row]) if row in by_row else 0
        between = regular[0] <= row <= regular[-1] or not stack.floors[row].recorded
        if not between or row < regular[0] or extent > usual or stack.floors[row].kind == "mezzanine":
            continue
        for door in range(usual):
            begin, end = door * width, (door + 1) * width
            if not covered[row] & set(range(begin, end)):
                found.append((row, begin, end, f"{stack.floors[row].number}{door + 1:02d}"))
    return found


def _regular_rows(rows: Sequence[int], covered: Mapping[int, set[int]], usual: int, width: int) -> list[int]:
    """Floors that are whole; if there is none, those that are at least half."""
    size = {row: len(covered[row]) for row in rows if covered.get(row)}
    whole = [row for row in size if size[row] == usual * width]
    return sorted(whole or [row for row in size if size[row] * 2 >= usual * width])
