"""Propose a division of a community, scored beside the present one; the result is a plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import shapely
import sqlalchemy as sa

from gis_grid.areas.actions import boundary_of
from gis_grid.areas.models import Area
from gis_grid.areas.placing import today
from gis_grid.areas.rules import LEVEL_CODES
from gis_grid.db import session, sql
from gis_grid.errors import Invalid
from gis_grid.geo import division, shapes
from gis_grid.maps.models import BaseFeature
from gis_grid.plans.actions import make_plan
from gis_grid.plans.models import Plan
from gis_grid.plans.rules import CREATE, DRAW, RETIRE, Place, share_outline
from gis_grid.plans.steps import stepping
from gis_grid.plans.world import keep_changes, load, next_code_for, world_of


def propose(community: str, low: int, high: int, seed: int = 0) -> tuple[Plan, dict[str, Any]]:
    """A draft that divides the community anew, and both scores. Grids that a new cell mostly covers keep their codes."""
    area = session().get(Area, community)
    outline = boundary_of(community)
    if area is None or outline is None or area.level != LEVEL_CODES[-2]:
        raise Invalid(f"{community} 不是有边界的社区。", code="unknown_area")
    rows = session().execute(sql("homes_of"), {"code": community}).all()
    footprints = shapely.from_wkb([bytes(row.wkb) for row in rows])
    households = np.array([row.households for row in rows], dtype=np.int64)
    roads, water = _ground("road", outline), _ground("water", outline)
    made = division.propose(outline, footprints, households, roads, water, low, high, seed)
    present = [place for place in load(Area.parent_code == community, today()) if place.level == LEVEL_CODES[-1]]
    plan = make_plan(f"{area.name} 网格划分建议（每格 {low}-{high} 户）", community)
    _keep(plan, present, made.cells, outline)
    now = division.score([place.shape for place in present], footprints, households, roads, water, low, high) if present else None
    scores = {"present": _told(now), "proposed": _told(made.score)}
    plan.report = {"scores": scores}  # to compare proposals with each other later
    session().flush()
    return plan, scores


def _ground(kind: str, outline: Any) -> list[Any]:
    near = BaseFeature.geom.op("&&")(shapes.to_column(outline.envelope))
    found = session().scalars(sa.select(BaseFeature.geom).where(BaseFeature.kind == kind, near))
    return [shapes.from_stored(shape) for shape in found]


def _keep(plan: Plan, present: Sequence[Place], cells: Sequence[Any], outline: Any) -> None:
    """Cells become changes: the present grid that shares most land with a cell lends it its code, the others are retired."""
    world = world_of(plan)
    next_code = next_code_for(plan, world)
    shared = [
        (shapely.intersection(place.shape, cell).area, number, place)
        for number, cell in enumerate(cells)
        for place in present
        if place.shape.intersects(cell)
    ]
    code_of: dict[int, Place] = {}
    for _, number, place in sorted(shared, key=lambda one: (-one[0], one[2].code)):
        if number not in code_of and place not in code_of.values():
            code_of[number] = place
    made = []
    for number, cell in enumerate(cells):
        known = code_of.get(number)
        code = known.code if known else next_code(plan.area_code, LEVEL_CODES[-1])
        name = known.name if known else f"第{number + 1}网格"
        made.append(Place(code, LEVEL_CODES[-1], name, "ordinary", plan.area_code, cell, DRAW if known else CREATE))
    for place in present:
        if place not in code_of.values():
            areas = [(-shapely.intersection(place.shape, one.shape).area, one.code) for one in made if one.shape is not None]
            heirs = tuple(code for area, code in sorted(areas) if area < -1e-12)
            made.append(Place(place.code, place.level, place.name, place.kind, place.parent_code, None, RETIRE, heirs))
    others = {code: place for code, place in world.items() if place not in present}
    with stepping(plan, "propose"):
        keep_changes(plan, made + share_outline(others, cells, outline))


def _told(score: division.Score | None) -> dict[str, Any] | None:
    return None if score is None else {name: _rounded(value) for name, value in asdict(score).items()}


def _rounded(value: Any) -> Any:
    return round(value, 4) if isinstance(value, float) else [int(one) for one in value] if isinstance(value, tuple) else value
