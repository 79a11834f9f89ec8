"""What can be done to a division, as pure geometry: split, merge, move an edge, redraw, re-parent, new code.

Every verb takes the world (areas by code as the plan would leave them so far) and answers the changes. All edges near are cut
into faces, each face gets one owner, and owners are joined again: neighbours share their vertices by construction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from gis_grid.areas.rules import LEVEL_CODES
from gis_grid.errors import Invalid
from gis_grid.geo.shapes import area_m2

DRAW, CREATE, RETIRE, REVIVE = "draw", "create", "retire", "revive"
ACTIONS = {DRAW: "改边界", CREATE: "新设", RETIRE: "注销", REVIVE: "恢复"}
_DUST_M2 = 0.01
_EXACT, _ROUNDED = 1e-11, 2e-7  # degrees: a vertex that is on an edge, and one that was rounded to 1e-7 beside it


@dataclass(frozen=True)
class Place:
    """An area as a plan sees it; `shape` in degrees, None once it is retired."""

    code: str
    level: str
    name: str
    kind: str
    parent_code: str | None
    shape: Any  # a shapely geometry, or None
    action: str | None = None  # what the plan does to it; None: nothing
    successors: tuple[str, ...] = ()


World = Mapping[str, Place]
NextCode = Callable[[str, str], str]  # (parent code, level) -> a code never used before


def split(world: World, code: str, line: BaseGeometry, next_code: NextCode, names: Sequence[str] = ()) -> list[Place]:
    """The area cut along a line (degrees); the largest part keeps the code, the others get new ones."""
    place = place_of(world, code)
    parts = _cut(place, line)
    if len(parts) < 2:
        raise Invalid("这条线没有把网格分开：线须从一侧边界画到另一侧边界。", code="no_split")
    made = [drawn(place, parts[0])]
    for number, part in enumerate(parts[1:]):
        new = next_code(place.parent_code or "", place.level)
        name = names[number] if number < len(names) else f"{place.name}（{number + 2}）"
        made.append(Place(new, place.level, name, place.kind, place.parent_code, part, CREATE))
    return _matched(world, made) + _children_follow(world, made, next_code)


def merge(world: World, codes: Sequence[str], into: str, next_code: NextCode) -> list[Place]:
    """Several neighbouring areas become one; the others are retired and succeeded by it."""
    places = [place_of(world, code) for code in dict.fromkeys([into, *codes])]
    if len(places) < 2:
        raise Invalid("合并须选至少两个网格。", code="too_few")
    if len({(place.level, place.parent_code) for place in places}) > 1:
        raise Invalid("只能合并同一上级下的同级区域；不同上级的请先调整上级。", code="other_parent")
    whole = _joined([place.shape for place in places])
    if len(_parts(whole)) > max(len(_parts(place.shape)) for place in places):
        raise Invalid("这些网格不相邻，合并后会分成几块。", code="not_adjacent")
    made = [drawn(places[0], whole)]
    for gone in places[1:]:
        made.append(replace(gone, shape=None, action=RETIRE, successors=(into,)))
        for child in children(world, gone.code):
            made += recode(world, child.code, next_code(into, child.level), into, next_code)
    return made


def transfer(world: World, giver: str, taker: str, part: BaseGeometry) -> list[Place]:
    """What of `giver` lies within `part` goes to `taker`; both keep their codes."""
    one, other = place_of(world, giver), place_of(world, taker)
    if one.level != other.level:
        raise Invalid("只能在同级区域之间划转。", code="other_level")
    faces = _faces([one.shape, other.shape], [part])
    taken = [_inside(other, face) or shapely.intersects(part, shapely.point_on_surface(face)) for face in faces]
    left, right = ([face for face, is_taken in zip(faces, taken, strict=True) if is_taken == side] for side in (False, True))
    made = [drawn(one, _joined(left)), drawn(other, _joined(right))]
    if made[0].shape is None or made[0].shape.is_empty:
        raise Invalid(f"{giver} 会整个划给 {taker}：请改用合并。", code="nothing_left")
    return _matched(world, made) + _ancestors_follow(world, one, other, made)


def move_edge(world: World, one: str, other: str, line: BaseGeometry) -> list[Place]:
    """The common edge of two neighbours is drawn anew along a line across both."""
    first, second = place_of(world, one), place_of(world, other)
    if first.level != second.level:
        raise Invalid("只能移动同级区域之间的边界。", code="other_level")
    both = _joined([first.shape, second.shape])
    parts = _parts_along(both, line)
    if len(parts) < 2:
        raise Invalid("这条线没有把两个网格分开：线须穿过两者合起来的范围。", code="no_split")
    mine = [part for part in parts if _share(part, first.shape) >= _share(part, second.shape)]
    theirs = [part for part in parts if not any(part is own for own in mine)]
    if not mine or not theirs:
        raise Invalid("移动后有一个网格什么也不剩。", code="nothing_left")
    made = [drawn(first, _joined(mine)), drawn(second, _joined(theirs))]
    return _matched(world, made) + _ancestors_follow(world, first, second, made)


def redraw(world: World, code: str, shape: BaseGeometry) -> list[Place]:
    """The area gets this shape: neighbours give what it covers, and the neighbour with the longest edge takes what it leaves."""
    place = place_of(world, code)
    around = shape.union(place.shape)
    near = [other for other in _level(world, place.level) if other.code != code and other.shape.intersects(around)]
    shape = _snapped(shape, [place, *near])
    beyond = area_m2(shapely.difference(shape, shapely.union_all([place.shape, *(other.shape for other in near)])))
    if beyond > 1:
        raise Invalid(f"重画的范围有 {beyond:,.0f} 平方米不属于任何同级区域；请先由上级划入，或画在现有区域之内。", code="beyond")
    faces = _faces([place.shape, *(other.shape for other in near)], [shape])
    owned: dict[str, list[BaseGeometry]] = {place.code: [], **{other.code: [] for other in near}}
    for face in faces:
        inside = shapely.point_on_surface(face)
        if shape.intersects(inside):
            owned[code].append(face)
            continue
        mine = next((other.code for other in near if other.shape.intersects(inside)), None)
        left = mine or _longest(face, near)
        owned[left or code].append(face)
    made = [drawn(one, _joined(owned[one.code])) for one in [place, *near] if _differs(one, owned[one.code])]
    if any(one.shape is None or one.shape.is_empty for one in made):
        raise Invalid("重画后有网格什么也不剩：请改用合并。", code="nothing_left")
    return _matched(world, made)


def recode(world: World, code: str, new: str, parent_code: str | None, next_code: NextCode) -> list[Place]:
    """The area goes on under another code (and parent); what lies below it is coded anew with it."""
    place = place_of(world, code)
    if new in world and world[new].shape is not None:
        raise Invalid(f"编码 {new} 已被使用。", code="code_taken")
    made = [
        replace(place, shape=None, action=RETIRE, successors=(new,)),
        replace(place, code=new, parent_code=parent_code, action=CREATE, successors=()),
    ]
    for child in children(world, code):
        made += recode(world, child.code, next_code(new, child.level), new, next_code)
    return made


def reparent(world: World, code: str, parent_code: str, next_code: NextCode) -> list[Place]:
    """The area moves under another parent: a new code, and the parents' boundaries on both sides change with it."""
    place, parent = place_of(world, code), place_of(world, parent_code)
    if LEVEL_CODES.index(parent.level) >= LEVEL_CODES.index(place.level):
        raise Invalid("新的上级必须比它高一级。", code="bad_parent")
    if parent_code == place.parent_code:
        raise Invalid("它已经在这个上级之下。", code="same_parent")
    made = recode(world, code, next_code(parent_code, place.level), parent_code, next_code)
    old, new = _line(world, place.parent_code), _line(world, parent_code)
    for above in old:
        if above.code not in {one.code for one in new}:
            made.append(drawn(above, _minus(above.shape, place.shape)))
    for above in new:
        if above.code not in {one.code for one in old}:
            made.append(drawn(above, _joined([above.shape, place.shape])))
    return made


