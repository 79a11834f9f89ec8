"""The spots that names may take: on a building, beside it with a leader, along a street, within a shape. Pure; millimetres."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry
from shapely.ops import substring

from gis_grid.notices.font import width_em, wrap
from gis_grid.notices.ground import House, Street
from gis_grid.notices.labels import Spot

_ROUND = [(math.cos(a), math.sin(a)) for a in np.radians(np.arange(0, 360, 22.5))]
_SHRINK = (1.0, 0.85, 0.72)
_LONG = 14  # letters; longer names may take more than two lines
_ENOUGH = 4  # ways to write a name inside its building that are kept
_PLACE = re.compile(r"\D{1,10}?(?:社区|小区|街道|花园|家园|公寓|大厦|中心|新村|苑|园|里|村|镇|乡)")
_NUMBER = re.compile(r"^(\D*?)(\d+[A-Za-z]?)(号楼|幢|栋|座|号|单元)?$")


def short_names(name: str | None, estate: str | None = None) -> tuple[str, ...]:
    """What may be written for a building, the longest first: 梧桐里8幢, 8幢, 8."""
    if not name:
        return ()
    forms = [name]
    if estate and name.startswith(estate) and len(name) > len(estate):
        forms.append(name[len(estate) :].strip())
    found = _NUMBER.match(forms[-1])
    if found:
        forms += [f"{found[2]}{found[3]}"] if found[3] else []
        forms += [found[2]]
    return tuple(dict.fromkeys(form for form in forms if form))


def box(lines: tuple[str, ...], x: float, y: float, size: float, **more: Any) -> Spot:
    """A spot for horizontal or turned lines centred at x, y."""
    spread = float(more.get("spread", 0.0))
    width = max(width_em(line) * size + spread * (len(line) - 1) for line in lines)
    return Spot(lines, x, y, size, width, size * (1 + 1.15 * (len(lines) - 1)), **more)


def sides(shape: BaseGeometry) -> tuple[float, float]:
    """The longer and the shorter side of the smallest box around a shape, however it is turned; nothing for a point."""
    box_ = shapely.minimum_rotated_rectangle(shape)
    if box_.geom_type != "Polygon":
        return (0.0, 0.0)
    a, b, c = (shapely.Point(xy) for xy in box_.exterior.coords[:3])
    lengths = sorted((a.distance(b), b.distance(c)))
    return (lengths[1], lengths[0])


def house_spots(house: House, size: float, least: float, own: int) -> list[Spot]:
    """Inside the footprint where it fits (smaller, turned, two lines, shorter), else beside it, else with a leader."""
    shape = house.shape
    found = room_spots(house, shape, size, least, own)
    first = house.names[-1] if len(house.names[0]) > 4 else house.names[0]
    found += _around(first, shape, size, least, own, few=bool(found))
    if len(house.names) > 1 and found[0].cost >= 2:
        found += _around(house.names[-1], shape, size, least, own, extra=1.2)
    return found


def room_spots(house: House, shape: BaseGeometry, size: float, least: float, own: int) -> list[Spot]:
    """The cheapest few ways in which the name fits the footprint or a part of it: tried from the best down, since most names
    fit at once."""
    if shape.area <= least * least:
        return []
    room = shapely.buffer(shape, -0.12 * size)
    if room.is_empty:
        return []
    shapely.prepare(room)
    found: list[Spot] = []
    for spot in _tries(house, room, size, least, own):
        if len(found) >= _ENOUGH:
            break
        if room.contains(shapely.Polygon(spot.tight())):
            found.append(spot)
    return found


def _tries(house: House, room: BaseGeometry, size: float, least: float, own: int) -> Iterator[Spot]:
    middles, turn = _middles(room), _axis_angle(house.shape)
    for rank, lines in _forms(house.names):
        lies = len(lines) == 1 and abs(turn) > 50 and not re.search(r"[\dA-Za-z（(]", lines[0])
        for letter in dict.fromkeys(max(size * share, least) for share in _SHRINK):
            cost = rank + (1 - letter / size) * 2
            for n, (x, y) in enumerate(middles):
                yield box(lines, x, y, letter, cost=cost + 0.05 * n, own=own)
            if turn and lies:
                yield _upright(box(lines, *middles[0], letter, angle=turn, cost=cost + 0.15, own=own))
            elif turn:
                yield box(lines, *middles[0], letter, angle=turn, cost=cost + 0.15, own=own)


def _forms(names: tuple[str, ...]) -> list[tuple[float, tuple[str, ...]]]:
    """(cost, lines): the name on one line, on two (long ones: on more), then the shorter forms."""
    forms: list[tuple[float, tuple[str, ...]]] = []
    for rank, name in enumerate(names):
        forms.append((rank * 0.5, (name,)))
        halves = _halves(name)
        if halves:
            forms.append((rank * 0.5 + 0.2, halves))
        if len(name) > _LONG:
            for count in (3, 4, 6):
                forms.append((rank * 0.5 + 0.2 * count, tuple(wrap(name, math.ceil(width_em(name) / count) + 1))))
    return forms


def _halves(name: str) -> tuple[str, ...] | None:
    """The name on two lines; a number is never broken."""
    bracket = name.find("（")
    if 1 < bracket < len(name) - 2:
        return (name[:bracket], name[bracket:])
    number = re.search(r"[\dA-Za-z]", name)
    if len(name) < 4 or (number and number.start() < 2):
        return None
    cut = number.start() if number else (len(name) + 1) // 2
    place = _PLACE.match(name)
    if place and place.end() < len(name):
        cut = place.end()
    elif name[cut - 1] == "第":
        cut -= 1
    return (name[:cut], name[cut:]) if cut > 1 else None


def _middles(room: BaseGeometry) -> list[tuple[float, float]]:
    part = max(shapely.get_parts(room), key=lambda each: each.area)
    points = [part.centroid] if part.contains(part.centroid) else []
    points.append(shapely.point_on_surface(part))
    if part.area > 400:  # large or bent buildings: the middle of their widest place
        points.append(shapely.get_point(shapely.maximum_inscribed_circle(part, tolerance=0.5), 0))
    return list(dict.fromkeys((round(p.x, 3), round(p.y, 3)) for p in points))


def _axis_angle(shape: BaseGeometry) -> float:
    """The direction of the longer side, within -90..90 degrees, letters readable from below or from the right."""
    ring = shapely.get_coordinates(shapely.minimum_rotated_rectangle(shape))
    if len(ring) < 4:
        return 0.0
    sides = [ring[1] - ring[0], ring[2] - ring[1]]
    dx, dy = max(sides, key=lambda side: float(side @ side))
    return readable(math.degrees(math.atan2(dy, dx)))


def readable(angle: float) -> float:
    """The same direction within -90 (exclusive) .. 90 degrees, so that no letter stands on its head."""
    turned = (angle + 90) % 180 - 90
    return 90.0 if turned == -90 else round(turned, 2)


def _around(
    text: str, shape: BaseGeometry, size: float, least: float, own: int, *, extra: float = 0.0, few: bool = False
) -> list[Spot]:
    """Beside the shape, then farther off with a leader into its middle; `few` of these where a name inside is likely."""
    west, top, east, bottom = shape.bounds
    anchor = shapely.point_on_surface(shape)
    letter = max(size * 0.85, least)
    plain = box((text,), anchor.x, anchor.y, letter, own=own)
    half_w, half_h = plain.width / 2, letter / 2
    gap = 0.15 * letter + 0.15  # near its own house, so that nobody reads it as the next one's
    beside = (
        (anchor.x, top - gap - half_h),
        (anchor.x, bottom + gap + half_h),
        (east + gap + half_w, anchor.y),
        (west - gap - half_w, anchor.y),
    )
    found = [replace(plain, x=x, y=y, cost=2.5 + extra + 0.1 * n) for n, (x, y) in enumerate(beside)]
    reach = max(east - west, bottom - top) / 2
    for far in (1.6,) if few else (1.2, 2.4, 4.0, 6.5, 9.5):
        for dx, dy in _ROUND[:: 2 if few else 1]:
            x, y = anchor.x + dx * (reach + half_w + far * letter), anchor.y + dy * (reach + half_h + far * letter)
            found.append(replace(plain, x=x, y=y, cost=4 + extra + far * 0.5, target=(anchor.x, anchor.y)))
    return found


def mark_spots(text: str, x: float, y: float, size: float, away: float, cost: float = 0.0) -> list[Spot]:
    """Around a point symbol of radius `away`: right, left, above, below, the four corners."""
    half_w, half_h = width_em(text) * size / 2, size / 2
    side, up = away + 0.35 * size + half_w, away + 0.3 * size + half_h
    places = ((side, 0), (-side, 0), (0, -up), (0, up), (side, -up), (-side, -up), (side, up), (-side, up))
    return [box((text,), x + dx, y + dy, size, cost=cost + 0.1 * n) for n, (dx, dy) in enumerate(places)]


def loose_spots(text: str, x: float, y: float, size: float) -> list[Spot]:
    """Somewhere near a point, the nearer the better: for names of what has no clear edge, as an estate."""
    steps = [(dx, dy) for dx in range(-4, 5) for dy in range(-6, 7)]
    return [box((text,), x + dx * 2 * size, y + dy * size, size, cost=0.12 * math.hypot(2 * dx, dy)) for dx, dy in steps]


def numbered(name: str) -> str:
    """What names of one row of houses share: 柳林村8号 and 柳林村12号 are 柳林村#号."""
    return re.sub(r"\d+[A-Za-z]?", "#", name)


