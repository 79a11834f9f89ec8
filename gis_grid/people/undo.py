"""Take back what was done to a home by mistake: any change, as long as nothing happened to the same people and homes since.

A change keeps in `detail` how things were: `was` (resident -> household, relation), `made` and `closed` (households), `arrived`
(resident -> what he was before, sealed; nothing for the new), `left` (departures that were part of a change of tenants).
"""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from gis_grid import audit
from gis_grid.access.guard import scope_clause
from gis_grid.buildings.models import Room
from gis_grid.db import session
from gis_grid.dictionary import names
from gis_grid.errors import Conflict, NotFound
from gis_grid.people import duplicates
from gis_grid.people.actions import prepare_household, prepare_resident, take_marks
from gis_grid.people.changes import living, own_follow, put_to_use, settle
from gis_grid.people.models import HomeChange, Household, Resident
from gis_grid.people.registers import HOUSEHOLDS, RESIDENTS
from gis_grid.people.rules import heads_fault
from gis_grid.register import actions as register
from gis_grid.register.steps import unpacked
from gis_grid.sealed import unseal

UNDOABLE = ("moved", "split", "joined", "head", "died", "moved_out", "merged", "born", "person_moved", "tenants")


def undo(change_id: int) -> HomeChange:
    """Things are as before the change. Refused: other kinds, twice, where something happened since, or a head is missing."""
    query = sa.select(HomeChange).where(HomeChange.id == change_id, scope_clause(HomeChange.area_code)).with_for_update()
    change = session().scalar(query)
    if change is None:
        raise NotFound(f"没有编号为 {change_id} 的变动，或不在您的数据范围内。")
    if not _tells_how_it_was(change):
        raise Conflict("这种变动不能撤销，请登记一次相反的变动。", code="cannot_undo")
    if change.undone_at:
        raise Conflict("这次变动已经撤销过。", code="already_undone")
    if change.kind == "merged":
        for household_id in change.detail.get("closed", ()):
            _reopen(household_id)
        return duplicates.undo(change)
    _check_nothing_since(change)
    if change.kind == "moved":
        _move_back(change)
    else:
        _put_back(change)
    change.undone_at = datetime.now(UTC)
    session().flush()
    session().expire_all()
    told = {"change": change.id, "kind": change.kind}
    audit.record("undo", "households", change.household_ids[0], after=told, area_code=change.area_code)
    return change


def may_be_undone(change: HomeChange) -> bool:
    """Whether a change is of a kind that can be taken back and has not been; what happened since is looked at when asked."""
    return change.undone_at is None and _tells_how_it_was(change)


def _tells_how_it_was(change: HomeChange) -> bool:
    if change.kind in ("moved", "merged"):
        return True
    if "arrived" in change.detail:
        return True
    was = change.detail.get("was")
    return change.kind in UNDOABLE and was is not None and all(isinstance(one, list) for one in was.values())


def _check_nothing_since(change: HomeChange) -> None:
    touches = sa.or_(
        HomeChange.household_ids.overlap(change.household_ids),
        HomeChange.resident_ids.overlap(change.resident_ids),
    )
    later = sa.select(HomeChange).where(HomeChange.id > change.id, HomeChange.undone_at.is_(None), touches)
    found = session().scalar(later.order_by(HomeChange.id.desc()).limit(1))
    if found is not None:
        what = names("home_change").get(found.kind, found.kind)
        raise Conflict(f"之后又登记了“{what}”（{found.on_day}，{found.made_by}）：请先撤销它。", code="changed_since")


def _move_back(change: HomeChange) -> None:
    household = _open(change.household_ids[0])
    if len(change.room_ids) < 2 or household.room_id != change.room_ids[1]:
        raise Conflict("该户现在不住在当时搬去的房屋，不能撤销。", code="changed_since")
    before = audit.snapshot(household)
    household.room_id = change.room_ids[0]
    prepare_household(household, {"undoing": True})
    session().flush()
    was, now = audit.difference(before, audit.snapshot(household))
    audit.record("change", "households", household.id, before=was, after=now, area_code=household.area_code)


