"""Operations on a draft: each is laid over what the plan changed so far, checked, and kept as a step that can be undone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import shapely

from gis_grid import audit
from gis_grid.areas import actions as areas
from gis_grid.areas.models import Area
from gis_grid.areas.rules import code_fault
from gis_grid.config import settings
from gis_grid.db import session
from gis_grid.errors import Forbidden, Invalid, NotFound
from gis_grid.geo import shapes
from gis_grid.plans import rules
from gis_grid.plans.actions import open_draft
from gis_grid.plans.models import Plan
from gis_grid.plans.rules import Place
from gis_grid.plans.steps import check_seen, stepping
from gis_grid.plans.world import changes_of, keep_changes, next_code_for, world_of

_TOLERATED_M2 = 1.0  # rounding where a vertex was added


def operate(plan_id: int, operation: str, asked: Mapping[str, Any]) -> Plan:
    """Lay one operation over a draft. Shapes in `asked` are shapely geometries in degrees."""
    plan = open_draft(plan_id)
    check_seen(plan, asked.get("seen"))
    world = world_of(plan)
    codes = next_code_for(plan, world)
    _check_within(plan, world, asked)
    if asked.get("new_code"):
        _check_new_code(world, asked["code"], asked["new_code"])
    made = OPERATIONS[operation](world, asked, codes)
    _check_faults(made)
    _check_land(plan, world, made)
    with stepping(plan, operation):
        keep_changes(plan, made)
    audit.record(operation, "plans", plan.id, area_code=plan.area_code, after={"codes": [place.code for place in made]})
    return plan


def drop_change(plan_id: int, code: str) -> None:
    """Take one area out of a draft."""
    plan = open_draft(plan_id)
    gone = [change for change in changes_of(plan.id) if change.code == code]
    if not gone:
        raise NotFound(f"方案中没有 {code}。")
    with stepping(plan, "drop"):
        session().delete(gone[0])


def take_shapes(plan: Plan, made: Mapping[str, Any]) -> None:
    """New shapes for areas (a repair) become changes of the draft."""
    world = world_of(plan)
    _check_within(plan, world, {"code": list(made)})
    drawn = [rules.drawn(world[code], shape) for code, shape in made.items()]
    _check_land(plan, world, drawn)
    with stepping(plan, "repair"):
        keep_changes(plan, drawn)


def _check_within(plan: Plan, world: Mapping[str, Place], asked: Mapping[str, Any]) -> None:
    """A plan changes only what lies under its own area; the neighbours' edges only follow."""
    named = [asked[name] for name in ("code", "into", "giver", "taker", "one", "other", "parent_code") if asked.get(name)]
    codes = [code for value in [*named, asked.get("codes") or []] for code in ([value] if isinstance(value, str) else value)]
    codes += list(asked.get("shapes") or ())
    for code in codes:
        if code not in world:
            raise Invalid(f"{code} 不在方案所在区域内，或没有边界。", code="unknown_area")
        if not code.startswith(plan.area_code):
            raise Invalid(f"{code} 不属于方案所在的 {plan.area_code}；请在共同的上级下拟方案。", code="other_area")


def _check_new_code(world: Mapping[str, Place], code: str, new: str) -> None:
    place = world[code]
    fault = code_fault(new, place.level, settings().area_code_lengths)
    if not fault and place.parent_code and not new.startswith(place.parent_code):
        fault = f"编码 {new} 应以上级编码 {place.parent_code} 开头"
    if fault:
        raise Invalid(f"{fault}。", code="bad_code")
    if session().get(Area, new) is not None:
        raise Invalid(f"编码 {new} 已被使用；编码不能重复使用，注销的也不行。", code="code_taken")


def _check_land(plan: Plan, world: Mapping[str, Place], made: Sequence[Place]) -> None:
    """Land stays within the plan's area: areas outside it may get vertices, never gain or lose; nor may a scoped caller draw
    beyond his own area."""
    for place in made:
        was = world.get(place.code)
        if place.code.startswith(plan.area_code) or was is None or was.shape is None or place.shape is None:
            continue
        if shapes.area_m2(shapely.symmetric_difference(was.shape, place.shape)) > _TOLERATED_M2:
            raise Forbidden(
                f"这会改动 {place.code} 的范围，它不属于 {plan.area_code}；请在共同的上级下拟方案。", code="other_area"
            )
    areas.check_extent([place.shape for place in made if place.shape is not None and place.code.startswith(plan.area_code)])


def _check_faults(made: Sequence[Place]) -> None:
    for place in made:
        if place.shape is not None and (fault := shapes.why_invalid(place.shape)):
            raise Invalid(f"{place.code} 的新边界无效：{fault}。", code="bad_geometry")


def _shape(asked: Mapping[str, Any], name: str) -> Any:
    return shapely.force_2d(asked[name])


OPERATIONS: dict[str, Callable[[dict[str, Place], Mapping[str, Any], Any], list[Place]]] = {
    "split": lambda world, asked, code: rules.split(world, asked["code"], _shape(asked, "shape"), code, asked.get("names") or ()),
    "merge": lambda world, asked, code: rules.merge(world, asked["codes"], asked["into"], code),
    "transfer": lambda world, asked, code: rules.transfer(world, asked["giver"], asked["taker"], _shape(asked, "shape")),
    "move_edge": lambda world, asked, code: rules.move_edge(world, asked["one"], asked["other"], _shape(asked, "shape")),
    "redraw": lambda world, asked, code: rules.redraw(world, asked["code"], _shape(asked, "shape")),
    "reparent": lambda world, asked, code: rules.reparent(world, asked["code"], asked["parent_code"], code),
    "recode": lambda world, asked, code: rules.recode(
        world, asked["code"], asked["new_code"], rules.place_of(world, asked["code"]).parent_code, code
    ),
    "reshape": lambda world, asked, code: rules.reshape(world, {key: shapely.force_2d(s) for key, s in asked["shapes"].items()}),
    "found": lambda world, asked, code: rules.found(world, asked["parent_code"], asked["name"], _shape(asked, "shape"), code),
    "rename": lambda world, asked, code: rules.rename(world, asked["code"], asked["name"]),
}
