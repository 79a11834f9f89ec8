"""One-click repairs of the seamless check that prove themselves: what cannot be shown to mend is refused.

The pieces around a finding are cut into faces along all their edges, each face is given to one piece, and the faces are
put together again: edges match because two pieces are made of the same edges. Vertices away from the finding stay as they
are, bit for bit. Then the neighbourhood is checked again: the finding must be gone and no other may have come.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from gis_grid.errors import Invalid
from gis_grid.geo.seams import TOUCH, Finding, Piece, degree_m, ends_of, find_faults, gore_lines, holds, polygons, rough_m2
from gis_grid.geo.shapes import repair

MENDS = {
    "snap": "吸附到相邻边界",
    "longest_edge": "划给共边最长的一方",
    "clip_parent": "按上级裁剪",
    "largest_part": "小块划给相邻的一方",
    "repair_ring": "修复环",
    "give_building": "整栋划给占得最多的一方",
}
_BY_CODES = ("invalid", "unmatched", "cut_building")
_AREAS = ("overlap", "gap", "sliver", "uncovered")
Shapes = dict[str, BaseGeometry]
Segment = tuple[bytes, bytes]


@dataclass(frozen=True)
class _Gift:
    """A region that shall belong to one piece, or to none."""

    region: BaseGeometry
    to: str | None


@dataclass(frozen=True)
class _Case:
    """What a repair looks at: the pieces of the finding's level and of all levels, and the limits of the check."""

    pieces: Sequence[Piece]
    finding: Finding
    levels: Sequence[str]
    sliver_m: float
    tolerated_m2: float

    @property
    def level(self) -> str:
        """The level whose pieces move; an uncovered parent is filled by its children."""
        codes = self.finding.codes[1:] if self.finding.kind == "uncovered" else self.finding.codes[:1]
        found = [piece.level for piece in self.pieces if piece.code in codes]
        if not found:
            raise _refused("附近没有可以接收这块地方的区域，请先画出边界。")
        return min(found, key=list(self.levels).index)

    def near(self, shape: BaseGeometry, level: str) -> list[Piece]:
        """The pieces of a level that touch a shape."""
        of_level = [piece for piece in self.pieces if piece.level == level]
        tree = shapely.STRtree([piece.shape for piece in of_level])
        return [of_level[at] for at in np.sort(tree.query(shape, "dwithin", 2 * TOUCH))]

    def heirs(self, region: BaseGeometry) -> list[Piece]:
        """The concerned pieces that may receive a region: the children of the parent that it lies in, if there are any."""
        allowed = [piece for piece in self.near(region, self.level) if piece.code in self.finding.codes]
        if self.finding.kind == "uncovered":
            return [piece for piece in allowed if piece.parent_code == self.finding.codes[0]]
        parents = {piece.code: piece.shape for piece in self.pieces}
        return [p for p in allowed if holds(parents.get(str(p.parent_code), region), region)] or allowed


def mend(
    pieces: Sequence[Piece], finding: Finding, how: str, levels: Sequence[str], sliver_m: float = 1.0, tolerated_m2: float = 0.01
) -> Shapes:
    """The new shape of every piece that changes (children of a changed piece included), by code.

    Checked before it is returned: the finding is gone and no finding is new. Refuses (Invalid) what it cannot mend so.
    """
    if how not in finding.mends:
        raise _refused(f"“{MENDS.get(how, how)}”不能修复这个问题。")
    if not set(finding.codes) <= {piece.code for piece in pieces}:
        raise _refused("区域已有变动，请重新体检。")
    case = _Case(pieces, finding, levels, sliver_m, tolerated_m2)
    try:
        changed = _HOW[how](case)
    except shapely.errors.GEOSException:
        raise _refused("图形过于复杂，无法自动修复，请手工修改边界。") from None
    if not changed:
        raise _refused("没有可以修改的边界，请手工修改。")
    _prove(case, changed)
    return changed


def _refused(sentence: str) -> Invalid:
    return Invalid(sentence, code="cannot_mend")