def area_spots(text: str, shape: BaseGeometry, size: float, least: float, *, beyond: bool = False) -> list[Spot]:
    """Within a shape: at its widest place, at its middle, on a net of points; smaller or on two lines when narrow."""
    parts = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon" and part.area > least * least]
    if not parts:
        return []
    part = max(parts, key=lambda each: each.area)
    points = _net(part)
    tries = []
    for rank, lines in _forms((text,)):
        for share in (*_SHRINK, 0.6):
            letter = max(size * share, least)
            tries += [box(lines, x, y, letter, cost=rank + 2 * (1 - share) + 0.02 * n) for n, (x, y) in enumerate(points)]
    west, top, east, bottom = part.bounds
    if bottom - top > 2.5 * (east - west) and not re.search(r"[\dA-Za-z（]", text):  # a river on one side: its name runs along it
        tall = [box((text,), x, y, size, angle=90.0, cost=0.02 * n, spread=0.6 * size) for n, (x, y) in enumerate(points)]
        tries += [_upright(spot) for spot in tall]
    shapely.prepare(part)
    fits = shapely.contains(part, shapely.polygons([spot.tight() for spot in tries]))
    found = [spot for spot, good in zip(tries, fits, strict=True) if good]
    if not found and beyond:  # too narrow for its name: written across, its middle inside
        lines = _forms((text,))[-1][1] if len(text) > _LONG else (text,)
        found = [box(lines, x, y, least, cost=6 + 0.05 * n) for n, (x, y) in enumerate(points)]
    return found


