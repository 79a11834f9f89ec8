"""The seamless check (无缝拼接体检): where area boundaries overlap, leave gaps, do not match or leave their parent.

Whether a level is seamless is GEOS's own verdict (coverage validity, Shapely 2.1); everything after that only says where,
how much and what to do. Shapes are CGCS2000 degrees, measures geodesic metres and square metres.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from gis_grid.geo.shapes import GEOD, area_m2, repair, why_invalid

Footprints = Sequence[tuple[int | str, BaseGeometry]]
KINDS = {  # most serious first: the label, and the repairs of gis_grid.geo.mend that may apply
    "invalid": ("图形无效", ("repair_ring",)),
    "overlap": ("重叠", ("longest_edge",)),
    "gap": ("空隙", ("longest_edge",)),
    "outside_parent": ("超出上级", ("clip_parent",)),
    "uncovered": ("未覆盖上级", ("longest_edge",)),
    "sliver": ("狭缝", ("snap", "longest_edge")),
    "unmatched": ("边界不咬合", ("snap",)),
    "cut_building": ("切分楼栋", ("give_building",)),
    "disconnected": ("分成几块", ("largest_part",)),
}
NARROW = "可吸附到相邻边界，或划给共边最长的一方"
TOUCH = 1e-9  # degrees, 0.1 mm: what lies nearer touches; far below what a boundary can mean, far above rounding


@dataclass(frozen=True)
class Piece:
    """An area on the day of the check: a Polygon or MultiPolygon in degrees."""

    code: str
    level: str
    parent_code: str | None
    shape: BaseGeometry


@dataclass(frozen=True)
class Finding:
    """One fault. `length_m`: of a line, or half the perimeter of an area. `key` finds it again in the next check."""

    kind: str
    codes: tuple[str, ...]
    shape: BaseGeometry
    area_m2: float
    length_m: float
    message: str
    mends: tuple[str, ...]
    key: str
    footprint: int | str | None = None


@dataclass(frozen=True)
class _Level:
    """The pieces of a level, and the edges that the coverage check flags: `broken` without any tolerated gap width."""

    codes: list[str]
    shapes: NDArray[np.object_]
    parents: list[str | None]
    tree: shapely.STRtree
    owner: NDArray[np.int64]
    lines: NDArray[np.object_]
    broken: NDArray[np.bool_]
    sliver_m: float
    tolerated_m2: float


def find_faults(
    pieces: Sequence[Piece], levels: Sequence[str], footprints: Footprints = (), sliver_m: float = 1.0, tolerated_m2: float = 0.01
) -> list[Finding]:
    """All faults, most serious kind first, then by code. `levels` from the top down, others are ignored; codes are unique.

    A level has no overlap, gap, sliver or unmatched edge exactly when `shapely.coverage_is_valid` accepts it (gap_width
    being sliver_m) and it has no hole inside a parent (pieces without parent: no hole at all).
    """
    kept = [p for p in pieces if p.level in levels and p.shape.geom_type.endswith("Polygon") and not p.shape.is_empty]
    bad = {piece.code: _invalid(piece) for piece in kept if not piece.shape.is_valid}
    known = {p.code: replace(p, shape=repair(p.shape)) if p.code in bad else p for p in kept}
    known = {code: piece for code, piece in known.items() if not piece.shape.is_empty}
    present = {piece.level for piece in known.values()}
    stages = {name: _level(known, name, sliver_m, tolerated_m2) for name in levels if name in present}
    waiting: dict[str | None, list[Piece]] = defaultdict(list)  # children by parent, until their highest level has its turn
    for piece in known.values():
        waiting[piece.parent_code].append(piece)
    findings = list(bad.values())
    for level in stages.values():
        areas = _overlaps(level, known) + _holes(level)
        for parent in dict.fromkeys(code for code in level.parents if code in waiting):
            areas += _uncovered(known[parent], {child.level for child in waiting.pop(parent)}, stages) if parent else []
        findings += areas + _edges(level, areas) + _outside(level, known, areas) + _disconnected(level)
    if stages and len(footprints):
        findings += _cut_buildings(list(stages.values())[-1], footprints)
    return sorted(findings, key=lambda one: (list(KINDS).index(one.kind), one.codes, -one.area_m2, one.key))


def degree_m(lat: Any) -> NDArray[np.float64]:
    """Metres per degree of longitude and of latitude on GRS80."""
    phi = np.radians(lat)
    east = 111412.84 * np.cos(phi) - 93.5 * np.cos(3 * phi) + 0.118 * np.cos(5 * phi)
    return np.array([east, 111132.954 - 559.822 * np.cos(2 * phi) + 1.175 * np.cos(4 * phi)])


def rough_m2(shapes: Any) -> NDArray[np.float64]:
    """Square metres right to 0.01 %, for many small shapes at once."""
    bounds = shapely.bounds(shapes)
    east, north = degree_m((bounds[..., 1] + bounds[..., 3]) / 2)
    return np.nan_to_num(np.asarray(shapely.area(shapes) * east * north))


def polygons(shape: BaseGeometry, above_m2: float = 0.0) -> list[BaseGeometry]:
    """The polygons in a shape, lines and points dropped, and what is too small."""
    parts = [part for one in shapely.get_parts(shape) for part in shapely.get_parts(one) if part.geom_type == "Polygon"]
    return [part for part in parts if rough_m2(part) > above_m2]


def ends_of(shape: BaseGeometry) -> NDArray[np.float64]:
    """All segments of the edges of a shape (or of a line): n x 2 ends x lon lat."""
    lines = shapely.get_parts(shape.boundary if shape.geom_type.endswith("Polygon") else shape)
    xy, line = shapely.get_coordinates(lines, return_index=True)
    keep = (line[1:] == line[:-1]) & (xy[1:] != xy[:-1]).any(axis=1)
    return np.stack([xy[:-1][keep], xy[1:][keep]], axis=1)


def holds(shape: BaseGeometry, part: BaseGeometry) -> bool:
    """Whether most of a part lies in a shape."""
    return bool(shapely.intersection(shape, part).area > part.area / 2)


def gore_lines(one: BaseGeometry, other: BaseGeometry, width_m: float) -> list[BaseGeometry]:
    """What closes an open gap between two lines: the shortest ways from the vertices of each to the other, up to a width."""
    scale = degree_m(one.bounds[1])
    lines = []
    for here, there in ((one, other), (other, one)):
        target = shapely.transform(there, lambda xy: xy * scale)
        vertices = np.unique(shapely.get_coordinates(there), axis=0)
        for start in np.unique(shapely.get_coordinates(here), axis=0):
            end = shapely.get_coordinates(shapely.shortest_line(shapely.Point(start * scale), target))[1] / scale
            nearest = vertices[np.abs(vertices - end).max(axis=1).argmin()]
            way = (end - start) / max(np.hypot(*(end - start)), TOUCH)
            end = nearest if np.abs(nearest - end).max() < TOUCH else end + way * TOUCH  # beyond the edge: noded
            if 0 < np.hypot(*((end - start) * scale)) <= width_m:
                lines.append(shapely.linestrings([start, end]))
    return lines


def _level(known: dict[str, Piece], name: str, sliver_m: float, tolerated_m2: float) -> _Level:
    pieces = [piece for piece in known.values() if piece.level == name]
    shapes = np.array([piece.shape for piece in pieces], dtype=object)
    parents = [piece.parent_code if piece.parent_code in known else None for piece in pieces]
    flagged = _flagged(shapes, sliver_m)
    return _Level([p.code for p in pieces], shapes, parents, shapely.STRtree(shapes), *flagged, sliver_m, tolerated_m2)


def _finding(
    kind: str, codes: Iterable[str], shape: BaseGeometry, text: str, *, length_m: float | None = None, **known: Any
) -> Finding:
    """A finding with its measures and key. The text may hold {size}, {width} and {length}; `known` replaces fields."""
    codes, is_area = tuple(codes), shape.geom_type.endswith("Polygon")
    area = area_m2(shapely.orient_polygons(shape)) if is_area else 0.0
    length_m = float(GEOD.geometry_length(shape)) / (2 if is_area else 1) if length_m is None else length_m
    rounded = shapely.normalize(shapely.transform(shape, lambda xy: np.round(xy, 7) + 0.0))
    print_of = f"{kind}|{codes}|{known.get('footprint')}|{shapely.to_wkt(rounded, rounding_precision=7)}"
    key = hashlib.sha256(print_of.encode()).hexdigest()[:16]
    size = f"{area:.2f} 平方米" if area < 100 else f"{area:,.0f} 平方米"
    told = text.format(size=size, width=_metres(area / length_m if length_m else 0), length=_metres(length_m))
    return replace(Finding(kind, codes, shape, area, length_m, told, KINDS[kind][1], key), **known)


def _metres(length: float) -> str:
    return f"{length:.1f} 米" if length >= 1 else f"{length * 100:.1f} 厘米" if length >= 0.01 else f"{length * 1000:.2g} 毫米"


def _names(codes: Sequence[str]) -> str:
    return "、".join(codes[:4]) + (f" 等 {len(codes)} 个" if len(codes) > 4 else "")


def _invalid(piece: Piece) -> Finding:
    why = str(why_invalid(piece.shape))
    found = [float(number) for number in why.rpartition("位置 ")[2].split()] if "位置" in why else [np.nan, np.nan]
    return _finding("invalid", [piece.code], shapely.Point(found), f"{piece.code} 的图形无效：{why}。可用“修复环”整理。")


def _flagged(shapes: NDArray[np.object_], sliver_m: float) -> tuple[Any, Any, Any]:
    """The edges on which a level fails the coverage check (whose, line, broken): as it is, and for gaps up to sliver_m."""
    width = sliver_m / degree_m(shapely.total_bounds(shapes)[3])[0]
    found: dict[tuple[int, bytes], bool] = {}
    for gap_width in (0.0, width):
        if not shapely.coverage_is_valid(shapes, gap_width=gap_width):
            edges = shapely.coverage_invalid_edges(shapes, gap_width=gap_width)
            for owner in np.flatnonzero(~shapely.is_empty(edges)):
                for ends in ends_of(edges[owner]):
                    found.setdefault((int(owner), ends.tobytes()), gap_width == 0)
    lines = shapely.linestrings(np.array([np.frombuffer(ends) for _, ends in found]).reshape(-1, 2, 2))
    return np.array([at for at, _ in found], dtype=np.int64), lines, np.array(list(found.values()), dtype=bool)


def _is_narrow(shape: BaseGeometry, width_m: float) -> bool:
    """Whether no circle of this diameter fits in."""
    scale = degree_m(shape.centroid.y)
    metres = shapely.transform(shape, lambda xy: (xy - xy[0]) * scale)
    return 2 * metres.area <= width_m * metres.length and bool(metres.buffer(-width_m / 2, quad_segs=4).is_empty)


def _overlaps(level: _Level, known: dict[str, Piece]) -> list[Finding]:
    dirty = np.unique(level.owner[level.broken])
    left, right = level.tree.query(level.shapes[dirty], "intersects")
    both = np.unique(np.sort(np.column_stack([dirty[left], right])[dirty[left] != right], axis=1), axis=0)
    shared = shapely.intersection(level.shapes[both[:, 0]], level.shapes[both[:, 1]])
    parts, index = shapely.get_parts(shared, return_index=True)
    large = (shapely.get_dimensions(parts) == 2) & (rough_m2(parts) > level.tolerated_m2)
    findings = []
    for part, (one, other) in zip(parts[large], both[index[large]], strict=True):
        codes = sorted([level.codes[one], level.codes[other]])
        outside = [level.codes[i] for i in (one, other) if (up := level.parents[i]) and not holds(known[up].shape, part)]
        narrow = _is_narrow(part, level.sliver_m)
        advice = NARROW if narrow else "可划给共边最长的一方"
        advice = f"重叠处在{'、'.join(outside)}的上级之外，可按上级裁剪" if outside else advice
        text = f"{codes[0]} 与 {codes[1]} {'有一条重叠的狭缝' if narrow else '重叠'} {{size}}（平均宽 {{width}}）：{advice}。"
        found = _finding("sliver" if narrow else "overlap", codes, part, text)
        findings.append(replace(found, mends=(*found.mends, "clip_parent")) if outside else found)
    return findings


def _union(shapes: NDArray[np.object_]) -> BaseGeometry:
    """The union: fast where the shapes match, exact where they do not."""
    fine = shapely.is_empty(shapely.coverage_invalid_edges(shapes))
    return shapely.union_all([shapely.coverage_union_all(shapes[fine]), *shapes[~fine]])


def _holes(level: _Level) -> list[Finding]:
    """Holes in the union, as far as a piece without parent borders on them: the others are judged against parents."""
    if all(level.parents):
        return []
    union = _union(level.shapes)
    filled = shapely.union_all([shapely.Polygon(part.exterior) for part in polygons(union)])
    return [one for part in polygons(shapely.difference(filled, union)) for one in _gap(level, part, None)]


def _bordering(level: _Level, part: BaseGeometry) -> list[int]:
    """The pieces that share more than a corner with a part."""
    return np.unique(level.tree.query(shapely.points(ends_of(part).mean(axis=1)), "dwithin", TOUCH)[1]).tolist()


def _gap(level: _Level, part: BaseGeometry, parent: str | None) -> list[Finding]:
    """A hole as a gap or sliver; nothing when it is tolerated or no piece borders on it that has to answer for it."""
    around = _bordering(level, part)
    if rough_m2(part) <= level.tolerated_m2 or (parent is None and all(level.parents[at] for at in around)):
        return []
    codes = sorted(level.codes[at] for at in around)
    where = f"{_names(codes)} {'之间' if len(codes) > 1 else '内部'}{f'（{parent} 内）' if parent else ''}"
    if _is_narrow(part, level.sliver_m):
        return [_finding("sliver", codes, part, f"{where}有一条狭缝，空 {{size}}（平均宽 {{width}}）：{NARROW}。")]
    return [_finding("gap", codes, part, f"{where}有空隙 {{size}}，不属于任何一方：可划给共边最长的一方。")]


def _uncovered(parent: Piece, child_levels: set[str], stages: dict[str, _Level]) -> list[Finding]:
    """What no child covers: at the parent's edge it is uncovered, inside it is a gap between the children."""
    covers = [level for name, level in stages.items() if name in child_levels]
    shapes = np.concatenate([level.shapes[level.tree.query(parent.shape, "intersects")] for level in covers])
    edge = parent.shape.boundary
    shapely.prepare(edge)
    findings = []
    for part in polygons(shapely.difference(parent.shape, _union(shapes)), covers[0].tolerated_m2):
        if not shapely.dwithin(edge, shapely.points(ends_of(part).mean(axis=1)), TOUCH).any():
            findings += _gap(covers[0], part, parent.code)
            continue
        around = sorted({level.codes[at] for level in covers for at in _bordering(level, part)})
        text = f"{parent.code} 有 {{size}} 不属于任何下级（平均宽 {{width}}）：可划给共边最长的下级。"
        findings.append(_finding("uncovered", [parent.code, *around], part, text))
    return findings