def _repair_ring(case: _Case) -> Shapes:
    piece = next(piece for piece in case.pieces if piece.code == case.finding.codes[0])
    made = repair(piece.shape)
    if made.is_empty:
        raise _refused(f"{piece.code} 的图形整理后没有面积，请重新画边界。")
    return {piece.code: _as_before(polygons(made), piece.shape)}


def _longest_edge(case: _Case) -> Shapes:
    region = case.finding.shape
    allowed = case.heirs(region)
    winner = _best(region, allowed)
    return _give(case, [_Gift(region, winner)], _edges_for(case, region))


def _snap(case: _Case) -> Shapes:
    """Unmatched edges take over each other's vertices; a sliver goes where the line with more vertices becomes the border."""
    region = case.finding.shape
    if case.finding.kind == "unmatched":
        return _give(case, [], _edges_for(case, region))
    allowed = case.heirs(region)
    borders = {piece.code: _border_m(region, piece.shape) for piece in allowed}
    allowed = [piece for piece in allowed if borders[piece.code] >= 0.2 * max(borders.values())]
    corners = shapely.points(np.unique(shapely.get_coordinates(region), axis=0))
    counts = {piece.code: int(shapely.dwithin(piece.shape.boundary, corners, TOUCH).sum()) for piece in allowed}
    sign = (
        -1 if any(holds(piece.shape, region) for piece in allowed) else 1
    )  # an overlap's new border is its owner's line, a gap's the neighbours'
    winner = min(sorted(counts), key=lambda code: sign * counts[code])
    return _give(case, [_Gift(region, winner)], _edges_for(case, region))


def _clip_parent(case: _Case) -> Shapes:
    """What lies outside the parent goes to the neighbour in whose parent it lies, or to nobody."""
    parents = {piece.code: piece for piece in case.pieces}
    of_level = case.near(case.finding.shape, case.level)
    outer = {p.parent_code: parents[p.parent_code] for p in of_level if p.parent_code in parents}
    loser = [p for p in of_level if p.code in case.finding.codes]
    lost = {p.code for p in loser if p.parent_code in outer and not holds(outer[p.parent_code].shape, case.finding.shape)}
    rest, gifts, lines = case.finding.shape, [], _edges_for(case, case.finding.shape)
    for code, parent in outer.items():
        lines += _segments_near(parent.shape, case.finding.shape)
        for part in polygons(shapely.intersection(rest, parent.shape)):
            heirs = [p for p in of_level if p.parent_code == code and p.code not in lost]
            holders = [p for p in heirs if holds(p.shape, part)]
            gifts.append(_Gift(part, _best(part, holders or heirs) if heirs else None))
        rest = shapely.difference(rest, parent.shape)
    gifts += [_Gift(part, None) for part in polygons(rest)]
    return _give(case, gifts, lines)


def _largest_part(case: _Case) -> Shapes:
    owner = next(piece for piece in case.pieces if piece.code == case.finding.codes[0])
    gifts = []
    for part in polygons(case.finding.shape):
        heirs = [p for p in case.near(part, case.level) if p.code != owner.code and p.parent_code == owner.parent_code]
        winner = _best(part, heirs) if heirs else None
        if winner is None or not _border_m(part, next(p for p in heirs if p.code == winner).shape):
            raise _refused(f"{owner.code} 的小块不与同一上级的其他区域相邻：确是飞地请保留，否则请手工修改。")
        gifts.append(_Gift(part, winner))
    return _give(case, gifts, [])


def _give_building(case: _Case) -> Shapes:
    region = case.finding.shape
    return _give(case, [_Gift(region, case.finding.codes[0])], list(_lines(region)))


_HOW: dict[str, Callable[[_Case], Shapes]] = {
    "snap": _snap,
    "longest_edge": _longest_edge,
    "clip_parent": _clip_parent,
    "largest_part": _largest_part,
    "repair_ring": _repair_ring,
    "give_building": _give_building,
}


def _border_m(region: BaseGeometry, shape: BaseGeometry) -> float:
    """How many metres of a region's edge border on what a piece has besides the region."""
    rest = shapely.difference(shape, region)
    ends = ends_of(region)
    middles = shapely.points((ends[:, 0] + ends[:, 1]) / 2)
    shapely.prepare(rest)
    lengths = np.hypot(*((ends[:, 1] - ends[:, 0]) * degree_m(region.bounds[1])).T)
    return float(lengths[shapely.dwithin(rest, middles, TOUCH)].sum())