def reshape(world: World, shapes: Mapping[str, BaseGeometry]) -> list[Place]:
    """The areas get exactly these shapes, as drawn vertex by vertex: nothing is rounded, filled or cut. A gap or overlap stays in
    the draft, is named by the check and keeps the plan from being approved."""
    return [drawn(place_of(world, code), shape) for code, shape in shapes.items()]


def found(world: World, parent_code: str, name: str, shape: BaseGeometry, next_code: NextCode) -> list[Place]:
    """A new area under a parent gets this shape; its new siblings give what it covers, no man's land within the parent joins."""
    parent = place_of(world, parent_code)
    if parent.level == LEVEL_CODES[-1]:
        raise Invalid("网格之下不能再设区域；请选社区或更高一级。", code="bad_parent")
    beyond = area_m2(shapely.difference(shape, parent.shape))
    if beyond > 1:
        raise Invalid(f"新区域有 {beyond:,.0f} 平方米在上级 {parent_code} 之外，请画在上级之内。", code="beyond")
    level = LEVEL_CODES[LEVEL_CODES.index(parent.level) + 1]
    near = [one for one in children(world, parent_code) if one.level == level and one.shape.intersects(shape)]
    whole = shapely.intersection(_snapped(shape, [parent, *near]), parent.shape)
    owned: dict[str, list[BaseGeometry]] = {"": [], **{one.code: [] for one in near}}
    for face in _faces([whole, *(one.shape for one in near)], [whole]):
        inside = shapely.point_on_surface(face)
        owner = "" if whole.intersects(inside) else next(one.code for one in near if one.shape.intersects(inside))
        owned[owner].append(face)
    changed = [drawn(one, _joined(owned[one.code])) for one in near if _differs(one, owned[one.code])]
    if any(one.shape is None or one.shape.is_empty for one in changed):
        raise Invalid("新区域会占去一个网格的全部：请改用改名，或画小一些。", code="nothing_left")
    new = next_code(parent_code, level)
    return _matched(world, [Place(new, level, name, "ordinary", parent_code, _joined(owned[""]), CREATE), *changed])