def _edges(level: _Level, areas: Sequence[Finding]) -> list[Finding]:
    """The flagged edges that no area explains: open slivers, and edges whose vertices do not match."""
    seams = [one.shape for one in areas if one.kind != "uncovered"]
    told = _touched(level, seams) | (_touched(level, [one.shape for one in areas]) & ~level.broken)
    one, other, along = _alongside(level)
    alone = np.setdiff1d(np.flatnonzero(level.broken & ~told), np.concatenate([one, other]))
    rows: dict[tuple[int, int], list[int]] = defaultdict(list)
    for row in np.flatnonzero(~told[one] & ~told[other]):
        rows[int(level.owner[one[row]]), int(level.owner[other[row]])].append(int(row))
    edges = {pair: [shapely.union_all(level.lines[side[at]]) for side in (one, other)] for pair, at in rows.items()}
    edges = {pair: [*two, *gore_lines(two[0], two[1], level.sliver_m)] for pair, two in edges.items()}
    slivers = _open_slivers(level, [line for lines in edges.values() for line in lines])
    findings = [sliver for sliver in slivers if sliver.codes]
    told = _touched(level, [one.shape for one in findings]) | (_touched(level, [one.shape for one in slivers]) & ~level.broken)
    for pair, lines in edges.items():
        at = [row for row in rows[pair] if not told[one[row]] and not told[other[row]]]
        free, whole = _free(level, lines)
        if at and (level.broken[np.concatenate([one[at], other[at]])].any() or free.area >= whole / 2):
            codes, left = [level.codes[i] for i in pair], np.unique(np.concatenate([one[at], other[at]]))
            findings.append(_unmatched(codes, shapely.union_all(level.lines[left]), float(along[at].sum())))
    for line in level.lines[alone]:
        findings.append(_unmatched([level.codes[i] for i in level.tree.query(line, "dwithin", TOUCH)], line, None))
    return findings