def _best(region: BaseGeometry, pieces: Sequence[Piece]) -> str:
    """The piece with the longest shared edge; one that would vanish without the region goes first."""
    if not pieces:
        raise _refused("附近没有可以接收这块地方的区域，请先画出边界。")
    vanishing = [p for p in pieces if p.shape.area - shapely.intersection(p.shape, region).area < 1e-6 * p.shape.area]
    if len(vanishing) > 1:
        raise _refused(f"{'、'.join(p.code for p in vanishing)} 的边界相同：请删去一个，或重新画边界。")
    if vanishing:
        return vanishing[0].code
    return min(pieces, key=lambda piece: (-_border_m(region, piece.shape), piece.code)).code


def _lines(shape: BaseGeometry) -> NDArray[np.object_]:
    return np.asarray(shapely.linestrings(ends_of(shape)))


def _segments_near(shape: BaseGeometry, region: BaseGeometry) -> list[BaseGeometry]:
    """The edges of a shape that run along a region, in their own coordinates."""
    lines = _lines(shape)
    return list(lines[shapely.dwithin(lines, region, TOUCH)])


def _edges_for(case: _Case, region: BaseGeometry) -> list[BaseGeometry]:
    """Besides the edges of the pieces: those of the parent at an uncovered part, and what closes an open gap."""
    if case.finding.kind == "uncovered":
        return _segments_near(next(p.shape for p in case.pieces if p.code == case.finding.codes[0]), region)
    if case.finding.kind not in ("sliver", "unmatched"):
        return []
    near = [piece for piece in case.near(region, case.level) if piece.code in case.finding.codes]
    edges = [shapely.multilinestrings(_segments_near(piece.shape, region)) for piece in near]
    edges = [edge for edge in edges if not edge.is_empty]
    found = [gore_lines(a, b, case.sliver_m) for at, a in enumerate(edges) for b in edges[at + 1 :]]
    outline = region.boundary if region.geom_type.endswith("Polygon") else region
    lines = [line for some in found for line in some]
    return [line for line in lines if shapely.dwithin(shapely.line_interpolate_point(line, 0.5, normalized=True), outline, 5e-9)]


def _give(case: _Case, gifts: Sequence[_Gift], lines: Sequence[BaseGeometry]) -> Shapes:
    """Redraw the level of the finding, then every level below: there the receiver's child with the longest edge gets it."""
    changed = _redraw(case, case.level, gifts, lines)
    for level in list(case.levels)[list(case.levels).index(case.level) + 1 :]:
        handed = []
        for gift in gifts:
            heirs = [piece for piece in case.near(gift.region, level) if gift.to and piece.parent_code == gift.to]
            holders = [piece for piece in heirs if holds(piece.shape, gift.region)]
            if heirs or case.near(gift.region, level):
                handed.append(_Gift(gift.region, _best(gift.region, holders or heirs) if heirs else None))
        if handed:
            changed |= _redraw(case, level, handed, lines)
            gifts = handed
    return changed


def _redraw(case: _Case, level: str, gifts: Sequence[_Gift], lines: Sequence[BaseGeometry]) -> Shapes:
    """New shapes of the pieces around the gifts; what the coverage check flags there is made to match as well."""
    place = shapely.union_all([gift.region for gift in gifts] or [case.finding.shape])
    around = case.near(place, level)
    if bad := [piece.code for piece in around if not piece.shape.is_valid]:
        raise _refused(f"请先修复 {'、'.join(bad)} 的无效图形。")
    flagged = shapely.coverage_invalid_edges(np.array([piece.shape for piece in around], dtype=object))
    touching = [edge for line in flagged for edge in _segments_near(line, place)]
    place = shapely.GeometryCollection([place, *touching, *lines])
    around = case.near(place, level)
    faces, owners = _faces(around, lines)
    inside = shapely.point_on_surface(faces)
    for gift in gifts:
        region = gift.region.buffer(TOUCH / 10)
        shapely.prepare(region)
        for at in np.flatnonzero(shapely.covers(region, inside)):
            owners[at] = {gift.to} if gift.to else set()
    place = shapely.GeometryCollection([place, *_settle(faces, owners, place, case.tolerated_m2)])
    changed = {}
    for piece in around:
        own = [face for face, owner in zip(faces, owners, strict=True) if piece.code in owner]
        if not own:
            raise _refused(f"修复后 {piece.code} 将没有面积，请手工修改。")
        made = _restore(shapely.coverage_union_all(own), piece.shape, around, place)
        if not _same(made, piece.shape):
            changed[piece.code] = made
    return changed


