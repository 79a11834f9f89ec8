"""People registered twice: likely pairs are proposed, a merge takes all over to one of them and can be undone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from gis_grid import audit
from gis_grid.access.guard import caller, scope_patterns
from gis_grid.areas.placing import today
from gis_grid.buildings.models import Building, Estate, Room, Unit
from gis_grid.db import session, sql
from gis_grid.dictionary import names
from gis_grid.errors import Conflict, Invalid
from gis_grid.people.actions import note_change, prepare_resident
from gis_grid.people.models import HomeChange, Household, Resident, ResidentTag, Valuable
from gis_grid.people.registers import HOUSEHOLDS, RESIDENTS
from gis_grid.people.rules import HEAD
from gis_grid.register.actions import check_version, find, retire
from gis_grid.sealed import mask_id, mask_phone

# What the one that stays takes over from the other where he has nothing himself.
FILLED = (
    "id_number id_type sex birth_date ethnic education marital phone former_name native_place birth_place registered_address "
    "registration political nationality occupation workplace"
).split()


def proposed(area_code: str | None, limit: int) -> list[dict[str, Any]]:
    """Likely pairs within the caller's scope, the likeliest first, each with why. Two different identity numbers are two people,
    unless they share a phone as well: then somebody should look."""
    area = (area_code or "").replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    rows = session().execute(sql("duplicates"), {"scope": scope_patterns(), "area": area, "limit": limit}).mappings().all()
    found = []
    for row in rows:
        same = [said for said, holds in (("出生日期", row["same_birth"]), ("电话", row["same_phone"])) if holds]
        doubt = "；但证件号码不同，请核对" if row["both_numbers"] else ""
        found.append({**row, "why": f"姓名、{'、'.join(same)}相同{doubt}"})
    sides = _sides([row[side] for row in found for side in ("one", "other")])
    found = [{**row, "sides": [sides[row["one"]], sides[row["other"]]]} for row in found]
    audit.record("view", "residents.duplicates", after={"found": len(found), "area_code": area_code})
    return found


def _sides(ids: list[int]) -> dict[int, dict[str, Any]]:
    """What one looks at to see whether two records are one person; numbers masked."""
    rows = session().execute(
        sa.select(Resident, Household.number, Estate.name, Building.name, Unit.name, Room.number)
        .outerjoin(Household, Household.id == Resident.household_id)
        .outerjoin(Room, Room.id == Household.room_id)
        .outerjoin(Unit, Unit.id == Room.unit_id)
        .outerjoin(Building, Building.id == Room.building_id)
        .outerjoin(Estate, Estate.id == Building.estate_id)
        .where(Resident.id.in_(ids))
    )
    return {
        one.id: {
            "id": one.id,
            "household_id": one.household_id,
            "number": number,
            "where": " ".join(part for part in place if part),
            "relation": names("relation").get(one.relation or ""),
            "birth_date": one.birth_date and one.birth_date.isoformat(),
            "id_number": one.id_number and mask_id(one.id_number),
            "phone": one.phone and mask_phone(one.phone),
            "verified_at": one.verified_at and one.verified_at.isoformat(),
        }
        for one, number, *place in rows
    }


def merge(resident_id: int, version: int, other_id: int, reason: str | None) -> Resident:
    """`other` was the same person: what only he has goes over, his row is retired; kept so that it can be undone."""
    kept: Resident = find(RESIDENTS, resident_id, lock=True)
    check_version(RESIDENTS, kept, version)
    other: Resident = find(RESIDENTS, other_id, lock=True)
    if kept.id == other.id:
        raise Invalid("不能与自己合并。", code="same_person")
    if kept.retired_at or other.retired_at:
        raise Conflict("其中一位已注销，不能合并。", code="already_retired")
    _check_not_leading(other)
    before = audit.snapshot(kept)
    filled = [name for name in FILLED if getattr(kept, name) is None and getattr(other, name) is not None]
    classes = [code for code in other.classes if code not in kept.classes]
    taken = {name: getattr(other, name) for name in filled}
    detail = {
        "kept": kept.id, "other": other.id, "household_id": other.household_id, "relation": other.relation,
        "filled": filled, "classes": classes, "valuables": _taken_over(Valuable, other, kept), "tags": _new_tags(kept, classes),
    }  # fmt: skip
    other.retired_at, other.left_on, other.left_why, other.merged_into = datetime.now(UTC), today(), "merged", kept.id
    session().flush()  # first gone, then its number is free
    left_by = session().get(Household, other.household_id)
    detail["closed"] = _closed_when_empty(left_by)
    for name, value in taken.items():
        setattr(kept, name, value)
    kept.classes = [*kept.classes, *classes]
    prepare_resident(kept, {})
    household = session().get(Household, kept.household_id)
    assert household  # noqa: S101  prepare_resident refused otherwise
    both = [household, left_by] if left_by and left_by.id != household.id else [household]
    note_change("merged", None, both, residents=[kept.id, other.id], reason=reason, detail=detail)
    session().flush()
    was, now = audit.difference(before, audit.snapshot(kept))
    audit.record("merge", "residents", kept.id, before=was, after={**(now or {}), "merged": other.id}, area_code=kept.area_code)
    return kept


def undo(change: HomeChange) -> HomeChange:
    """Take a merge back: the other person is there again, and has again what was his; what was corrected since stays."""
    told = change.detail
    kept: Resident = find(RESIDENTS, told["kept"], lock=True)
    other: Resident = find(RESIDENTS, told["other"], lock=True)
    household: Household = find(HOUSEHOLDS, told["household_id"])
    if household.retired_at:
        raise Conflict("他原来的住户已注销，不能撤销合并；请用“迁入”重新登记。", code="household_gone")
    for name in told["filled"]:
        if getattr(kept, name) != getattr(other, name):
            continue
        setattr(kept, name, None)
        if name in ("id_number", "phone"):
            setattr(kept, f"{name}_hash", None)
            setattr(kept, f"{name}_tail", None)
    kept.classes = [code for code in kept.classes if code not in told["classes"]]
    session().flush()  # first his number is free
    session().execute(sa.delete(ResidentTag).where(ResidentTag.id.in_(told["tags"]), ResidentTag.resident_id == kept.id))
    session().execute(sa.update(Valuable).where(Valuable.id.in_(told["valuables"])).values(resident_id=other.id))
    other.retired_at = other.left_on = other.left_why = other.merged_into = None
    other.household_id, other.relation = household.id, told["relation"]
    prepare_resident(other, {})
    change.undone_at = datetime.now(UTC)
    session().flush()
    session().expire_all()
    audit.record("undo", "residents", kept.id, after={"merge": change.id, "again": other.id}, area_code=change.area_code)
    return change


def _closed_when_empty(household: Household | None) -> list[int]:
    """A household in which nobody lives any more is closed; answers which."""
    if household is None or household.retired_at:
        return []
    living = sa.select(Resident.id).where(Resident.household_id == household.id, Resident.retired_at.is_(None))
    if session().scalar(living.limit(1)):
        return []
    retire(HOUSEHOLDS, household.id, household.version)
    return [household.id]


def _check_not_leading(other: Resident) -> None:
    if other.relation != HEAD:
        return
    living = sa.select(Resident.id).where(
        Resident.household_id == other.household_id, Resident.retired_at.is_(None), Resident.id != other.id
    )
    if session().scalar(living.limit(1)):
        raise Conflict("被合并者是户主，且户内还有其他成员：请先“变更户主”，或反过来合并。", code="head_leaves")


def _taken_over(model: Any, other: Resident, kept: Resident) -> list[int]:
    ids = list(session().scalars(sa.select(model.id).where(model.resident_id == other.id)))
    values = {"resident_id": kept.id, "area_code": kept.area_code}
    session().execute(sa.update(model).where(model.id.in_(ids)).values(values))
    return ids


def _new_tags(kept: Resident, classes: list[str]) -> list[int]:
    """Tags for the classes that come over; the other's own stay with him for an undo."""
    made = [ResidentTag(resident_id=kept.id, code=code, source="合并重复", made_by=caller().name) for code in classes]
    session().add_all(made)
    session().flush()
    session().expire(kept, ["tags"])
    return [tag.id for tag in made]