def _net(part: BaseGeometry) -> list[tuple[float, float]]:
    west, top, east, bottom = part.bounds
    widest = shapely.get_point(shapely.maximum_inscribed_circle(part, tolerance=1.0), 0)
    xs, ys = np.meshgrid(np.linspace(west, east, 9)[1:-1], np.linspace(top, bottom, 9)[1:-1])
    net = shapely.points(xs.ravel(), ys.ravel())
    near = sorted((p for p in net[shapely.contains(part, net)]), key=lambda p: p.distance(widest))
    return [(p.x, p.y) for p in (widest, shapely.point_on_surface(part), *near)]


def street_spots(street: Street, line: BaseGeometry, width: float, size: float, least: float) -> list[Spot]:
    """Along a street of `width` mm on paper: in its bed where that is wide enough, else beside; letters spaced out."""
    found: list[Spot] = []
    for letter in dict.fromkeys((size, max(size * 0.8, least), least)):
        for spread in (0.5 * letter, 0.1 * letter):
            dear = 1.5 * (1 - letter / size) + (0.1 if spread < 0.2 * letter else 0.0)
            plain = box((street.name,), 0, 0, letter, spread=spread, cost=dear)
            for part in shapely.get_parts(line):
                found += _along(plain, part, width)
        if len(found) > 24:
            break
    return found


def _along(plain: Spot, part: BaseGeometry, width: float) -> Iterator[Spot]:
    """The name at places along a line, from its middle outwards, where the line is nearly straight; in the bed or beside."""
    letter, length = plain.size, plain.width
    room = part.length - length
    if room < 0.6 * letter:
        return
    steps = int(min(14, room // max(2.0, letter)))
    for n in range(steps + 1):
        at = room / 2 + (-1) ** n * ((n + 1) // 2) * room / (steps + 1)
        start, end = part.interpolate(at), part.interpolate(at + length)
        chord = shapely.linestrings([(start.x, start.y), (end.x, end.y)])
        if chord.length < 0.97 * length or chord.hausdorff_distance(substring(part, at, at + length)) > 0.3 * letter:
            continue
        angle = readable(math.degrees(math.atan2(end.y - start.y, end.x - start.x)))
        x, y = (start.x + end.x) / 2, (start.y + end.y) / 2
        dx, dy = -math.sin(math.radians(angle)), math.cos(math.radians(angle))
        within, side = max(0.0, width / 2 - 0.62 * letter), width / 2 + 0.75 * letter
        tight = 0.6 if width < 1.1 * letter else 0.0
        for shift, cost in ((0.0, tight), (within, 0.0), (-within, 0.0), (side, 1.0), (-side, 1.0)):
            if shift or not cost or within == 0:
                spot = replace(plain, x=x + dx * shift, y=y + dy * shift, angle=angle, cost=plain.cost + cost + 0.04 * n)
                yield _upright(spot) if abs(angle) > 50 else spot


def _upright(spot: Spot) -> Spot:
    """The same name along a steep direction with its letters upright, one below the other."""
    letter, text = spot.size, spot.lines[0]
    height = (letter + spot.spread) * (len(text) - 1) + letter
    lean = spot.angle - 90 if spot.angle > 0 else spot.angle + 90
    across = letter * (math.cos(math.radians(lean)) + abs(math.sin(math.radians(lean))))  # corners of upright letters
    return replace(spot, width=across, height=height, angle=lean, upright=True)
