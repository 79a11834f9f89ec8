"""The seamless check over stored areas: boundaries, codes, buildings cut by an edge, sizes out of rule; and repairs as plans."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from datetime import date
from typing import Any

import shapely
import sqlalchemy as sa

from gis_grid.access.guard import check_area
from gis_grid.areas.duty import Node, all_areas, unstaffed
from gis_grid.areas.models import Area, Boundary
from gis_grid.areas.placing import today
from gis_grid.areas.rules import LEVEL_CODES, LEVEL_NAMES, code_fault, longest_prefix, parent_fault
from gis_grid.buildings.models import Building, Estate
from gis_grid.config import settings
from gis_grid.db import session
from gis_grid.errors import NotFound
from gis_grid.geo import shapes
from gis_grid.geo.mend import MENDS, mend
from gis_grid.geo.seams import KINDS, Finding, Piece, find_faults
from gis_grid.plans.models import Plan
from gis_grid.plans.rules import Place
from gis_grid.plans.sizes import size_faults, sizes_now
from gis_grid.plans.world import areas_near, changes_of, load, pieces, world_of

LABELS = {**{kind: label for kind, (label, _) in KINDS.items()}, "code": "编码", "size": "规模", "unstaffed": "无人负责"}


def check_division(prefix: str, at: date | None = None) -> dict[str, Any]:
    """All findings among the areas under a code prefix on a day (default today), most serious first."""
    check_area(prefix or None)
    day = at or today()
    places = load(Area.code.startswith(prefix, autoescape=True), day)
    found = find_faults(pieces(places), LEVEL_CODES, _footprints(places))
    told = _all_told(found, places) + _code_faults(prefix) + _size_findings(prefix, places) + _unstaffed(places, day)
    return _report(told, places, day)


def check_plan(plan: Plan) -> dict[str, Any]:
    """The findings around a plan's changes; `is_new` tells those that the plan brings."""
    after = list(world_of(plan).values())
    changed = {change.code for change in changes_of(plan.id)}
    if not changed:
        return _report([], [], today())
    before = list(areas_near(plan.area_code).values())
    there = {_same(finding) for finding in find_faults(pieces(before), LEVEL_CODES, _footprints(before))}
    near = [place for place in after if place.shape is not None]
    found = [f for f in find_faults(pieces(near), LEVEL_CODES, _footprints_under(near, changed)) if changed & set(f.codes)]
    told = zip(_all_told(found, near), found, strict=True)
    return _report([{**one, "is_new": _same(finding) not in there} for one, finding in told], near, today())


def repair(prefix: str, key: str, how: str) -> tuple[Finding, Mapping[str, Any]]:
    """New shapes that mend one finding; the finding is found again by its key, so a repair never meets another state."""
    places = load(Area.code.startswith(prefix, autoescape=True), today())
    found = find_faults(pieces(places), LEVEL_CODES, _footprints(places))
    finding = next((one for one in found if one.key == key), None)
    if finding is None:
        raise NotFound("没有这个问题了：可能已经修复，请重新体检。", code="unknown_finding")
    return finding, mend(_around(pieces(places), finding), finding, how, LEVEL_CODES)


def repair_in(plan: Plan, key: str, how: str) -> Mapping[str, Any]:
    """New shapes that mend one finding of a draft, on top of what the draft changed so far."""
    places = [place for place in world_of(plan).values() if place.shape is not None]
    changed = {change.code for change in changes_of(plan.id)}
    found = find_faults(pieces(places), LEVEL_CODES, _footprints_under(places, changed))
    finding = next((one for one in found if one.key == key), None)
    if finding is None:
        raise NotFound("没有这个问题了：可能已经修复，请重新体检。", code="unknown_finding")
    return mend(_around(pieces(places), finding), finding, how, LEVEL_CODES)


def _around(all_pieces: Sequence[Piece], finding: Finding) -> list[Piece]:
    """Enough of the division to mend and prove one finding: whatever comes near those concerned."""
    concerned = [piece.shape for piece in all_pieces if piece.code in finding.codes] or [finding.shape]
    window = shapely.box(*shapely.total_bounds(concerned)).buffer(5e-3)
    return [piece for piece in all_pieces if piece.shape.intersects(window)]


def _footprints(places: Sequence[Place]) -> list[tuple[int | str, Any]]:
    """Footprints that may lie in two areas: those that touch an edge of the lowest level."""
    lowest = [place for place in places if place.level == LEVEL_CODES[-1] and place.shape is not None]
    if not lowest:
        return []
    box = shapely.box(*shapely.total_bounds([place.shape for place in lowest]))
    crossed = sa.exists().where(
        Boundary.geom.op("&&")(Building.footprint),
        Boundary.area_code.in_([place.code for place in lowest]),
        sa.not_(sa.func.ST_CoveredBy(Building.footprint, Boundary.geom)),
        sa.func.ST_Intersects(Boundary.geom, Building.footprint),
    )
    query = sa.select(Building.id, sa.func.ST_AsBinary(Building.footprint)).where(
        Building.footprint.op("&&")(shapes.to_column(box)), Building.retired_at.is_(None), crossed
    )
    rows = session().execute(query).all()
    polygons = shapely.from_wkb([bytes(wkb) for _, wkb in rows])
    return [(row[0], shape) for row, shape in zip(rows, polygons, strict=True)]


def _footprints_under(places: Sequence[Place], changed: Set[str]) -> list[tuple[int | str, Any]]:
    """The same for a draft: footprints on a stored edge, and those on an edge that the draft draws."""
    drafted = [place.shape.boundary for place in places if place.code in changed and place.level == LEVEL_CODES[-1]]
    edges = shapes.to_column(shapely.multilinestrings([line for edge in drafted for line in shapely.get_parts(edge)]))
    on_edge = sa.func.ST_Intersects(Building.footprint, edges)
    query = sa.select(Building.id, sa.func.ST_AsBinary(Building.footprint)).where(Building.retired_at.is_(None), on_edge)
    found = dict(_footprints(places))
    found |= {key: shapely.from_wkb(bytes(wkb)) for key, wkb in session().execute(query)}
    return sorted(found.items())


