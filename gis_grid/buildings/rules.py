"""How floors x doors become rooms: irregular floors, basements, skipped numbers, merged flats; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

MOST_ROOMS = 5_000


@dataclass(frozen=True)
class Layout:
    """What a unit looks like. Floors below ground are negative; there is no floor 0."""

    lowest: int
    highest: int
    doors: int  # doors on an ordinary floor
    doors_on: Mapping[int, int] = field(default_factory=dict)  # floors that differ: 0 doors is a floor without rooms
    skipped_floors: Sequence[int] = ()  # numbers nobody uses: 4, 14
    skipped_doors: Sequence[int] = ()
    merged: Sequence[tuple[int, int, int]] = ()  # (floor, first door, how many): one flat over several doors
    number: str = "{floor}{door:02d}"


@dataclass(frozen=True)
class Place:
    """One room of a layout."""

    floor: int
    door: int
    door_span: int
    number: str


def layout_fault(layout: Layout) -> str | None:
    """None for a layout that can be built, otherwise the sentence to show."""
    if layout.lowest > layout.highest:
        return "最低楼层不能高于最高楼层。"
    if not (1 <= layout.doors <= 60) or any(not 0 <= doors <= 60 for doors in layout.doors_on.values()):
        return "每层户数应为 1-60。"
    if len(_floors(layout)) * 60 > MOST_ROOMS * 12 or len(rooms_of(layout)) > MOST_ROOMS:
        return f"一个单元最多 {MOST_ROOMS} 间。"
    numbers = [place.number for place in rooms_of(layout)]
    twice = sorted({number for number in numbers if numbers.count(number) > 1})
    if twice:
        return f"房号重复：{'、'.join(twice[:5])}。"
    return None


def rooms_of(layout: Layout) -> list[Place]:
    """Every room, from the lowest floor up and from left to right. Basement numbers begin with 负: 负101."""
    return [place for floor in _floors(layout) for place in _floor_rooms(layout, floor)]


def _floors(layout: Layout) -> list[int]:
    return [floor for floor in range(layout.lowest, layout.highest + 1) if floor != 0 and floor not in layout.skipped_floors]


def _floor_rooms(layout: Layout, floor: int) -> list[Place]:
    spans = {first: span for where, first, span in layout.merged if where == floor}
    covered = {first + step for first, span in spans.items() for step in range(1, span)}
    doors = range(1, layout.doors_on.get(floor, layout.doors) + 1)
    labels = _door_labels(layout, len(doors))
    return [
        Place(floor, door, spans.get(door, 1), _number(layout, floor, labels[door - 1])) for door in doors if door not in covered
    ]


def _door_labels(layout: Layout, count: int) -> list[int]:
    labels: list[int] = []
    label = 0
    while len(labels) < count:
        label += 1
        if label not in layout.skipped_doors:
            labels.append(label)
    return labels


def _number(layout: Layout, floor: int, label: int) -> str:
    text = layout.number.format(floor=abs(floor), door=label)
    return f"负{text}" if floor < 0 else text
