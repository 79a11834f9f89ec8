"""Make, try, approve, withdraw and undo a plan; on its day everything it touches is assigned anew, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import shapely
import sqlalchemy as sa

from gis_grid import audit
from gis_grid.access.guard import acting, caller, check_area, scoped
from gis_grid.access.models import Token, User
from gis_grid.access.rules import COMMAND
from gis_grid.areas import actions as areas
from gis_grid.areas.cells import cells_count, refresh_cells
from gis_grid.areas.duty import all_areas, unstaffed
from gis_grid.areas.models import Area, Boundary, Staff, Succession
from gis_grid.areas.placing import today
from gis_grid.areas.reassign import Bounds, give_back, reassign, settle, told_moves
from gis_grid.areas.rules import LEVEL_CODES, touched_by
from gis_grid.db import session, transaction
from gis_grid.errors import Conflict, Invalid, NotFound
from gis_grid.geo import shapes
from gis_grid.jobs.actions import now_and_then
from gis_grid.plans.check import check_plan
from gis_grid.plans.models import Plan, PlanChange
from gis_grid.plans.rules import CREATE, DRAW, RETIRE, REVIVE
from gis_grid.plans.sizes import size_faults, sizes_now
from gis_grid.plans.world import changes_of, check_unchanged, latest_boundary_id

PAST = "生效日期不能早于今天：已发生的事按当时的边界归属。"
SERIOUS = ("invalid", "overlap", "gap", "outside_parent", "uncovered")


def find_plan(plan_id: int, *, lock: bool = False) -> Plan:
    """One plan within the caller's scope."""
    query = scoped(sa.select(Plan), Plan).where(Plan.id == plan_id)
    plan = session().scalar(query.with_for_update() if lock else query)
    if plan is None:
        raise NotFound(f"没有编号为 {plan_id} 的方案，或它不在您的数据范围内。")
    return plan


def make_plan(
    name: str, area_code: str, remark: str | None = None, undo_of: int | None = None, effective: date | None = None
) -> Plan:
    """An empty draft within an area; `effective` is the day it is meant for, approval may name another."""
    if effective and effective < today():
        raise Invalid(PAST, code="past_date")
    check_area(area_code)
    area = session().get(Area, area_code)
    if area is None or area.retired_at:
        raise Invalid(f"区域 {area_code} 不存在或已注销。", code="unknown_area")
    plan = Plan(name=name, area_code=area_code, remark=remark, effective=effective, made_by=caller().name, undo_of=undo_of)
    session().add(plan)
    session().flush()
    audit.record("draft", "plans", plan.id, area_code=area_code, after={"name": name})
    return plan


def dry_run(plan_id: int) -> dict[str, Any]:
    """What would move from where to where if the plan counted today: done for good, told, and undone to the last row."""
    plan = find_plan(plan_id)
    if plan.status == "done":
        raise Conflict("方案已生效，结果见方案的 report。", code="plan_done")
    before = sizes_now(plan.area_code)
    attempt = session().begin_nested()
    try:
        if plan.status == "approved":
            _take_back_boundaries(plan)
        _write_boundaries(plan, today())
        report = _take_effect(plan, before)
        report["moved"] = [dict(row._mapping) for row in session().execute(sa.text(_MOVED_BUILDINGS))]
    finally:
        attempt.rollback()
        session().expire_all()
    return report


def area_names(plan_id: int) -> dict[str, str]:
    """Names of all areas by code, those a draft makes or renames among them."""
    drafted = {change.code: change.name for change in changes_of(plan_id)}
    return {code: node.link["name"] for code, node in all_areas().items()} | drafted


