"""Every step of drafting is kept, so that it can be undone and done again, on another day and at another desk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import shapely
import sqlalchemy as sa
from geoalchemy2 import WKBElement

from gis_grid.access.guard import caller
from gis_grid.db import session
from gis_grid.errors import Conflict
from gis_grid.geo import shapes
from gis_grid.plans.actions import open_draft
from gis_grid.plans.models import Plan, PlanChange, PlanStep
from gis_grid.plans.world import changes_of

LABELS = {
    "split": "拆分",
    "merge": "合并",
    "transfer": "划转",
    "move_edge": "移动边界",
    "redraw": "重画",
    "reparent": "调整上级",
    "recode": "改编码",
    "reshape": "移动边界",
    "found": "新设",
    "rename": "改名称",
    "repair": "修复",
    "propose": "划分建议",
    "drop": "去掉改动",
}
_SHAPES = ("geom", "before")


@contextmanager
def stepping(plan: Plan, operation: str) -> Iterator[None]:
    """What the block changes of a draft is one step; steps undone before it cannot be done again."""
    before = _kept(plan)
    yield
    session().flush()
    after = _kept(plan)
    touched = sorted(code for code in {*before, *after} if before.get(code) != after.get(code))
    if not touched:
        return
    session().execute(sa.delete(PlanStep).where(PlanStep.plan_id == plan.id, PlanStep.undone))
    was, now = ({code: kept.get(code) for code in touched} for kept in (before, after))
    session().add(PlanStep(plan_id=plan.id, operation=operation, before=was, after=now, made_by=caller().name))
    session().flush()


def undo_step(plan_id: int) -> Plan:
    """The draft as it was before its last step."""
    plan = open_draft(plan_id)
    step = _next(plan, undone=False)
    if step is None:
        raise Conflict("没有可以退回的步骤。", code="nothing_to_undo")
    _restore(plan, step.before)
    step.undone = True
    session().flush()
    return plan


def redo_step(plan_id: int) -> Plan:
    """The step undone last is done again."""
    plan = open_draft(plan_id)
    step = _next(plan, undone=True)
    if step is None:
        raise Conflict("没有可以重做的步骤。", code="nothing_to_redo")
    _restore(plan, step.after)
    step.undone = False
    session().flush()
    return plan


def check_seen(plan: Plan, seen: int | None) -> None:
    """Refuse a change drawn over another state of the draft: `seen` is the last step its maker knew of (0: none)."""
    last = _next(plan, undone=False)
    if seen is not None and seen != (last.id if last else 0):
        raise Conflict("方案刚刚被别人改过，已取最新的，请再画一次。", code="plan_moved")


def steps_told(plan: Plan) -> dict[str, Any]:
    """What undo and redo would do, how many steps there are, and the number of the last."""
    last, again = _next(plan, undone=False), _next(plan, undone=True)
    done = sa.select(sa.func.count()).where(PlanStep.plan_id == plan.id, PlanStep.undone.is_(False))
    return {"undo": _label(last), "redo": _label(again), "count": session().scalar(done), "last": last.id if last else 0}


def _label(step: PlanStep | None) -> str | None:
    if step is None:
        return None
    names = [kept["name"] for kept in [*step.before.values(), *step.after.values()] if kept]
    return f"{LABELS.get(step.operation, step.operation)}{f' {names[0]}' if names else ''}"


def _next(plan: Plan, *, undone: bool) -> PlanStep | None:
    order = PlanStep.id.asc() if undone else PlanStep.id.desc()
    query = sa.select(PlanStep).where(PlanStep.plan_id == plan.id, PlanStep.undone.is_(undone))
    return session().scalar(query.order_by(order).limit(1))


def _kept(plan: Plan) -> dict[str, dict[str, Any]]:
    """The draft's changes as JSON, shapes as the bytes they are."""
    names = [column.key for column in sa.inspect(PlanChange).columns if column.key not in ("id", "plan_id")]
    return {change.code: {name: _json(getattr(change, name)) for name in names} for change in changes_of(plan.id)}


def _json(value: Any) -> Any:
    return shapely.to_wkb(shapes.from_stored(value), hex=True) if isinstance(value, WKBElement) else value


def _restore(plan: Plan, kept: Mapping[str, dict[str, Any] | None]) -> None:
    session().execute(sa.delete(PlanChange).where(PlanChange.plan_id == plan.id, PlanChange.code.in_(kept)))
    session().expire_all()
    for values in kept.values():
        if values is None:
            continue
        drawn = {name: values[name] and shapes.to_column(shapely.from_wkb(values[name])) for name in _SHAPES}
        session().add(PlanChange(plan_id=plan.id, **{**values, **drawn}))
    session().flush()
