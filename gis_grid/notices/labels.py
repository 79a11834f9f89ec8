"""Where names stand on a plan: every name has spots it may take, no two names touch, none is cut. Pure; millimetres, y down.

Greedy by importance, cheapest spot first; a name left without a spot may push another aside, and that one the next.
"""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely

CELL = 12.0  # mm; cells of the index of what is taken
_TRIES = 40  # spots of a name looked at when room must be made
APART = 2.0  # cost from which on a name stands beside what it names
_MOVED = 60  # names asked to move for one
_GAP = 0.12  # of the letter height: air around a name


@dataclass(frozen=True)
class Spot:
    """One way to write a name: lines centred at x, y, turned by `angle` degrees; a leader ends at `target`."""

    lines: tuple[str, ...]
    x: float
    y: float
    size: float  # letter height, mm
    width: float  # of the text, mm
    height: float
    angle: float = 0.0
    cost: float = 0.0
    target: tuple[float, float] | None = None
    spread: float = 0.0  # extra mm between letters
    upright: bool = False  # letters stand upright, one below the other, along a steep line
    own: int = -1  # which obstacle this name belongs to and may cover

    def corners(self) -> list[tuple[float, float]]:
        """The four corners of its box, with some air."""
        return _corners(self.x, self.y, self.width + 2 * _GAP * self.size, self.height + 2 * _GAP * self.size, self.angle)

    def tight(self) -> list[tuple[float, float]]:
        """The four corners of its letters alone."""
        return _corners(self.x, self.y, self.width, self.height, self.angle)

    def leader(self) -> tuple[tuple[float, float], tuple[float, float]] | None:
        """The leader line from the edge of the box to its target."""
        if self.target is None:
            return None
        half_w, half_h = self.width / 2 + 0.1 * self.size, self.height / 2
        dx, dy = self.target[0] - self.x, self.target[1] - self.y
        share = min(half_w / abs(dx) if dx else math.inf, half_h / abs(dy) if dy else math.inf)
        return (self.x + dx * share, self.y + dy * share), self.target


@dataclass(frozen=True)
class Name:
    """A name to write: its spots, how important it is (0 first), in which style. Not `must`: it may be left out."""

    key: str
    style: str
    priority: int
    spots: Sequence[Spot]
    must: bool = True


Part = tuple[tuple[float, float, float, float], list[tuple[float, float]]]  # bounds, corners


@dataclass
class Placement:
    """What was placed where, and which names found no room."""

    placed: list[tuple[Name, Spot]] = field(default_factory=list)
    missing: list[Name] = field(default_factory=list)


def place(
    names: Sequence[Name],
    frame: tuple[float, float, float, float],
    hard: Sequence[Any] = (),
    soft: Sequence[tuple[Any, float]] = (),
) -> Placement:
    """A spot for as many names as possible: within `frame` (west, top, east, bottom), off `hard` shapes, rather off `soft` ones.

    Soft obstacles are (shape, cost of covering it); a spot's own one costs nothing.
    """
    open_spots = _affordable(names, frame, hard, soft)
    order = sorted(range(len(names)), key=lambda i: (names[i].priority, -max((spot.y for spot in open_spots[i][:1]), default=0)))
    taken = _Taken()
    chosen: dict[int, Spot] = {}
    left = []
    for i, cheap in _turns(order, names):
        if i in chosen:
            continue
        spot = next((spot for spot in open_spots[i] if not (cheap and spot.cost >= APART) and not taken.hit(spot)), None)
        if spot is not None:
            chosen[i] = spot
            taken.add(i, spot)
        elif not cheap:
            left.append(i)
    still = [
        i for i in left if not (_push(i, open_spots, chosen, taken, {i}) or _push(i, open_spots, chosen, taken, {i}, far=True))
    ]
    _settle(order, open_spots, chosen, taken)
    result = Placement([(names[i], chosen[i]) for i in sorted(chosen)])
    result.missing = [names[i] for i in sorted(still) if names[i].must]
    return result