def approve(plan_id: int, effective: date | None, *, despite_faults: bool = False) -> Plan:
    """From `effective` (today or later) on the plan's boundaries count; what it touches is re-assigned on that day."""
    plan = open_draft(plan_id)
    day = effective or plan.effective or today()
    if day < today():
        raise Invalid(PAST, code="past_date")
    if not changes_of(plan.id):
        raise Invalid("方案是空的，没有可生效的内容。", code="empty_plan")
    check_unchanged(plan)
    new = [finding for finding in check_plan(plan)["findings"] if finding["is_new"] and finding["kind"] in SERIOUS]
    if new and not despite_faults:
        raise Invalid(f"方案有 {len(new)} 处接缝问题（{new[0]['message']}），请先修正。", code="plan_faults", findings=new[:20])
    before = sizes_now(plan.area_code)
    plan.status, plan.effective, plan.approved_by, plan.approved_at = "approved", day, caller().name, datetime.now(UTC)
    _write_boundaries(plan, day)
    if day == today():
        plan.report = {**(plan.report or {}), **_take_effect(plan, before)}
        plan.status, plan.done_at = "done", datetime.now(UTC)
    else:
        refresh_cells(None)  # they count only until that day
    session().flush()
    audit.record("approve", "plans", plan.id, area_code=plan.area_code, after={"effective": str(day), "status": plan.status})
    return plan


def withdraw(plan_id: int) -> Plan:
    """Give up a draft, or an approved plan whose day has not come."""
    plan = find_plan(plan_id, lock=True)
    if plan.status == "approved":
        _take_back_boundaries(plan)
        refresh_cells(None)
    elif plan.status != "draft":
        raise Conflict("方案已生效或已撤回；已生效的请用“撤销”另拟恢复方案。", code="plan_over")
    plan.status = "withdrawn"
    session().flush()
    audit.record("withdraw", "plans", plan.id, area_code=plan.area_code)
    return plan


def undo(plan_id: int) -> Plan:
    """A new draft that brings back the boundaries before a plan that was done; codes it retired return, those it made retire."""
    plan = find_plan(plan_id)
    if plan.status != "done" or plan.effective is None:
        raise Conflict("只有已生效的方案可以撤销。", code="not_done")
    back = make_plan(f"撤销：{plan.name}", plan.area_code, undo_of=plan.id)
    changes = changes_of(plan.id)
    for change in changes:
        action = {CREATE: RETIRE, DRAW: DRAW, RETIRE: REVIVE, REVIVE: RETIRE}[change.action]
        session().add(
            PlanChange(
                plan_id=back.id, code=change.code, action=action, level=change.level, kind=change.kind,
                name=change.name_before or change.name, name_before=change.name,
                parent_code=change.parent_code, successors=_heirs(change, changes) if action == RETIRE else [],
                geom=None if action == RETIRE else change.before, before=change.geom, before_id=latest_boundary_id(change.code),
            )
        )  # fmt: skip
    session().flush()
    return back


def _heirs(gone: PlanChange, changes: Sequence[PlanChange]) -> list[str]:
    """Who lay where an area lies that an undone plan made: the one with the largest share first."""
    shape = shapes.from_stored(gone.geom)
    before = [(shapes.from_stored(one.before), one.code) for one in changes if one.before is not None and one.level == gone.level]
    shares = [(-shapely.intersection(shape, old).area, code) for old, code in before]
    return [code for share, code in sorted(shares) if share < -1e-12]


@now_and_then
def take_due() -> None:
    """Approved plans whose day has come take effect, each in its own transaction; cells of a past day are made anew."""
    with transaction() as own, acting(COMMAND):
        due = list(own.scalars(sa.select(Plan.id).where(Plan.status == "approved", Plan.effective <= today()).order_by(Plan.id)))
        if not due and not cells_count():
            refresh_cells(None)
    for plan_id in due:
        with transaction(), acting(COMMAND):
            plan = find_plan(plan_id, lock=True)
            if plan.status == "approved":
                plan.report = {**(plan.report or {}), **_take_effect(plan, sizes_now(plan.area_code))}
                plan.status, plan.done_at = "done", datetime.now(UTC)
                audit.record("take_effect", "plans", plan.id, area_code=plan.area_code)


def open_draft(plan_id: int) -> Plan:
    """A plan that may still be changed, locked; refused when it is approved or withdrawn."""
    plan = find_plan(plan_id, lock=True)
    check_area(plan.area_code)
    if plan.status != "draft":
        raise Conflict("方案已批准或撤回，不能再改。", code="not_draft")
    return plan