def rename(world: World, code: str, name: str) -> list[Place]:
    """The area is called otherwise from the plan's day on."""
    place = place_of(world, code)
    return [replace(drawn(place, place.shape), name=name)]


def children(world: World, code: str) -> list[Place]:
    """What lies directly below an area and still exists."""
    return [place for place in world.values() if place.parent_code == code and place.shape is not None]


def place_of(world: World, code: str) -> Place:
    """A place that still has a boundary; refuses another code."""
    place = world.get(code)
    if place is None or place.shape is None:
        raise Invalid(f"{code} 不在方案范围内，或没有边界。", code="unknown_area")
    return place


def _level(world: World, level: str) -> list[Place]:
    return [place for place in world.values() if place.level == level and place.shape is not None]


def _line(world: World, code: str | None) -> list[Place]:
    """The area and all above it."""
    found = []
    while code and code in world and world[code].shape is not None:
        found.append(world[code])
        code = world[code].parent_code
    return found


def drawn(place: Place, shape: BaseGeometry) -> Place:
    """The place with another boundary."""
    return replace(place, shape=shape, action=CREATE if place.action == CREATE else REVIVE if place.action == REVIVE else DRAW)


def _parts(shape: BaseGeometry | None) -> list[BaseGeometry]:
    return [] if shape is None else list(shapely.get_parts(shape))


def _faces(shapes: Sequence[BaseGeometry | None], cuts: Iterable[BaseGeometry]) -> list[BaseGeometry]:
    """The areas cut along all edges: faces that lie in one of `shapes`."""
    edges = [shape.boundary for shape in shapes if shape is not None]
    lines = [cut if cut.geom_type.endswith("LineString") else cut.boundary for cut in cuts]
    noded = shapely.union_all([*edges, *lines])
    whole = shapely.union_all([shape for shape in shapes if shape is not None])
    shapely.prepare(whole)
    made = shapely.get_parts(shapely.polygonize([noded]))
    return [face for face in made if whole.intersects(shapely.point_on_surface(face)) and area_m2(face) > 1e-6]


def _cut(place: Place, line: BaseGeometry) -> list[BaseGeometry]:
    return _parts_along(place.shape, line)


def _parts_along(shape: BaseGeometry | None, line: BaseGeometry) -> list[BaseGeometry]:
    """The parts of a shape on both sides of a line, the largest first."""
    faces = _faces([shape], [line])
    return sorted(faces, key=lambda face: -area_m2(face))


def _joined(shapes: Sequence[BaseGeometry | None]) -> BaseGeometry:
    """The union without a crumb of overlay noise; shared vertices stay as they are."""
    parts = [part for shape in shapes for part in _parts(shape)]
    whole = shapely.union_all(parts)
    return shapely.MultiPolygon([part for part in _parts(whole) if area_m2(part) > _DUST_M2])


def _minus(shape: BaseGeometry | None, part: BaseGeometry | None) -> BaseGeometry:
    return shapely.MultiPolygon([one for one in _parts(shapely.difference(shape, part)) if area_m2(one) > _DUST_M2])


def _snapped(shape: BaseGeometry, places: Sequence[Place]) -> BaseGeometry:
    """The drawn shape, its vertices made equal to those of places that lie within a rounding of 1e-7 degrees (2 cm)."""
    return shapely.snap(shape, shapely.multipoints(shapely.get_coordinates([place.shape for place in places])), _ROUNDED)


def _inside(place: Place, face: BaseGeometry) -> bool:
    return bool(place.shape is not None and place.shape.intersects(shapely.point_on_surface(face)))


def _share(part: BaseGeometry, shape: BaseGeometry | None) -> float:
    return float(shapely.area(shapely.intersection(part, shape)))


