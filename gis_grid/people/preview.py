"""What a change of homes would do: done for good, told in sentences with what to look at, and undone to the last row."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from gis_grid import audit
from gis_grid.access.guard import scoped
from gis_grid.areas.duty import all_areas
from gis_grid.areas.placing import today
from gis_grid.audit import AuditEntry
from gis_grid.buildings.models import Building, Estate, Room, Unit
from gis_grid.db import session
from gis_grid.dictionary import names
from gis_grid.people.models import HomeChange, Household, Resident, Valuable
from gis_grid.people.registers import HOUSEHOLDS, RESIDENTS
from gis_grid.people.rules import HEAD
from gis_grid.register.actions import in_words

_SILENT = {"placed_by", "due_on", "point", "pin_locked", "classes", "retired_at", "left_on", "left_why", "initials"}
_LONG_AGO = timedelta(days=366)
_LEADS_FROM = 16  # years; a younger head is no fault, but looked at


@dataclass(frozen=True)
class Tried:
    """What was written while it was tried: entries of the audit log in order, changes of homes."""

    entries: Sequence[AuditEntry]
    changes: Sequence[HomeChange]

    def of(self, target: str, *actions: str) -> Iterator[AuditEntry]:
        return (one for one in self.entries if one.target == target and one.action in actions)


def tried(act: Callable[[], Any]) -> dict[str, Any]:
    """lines: what will change; people, households: whom it concerns; warnings: what to look at. What `act` refuses is refused."""
    marks = [session().scalar(sa.select(sa.func.max(model.id))) or 0 for model in (AuditEntry, HomeChange)]
    attempt = session().begin_nested()
    try:
        act()
        session().flush()
        told = _told(_written(*marks))
    finally:
        attempt.rollback()
        session().expire_all()
    seen = {"people": [one["id"] for one in told["people"]], "households": [one["id"] for one in told["households"]]}
    audit.record("preview", "households", after=seen)
    return told


def _written(last_entry: int, last_change: int) -> Tried:
    mine = sa.and_(AuditEntry.id > last_entry, AuditEntry.request_id.is_not_distinct_from(audit.request_id.get()))
    entries = session().scalars(sa.select(AuditEntry).where(mine).order_by(AuditEntry.id)).all()
    known = {one.key for one in entries if one.target == "residents"}
    changes = session().scalars(sa.select(HomeChange).where(HomeChange.id > last_change).order_by(HomeChange.id))
    ours = [one for one in changes if known & {str(key) for key in one.resident_ids} or _speaks_of(entries, one)]
    return Tried(entries, ours)


def _speaks_of(entries: Sequence[AuditEntry], change: HomeChange) -> bool:
    homes = {str(key) for key in change.household_ids}
    return any(one.target == "households" and one.key in homes for one in entries)


def _told(done: Tried) -> dict[str, Any]:
    people = {int(one.key or 0) for one in done.entries if one.target == "residents"}
    people |= {key for change in done.changes for key in change.resident_ids}
    homes = {int(one.key or 0) for one in done.entries if one.target == "households"}
    homes |= {key for change in done.changes for key in change.household_ids}
    return {
        "lines": list(dict.fromkeys(_lines(done))),
        "warnings": list(dict.fromkeys(_warnings(done))),
        "people": [{"id": one.id, "name": one.name} for one in _rows(Resident, people)],
        "households": [{"id": one.id, "number": one.number} for one in _rows(Household, homes)],
    }


def _rows(model: Any, ids: set[int]) -> Sequence[Any]:
    return session().scalars(sa.select(model).where(model.id.in_(ids)).order_by(model.id)).all()


def _lines(done: Tried) -> Iterator[str]:
    for entry in done.of("households", "create", "change", "reopen", "retire"):
        yield from _of_household(entry)
    for change in done.changes:
        if change.kind == "moved":
            yield f"成员 {len(change.resident_ids)} 人一起搬：{_named(change.resident_ids)}"
    for entry in done.of("residents", "merge", "undo"):
        yield from _of_merge(entry)
    left: dict[str, list[int]] = {}
    for entry in done.of("residents", "create", "move_in", "change", "reopen", "undo", "retire"):
        after = entry.after or {}
        if entry.action == "retire":
            why = names("left_why").get(after.get("left_why") or "")
            left.setdefault(f"登记为{why}（{after['left_on']}）" if why else "的登记注销", []).append(int(entry.key or 0))
        else:
            yield from _of_resident(entry)
    yield from (f"{_named(ids)} {said}" for said, ids in left.items())
    for entry in done.of("rooms", "change"):
        was, now = ((part or {}).get("use") for part in (entry.before, entry.after))
        use = names("house_type")
        yield f"房屋用途：{use.get(was or '', '未登记')} → {use.get(now or '', '未登记')}"


def _of_household(entry: AuditEntry) -> Iterator[str]:
    household = session().get_one(Household, int(entry.key or 0))
    if entry.action == "create":
        yield f"新立住户 {household.number}（{_room_said(household.room_id)}）"
    elif entry.action == "retire":
        yield f"住户 {household.number} 注销"
    elif entry.action == "reopen":
        yield f"住户 {household.number} 恢复"
    elif changed := _changed(HOUSEHOLDS, entry):
        yield f"住户 {household.number}：{changed}"


def _of_resident(entry: AuditEntry) -> Iterator[str]:
    resident = session().get_one(Resident, int(entry.key or 0))
    if entry.action == "create":
        relation = names("relation").get(resident.relation or "")
        yield f"新登记 {resident.name}" + (f"（{relation}）" if relation else "")
        return
    if entry.action == "move_in":
        yield f"{resident.name} 已登记过，认作同一个人，不重复登记"
    if entry.action == "reopen" or (entry.before or {}).get("retired_at"):
        yield f"{resident.name} 重新在册"
    if changed := _changed(RESIDENTS, entry):
        yield f"{resident.name}：{changed}"


def _of_merge(entry: AuditEntry) -> Iterator[str]:
    """Two records become one, or are two again."""
    kept, after = session().get_one(Resident, int(entry.key or 0)), entry.after or {}
    if gone := session().get(Resident, after.get("merged") or after.get("again")):
        home = session().get(Household, gone.household_id)
        where = f"（{home.number}，{_room_said(home.room_id)}）" if home else ""
        yield f"{gone.name}{where}{'的登记并入' if after.get('merged') else '重新单独在册，不再是'} {kept.name}"
    if after.get("merged") and (changed := _changed(RESIDENTS, entry)):
        yield f"{kept.name}补入：{changed}"


def _changed(register: Any, entry: AuditEntry) -> str:
    before, after = entry.before or {}, entry.after or {}
    labels = {column.key: str(column.comment or column.key) for column in register.columns}
    said = []
    for key in dict.fromkeys([*before, *after]):
        if key not in labels or key in _SILENT:
            continue
        was, now = (_value(register, key, values.get(key)) for values in (before, after))
        sealed = "●" in f"{before.get(key)}{after.get(key)}"
        said.append(f"{labels[key]}{'改为新填的' if sealed else f' {was} → {now}'}")
    return "；".join(said)


def _value(register: Any, key: str, value: Any) -> str:
    if value is None:
        return "未登记"
    if key == "area_code":
        return _area(value)
    if key == "room_id":
        return _room_said(value)
    if key == "household_id":
        household = session().get(Household, value)
        return f"{household.number}（{_room_said(household.room_id)}）" if household else str(value)
    return str(in_words(register, key, value))


def _area(code: str) -> str:
    node = all_areas().get(code)
    return node.link["name"] if node else code


def _room_said(room_id: int | None) -> str:
    query = (
        sa.select(Estate.name, Building.name, Unit.name, Room.number)
        .select_from(Room)
        .join(Building, Building.id == Room.building_id)
        .outerjoin(Unit, Unit.id == Room.unit_id)
        .outerjoin(Estate, Estate.id == Building.estate_id)
    )
    row = session().execute(query.where(Room.id == room_id)).one_or_none()
    return " ".join(part for part in row if part) if row else "无房屋"


def _named(ids: Sequence[int]) -> str:
    return "、".join(one.name for one in _rows(Resident, set(ids))) or "无"


def _warnings(done: Tried) -> Iterator[str]:
    if any(change.kind == "tenants" and not change.detail.get("left") for change in done.changes):
        yield "这间房屋没有登记过租户，只登记新来的人。"
    for entry in done.of("households", "create", "change"):
        yield from _of_new_place(entry, tenants=any(change.kind == "tenants" for change in done.changes))
    for entry in done.of("residents", "create"):
        yield from _known_already(session().get_one(Resident, int(entry.key or 0)))
    for entry in done.of("residents", "retire"):
        yield from _left_behind(session().get_one(Resident, int(entry.key or 0)))
    for change in done.changes:
        if today() - change.on_day > _LONG_AGO:
            yield f"日期 {change.on_day} 在一年以前，请核对。"
    for entry in done.of("residents", "create", "change", "move_in"):
        head = session().get_one(Resident, int(entry.key or 0))
        young = head.birth_date and (today() - head.birth_date).days < _LEADS_FROM * 365.25
        if head.relation == HEAD and young and not head.retired_at:
            yield f"户主 {head.name} 未满 {_LEADS_FROM} 岁，请核对。"


def _of_new_place(entry: AuditEntry, *, tenants: bool) -> Iterator[str]:
    before, after = entry.before or {}, entry.after or {}
    household = session().get_one(Household, int(entry.key or 0))
    if before.get("area_code") and after.get("area_code") and before["area_code"] != after["area_code"]:
        yield f"住户 {household.number} 将由 {_area(after['area_code'])} 负责（现在是 {_area(before['area_code'])}）。"
    if before.get("point"):
        yield f"住户 {household.number} 在图上标注的位置会清除，需要时请重新标注。"
    if "room_id" not in after or tenants:
        return
    beside = sa.and_(Household.room_id == household.room_id, Household.id != household.id, Household.retired_at.is_(None))
    others = session().scalars(sa.select(Household.number).where(beside).order_by(Household.id)).all()
    if others:
        yield f"{_room_said(household.room_id)} 还住着 {len(others)} 户：{'、'.join(others[:3])}。"


def _known_already(resident: Resident) -> Iterator[str]:
    same = [
        condition
        for value, condition in (
            (resident.birth_date, Resident.birth_date == resident.birth_date),
            (resident.phone_hash, Resident.phone_hash == resident.phone_hash),
        )
        if value
    ]
    if not same:
        return
    query = scoped(sa.select(Resident), Resident).where(
        Resident.name == resident.name, Resident.id != resident.id, Resident.merged_into.is_(None), sa.or_(*same)
    )
    for one in session().scalars(query.order_by(Resident.id).limit(3)):
        home = session().get(Household, one.household_id)
        state = "已离开" if one.retired_at else "在册"
        where = f"，{home.number}（{_room_said(home.room_id)}）" if home else ""
        yield f"{one.name} 可能已登记过（{state}{where}）；若是同一人，请填写证件号码，或事后在“重复登记”中合并。"


def _left_behind(resident: Resident) -> Iterator[str]:
    theirs = sa.and_(Valuable.resident_id == resident.id, Valuable.retired_at.is_(None))
    things = session().scalar(sa.select(sa.func.count()).select_from(Valuable).where(theirs))
    if things:
        yield f"{resident.name} 名下还有 {things} 件大宗财产，登记仍保留，请核对归属。"