def _write_boundaries(plan: Plan, day: date) -> None:
    """New areas and dated boundaries; nothing that is located moves yet."""
    for change in changes_of(plan.id):
        area = session().get(Area, change.code)
        if change.action == CREATE:
            if area is not None:
                raise Conflict(f"编码 {change.code} 已被使用，请重新拟定。", code="code_taken")
            new = Area(code=change.code, name=change.name, level=change.level, kind=change.kind, parent_code=change.parent_code)
            new.retired_at = datetime.now(UTC)  # not in use before its day
            session().add(new)
        session().flush()
        if change.action == RETIRE:
            areas.close_boundary(change.code, day)
        else:
            areas.set_boundary(change.code, change.geom, day, name=change.name if _is_renamed(change) else None)


def _take_effect(plan: Plan, before: Mapping[str, Mapping[str, int]]) -> dict[str, Any]:
    """The plan's day: what lies where it changed something is re-assigned, retired codes give way; answers who moved."""
    heirs: dict[str, str] = {}
    touched: list[Bounds] = []
    successors = _successors(plan)
    _come_into_use(plan)
    for change in changes_of(plan.id):
        touched += touched_by(shapes.from_stored(change.before), shapes.from_stored(change.geom))
        if _is_renamed(change):
            area = session().get_one(Area, change.code)
            areas.keep_name(area.code, area.name, plan.effective or today())
            area.name = change.name
        if change.action == RETIRE:
            _retire(change, successors[change.code], plan.effective or today())
            heirs[change.code] = next(iter(successors[change.code]), change.parent_code or plan.area_code)
    reassign(touched)
    settled = settle(heirs)
    undone = session().get_one(Plan, plan.undo_of).report or {} if plan.undo_of else {}
    give_back(undone.get("settled", ()))
    told: dict[str, Any] = {"moves": told_moves(), "settled": settled}
    told["staff"] = _staff_follow(heirs) + _staff_return(undone.get("staff", ()))
    told["users"] = _scopes_follow(successors, heirs) + _scopes_return(undone.get("users", ()))
    after = sizes_now(plan.area_code)
    codes = {change.code for change in changes_of(plan.id) if change.level == LEVEL_CODES[-1]}
    codes |= {row["now"] for row in told["moves"] if row["now"]}
    told["sizes"] = [{"code": code, "before": before.get(code, {}), "after": after.get(code, {})} for code in sorted(codes)]
    touched_grids = sa.select(Area).where(Area.code.in_(codes - set(heirs)), Area.level == LEVEL_CODES[-1])
    grids = session().scalars(touched_grids.order_by(Area.code)).all()
    told["size_faults"] = size_faults(after, [(grid.code, grid.name, grid.kind) for grid in grids])
    vacant = unstaffed([grid.code for grid in grids], max(plan.effective or today(), today()))  # told before it is approved
    told["unstaffed"] = [{"code": code, "message": message} for code, message in vacant.items()]
    return told


def _come_into_use(plan: Plan) -> None:
    """Areas the plan makes or brings back are in use from its day on."""
    codes = [change.code for change in changes_of(plan.id) if change.action in (CREATE, REVIVE)]
    for area in session().scalars(sa.select(Area).where(Area.code.in_(codes))):
        area.retired_at = None
    session().execute(sa.delete(Succession).where(Succession.code.in_(codes)))
    session().flush()


def _is_renamed(change: PlanChange) -> bool:
    return bool(change.name_before and change.name != change.name_before)


def _successors(plan: Plan) -> dict[str, list[str]]:
    """Who goes on where: for a retired area those named by the step that retired it and the new ones made of its land; for an
    area that keeps its code and gives parts to new ones, itself and these."""
    changes = changes_of(plan.id)
    new = [(change, shapes.from_stored(change.geom)) for change in changes if change.action == CREATE]
    found = {}
    for change in changes:
        before = shapes.from_stored(change.before)
        parts = [one.code for one, shape in new if before is not None and one.level == change.level and _is_part(shape, before)]
        if change.action == RETIRE:
            found[change.code] = list(dict.fromkeys([*change.successors, *parts]))
        elif change.action == DRAW and parts:
            found[change.code] = [change.code, *parts]
    return found