def _all_told(found: Sequence[Finding], places: Sequence[Place]) -> list[dict[str, Any]]:
    """The findings as people read them: areas and buildings by name, with the code where a name does not stand for one alone."""
    often = Counter(place.name for place in places)
    names = {place.code: place.name if often[place.name] == 1 else f"{place.name}（{place.code}）" for place in places}
    above = {place.code: place.parent_code for place in places}
    cut = [one.footprint for one in found if one.footprint is not None]
    buildings = _building_names(cut) if cut else {}
    told = []
    for finding in found:
        meant = {code: names[code] for code in (*finding.codes, *map(above.get, finding.codes)) if code in names}
        message = re.sub(r"[0-9A-Za-z_-]+", lambda word, meant=meant: meant.get(word[0], word[0]), finding.message)  # type: ignore[misc]
        if name := buildings.get(finding.footprint):
            message = message.replace(f"楼栋 {finding.footprint} ", f"{name} ", 1)
        told.append({**_told(finding), "message": message})
    return told


def _building_names(keys: Sequence[int | str]) -> dict[int | str | None, str]:
    """What the buildings are called, with their estate; those without a name are left out."""
    query = (
        sa.select(Building.id, sa.func.concat_ws(" ", Estate.name, Building.name))
        .outerjoin(Estate, Estate.id == Building.estate_id)
        .where(Building.id.in_(keys), Building.name.is_not(None))
    )
    return {key: name for key, name in session().execute(query)}


def _told(finding: Finding) -> dict[str, Any]:
    return {
        "key": finding.key,
        "kind": finding.kind,
        "label": LABELS[finding.kind],
        "codes": list(finding.codes),
        "building_id": finding.footprint,
        "area_m2": round(finding.area_m2, 3),
        "length_m": round(finding.length_m, 3),
        "message": finding.message,
        "mends": [{"how": name, "label": MENDS[name]} for name in finding.mends],
        "geometry": shapes.to_geojson(finding.shape),
    }


def _code_faults(prefix: str) -> list[dict[str, Any]]:
    """Codes of a wrong length or below a wrong parent, and how to mend them. Doubles cannot be: the code is the key."""
    living = {code: node for code, node in all_areas().items() if not node.retired}
    told = []
    for code in sorted(code for code in living if code.startswith(prefix)):
        if fault := _code_fault(code, living[code], living):
            told.append(_plain("code", [code], fault))
    return told


def _code_fault(code: str, node: Node, living: Mapping[str, Node]) -> str | None:
    level, lengths = node.link["level"], settings().area_code_lengths
    if fault := code_fault(code, level, lengths):
        return f"{fault}。请用调整方案“改编码”换成合规的编码。"
    prefixes = (code[:end] for end in range(1, len(code)))
    above = {known for known in prefixes if known in living and _is_higher(living[known].link["level"], level)}
    nearest = longest_prefix(code, above)
    advice = (
        f"按编码应归 {nearest}：请在“登记－区域”里改上级，或用调整方案“改编码”。" if nearest else "请在“登记－区域”里填写上级。"
    )
    if node.parent is None:
        return f"{LEVEL_NAMES[level]} {code} 没有上级。{advice}" if level != LEVEL_CODES[0] else None
    if node.parent not in living:
        return f"{code} 的上级 {node.parent} 不存在或已注销。{advice}"
    if fault := parent_fault(code, level, node.parent, living[node.parent].link["level"]):
        return f"{fault}。{advice}"
    if nearest and nearest != node.parent and lengths.get(living[nearest].link["level"]):
        return f"{code} 的上级是 {node.parent}，越过了 {nearest}。{advice}"
    return None


def _is_higher(one: str, other: str) -> bool:
    return LEVEL_CODES.index(one) < LEVEL_CODES.index(other)


def _size_findings(prefix: str, places: Sequence[Place]) -> list[dict[str, Any]]:
    grids = [(place.code, place.name, place.kind) for place in places if place.level == LEVEL_CODES[-1]]
    return [_plain("size", [fault["code"]], fault["message"]) for fault in size_faults(sizes_now(prefix), grids)]


def _unstaffed(places: Sequence[Place], day: date) -> list[dict[str, Any]]:
    vacant = unstaffed([place.code for place in places if place.level == LEVEL_CODES[-1]], day)
    return [_plain("unstaffed", [code], message) for code, message in vacant.items()]


def _plain(kind: str, codes: list[str], message: str) -> dict[str, Any]:
    return {"key": f"{kind}-{codes[0]}", "kind": kind, "label": LABELS[kind], "codes": codes, "message": message, "mends": []}


def _same(finding: Finding) -> tuple[Any, ...]:
    """What makes a finding the same before and after: its kind, who is concerned, and how large (to the square metre)."""
    return finding.kind, finding.codes, round(finding.area_m2), round(finding.length_m)


def _report(found: list[dict[str, Any]], places: Sequence[Place], day: date) -> dict[str, Any]:
    counts = Counter(finding["kind"] for finding in found)
    seams = sum(count for kind, count in counts.items() if kind not in ("size", "unstaffed", "cut_building", "disconnected"))
    return {
        "at": day.isoformat(),
        "areas": dict(Counter(place.level for place in places)),
        "is_seamless": not seams,
        "counts": {kind: counts[kind] for kind in LABELS if counts[kind]},
        "findings": found,
    }
