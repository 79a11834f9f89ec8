"""What happens to homes, one verb each, with history: moves, splits, joins, births, deaths, departures, new heads, new tenants.

A person is one person across moves: whoever comes with a known identity number is taken over, not registered again.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa

from gis_grid import audit
from gis_grid.access.guard import caller, check_area
from gis_grid.areas.placing import today
from gis_grid.buildings.models import Room
from gis_grid.db import session
from gis_grid.errors import Conflict, Forbidden, Invalid
from gis_grid.people.actions import note_change, prepare_resident
from gis_grid.people.models import HomeChange, Household, Resident, Valuable
from gis_grid.people.registers import HOUSEHOLDS, RESIDENTS
from gis_grid.people.rules import HEAD, day_fault, heads_fault
from gis_grid.register import actions as register
from gis_grid.register.steps import packed
from gis_grid.sealed import fingerprint, seal

TENANTS = "02"  # household_kind: people who live here for a while
LET = "02"  # house_type
Relations = Mapping[int, str]  # resident id -> relation to the head


def move_household(household_id: int, version: int, room_id: int, on: date | None, reason: str | None) -> Household:
    """The whole household into another room. Refused: a room in another's area, the room it lives in already."""
    household = _household(household_id, version)
    _check_day(on)
    if household.room_id == room_id:
        raise Invalid("该户已经住在这间房屋。", code="same_room")
    moved: Household = register.change(HOUSEHOLDS, household_id, version, {"room_id": room_id, "on": on, "reason": reason})
    return moved


def split_household(household_id: int, version: int, given: Mapping[str, Any]) -> Household:
    """Some become a household of their own. given: members; number, room_id (default: the same), kind, on, reason."""
    household = _household(household_id, version)
    _check_day(given.get("on"))
    relations: Relations = given["members"]
    people = _members(household, relations)
    staying = [one for one in living(household) if one.id not in relations]
    if not staying:
        raise Invalid("分户后原户须至少留一人；全家搬走请用“搬家”。", code="nobody_left")
    _check_heads(relations.values())
    _check_heads([one.relation for one in staying], "分户后原户")
    values = {
        "number": given.get("number") or register.free_mark(Household.number, household.number),
        "room_id": given.get("room_id") or household.room_id,
        "kind": given.get("kind") or household.kind,
        "registration": household.registration,
    }
    made: Household = register.keep(HOUSEHOLDS, values)
    detail = {"was": _as_is(people), "made": [made.id]}
    settle(people, made, relations)
    note_change("split", given.get("on"), [household, made], residents=list(relations), reason=given.get("reason"), detail=detail)
    _touched(household, "split")
    return _done(made)


def join_households(household_id: int, version: int, other_id: int, given: Mapping[str, Any]) -> Household:
    """All of another household join this one; the other is closed. given: members (of the other), on, reason."""
    household = _household(household_id, version)
    other = _household(other_id, None)
    _check_day(given.get("on"))
    if other.id == household.id:
        raise Invalid("不能与自己并户。", code="same_household")
    relations: Relations = given["members"]
    people = living(other)
    if {one.id for one in people} != set(relations):
        raise Invalid("请为并入的每一位成员填写与户主关系。", code="members_missing")
    if HEAD in relations.values():
        raise Conflict("并户后只能有一位户主；要由并入者当户主，请并户后“变更户主”。", code="two_heads")
    detail = {"was": _as_is(people), "closed": [other.id]}
    settle(people, household, relations)
    joined = [one.id for one in people]
    note_change("joined", given.get("on"), [household, other], residents=joined, reason=given.get("reason"), detail=detail)
    session().flush()
    register.retire(HOUSEHOLDS, other.id, other.version)
    _touched(household, "joined")
    return _done(household)


def change_head(household_id: int, version: int, relations: Relations, on: date | None, reason: str | None) -> Household:
    """Another head; every member's relation is told anew, since all relations are to the head."""
    household = _household(household_id, version)
    _check_day(on)
    people = living(household)
    if {one.id for one in people} != set(relations):
        raise Invalid("请为户内每一位成员填写与新户主的关系。", code="members_missing")
    _check_heads(relations.values())
    note_change("head", on, [household], reason=reason, detail={"was": _as_is(people)})
    settle(people, household, relations)
    _touched(household, "head")
    return _done(household)


