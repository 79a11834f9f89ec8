"""The division as a plan sees it: today's areas around the place, with the plan's own changes laid over them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import shapely
import sqlalchemy as sa

from gis_grid.areas import actions as areas
from gis_grid.areas.models import Area, Boundary
from gis_grid.areas.placing import today
from gis_grid.areas.rules import LEVEL_CODES
from gis_grid.config import settings
from gis_grid.db import session
from gis_grid.errors import Conflict, Invalid
from gis_grid.geo import shapes
from gis_grid.geo.seams import Piece
from gis_grid.plans.models import Plan, PlanChange
from gis_grid.plans.rules import RETIRE, Place

_NEAR = 2e-3  # degrees around the plan's area: neighbours whose edges must go on matching


def world_of(plan: Plan) -> dict[str, Place]:
    """Areas by code, today's with the plan's changes; those it retires have no shape."""
    known = areas_near(plan.area_code)
    for change in changes_of(plan.id):
        known[change.code] = _place_of(change)
    return known


def areas_near(code: str, at: date | None = None) -> dict[str, Place]:
    """The areas under a code, those above it, and their neighbours, as they stand on a day."""
    day = at or today()
    box = session().scalar(
        sa.select(sa.func.ST_AsBinary(sa.func.ST_Envelope(Boundary.geom))).where(
            Boundary.area_code == code, Boundary.valid.op("@>")(sa.cast(day, sa.Date))
        )
    )
    if box is None:
        raise Invalid(f"区域 {code} 在 {day} 没有边界。", code="no_boundary")
    window = shapely.from_wkb(bytes(box)).buffer(_NEAR)
    return {place.code: place for place in load(Boundary.geom.op("&&")(shapes.to_column(window)), day)}


def load(condition: Any, day: date) -> list[Place]:
    """Areas with a boundary on a day that meet a condition."""
    rows = (
        session()
        .execute(
            sa.select(
                Area.code,
                Area.level,
                sa.func.coalesce(Boundary.name, Area.name).label("name"),
                Area.kind,
                Area.parent_code,
                sa.func.ST_AsBinary(Boundary.geom).label("wkb"),
            )
            .join(Boundary, Boundary.area_code == Area.code)
            .where(Boundary.valid.op("@>")(sa.cast(day, sa.Date)), condition)
            .order_by(Area.code)
        )
        .all()
    )
    polygons = shapely.from_wkb([bytes(row.wkb) for row in rows])
    return [
        Place(row.code, row.level, row.name, row.kind, row.parent_code, shape) for row, shape in zip(rows, polygons, strict=True)
    ]


def changes_of(plan_id: int) -> list[PlanChange]:
    """A plan's changes, from the top level down, then by code."""
    found = session().scalars(sa.select(PlanChange).where(PlanChange.plan_id == plan_id))
    return sorted(found, key=lambda change: (LEVEL_CODES.index(change.level), change.code))


def keep_changes(plan: Plan, places: Sequence[Place]) -> None:
    """Lay what a verb answered over the plan's changes so far; an area created and retired within the plan is gone."""
    known = {change.code: change for change in changes_of(plan.id)}
    for place in places:
        if place.action is None:
            continue
        change = known.get(place.code)
        if place.action == RETIRE and change is not None and change.action == "create":
            session().delete(change)
            _pass_on(known, place)
            continue
        if change is None:
            before = areas.boundary_of(place.code)
            kept = None if before is None else shapes.to_column(before)
            change = PlanChange(plan_id=plan.id, code=place.code, before=kept, before_id=latest_boundary_id(place.code))
            change.name_before = session().scalar(sa.select(Area.name).where(Area.code == place.code))
            session().add(change)
            known[place.code] = change
        change.action, change.level, change.name, change.kind = place.action, place.level, place.name, place.kind
        change.parent_code, change.successors = place.parent_code, list(place.successors)
        change.geom = None if place.shape is None else shapes.to_column(shapes.as_multipolygon(place.shape))
    session().flush()


def check_unchanged(plan: Plan) -> None:
    """Refuse a plan whose areas got other boundaries since it was drafted."""
    for change in changes_of(plan.id):
        if change.before_id != latest_boundary_id(change.code):
            raise Conflict(f"{change.code} 的边界在方案拟定之后已被改动，请重新拟定这一部分。", code="plan_outdated")


def next_code_for(plan: Plan, known: dict[str, Place]) -> Any:
    """A function (parent code, level) -> the next serial never used under this parent, not by a retired area either."""
    lengths = settings().area_code_lengths

    def next_code(parent: str, level: str) -> str:
        digits = max(lengths.get(level, len(parent) + 3) - len(parent), 1)
        pattern = parent.replace("_", r"\_").replace("%", r"\%") + "_" * digits
        used = set(session().scalars(sa.select(Area.code).where(Area.code.like(pattern))))
        used |= {code for code in known if code.startswith(parent)} | {change.code for change in changes_of(plan.id)}
        serials = [
            int(code[len(parent) :]) for code in used if code[len(parent) :].isdigit() and len(code) == len(parent) + digits
        ]
        serial = max(serials, default=0) + 1
        if serial >= 10**digits:
            raise Invalid(f"{parent} 之下的 {digits} 位顺序号已用完。", code="codes_used_up")
        new = f"{parent}{serial:0{digits}d}"
        known.setdefault(new, Place(new, level, "", "ordinary", parent, None))
        return new

    return next_code


def pieces(places: Sequence[Place]) -> list[Piece]:
    """For the seamless check."""
    return [Piece(place.code, place.level, place.parent_code, place.shape) for place in places if place.shape is not None]


def _place_of(change: PlanChange) -> Place:
    shape = shapes.from_stored(change.geom)
    return Place(
        change.code, change.level, change.name, change.kind, change.parent_code, shape, change.action, tuple(change.successors)
    )


def _pass_on(known: dict[str, PlanChange], gone: Place) -> None:
    """Who was to be succeeded by an area that the plan gives up again is succeeded by its successors."""
    for change in known.values():
        if gone.code in change.successors:
            others = [code for code in change.successors if code != gone.code]
            change.successors = [*others, *(code for code in gone.successors if code not in others)]


def latest_boundary_id(code: str) -> int | None:
    """The boundary an area has now, or had last."""
    latest = sa.select(Boundary.id).where(Boundary.area_code == code).order_by(sa.func.lower(Boundary.valid).desc().nulls_last())
    return session().scalar(latest.limit(1))