def _faces(pieces: Sequence[Piece], lines: Sequence[BaseGeometry]) -> tuple[NDArray[np.object_], list[set[str]]]:
    """All faces that the edges of the pieces cut out, and who covers each."""
    ends = np.concatenate([ends_of(piece.shape) for piece in pieces])
    swap = (ends[:, 0, 0] > ends[:, 1, 0]) | ((ends[:, 0, 0] == ends[:, 1, 0]) & (ends[:, 0, 1] > ends[:, 1, 1]))
    ends[swap] = ends[swap][:, ::-1]
    once = np.unique(ends.reshape(-1, 4), axis=0).reshape(-1, 2, 2)  # an edge of two pieces is cut once, in one way
    faces = shapely.get_parts(shapely.polygonize([shapely.union_all([*shapely.linestrings(once), *lines])]))
    inside = shapely.point_on_surface(faces)
    owners: list[set[str]] = [set() for _ in faces]
    for piece in pieces:
        shapely.prepare(piece.shape)
        for at in np.flatnonzero(shapely.intersects(piece.shape, inside)):
            owners[at].add(piece.code)
    return faces, owners


def _settle(faces: NDArray[np.object_], owners: list[set[str]], place: BaseGeometry, tolerated_m2: float) -> list[BaseGeometry]:
    """Give every tiny face at the place that has no owner or several to the piece with the longest edge; which faces."""
    tiny = (rough_m2(faces) <= tolerated_m2) & shapely.dwithin(faces, place, TOUCH)
    open_faces = [at for at in np.flatnonzero(tiny).tolist() if len(owners[at]) != 1]
    settled = [faces[at] for at in open_faces]
    borders = [[_key(ends) for ends in ends_of(face)] for face in faces] if open_faces else []
    at_edge: dict[Segment, list[int]] = defaultdict(list)
    for at, keys in enumerate(borders):
        for key in keys:
            at_edge[key].append(at)
    while open_faces:
        left = []
        for at in open_faces:
            score: dict[str, float] = defaultdict(float)
            for key, ends in zip(borders[at], ends_of(faces[at]), strict=True):
                for other in at_edge[key]:
                    if other != at and len(owners[other]) == 1:
                        score[next(iter(owners[other]))] += float(np.hypot(*(ends[1] - ends[0])))
            if score:
                owners[at] = {min(score, key=lambda code: (-score[code], code))}
            else:
                left.append(at)
        if len(left) == len(open_faces):
            break
        open_faces = left
    return settled


def _key(ends: NDArray[np.float64]) -> Segment:
    one, other = ends[0].tobytes(), ends[1].tobytes()
    return (one, other) if one < other else (other, one)


def _restore(made: BaseGeometry, before: BaseGeometry, around: Sequence[Piece], place: BaseGeometry) -> BaseGeometry:
    """The shape with its old vertices, bit for bit, and with new ones only at the place."""
    known = np.unique(shapely.get_coordinates([piece.shape for piece in around]), axis=0)
    tree = shapely.STRtree(shapely.points(known))
    exact = {xy.tobytes() for xy in known}
    own = {xy.tobytes() for xy in shapely.get_coordinates(before)}

    def ring(line: BaseGeometry) -> NDArray[np.float64]:
        xy = shapely.get_coordinates(line)[:-1]
        for at, vertex in enumerate(xy):
            if vertex.tobytes() not in exact:
                nearest = known[tree.nearest(shapely.Point(vertex))]
                xy[at] = nearest if np.abs(nearest - vertex).max() < TOUCH / 50 else vertex
        near = shapely.dwithin(place, shapely.points(xy), 2 * TOUCH)
        kept = xy[[bool(close) or vertex.tobytes() in own for vertex, close in zip(xy, near, strict=True)]]
        return np.vstack([kept, kept[:1]])

    parts = [shapely.Polygon(ring(part.exterior), [ring(hole) for hole in part.interiors]) for part in polygons(made)]
    return _as_before(parts, before)