def register_birth(household_id: int, values: dict[str, Any], reason: str | None) -> Resident:
    """A newborn of a household; its day is the birth date."""
    household = _household(household_id, None)
    born = values.get("birth_date")
    if born is None:
        raise Invalid("请填写出生日期。", code="no_birth_date")
    if born > today():
        raise Invalid(f"出生日期 {born} 在将来。", code="bad_birth_date")
    if values.get("relation") == HEAD:
        raise Invalid("新生儿不能是户主。", code="bad_relation")
    child: Resident = register.keep(RESIDENTS, {**values, "household_id": household.id})
    note_change("born", born, [household], residents=[child.id], reason=reason, detail={"arrived": {str(child.id): None}})
    return child


def end_residence(
    resident_id: int, version: int, why: str, on: date | None, relations: Relations | None, reason: str | None
) -> Resident:
    """A person died or moved out (`why`). When the head goes and others stay, `relations` names the new head and the rest."""
    resident: Resident = register.find(RESIDENTS, resident_id, lock=True)
    register.check_version(RESIDENTS, resident, version)
    _check_day(on)
    if on and resident.birth_date and on < resident.birth_date:
        raise Invalid("日期早于出生日期，请核对。", code="bad_date")
    household = _household(resident.household_id or 0, None)
    others = [one for one in living(household) if one.id != resident.id]
    if resident.relation == HEAD and others:
        if not relations or set(relations) != {one.id for one in others}:
            raise Conflict("户主离开后，请指定新户主，并填写其余每位成员与新户主的关系（members）。", code="head_leaves")
        _check_heads(relations.values())
    detail = {"was": _as_is([resident, *others]), "closed": [] if others else [household.id]}
    note_change(why, on, [household], residents=[resident.id], reason=reason, detail=detail)
    _close(resident, why, on)
    if resident.relation == HEAD and others and relations:
        settle(others, household, relations)
    if not others:
        register.retire(HOUSEHOLDS, household.id, household.version)
    return resident


def leave_together(household_id: int, version: int, on: date | None, reason: str | None) -> Household:
    """The whole household moves out of the area of this office."""
    household = _household(household_id, version)
    _check_day(on)
    _all_leave(household, on, reason)
    return household


def _all_leave(household: Household, on: date | None, reason: str | None) -> HomeChange:
    people = living(household)
    detail = {"was": _as_is(people), "closed": [household.id]}
    change = note_change("moved_out", on, [household], residents=[one.id for one in people], reason=reason, detail=detail)
    for one in people:
        _close(one, "moved_out", on)
    register.retire(HOUSEHOLDS, household.id, household.version)
    return change


def change_tenants(room_id: int, given: Mapping[str, Any]) -> Household:
    """Tenants go, others come: given number, people (each as for a new resident), on, reason. The owner's household stays."""
    room = session().get(Room, room_id, with_for_update=True)
    if room is None or room.retired_at:
        raise Invalid(f"房屋 {room_id} 不存在或已注销。", code="unknown_reference")
    check_area(room.area_code)
    _check_day(given.get("on"))
    _check_heads([one.get("relation") for one in given["people"]])
    gone = list(
        session().scalars(
            sa.select(Household).where(Household.room_id == room_id, Household.kind == TENANTS, Household.retired_at.is_(None))
        )
    )
    left = [_all_leave(household, given.get("on"), given.get("reason")).id for household in gone]
    number = given.get("number") or register.free_mark(Household.number, gone[0].number if gone else f"R{room_id}")
    made: Household = register.keep(HOUSEHOLDS, {"number": number, "room_id": room_id, "kind": TENANTS})
    came = Came()
    people = [welcome(made, dict(values), came) for values in given["people"]]
    detail = {**came.told(), "made": [made.id], "left": left, "use": room.use}
    note_change(
        "tenants",
        given.get("on"),
        [made, *gone],
        residents=[one.id for one in people],
        rooms=[room_id],
        reason=given.get("reason"),
        detail=detail,
    )
    put_to_use(room, LET)
    return _done(made)