def _differs(place: Place, faces: Sequence[BaseGeometry]) -> bool:
    left = shapely.union_all(faces) if faces else shapely.Polygon()
    return bool(shapely.area(shapely.symmetric_difference(left, place.shape)) > 1e-13)  # about 0.001 m2


def _longest(face: BaseGeometry, near: Sequence[Place]) -> str | None:
    shared = [(shapely.length(shapely.intersection(face.boundary, other.shape.boundary)), other.code) for other in near]
    best = max(shared, default=(0.0, None))
    return best[1] if best[0] > 0 else None


def _ancestors_follow(world: World, one: Place, other: Place, made: Sequence[Place]) -> list[Place]:
    """When land passes between areas of different parents, the parents' edges move too."""
    old, new = _line(world, one.parent_code), _line(world, other.parent_code)
    common = {place.code for place in old} & {place.code for place in new}
    gained = shapely.difference(made[1].shape, other.shape)
    lost = shapely.difference(made[0].shape, one.shape)
    follow = [drawn(above, _joined([_minus(above.shape, gained), lost])) for above in old if above.code not in common]
    return follow + [drawn(above, _joined([_minus(above.shape, lost), gained])) for above in new if above.code not in common]


def _children_follow(world: World, made: Sequence[Place], next_code: NextCode) -> list[Place]:
    """After a split above the lowest level: children in a new part are coded anew under it."""
    followed = []
    for child in children(world, made[0].code):
        inside = shapely.point_on_surface(child.shape)
        home = next((one for one in made if one.shape is not None and one.shape.intersects(inside)), made[0])
        if home.code != made[0].code:
            followed += recode(world, child.code, next_code(home.code, child.level), home.code, next_code)
    return followed


def _matched(world: World, made: Sequence[Place]) -> list[Place]:
    """New vertices on a neighbour's edge become its vertices too, so that edges go on matching."""
    mine = {place.code for place in made}
    before = {code: world[code].shape for code in mine if code in world}
    old = {tuple(xy) for shape in before.values() for xy in shapely.get_coordinates(shape)}
    fresh = {tuple(xy) for place in made for xy in shapely.get_coordinates(place.shape)} - old
    if not fresh:
        return list(made)
    points = shapely.points(np.array(sorted(fresh)))
    levels = {place.level for place in made}
    near = [place for level in levels for place in _level(world, level) if place.code not in mine]
    changed = []
    for place in near:
        known = {tuple(xy) for xy in shapely.get_coordinates(place.shape)}
        on_edge = [p for p in points[shapely.dwithin(place.shape.boundary, points, _EXACT)] if (p.x, p.y) not in known]
        if on_edge:
            changed.append(drawn(place, _with_vertices(place.shape, on_edge, _EXACT)))
    return [*made, *changed]


def share_outline(world: World, cells: Sequence[BaseGeometry], outline: BaseGeometry) -> list[Place]:
    """Where cells end between two vertices of the outline, everybody along it (parents, neighbours) gets that vertex too."""
    old = {tuple(xy) for xy in shapely.get_coordinates(outline)}
    fresh = sorted({tuple(xy) for xy in shapely.get_coordinates(list(cells))} - old)
    points = shapely.points(np.array(fresh).reshape(-1, 2))
    points = points[shapely.dwithin(outline.boundary, points, _ROUNDED)]
    made = []
    for place in world.values():
        if place.shape is None:
            continue
        known = {tuple(xy) for xy in shapely.get_coordinates(place.shape)}
        mine = [p for p in points[shapely.dwithin(place.shape.boundary, points, _ROUNDED)] if (p.x, p.y) not in known]
        if mine:
            made.append(drawn(place, _with_vertices(place.shape, mine, _ROUNDED)))
    return made


def _with_vertices(shape: BaseGeometry, points: Sequence[BaseGeometry], reach: float) -> BaseGeometry:
    """The same shape with further vertices on its edges; `reach` degrees beside them still counts as on them."""

    def ring(line: BaseGeometry) -> BaseGeometry:
        mine = [point for point in points if shapely.dwithin(line, point, reach)]
        at = [(shapely.line_locate_point(line, shapely.Point(xy)), tuple(xy)) for xy in shapely.get_coordinates(line)[1:-1]]
        at += [(shapely.line_locate_point(line, point), (point.x, point.y)) for point in mine]
        first = tuple(shapely.get_coordinates(line)[0])
        return shapely.LinearRing([first, *(xy for _, xy in sorted(at)), first])

    made = [shapely.Polygon(ring(part.exterior), [ring(hole) for hole in part.interiors]) for part in _parts(shape)]
    return shapely.multipolygons(made)