def _put_back(change: HomeChange) -> None:
    told: dict[str, Any] = change.detail
    for household_id in told.get("closed", ()):
        _reopen(household_id)
    for resident_id, before in told.get("arrived", {}).items():
        _send_back(int(resident_id), before, change)
    homes = _settle_as_before(change)
    for household_id in told.get("made", ()):
        made = _open(household_id)
        if living(made):
            raise Conflict(f"住户 {made.number} 之后又登记了成员，不能撤销。", code="changed_since")
        register.retire(HOUSEHOLDS, made.id, made.version)
    for left in told.get("left", ()):
        _take_back_part(left)
    if change.kind == "tenants":
        put_to_use(session().get_one(Room, change.room_ids[0], with_for_update=True), told.get("use"))
    for household_id in {*homes, *told.get("closed", ())}:
        people_now = living(_open(household_id))
        if people_now and (fault := heads_fault([one.relation for one in people_now])):
            raise Conflict(f"撤销后{fault}。", code="two_heads")


def _settle_as_before(change: HomeChange) -> dict[int, dict[int, str]]:
    """Everybody in the household and with the relation he had; answers them by household."""
    was = change.detail.get("was", {})
    homes: dict[int, dict[int, str]] = {}
    for resident_id, (household_id, relation) in was.items():
        homes.setdefault(household_id, {})[int(resident_id)] = relation
    people = {one.id: one for one in (_there(int(key), change) for key in was)}
    for household_id, relations in homes.items():
        settle([people[key] for key in relations], _open(household_id), relations)
    return homes


def _take_back_part(change_id: int) -> None:
    """A departure that was part of a change of tenants."""
    part = session().get_one(HomeChange, change_id, with_for_update=True)
    if part.undone_at is None:
        _put_back(part)
        part.undone_at = datetime.now(UTC)


def _send_back(resident_id: int, before: str | None, change: HomeChange) -> None:
    """Who came is gone again: the new retired, who was known before as he was (`before`: his values, sealed)."""
    resident: Resident = register.find(RESIDENTS, resident_id, lock=True)
    if resident.retired_at or resident.household_id != change.household_ids[0]:
        raise Conflict(f"{resident.name} 之后已不在该户，不能撤销。", code="changed_since")
    if before is None:
        register.retire(RESIDENTS, resident.id, resident.version)
        return
    snapshot = audit.snapshot(resident)
    was = unpacked(RESIDENTS, unseal(base64.b64decode(before)))
    for name, value in was.items():
        setattr(resident, name, value)
    (take_marks(resident) if resident.retired_at else prepare_resident(resident, {}))  # the latter refuses what cannot be now
    session().flush()
    own_follow([resident], resident.area_code)
    then, now = audit.difference(snapshot, audit.snapshot(resident))
    audit.record("undo", "residents", resident.id, before=then, after=now, area_code=resident.area_code, version=resident.version)


def _there(resident_id: int, change: HomeChange) -> Resident:
    """A person of the change, alive and here again where the change had ended that."""
    resident: Resident = register.find(RESIDENTS, resident_id, lock=True)
    if resident.merged_into:
        raise Conflict(f"{resident.name} 之后被合并，不能撤销。", code="changed_since")
    if resident.retired_at and change.kind in ("died", "moved_out") and resident_id in change.resident_ids:
        same = sa.and_(Resident.id_number_hash == resident.id_number_hash, Resident.retired_at.is_(None))
        if resident.id_number_hash and session().scalar(sa.select(Resident.id).where(same)):
            raise Conflict(f"{resident.name} 的证件号码已重新登记，不能撤销。", code="id_number_taken")
        resident.retired_at = resident.left_on = resident.left_why = None
        session().flush()
        audit.record("reopen", "residents", resident.id, area_code=resident.area_code, version=resident.version)
    elif resident.retired_at:
        raise Conflict(f"{resident.name} 之后已注销，不能撤销。", code="changed_since")
    return resident


def _open(household_id: int) -> Household:
    household: Household = register.find(HOUSEHOLDS, household_id, lock=True)
    if household.retired_at:
        raise Conflict(f"住户 {household.number} 已注销，不能撤销。", code="changed_since")
    return household


def _reopen(household_id: int) -> None:
    household: Household = register.find(HOUSEHOLDS, household_id, lock=True)
    room = session().get(Room, household.room_id) if household.room_id else None
    if room is None or room.retired_at:
        raise Conflict("当时的房屋已注销，不能撤销。", code="changed_since")
    if household.retired_at:
        household.retired_at = None
        household.area_code = room.area_code
        session().flush()
        audit.record("reopen", "households", household.id, area_code=household.area_code, version=household.version)