def _is_part(shape: Any, whole: Any) -> bool:
    """All of a shape but what rounding cuts off lies in another."""
    return bool(shape.intersects(whole) and shapely.difference(shape, shapely.make_valid(whole)).area < 1e-3 * shape.area)


def _retire(change: PlanChange, successors: Sequence[str], day: date) -> None:
    area = session().get_one(Area, change.code)
    area.retired_at = datetime.now(UTC)
    for position, successor in enumerate(successors):
        session().merge(Succession(code=change.code, successor=successor, position=position, since=day))
    session().flush()


def _staff_follow(heirs: Mapping[str, str]) -> list[dict[str, Any]]:
    """Staff of retired areas serve their successors."""
    told = []
    for code, heir in heirs.items():
        rows = session().scalars(sa.select(Staff).where(Staff.area_code == code, Staff.retired_at.is_(None))).all()
        for one in rows:
            one.area_code = heir
            told.append({"id": one.id, "name": one.name, "was": code, "now": heir})
    session().flush()
    return told


def _staff_return(followed: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Staff that an undone plan sent to a successor serve their own area again, unless they were moved on since."""
    told = []
    for row in followed:
        one = session().get(Staff, row["id"])
        if one is not None and one.area_code == row["now"] and _lives(row["was"]):
            one.area_code = row["was"]
            told.append({"id": one.id, "name": one.name, "was": row["now"], "now": row["was"]})
    session().flush()
    return told


def _scopes_follow(successors: Mapping[str, Sequence[str]], heirs: Mapping[str, str]) -> list[dict[str, Any]]:
    """Whoever had a retired or divided area for his scope has all that goes on there: nobody sees more, nobody loses sight."""
    told = []
    follow = {code: list(going_on) or [heirs[code]] for code, going_on in successors.items()}
    for model in _SCOPED:
        for row in session().scalars(sa.select(model).where(model.scopes.overlap(list(follow)))) if follow else ():
            was, now = row.scopes, sorted({new for scope in row.scopes for new in follow.get(scope, [scope])})
            row.scopes = now
            told.append({"kind": model.__tablename__, "id": row.id, "name": row.name, "was": was, "now": now})
    session().flush()
    return told


def _scopes_return(followed: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Accounts that an undone plan gave other scopes have their own again, unless they were given others since."""
    told = []
    models = {model.__tablename__: model for model in _SCOPED}
    for row in followed:
        one = session().get(models[row["kind"]], row["id"]) if row.get("kind") in models else None
        if one is not None and one.scopes == row["now"] and all(_lives(code) for code in row["was"]):
            one.scopes = list(row["was"])
            told.append({**row, "was": row["now"], "now": row["was"]})
    session().flush()
    return told


_SCOPED: tuple[Any, ...] = (User, Token)


def _lives(code: str) -> bool:
    area = session().get(Area, code)
    return area is not None and area.retired_at is None


def _take_back_boundaries(plan: Plan) -> None:
    """The dated boundaries of a plan whose day has not come are deleted; those they were to end go on."""
    for change in changes_of(plan.id):
        mine = (Boundary.area_code == change.code, sa.func.lower(Boundary.valid) == plan.effective)
        session().execute(sa.delete(Boundary).where(*mine))
        if change.before_id:
            open_again = sa.func.daterange(sa.func.lower(Boundary.valid), None, "[)")
            session().execute(sa.update(Boundary).where(Boundary.id == change.before_id).values(valid=open_again))
        if change.action == CREATE:
            session().execute(sa.delete(Area).where(Area.code == change.code))
    session().flush()
    session().expire_all()


_MOVED_BUILDINGS = """
SELECT m.kind, m.id, m.was, m.now, ST_X(b.point) AS lon, ST_Y(b.point) AS lat, b.name
FROM moves m JOIN buildings b ON b.id = m.id WHERE m.kind = 'buildings' AND m.was IS DISTINCT FROM m.now ORDER BY m.id LIMIT 5000
"""