def put_to_use(room: Room, use: str | None) -> None:
    """What a room is used for changes with who lives in it."""
    if room.use == use:
        return
    was, room.use = room.use, use
    session().flush()
    before, after = {"use": was}, {"use": use}
    audit.record("change", "rooms", room.id, before=before, after=after, area_code=room.area_code, version=room.version)


def move_person(household_id: int, values: dict[str, Any], on: date | None, reason: str | None) -> Resident:
    """A person comes into a household: known by the identity number, he is the same person as before."""
    household = _household(household_id, None)
    _check_day(on)
    came = Came()
    resident = welcome(household, values, came)
    note_change("person_moved", on, [household], residents=[resident.id], reason=reason, detail=came.told())
    return resident


@dataclass
class Came:
    """Who came into a household, and how to take it back: resident id -> what he was before, sealed; None for the new."""

    before: dict[str, str | None] = field(default_factory=dict)
    closed: list[int] = field(default_factory=list)  # households he left empty behind

    def told(self) -> dict[str, Any]:
        return {"arrived": self.before, "closed": self.closed}


WAS = (*(column.key for column in RESIDENTS.writable), "area_code", "placed_by", "left_on", "left_why", "retired_at")


def welcome(household: Household, values: dict[str, Any], came: Came) -> Resident:
    """The resident of these values in this household: taken over when the identity number is known, kept as new otherwise."""
    known = _known(values.get("id_number"))
    if known is None:
        kept: Resident = register.keep(RESIDENTS, {**values, "household_id": household.id})
        came.before[str(kept.id)] = None
        return kept
    if known.name != values["name"]:
        raise Conflict("该证件号码登记的是另一个姓名，请核对。", code="id_name_differs")
    if known.left_why == "died":
        raise Conflict("该证件号码登记的居民已登记死亡，请核对。", code="registered_dead")
    if not known.retired_at and known.household_id == household.id:
        raise Conflict(f"{known.name} 已在本户登记。", code="already_here")
    came.before[str(known.id)] = base64.b64encode(seal(packed({name: getattr(known, name) for name in WAS}))).decode()
    was = audit.snapshot(known)
    if not known.retired_at:
        came.closed += _leave_head_behind(known)
    if known.retired_at:
        known.retired_at = known.left_on = known.left_why = None
    for name, value in values.items():
        setattr(known, name, value)
    known.household_id = household.id
    prepare_resident(known, {})
    session().flush()
    own_follow([known], household.area_code)
    before, after = audit.difference(was, audit.snapshot(known))
    audit.record("move_in", "residents", known.id, before=before, after=after, area_code=known.area_code, version=known.version)
    return known


def _known(id_number: str | None) -> Resident | None:
    """Who has this number: an active person first, otherwise the last who left. Refused where another office has him."""
    if not id_number:
        return None
    same = sa.select(Resident).where(Resident.id_number_hash == fingerprint(id_number), Resident.merged_into.is_(None))
    found = session().scalar(same.order_by(Resident.retired_at.desc().nulls_first(), Resident.id.desc()).limit(1))
    if found is not None and not found.retired_at and not caller().covers(found.area_code):
        raise Forbidden("该证件号码现登记在其他辖区，请先由对方办理迁出。", code="registered_elsewhere")
    return found if found is not None and caller().covers(found.area_code) else None


def _leave_head_behind(resident: Resident) -> list[int]:
    """Refuse to take a head away from a household where others stay; a household he leaves empty is closed and told."""
    household = session().get(Household, resident.household_id)
    if household is None or household.retired_at:
        return []
    others = [one for one in living(household) if one.id != resident.id]
    if others and resident.relation == HEAD:
        raise Conflict("他是原户户主，且原户还有其他成员：请先在原户“变更户主”。", code="head_leaves")
    if not others:
        resident.household_id = None
        session().flush()
        register.retire(HOUSEHOLDS, household.id, household.version)
        return [household.id]
    return []


