"""Keep households, residents and valuables; find people by number; show a number to those who may, for a purpose."""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa

from gis_grid import audit
from gis_grid.access.guard import caller, check_area, scoped
from gis_grid.areas.placing import today
from gis_grid.areas.reassign import follow
from gis_grid.buildings.actions import moved
from gis_grid.buildings.models import Room
from gis_grid.db import session
from gis_grid.dictionary import names
from gis_grid.errors import Conflict, Invalid, NotFound
from gis_grid.freshness import due_on
from gis_grid.people.classes import merged_classes
from gis_grid.people.models import HomeChange, Household, Resident, ResidentKey, ResidentTag, Valuable, found_by
from gis_grid.people.rules import HEAD, birth_fault, phone_fault, read_id_number
from gis_grid.register.actions import free_mark
from gis_grid.sealed import fingerprint, normal, tail_mark

RESIDENT_ID = "111"  # GA/T 517: resident identity card


def prepare_household(household: Household, extra: dict[str, Any]) -> None:
    """A household lies where its room lies; its people and what they own follow. Another room is a move, and kept as one."""
    was = sa.inspect(household).attrs.room_id.history.deleted  # known until the first flush
    if household.room_id is None:
        raise Invalid("住户须有房屋（room_id）。", code="no_room")
    room = session().get(Room, household.room_id)
    if room is None or room.retired_at:
        raise Invalid(f"房屋 {household.room_id} 不存在或已注销。", code="unknown_reference")
    check_area(room.area_code)
    household.area_code, household.placed_by = room.area_code, "room"
    household.number = household.number or free_mark(Household.number, f"R{room.id}")
    if sa.inspect(household).transient:
        return
    if was and was[0] != household.room_id:
        household.point, household.pin_locked = None, False  # the pin stood at the old home
        if not extra.get("undoing"):
            note_change("moved", extra.get("on"), [household], rooms=[was[0], room.id], reason=extra.get("reason"))
    elsewhere = sa.and_(Resident.household_id == household.id, Resident.area_code.is_distinct_from(room.area_code))
    place = {"area_code": room.area_code, "placed_by": "room"}
    session().execute(sa.update(Resident).where(elsewhere).values(**place, version=Resident.version + 1))
    owners = sa.select(Resident.id).where(Resident.household_id == household.id)
    theirs = sa.and_(Valuable.resident_id.in_(owners), Valuable.area_code.is_distinct_from(room.area_code))
    session().execute(sa.update(Valuable).where(theirs).values(**place, version=Valuable.version + 1))


def prepare_resident(resident: Resident, extra: dict[str, Any]) -> None:
    """A person lies where the household lies. A good identity number fills birth date, sex and origin where they are empty."""
    take_marks(resident)
    if resident.household_id is None:
        raise Invalid("居民须属于一个住户（household_id）。", code="no_household")
    household = session().get(Household, resident.household_id)
    if household is None or household.retired_at:
        raise Invalid(f"住户 {resident.household_id} 不存在或已注销。", code="unknown_reference")
    check_area(household.area_code)
    resident.area_code, resident.placed_by = household.area_code, "room"
    if resident.birth_date and (fault := birth_fault(resident.birth_date, today())):
        raise Invalid(f"{fault}。", code="bad_birth_date")
    check_one_head(resident)
    resident.due_on = due_on("residents", resident.classes or (), resident.verified_at)


def take_marks(resident: Resident) -> None:
    """Tags for his classes; the fingerprints of his numbers and what a good identity number fills in."""
    with session().no_autoflush:  # what was there before is known until the first flush
        _take_classes(resident)
    _take_id_number(resident)
    _take_phone(resident)


def prepare_valuable(valuable: Valuable, extra: dict[str, Any]) -> None:
    """What somebody owns lies where he lies."""
    owner = session().get(Resident, valuable.resident_id)
    if owner is None or owner.retired_at:
        raise Invalid(f"居民 {valuable.resident_id} 不存在或已注销。", code="unknown_reference")
    check_area(owner.area_code)
    valuable.area_code, valuable.placed_by = owner.area_code, "room"
    if valuable.value_yuan is not None and valuable.value_yuan < 0:
        raise Invalid("价值不能为负数。", code="bad_value")
    if valuable.bought_on and valuable.bought_on > today():
        raise Invalid("购置日期在将来。", code="bad_date")


def check_one_head(resident: Resident) -> None:
    """Refuse a second head of one household."""
    if resident.relation != HEAD or resident.retired_at:
        return
    heads = sa.select(Resident.name).where(
        Resident.household_id == resident.household_id,
        Resident.relation == HEAD,
        Resident.retired_at.is_(None),
        Resident.id.is_distinct_from(resident.id),
    )
    with session().no_autoflush:
        head = session().scalar(heads.limit(1))
    if head:
        raise Conflict(f"该户已有户主 {head}；要换户主请用“变更户主”。", code="two_heads")


