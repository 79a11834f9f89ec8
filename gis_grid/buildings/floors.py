"""The physical floors of a building from what is recorded: basements, mezzanines, skipped numbers, gaps; pure.

A floor's number is a name people gave it. What lies above what is told by `floor_order` where the building has one, otherwise
by the numbers, a named floor (夹层) right above the floor it shares its number with.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

MOST_FLOORS = 200
LOFT = 1  # floors under the roof that nobody counts
Key = tuple[int, str]  # number, name ('' for an ordinary floor)


@dataclass(frozen=True)
class Room:
    """One room as recorded. Spans go to the right and upwards."""

    id: int
    unit_id: int
    number: str
    floor: int
    door: int
    door_span: int = 1
    floor_span: int = 1
    floor_label: str = ""

    @property
    def key(self) -> Key:
        return self.floor, self.floor_label


@dataclass(frozen=True)
class Floor:
    """One physical floor. kind: basement, ground, mezzanine, floor."""

    number: int
    label: str
    kind: str
    recorded: bool = True  # whether any room reaches it

    @property
    def title(self) -> str:
        """What stands beside its row: 3层, 负1层, 夹层."""
        if self.label:
            return self.label
        return f"负{-self.number}层" if self.number < 0 else f"{self.number}层"


@dataclass(frozen=True)
class Stack:
    """Floors from the lowest up, where each key lies, and the numbers nobody uses."""

    floors: list[Floor]
    at: dict[Key, int]
    skipped: list[int]


def is_avoided(number: int) -> bool:
    """Numbers that builders leave out: 4, 14, 24 ... and 13."""
    return number % 10 == 4 or number == 13


def stack_floors(rooms: Sequence[Room], floors_above: int | None, floor_order: Sequence[str] | None) -> Stack:
    """All floors of a building that has these rooms."""
    on = {room.key for room in rooms} | _covered(rooms)
    keys, skipped = _without_gaps(on, floors_above)
    ordered = _by_order(keys, floor_order) if floor_order else sorted(keys)
    floors = [Floor(number, label, _kind(number, label), (number, label) in on) for number, label in ordered]
    return Stack(floors, {key: row for row, key in enumerate(ordered)}, skipped)


def floor_fault(
    room: Room, others: Iterable[Room], above: int | None, below: int | None, order: Sequence[str] | None
) -> str | None:
    """None for a room on a floor the building has, otherwise the sentence to show. `others`: the building's other rooms."""
    if order:
        known = {number_of(name): name for name in order}
        if room.floor_label in order or (not room.floor_label and room.floor in known):
            return None
        return f"该楼栋没有“{room.floor_label or room.floor}”层；已登记的楼层（自下而上）：{'、'.join(order)[:120]}。"
    others = list(others)
    if room.floor < 0 and below is not None and -room.floor > below:
        return f"该楼栋地下只有 {below} 层，没有负 {-room.floor} 层；如登记有误，请先更正楼栋的地下层数。"
    if room.floor > 0 and above is not None:
        used = {other.floor for other in others}
        spare = sum(1 for number in range(1, room.floor) if is_avoided(number) and number not in used)
        if room.floor - spare > above:
            return f"该楼栋地上只有 {above} 层，没有第 {room.floor} 层；如登记有误，请先更正楼栋的地上层数。"
    return _height_fault(room, others, above)


def _height_fault(room: Room, others: Iterable[Room], above: int | None) -> str | None:
    """A flat of several floors must end within the building; a loft above the last counted floor is usual."""
    if room.floor_span < 2 or above is None:
        return None
    top = room.floor + room.floor_span - 1
    top += room.floor < 0 <= top  # there is no floor 0
    used = {other.floor for other in others}
    spare = sum(1 for number in range(1, min(top, MOST_FLOORS)) if is_avoided(number) and number not in used)
    if top - spare <= above + LOFT:
        return None
    begin = f"{'负 ' if room.floor < 0 else '第 '}{abs(room.floor)} 层"
    return f"从{begin}向上合并 {room.floor_span} 层，超出了该楼栋地上的 {above} 层，请核对。"


def number_of(name: str) -> int | None:
    """The number in a floor's name: 5, 5层, -1, 负1, B1; None for a floor with a name only."""
    found = re.fullmatch(r"(-|负|B|b|地下)?\s*([0-9]{1,3})\s*(?:层|楼|F)?", name.strip())
    if not found:
        return None
    return -int(found[2]) if found[1] else int(found[2])


def _kind(number: int, label: str) -> str:
    if label:
        return "mezzanine"
    return "basement" if number < 0 else "ground" if number == 1 else "floor"


def _covered(rooms: Sequence[Room]) -> set[Key]:
    """Floors that rooms of several floors reach into: a duplex on 17 has an 18th floor above it."""
    on: dict[tuple[int, int], list[Room]] = {}
    for room in rooms:
        on.setdefault((room.unit_id, room.floor), []).append(room)
    reached: set[Key] = set()
    top = max((room.floor for room in rooms), default=0)
    for room in rooms:
        number = room.floor
        for _ in range(min(room.floor_span, MOST_FLOORS) - 1):
            number = _next_up(number)
            avoided = is_avoided(number) and number < top and (room.unit_id, number) not in on
            if avoided and not _taken(room, on.get((room.unit_id, number + 1), ())):
                number = _next_up(number)
            reached.add((number, ""))
    return reached


def _next_up(number: int) -> int:
    return 1 if number == -1 else number + 1


def _taken(room: Room, others: Iterable[Room]) -> bool:
    return any(other.door < room.door + room.door_span and room.door < other.door + other.door_span for other in others)


def _without_gaps(keys: set[Key], floors_above: int | None) -> tuple[set[Key], list[int]]:
    """Fill floors that must be there although no room is recorded on them; tell which numbers are skipped instead."""
    above = {number for number, label in keys if number > 0 and not label}
    below = {number for number, label in keys if number < 0}
    filled = set(keys)
    if below:
        filled |= {(number, "") for number in range(min(below), 0)}
    if not above:
        return filled, []
    gaps = [number for number in range(1, max(above)) if number not in above]
    plain = [number for number in gaps if not is_avoided(number)]
    left = min(floors_above, MOST_FLOORS) - len(above) if floors_above is not None else None
    chosen = plain if left is None else [*plain, *(number for number in gaps if is_avoided(number))][: max(0, left)]
    skipped = [number for number in gaps if number not in chosen]
    filled |= {(number, "") for number in chosen}
    top, more = max(above), 0 if left is None else left - len(chosen)
    while more > 0:
        top += 1
        if skipped and is_avoided(top):
            skipped.append(top)
            continue
        filled.add((top, ""))
        more -= 1
    return filled, skipped


def _by_order(keys: Collection[Key], floor_order: Sequence[str]) -> list[Key]:
    """The building's own order; floors it does not name go above the last one with a lower number, none is dropped."""
    named = {label: key for key in keys if (label := key[1])}
    ordered: list[Key] = []
    for name in floor_order:
        number = number_of(name)
        last = next((key[0] for key in reversed(ordered)), 1)
        ordered.append(named.get(name) or ((number, "") if number is not None else (last, name)))
    for key in sorted(set(keys) - set(ordered)):
        spot = next((i for i, known in enumerate(ordered) if known[0] > key[0]), len(ordered))
        ordered.insert(spot, key)
    return ordered