def _touched(level: _Level, shapes: Sequence[BaseGeometry]) -> NDArray[np.bool_]:
    touched = np.zeros(len(level.owner), dtype=bool)
    touched[shapely.STRtree(level.lines).query(np.array(shapes, dtype=object), "dwithin", TOUCH)[1]] = True
    return touched


def _free(level: _Level, lines: Sequence[BaseGeometry]) -> tuple[BaseGeometry, float]:
    """What no piece covers of the faces between lines, and the area of these. None of it is where a piece lies between."""
    faces = shapely.union_all(shapely.get_parts(shapely.polygonize([shapely.union_all(lines)])))
    return shapely.difference(faces, shapely.union_all(level.shapes[level.tree.query(faces, "intersects")])), faces.area


def _open_slivers(level: _Level, lines: Sequence[BaseGeometry]) -> list[Finding]:
    """Narrow gaps that open to the outside. Without codes where the level above answers for it."""
    findings = []
    for part in polygons(_free(level, lines)[0], level.tolerated_m2) if lines else ():
        if _is_narrow(part, 1.5 * level.sliver_m):
            around = _bordering(level, part)
            codes = [] if all(level.parents[at] for at in around) else sorted(level.codes[at] for at in around)
            text = f"{_names(codes)} 之间有一条通到外面的狭缝，空 {{size}}（平均宽 {{width}}）：{NARROW}。"
            findings.append(_finding("sliver", codes, part, text))
    return findings