def note_change(
    kind: str,
    on: date | None,
    households: list[Household],
    *,
    residents: list[int] | None = None,
    rooms: list[int] | None = None,
    reason: str | None = None,
    detail: dict[str, Any] | None = None,
) -> HomeChange:
    """Keep what happened to these households and people, for the history of each of them."""
    if residents is None:
        living = sa.select(Resident.id).where(
            Resident.household_id.in_([one.id for one in households]), Resident.retired_at.is_(None)
        )
        residents = list(session().scalars(living.order_by(Resident.id)))
    change = HomeChange(
        kind=kind,
        on_day=on or today(),
        household_ids=[one.id for one in households],
        resident_ids=residents,
        room_ids=rooms or [one.room_id for one in households if one.room_id],
        area_code=households[0].area_code,
        reason=reason,
        detail=detail or {},
        made_by=caller().name,
    )
    session().add(change)
    return change


def find_people(id_number: str | None, phone: str | None) -> list[Resident]:
    """Residents within the caller's scope who have this number; looked up by fingerprint, audited without the number."""
    query = scoped(sa.select(Resident), Resident).where(Resident.retired_at.is_(None))
    if id_number:
        query = query.where(Resident.id_number_hash == fingerprint(id_number))
    if phone:
        query = query.where(found_by(ResidentKey.phone_hash == fingerprint(phone)))
    found = list(session().scalars(query.order_by(Resident.id).limit(50)))
    by = [name for name, value in (("id_number", id_number), ("phone", phone)) if value]
    audit.record("find", "residents", after={"by": by, "found": [row.id for row in found]})
    return found


def unmask(resident_id: int, purpose: str) -> dict[str, str | None]:
    """The identity number and phone as they are; kept in the audit log with the purpose."""
    row = session().scalar(scoped(sa.select(Resident), Resident).where(Resident.id == resident_id))
    if row is None:
        raise NotFound(f"没有找到编号为 {resident_id} 的居民，或不在您的数据范围内。")
    audit.record("unmask", "residents", row.id, area_code=row.area_code, purpose=purpose)
    return {"id_number": row.id_number, "phone": row.phone}


@moved.connect
def move_with_rooms(sender: object, everything: bool) -> None:
    """Rooms lie elsewhere: their households with them."""
    follow_homes(everything=everything)


def follow_homes(*, everything: bool) -> None:
    """Households go with their rooms, people with their households, and what people own with them."""
    follow("households", "rooms", "room_id", "room", everything=everything)
    follow("residents", "households", "household_id", "room", everything=everything)
    follow("valuables", "residents", "resident_id", "room", everything=everything)


def _take_classes(resident: Resident) -> None:
    """Classes set by hand begin or end tags; those hidden from the caller stay."""
    inspected = sa.inspect(resident)
    history = inspected.attrs.classes.history
    if not history.has_changes():
        return
    was = list(history.deleted[0]) if history.deleted and history.deleted[0] else []
    resident.classes = merged_classes(was, resident.classes or [])
    day = today()
    for code in resident.classes:
        if code not in was:
            resident.tags.append(ResidentTag(code=code, since=day, source="登记", made_by=caller().name))
    for code in was:
        if code not in resident.classes and not any(tag.code == code and tag.until is None for tag in resident.tags):
            resident.tags.append(ResidentTag(code=code, source="原有登记", made_by=caller().name))
    for tag in resident.tags:
        if tag.until is None and tag.code not in resident.classes:
            tag.until = day


def _take_id_number(resident: Resident) -> None:
    if not resident.id_number:
        resident.id_number = resident.id_number_hash = resident.id_number_tail = None
        return
    if (resident.id_type or RESIDENT_ID) == RESIDENT_ID:
        try:
            told = read_id_number(resident.id_number, today())
        except ValueError as fault:
            raise Invalid(f"{fault}。", code="bad_id_number") from None
        resident.birth_date = resident.birth_date or told.birth_date
        resident.sex = resident.sex or told.sex
        resident.native_place = resident.native_place or place_of(told.number)
        resident.birth_place = resident.birth_place or place_of(told.number)
    resident.id_number = normal(resident.id_number)
    resident.id_number_hash = fingerprint(resident.id_number)
    resident.id_number_tail = tail_mark("id_number", resident.id_number)
    with session().no_autoflush:
        in_use = sa.and_(Resident.id_number_hash == resident.id_number_hash, Resident.retired_at.is_(None))
        same = session().scalar(sa.select(Resident).where(in_use))
    if same is not None and same is not resident:
        raise Conflict("该证件号码已登记给另一位居民，请先查找核对；人搬来了请用“迁入”。", code="id_number_taken")


def place_of(id_number: str) -> str | None:
    """The province, city and county that issued an identity number, as far as known: 重庆市渝中区."""
    lists = (("province", id_number[:2] + "0000"), ("city", id_number[:4] + "00"), ("county", id_number[:6]))
    found = [names(name).get(code) for name, code in lists]
    said = [name for name in found if name and name not in ("市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划")]
    return "".join(said) or None


def _take_phone(resident: Resident) -> None:
    if not resident.phone:
        resident.phone = resident.phone_hash = resident.phone_tail = None
        return
    if fault := phone_fault(resident.phone):
        raise Invalid(f"{fault}。", code="bad_phone")
    resident.phone = normal(resident.phone)
    resident.phone_hash = fingerprint(resident.phone)
    resident.phone_tail = tail_mark("phone", resident.phone)
