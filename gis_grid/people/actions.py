"""Keep households and residents; find people by number; show a number to those who may, for a purpose."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from gis_grid import audit
from gis_grid.access.guard import check_area, scoped
from gis_grid.areas.placing import today
from gis_grid.areas.reassign import follow
from gis_grid.buildings.actions import moved
from gis_grid.buildings.models import Room
from gis_grid.db import session
from gis_grid.errors import Conflict, Invalid, NotFound
from gis_grid.people.models import Household, Resident
from gis_grid.people.rules import phone_fault, read_id_number
from gis_grid.sealed import fingerprint, normal

RESIDENT_ID = "111"  # GA/T 517: resident identity card


def prepare_household(household: Household, extra: dict[str, Any]) -> None:
    """A household lies where its room lies; its people follow."""
    if household.room_id is None:
        raise Invalid("住户须有房屋（room_id）。", code="no_room")
    room = session().get(Room, household.room_id)
    if room is None or room.retired_at:
        raise Invalid(f"房屋 {household.room_id} 不存在或已注销。", code="unknown_reference")
    check_area(room.area_code)
    household.area_code, household.placed_by = room.area_code, "room"
    if not sa.inspect(household).transient:
        moved = sa.update(Resident).where(
            Resident.household_id == household.id, Resident.area_code.is_distinct_from(room.area_code)
        )
        session().execute(moved.values(area_code=room.area_code, placed_by="room", version=Resident.version + 1))


def prepare_resident(resident: Resident, extra: dict[str, Any]) -> None:
    """A person lies where the household lies. A good identity number fills birth date and sex where they are empty."""
    if resident.household_id is None:
        raise Invalid("居民须属于一个住户（household_id）。", code="no_household")
    household = session().get(Household, resident.household_id)
    if household is None or household.retired_at:
        raise Invalid(f"住户 {resident.household_id} 不存在或已注销。", code="unknown_reference")
    check_area(household.area_code)
    resident.area_code, resident.placed_by = household.area_code, "room"
    _take_id_number(resident)
    _take_phone(resident)


def find_people(id_number: str | None, phone: str | None) -> list[Resident]:
    """Residents within the caller's scope who have this number; looked up by fingerprint, audited without the number."""
    query = scoped(sa.select(Resident), Resident).where(Resident.retired_at.is_(None))
    if id_number:
        query = query.where(Resident.id_number_hash == fingerprint(id_number))
    if phone:
        query = query.where(Resident.phone_hash == fingerprint(phone))
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
    """Rooms lie elsewhere: their households with them, and people with their households."""
    follow("households", "rooms", "room_id", "room", everything=everything)
    follow("residents", "households", "household_id", "room", everything=everything)


def _take_id_number(resident: Resident) -> None:
    if not resident.id_number:
        resident.id_number = resident.id_number_hash = None
        return
    if (resident.id_type or RESIDENT_ID) == RESIDENT_ID:
        try:
            told = read_id_number(resident.id_number, today())
        except ValueError as fault:
            raise Invalid(f"{fault}。", code="bad_id_number") from None
        resident.birth_date = resident.birth_date or told.birth_date
        resident.sex = resident.sex or told.sex
    resident.id_number = normal(resident.id_number)
    resident.id_number_hash = fingerprint(resident.id_number)
    with session().no_autoflush:
        in_use = sa.and_(Resident.id_number_hash == resident.id_number_hash, Resident.retired_at.is_(None))
        same = session().scalar(sa.select(Resident).where(in_use))
    if same is not None and same is not resident:
        raise Conflict("该证件号码已登记给另一位居民，请先查找核对。", code="id_number_taken")


def _take_phone(resident: Resident) -> None:
    if not resident.phone:
        resident.phone = resident.phone_hash = None
        return
    if fault := phone_fault(resident.phone):
        raise Invalid(f"{fault}。", code="bad_phone")
    resident.phone = normal(resident.phone)
    resident.phone_hash = fingerprint(resident.phone)