def _alongside(level: _Level) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Pairs of flagged edges of two pieces that run along each other within sliver_m, and for how many metres."""
    scale = degree_m(shapely.total_bounds(level.shapes)[[1, 3]].mean())
    metres = shapely.get_coordinates(level.lines).reshape(-1, 2, 2) * scale
    lines = shapely.linestrings(metres)
    one, other = shapely.STRtree(lines).query(lines, "dwithin", level.sliver_m)
    keep = level.owner[one] < level.owner[other]
    one, other = one[keep], other[keep]
    start, way = metres[one, 0], metres[one, 1] - metres[one, 0]
    length = np.hypot(way[:, 0], way[:, 1])
    unit = way / length[:, None]
    to = metres[other] - start[:, None, :]
    at = np.einsum("nij,nj->ni", to, unit)
    off = to[:, :, 1] * unit[:, None, 0] - to[:, :, 0] * unit[:, None, 1]
    low, high = np.maximum(at.min(axis=1), 0), np.minimum(at.max(axis=1), length)
    slope = (off[:, 1] - off[:, 0]) / np.where(at[:, 1] == at[:, 0], 1.0, at[:, 1] - at[:, 0])
    near = [np.abs(off[:, 0] + (place - at[:, 0]) * slope) <= level.sliver_m for place in (low, high)]
    keep = (high - low > 1e-4) & near[0] & near[1]
    return one[keep], other[keep], (high - low)[keep]


def _unmatched(codes: Sequence[str], line: BaseGeometry, along_m: float | None) -> Finding:
    text = f"{' 与 '.join(sorted(codes))} 的公共边界有 {{length}} 顶点不对应（看似相接，并不咬合）：可吸附到相邻边界。"
    return _finding("unmatched", sorted(codes), line, text, length_m=along_m)


def _outside(level: _Level, known: dict[str, Piece], areas: Sequence[Finding]) -> list[Finding]:
    """Per piece what lies outside its parent, without what is told as an overlap."""
    rows = [at for at, parent in enumerate(level.parents) if parent]
    parents = np.array([known[str(level.parents[at])].shape for at in rows], dtype=object)
    shapely.prepare(parents)
    findings = []
    for at in np.array(rows, dtype=np.int64)[~shapely.covers(parents, level.shapes[rows])]:
        code, parent = level.codes[at], str(level.parents[at])
        told = [one.shape for one in areas if code in one.codes and one.kind in ("overlap", "sliver")]
        over = shapely.difference(level.shapes[at], shapely.union_all([known[parent].shape, *told]))
        if parts := polygons(over, level.tolerated_m2):
            text = f"{code} 有 {{size}} 超出上级 {parent}（平均宽 {{width}}）：可按上级裁剪。"
            findings.append(_finding("outside_parent", [code, parent], shapely.multipolygons(parts), text))
    return findings


def _disconnected(level: _Level) -> list[Finding]:
    findings = []
    for at in np.flatnonzero(shapely.get_num_geometries(level.shapes) > 1):
        if rest := sorted(polygons(level.shapes[at], level.tolerated_m2), key=lambda part: -part.area)[1:]:
            text = f"{level.codes[at]} 分成互不相连的 {len(rest) + 1} 块，较小的共 {{size}}：可划给相邻的一方；确是飞地可保留。"
            findings.append(_finding("disconnected", [level.codes[at]], shapely.multipolygons(rest), text))
    return findings


def _cut_buildings(level: _Level, footprints: Footprints) -> list[Finding]:
    """Footprints that lie in several pieces; where pieces overlap, the overlap is the fault, not the building."""
    shapes = np.array([shape if shape.is_valid else repair(shape) for _, shape in footprints], dtype=object)
    building, at = level.tree.query(shapes, "intersects")
    held: dict[int, list[tuple[float, str]]] = defaultdict(list)
    for row, piece, m2 in zip(building, at, rough_m2(shapely.intersection(shapes[building], level.shapes[at])), strict=True):
        if m2 > level.tolerated_m2:
            held[int(row)].append((-float(m2), level.codes[piece]))
    findings = []
    for row, shares in held.items():
        total = float(rough_m2(shapes[row]))
        if len(shares) > 1 and -sum(m2 for m2, _ in shares) <= total + level.tolerated_m2:
            shares.sort()
            told = "、".join(f"{code} 占 {-100 * m2 / total:.0f}%" for m2, code in shares)
            text = f"楼栋 {footprints[row][0]} 被边界切开（{told}）：可把整栋划给占得最多的一方。"
            known: dict[str, Any] = {"footprint": footprints[row][0], "area_m2": -sum(m2 for m2, _ in shares[1:])}
            findings.append(_finding("cut_building", [code for _, code in shares], shapes[row], text, **known))
    return findings