def _turns(order: Sequence[int], names: Sequence[Name]) -> Iterator[tuple[int, bool]]:
    """Names by importance, from below upwards as rows of houses are read; of equals, first those that find room on their own
    ground, then (not cheap) the others: who must stand aside takes no other's place."""
    for _, equals in itertools.groupby(order, key=lambda i: names[i].priority):
        group = list(equals)
        yield from ((i, True) for i in group)
        yield from ((i, False) for i in group)


def overlaps(spots: Sequence[Spot]) -> int:
    """How many pairs of names touch, by their boxes as polygons: the measure of the proof, apart from how they were placed."""
    if not spots:
        return 0
    boxes = shapely.polygons([spot.tight() for spot in spots])
    left, right = shapely.STRtree(boxes).query(boxes, predicate="intersects")
    apart = left < right
    shared = shapely.area(shapely.intersection(boxes[left[apart]], boxes[right[apart]]))
    return int((shared > 1e-6).sum())


def _affordable(names: Sequence[Name], frame: Any, hard: Sequence[Any], soft: Sequence[tuple[Any, float]]) -> list[list[Spot]]:
    """Each name's possible spots, the cheapest first, with what they cover counted in."""
    flat = [(i, spot) for i, name in enumerate(names) for spot in name.spots]
    found: list[list[Spot]] = [[] for _ in names]
    if not flat:
        return found
    rings = _rings([spot for _, spot in flat])
    west, top, east, bottom = frame
    inside: Any = ((rings >= (west, top)) & (rings <= (east, bottom))).all(axis=(1, 2))
    boxes = shapely.polygons(rings)
    leaders = [(n, leader) for n, (_, spot) in enumerate(flat) if (leader := spot.leader()) is not None]
    shapes = np.array(boxes)
    if leaders:
        at = np.array([n for n, _ in leaders])
        shapes[at] = shapely.union(shapes[at], shapely.linestrings(np.array([ends for _, ends in leaders])))
    cost = np.array([spot.cost for _, spot in flat])
    if len(hard):
        at, _ = shapely.STRtree(list(hard)).query(shapes, predicate="intersects")
        inside[at] = False
    if len(soft):
        at, which = shapely.STRtree([shape for shape, _ in soft]).query(shapes, predicate="intersects")
        weights = np.array([weight for _, weight in soft])
        foreign = np.array([spot.own for _, spot in flat])[at] != which
        np.add.at(cost, at[foreign], weights[which[foreign]])
    for number in np.argsort(cost, kind="stable"):
        if inside[number]:
            found[flat[number][0]].append(flat[number][1])
    return found


def _push(
    i: int, open_spots: list[list[Spot]], chosen: dict[int, Spot], taken: _Taken, seen: set[int], *, far: bool = False
) -> bool:
    """Make room for name `i` by moving one placed name to another spot of its own, which may push the next one in turn.

    `seen`: who was asked to move already; a row of houses whose numbers all stand above them moves as a whole. A name on its
    own ground stays there; `far`: it may leave it, but then pushes nobody else.
    """
    for spot in open_spots[i][:_TRIES]:
        in_way = set(taken.touching(spot))
        if len(in_way) != 1 or in_way & seen or len(seen) > _MOVED:
            continue
        (other,) = in_way
        seen.add(other)
        was = chosen[other]
        taken.remove(other)
        taken.add(i, spot)
        chosen[i] = spot
        ways = [way for way in open_spots[other][:_TRIES] if far or way.cost < APART or was.cost >= APART]
        moved = next((way for way in ways if way is not was and not taken.hit(way)), None)
        if moved is not None:
            chosen[other] = moved
            taken.add(other, moved)
            return True
        del chosen[other]
        if not far and was.cost >= APART and _push(other, open_spots, chosen, taken, seen):
            return True
        taken.remove(i)
        del chosen[i]
        chosen[other] = was
        taken.add(other, was)
    return False


def _settle(order: Sequence[int], open_spots: list[list[Spot]], chosen: dict[int, Spot], taken: _Taken) -> None:
    """What was pushed aside, or stood aside from one that was, takes the cheapest spot that is free by now."""
    for i in order:
        was = chosen.get(i)
        if was is None or was is open_spots[i][0]:
            continue
        taken.remove(i)
        chosen[i] = next((spot for spot in open_spots[i] if spot is was or not taken.hit(spot)), was)
        taken.add(i, chosen[i])