def _as_before(parts: Sequence[BaseGeometry], before: BaseGeometry) -> BaseGeometry:
    """One polygon stays a polygon where it was one."""
    return parts[0] if len(parts) == 1 and before.geom_type == "Polygon" else shapely.multipolygons(list(parts))


def _same(one: BaseGeometry, other: BaseGeometry) -> bool:
    return bool(shapely.equals_exact(shapely.normalize(one), shapely.normalize(other), 0))


def _prove(case: _Case, changed: Shapes) -> None:
    """Refuse unless the neighbourhood, checked again, has lost the finding and gained none."""
    finding = case.finding
    if broken := [code for code, shape in changed.items() if not shape.is_valid or shape.is_empty]:
        raise _refused(f"修复后 {'、'.join(broken)} 的图形无效，请手工修改。")
    place = shapely.union_all([*changed.values(), *(shapely.make_valid(p.shape) for p in case.pieces if p.code in changed)])
    for old in (piece for piece in case.pieces if piece.code in changed and finding.kind != "invalid"):
        elsewhere = shapely.difference(shapely.symmetric_difference(old.shape, changed[old.code]), finding.shape)
        if any(rough_m2(part) > case.tolerated_m2 for part in polygons(elsewhere)):
            raise _refused("这样修复会改动别处的边界，请手工修改。")
    before = _neighbourhood(case.pieces, place, {piece.level for piece in case.pieces if piece.code in changed})
    after = [replace(piece, shape=changed.get(piece.code, piece.shape)) for piece in before]
    houses = [(finding.footprint, finding.shape)] if finding.footprint is not None else []
    was, now = (find_faults(ps, case.levels, houses, case.sliver_m, case.tolerated_m2) for ps in (before, after))
    for one in now:
        if _is_same(one, finding, case.tolerated_m2):
            raise _refused("这样不能完全修复，请换一种方式或手工修改。")
        if not _was_there(one, was, case.tolerated_m2):
            raise _refused(f"这样修复会产生新的问题，请先处理或手工修改：{one.message}")


def _neighbourhood(pieces: Sequence[Piece], place: BaseGeometry, levels: set[str]) -> list[Piece]:
    """All pieces that touch a place, and those of the same levels that touch these: what is open stays open."""
    shapes = np.array([piece.shape for piece in pieces], dtype=object)
    tree = shapely.STRtree(shapes)
    first = tree.query(place, "dwithin", 1000 * TOUCH)
    inner = [at for at in first if pieces[at].level in levels]
    second = [at for at in tree.query(shapes[inner], "dwithin", 1000 * TOUCH)[1] if pieces[at].level in levels]
    return [pieces[at] for at in np.union1d(first, second).astype(int)]


def _is_same(one: Finding, old: Finding, tolerated_m2: float) -> bool:
    """Whether a finding is still about the old one's place: areas share some area, others touch."""
    if one.kind != old.kind or not set(one.codes) & set(old.codes):
        return False
    if one.kind in _BY_CODES:
        return one.codes == old.codes and bool(shapely.dwithin(one.shape, old.shape, TOUCH))
    return bool(rough_m2(shapely.intersection(one.shape, old.shape)) > tolerated_m2)


def _was_there(one: Finding, was: Sequence[Finding], tolerated_m2: float) -> bool:
    """Whether a finding was there before: the rest of an area may have come into other hands, but it may not have grown."""
    if one.kind in _BY_CODES:
        return any(_is_same(one, old, tolerated_m2) for old in was)
    kinds = _AREAS if one.kind in _AREAS else (one.kind,)  # what is left of a gap may be a sliver
    shapes = [old.shape for old in was if old.kind in kinds and set(old.codes) & set(one.codes)]
    return bool(rough_m2(shapely.difference(one.shape, shapely.union_all(shapes))) <= tolerated_m2)