def history(household_id: int | None = None, resident_id: int | None = None) -> list[HomeChange]:
    """What happened to a household or a person, the latest first."""
    if household_id is not None:
        register.find(HOUSEHOLDS, household_id)
        mine = HomeChange.household_ids.any(household_id)  # type: ignore[arg-type]
    else:
        register.find(RESIDENTS, resident_id)
        mine = HomeChange.resident_ids.any(resident_id)  # type: ignore[arg-type]
    query = sa.select(HomeChange).where(mine).order_by(HomeChange.on_day.desc(), HomeChange.id.desc())
    return list(session().scalars(query.limit(200)))


def _household(household_id: int, version: int | None) -> Household:
    household: Household = register.find(HOUSEHOLDS, household_id, lock=True)
    if version is not None:
        register.check_version(HOUSEHOLDS, household, version)
    if household.retired_at:
        raise Conflict("该住户已注销，不能再变动。", code="already_retired")
    return household


def living(household: Household) -> list[Resident]:
    query = sa.select(Resident).where(Resident.household_id == household.id, Resident.retired_at.is_(None))
    return list(session().scalars(query.order_by(Resident.id).with_for_update()))


def _members(household: Household, relations: Relations) -> list[Resident]:
    people = [one for one in living(household) if one.id in relations]
    if len(people) != len(relations) or not relations:
        raise Invalid("members 中有人不在该户。", code="not_a_member")
    return people


def _as_is(people: Iterable[Resident]) -> dict[str, list[Any]]:
    """Where people live and as what, so that a change can be taken back."""
    return {str(one.id): [one.household_id, one.relation] for one in people}


def settle(people: Sequence[Resident], household: Household, relations: Relations) -> None:
    """Members take their new household, place and relation; heads last, so that there are never two."""
    for one in sorted(people, key=lambda one: relations[one.id] == HEAD):
        was = audit.snapshot(one)
        one.household_id, one.relation = household.id, relations[one.id]
        one.area_code, one.placed_by = household.area_code, "room"
        session().flush()
        before, after = audit.difference(was, audit.snapshot(one))
        if after:
            audit.record("change", "residents", one.id, before=before, after=after, area_code=one.area_code, version=one.version)
    own_follow(people, household.area_code)


def own_follow(people: Iterable[Resident], area_code: str | None) -> None:
    """What people own lies where they live."""
    theirs = Valuable.resident_id.in_([one.id for one in people])
    session().execute(sa.update(Valuable).where(theirs).values(area_code=area_code))


def _close(resident: Resident, why: str, on: date | None) -> None:
    resident.left_on, resident.left_why, resident.retired_at = on or today(), why, datetime.now(UTC)
    session().flush()
    told = {"left_on": str(resident.left_on), "left_why": why}
    audit.record("retire", "residents", resident.id, after=told, area_code=resident.area_code, version=resident.version)


def _check_day(on: date | None) -> None:
    if on is not None and (fault := day_fault(on, today())):
        raise Invalid(f"{fault}。", code="bad_date")


def _check_heads(relations: Iterable[str | None], where: str = "") -> None:
    if fault := heads_fault(list(relations)):
        raise Conflict(f"{where}{fault}。", code="two_heads" if "有 " in fault else "no_head")


def _touched(household: Household, kind: str) -> None:
    """Whoever still has the household open must see it anew, and is told who did what."""
    household.version += 1
    session().flush()
    session().refresh(household)
    told = {"change": kind}
    audit.record(kind, "households", household.id, after=told, area_code=household.area_code, version=household.version)


def _done(household: Household) -> Household:
    session().flush()
    session().refresh(household)
    return household


def members_of(rows: Sequence[Mapping[str, Any]]) -> dict[int, str]:
    """[{resident_id, relation}] as resident id -> relation; twice the same person is refused."""
    told = {row["resident_id"]: row["relation"] for row in rows}
    if len(told) != len(rows):
        raise Invalid("members 中同一人出现两次。", code="twice")
    return told