class _Taken:
    """The boxes and leaders already on the paper, in cells."""

    def __init__(self) -> None:
        self._cells: dict[tuple[int, int], set[int]] = defaultdict(set)
        self._parts: dict[int, list[Part]] = {}
        self._known: dict[int, list[Part]] = {}

    def add(self, owner: int, spot: Spot) -> None:
        self._parts[owner] = self._of(spot)
        for cell in _cells_of(self._parts[owner]):
            self._cells[cell].add(owner)

    def remove(self, owner: int) -> None:
        for cell in _cells_of(self._parts.pop(owner)):
            self._cells[cell].discard(owner)

    def touching(self, spot: Spot) -> Iterator[int]:
        """Whose box or leader this spot would touch; each at least once."""
        for part in self._of(spot):
            near = {owner for cell in _cells_of([part]) for owner in self._cells.get(cell, ())}
            yield from (owner for owner in near if any(_touch(part, other) for other in self._parts[owner]))

    def hit(self, spot: Spot) -> bool:
        return next(self.touching(spot), None) is not None

    def _of(self, spot: Spot) -> list[Part]:
        """Spots are asked again and again; plain numbers are several times quicker here than arrays of four."""
        found = self._known.get(id(spot))
        if found is None:
            found = self._known[id(spot)] = _parts(spot)
        return found


def _parts(spot: Spot) -> list[Part]:
    """The box, and the leader as a thin strip."""
    parts = [_part(spot.corners())]
    leader = spot.leader()
    if leader is not None:
        (x1, y1), (x2, y2) = leader
        angle = math.degrees(math.atan2(y2 - y1, x2 - x1))
        parts.append(_part(_corners((x1 + x2) / 2, (y1 + y2) / 2, math.hypot(x2 - x1, y2 - y1), 0.3, angle)))
    return parts


def _part(corners: list[tuple[float, float]]) -> Part:
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    return (min(xs), min(ys), max(xs), max(ys)), corners


def _cells_of(parts: list[Part]) -> Iterator[tuple[int, int]]:
    for (west, top, east, bottom), _ in parts:
        for x in range(int(west // CELL), int(east // CELL) + 1):
            for y in range(int(top // CELL), int(bottom // CELL) + 1):
                yield x, y


def _touch(one: Part, other: Part) -> bool:
    """Whether two rectangles meet: by their bounds, then by separating axes."""
    (west, top, east, bottom), mine = one
    (other_west, other_top, other_east, other_bottom), theirs = other
    if west >= other_east or other_west >= east or top >= other_bottom or other_top >= bottom:
        return False
    for box in (mine, theirs):
        for (ax, ay), (bx, by) in ((box[0], box[1]), (box[1], box[2])):
            dx, dy = bx - ax, by - ay
            here, there = [x * dx + y * dy for x, y in mine], [x * dx + y * dy for x, y in theirs]
            if max(here) <= min(there) or max(there) <= min(here):
                return False
    return True


def _rings(spots: Sequence[Spot]) -> Any:
    """The corners of many spots at once: an array of spots x 4 x 2."""
    told = np.array([(spot.x, spot.y, spot.width, spot.height, spot.size, math.radians(spot.angle)) for spot in spots])
    half = told[:, 2:4] / 2 + _GAP * told[:, 4:5]
    away = half[:, None, :] * np.array(((-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)))
    cos, sin = np.cos(told[:, 5])[:, None], np.sin(told[:, 5])[:, None]
    turned = np.stack((away[..., 0] * cos - away[..., 1] * sin, away[..., 0] * sin + away[..., 1] * cos), axis=-1)
    return told[:, None, :2] + turned


def _corners(x: float, y: float, width: float, height: float, angle: float) -> list[tuple[float, float]]:
    half_w, half_h = width / 2, height / 2
    if not angle:
        west, top, east, bottom = x - half_w, y - half_h, x + half_w, y + half_h
        return [(west, top), (east, top), (east, bottom), (west, bottom)]
    cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    return [
        (x + dx * cos - dy * sin, y + dx * sin + dy * cos)
        for dx, dy in ((-half_w, -half_h), (half_w, -half_h), (half_w, half_h), (-half_w, half_h))
    ]
