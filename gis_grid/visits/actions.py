"""Record a visit and what it confirmed; today's visits in walking order; how fresh an area's records are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from gis_grid import audit, freshness
from gis_grid.access.guard import caller, check_right, scope_patterns
from gis_grid.areas.placing import today
from gis_grid.buildings.api import ROOMS
from gis_grid.buildings.models import Room
from gis_grid.config import settings
from gis_grid.db import session, sql
from gis_grid.dictionary import names
from gis_grid.errors import Forbidden, Invalid
from gis_grid.people.classes import visible_classes
from gis_grid.people.models import Household, Resident
from gis_grid.premises import PREMISES, Premises
from gis_grid.register.actions import find
from gis_grid.visits.models import Visit
from gis_grid.visits.rules import Door, walking_order

CONFIRMING = ("confirmed", "changed")  # results that met somebody and saw how things are
FIRST = ("elderly_alone", "minor_alone", "pregnant")  # who is visited before others
_KINDS = {"rooms": Room, "residents": Resident, "premises": Premises}


def record_visit(values: Mapping[str, Any]) -> Visit:
    """values: room_id or premises_id, at, how, result, resident_ids (default: all who live there), note.

    A confirming result makes the room (or shop) and these people verified now. Refused: a time in the future, another's area,
    people who do not live there.
    """
    at = values.get("at") or datetime.now(UTC)
    if at > datetime.now(UTC) + timedelta(minutes=5):
        raise Invalid("走访时间在将来。", code="bad_date")
    if (values.get("room_id") is None) == (values.get("premises_id") is None):
        raise Invalid("请给出房屋（room_id）或营业场所（premises_id）之一。", code="no_place")
    people: list[Resident] = []
    if values.get("room_id") is not None:
        place: Room | Premises = _writable(find(ROOMS, values["room_id"], lock=True), "buildings.write")
        people = _people(place.id, values.get("resident_ids"))
    else:
        place = _writable(find(PREMISES, values["premises_id"], lock=True), "premises.write")
    confirmed = people if values["result"] in CONFIRMING else []
    if values["result"] in CONFIRMING:
        _verify(place, "rooms" if isinstance(place, Room) else "premises", at, values["how"])
        for one in confirmed:
            _verify(one, "residents", at, values["how"])
    visit = Visit(
        at=at,
        how=values["how"],
        result=values["result"],
        room_id=values.get("room_id"),
        premises_id=values.get("premises_id"),
        resident_ids=[one.id for one in confirmed],
        note=values.get("note"),
        made_by=caller().name,
        area_code=place.area_code,
        placed_by=place.placed_by,
    )
    session().add(visit)
    session().flush()
    told = {"result": visit.result, "how": visit.how, "room_id": visit.room_id, "premises_id": visit.premises_id}
    audit.record("visit", "visits", visit.id, after={**told, "residents": visit.resident_ids}, area_code=visit.area_code)
    return visit


def todays_visits(area_code: str | None, count: int, start: tuple[float, float] | None) -> list[dict[str, Any]]:
    """The `count` doors of an area that are most overdue (the vulnerable first), in walking order through the entrances."""
    values = {
        "area": _prefix(area_code),
        "scope": scope_patterns(),
        "until": today(),
        "count": count,
        "first": [code for code in FIRST if code in visible_classes()],
        "premises": caller().may("premises.read"),
    }
    rows = [dict(row) for row in session().execute(sql("due"), values).mappings()]
    mine, day = visible_classes(), today()
    doors = [Door(i, row["unit_id"] or -1 - i, row["lon"], row["lat"], row["floor"], row["name"]) for i, row in enumerate(rows)]
    order = walking_order(doors, start)
    audit.record("view", "visits.today", area_code, after={"rows": len(rows)}, area_code=area_code)
    return [{"stop": stop, **_told(rows[door.key], mine, day)} for stop, door in enumerate(order, 1)]


def recent_visits(area_code: str | None, before: int | None, most: int) -> list[dict[str, Any]]:
    """The last visits recorded in an area (before the one with this number, if given), with names of place, result and way."""
    shops = caller().may("premises.read")
    values = {"area": _prefix(area_code), "scope": scope_patterns(), "before": before, "most": most, "premises": shops}
    rows = session().execute(sql("recent"), values).mappings().all()
    results, ways = names("visit_result"), names("verify_how")
    audit.record("view", "visits", area_code, after={"rows": len(rows)}, area_code=area_code)
    return [
        {**row, "result_name": results.get(row["result"], row["result"]), "how_name": ways.get(row["how"], row["how"])}
        for row in rows
    ]


def freshness_of(area_code: str | None) -> dict[str, Any]:
    """How many rooms, residents and shops are fresh, due soon, overdue or never verified: in all, and grid by grid."""
    soon = today() + timedelta(days=freshness.rules().soon_days)
    rights = {"people": caller().may("people.read"), "premises": caller().may("premises.read")}
    values = {"area": _prefix(area_code), "scope": scope_patterns(), "today": today(), "soon": soon, **rights}
    rows = [dict(row) for row in session().execute(sql("stale"), values).mappings()]
    total: dict[str, dict[str, int]] = {}
    for row in rows:
        counts = total.setdefault(row["kind"], dict.fromkeys(freshness.STATES, 0))
        for state in freshness.STATES:
            counts[state] += row[state]
    return {"rules_version": freshness.rules().version, "states": freshness.STATES, "total": total, "areas": rows}


def give_days_anew() -> dict[str, int]:
    """After the rules changed: the day each verified row is due again; answers how many rows changed."""
    changed = {kind: due_again(kind) for kind in _KINDS}
    audit.record("freshness", "visits", after=changed)
    return changed


def due_again(kind: str, only: str = "true") -> int:
    """The day each verified row (t) of a kind is due again, as it is now; answers how many changed. `only`: our own SQL."""
    model, rule = _KINDS[kind], freshness.rules().days[kind]
    column = {"rooms": "ARRAY[t.use]", "residents": "t.classes", "premises": "ARRAY[]::varchar[]"}[kind]
    query = f"""
        UPDATE {model.__tablename__} t SET due_on = n.due, version = t.version + 1
        FROM (SELECT t.id, (t.verified_at AT TIME ZONE :zone)::date + coalesce(
                (SELECT min(d.days) FROM unnest(CAST(:classes AS text[]), CAST(:days AS int[])) AS d (code, days)
                 WHERE d.code = ANY({column})), :otherwise) AS due
              FROM {model.__tablename__} t WHERE t.verified_at IS NOT NULL AND ({only})) n
        WHERE n.id = t.id AND t.due_on IS DISTINCT FROM n.due
        """
    known = {code: days for code, days in rule.items() if code != "default"}
    values = {"classes": list(known), "days": list(known.values()), "otherwise": rule["default"], "zone": settings().time_zone}
    done = session().execute(sa.text(query), values)
    return int(done.rowcount)  # type: ignore[attr-defined]


def _told(row: Mapping[str, Any], mine: Mapping[str, str], day: Any) -> dict[str, Any]:
    state = freshness.state_of(row["due_on"], day)
    where = " ".join(part for part in (row["estate"], row["building"], row["unit"], row["name"]) if part)
    people = caller().may("people.read")
    return {
        **{name: row[name] for name in ("kind", "id", "building_id", "floor", "area_code", "lon", "lat")},
        "title": where,
        "persons": row["persons"] if people else None,
        "classes": [mine[code] for code in row["classes"] if code in mine],
        "due_on": row["due_on"] and row["due_on"].isoformat(),
        "freshness": state,
        "freshness_name": freshness.STATES[state],
    }


def _verify(row: Any, kind: str, at: datetime, how: str) -> None:
    """Verified then, unless somebody verified it later."""
    if row.verified_at and row.verified_at > at:
        return
    classes = row.classes if kind == "residents" else (row.use,) if kind == "rooms" else ()
    row.verified_at, row.verified_by, row.verified_how = at, caller().name[:50], how
    row.due_on = freshness.due_on(kind, classes or (), at)


def _people(room_id: int, wanted: Sequence[int] | None) -> list[Resident]:
    living = sa.select(Resident).join(Household, Household.id == Resident.household_id)
    here = living.where(Household.room_id == room_id, Household.retired_at.is_(None), Resident.retired_at.is_(None))
    people = list(session().scalars(here.order_by(Resident.id).with_for_update(of=Resident)))
    if wanted is None:
        return people if caller().may("people.write") else []
    check_right("people.write")
    if missing := set(wanted) - {one.id for one in people}:
        raise Invalid(f"居民 {min(missing)} 不住在这间房屋。", code="not_a_member")
    return [one for one in people if one.id in wanted]


def _writable(row: Any, right: str) -> Any:
    if row.retired_at:
        raise Invalid("该房屋或营业场所已注销。", code="already_retired")
    if not caller().may(right):
        raise Forbidden("您没有登记走访核实的权限，请联系管理员。", right=right)
    return row


def _prefix(area_code: str | None) -> str:
    """The pattern of an area and what is in it; none given: the caller's own area, where he has only one."""
    scopes = caller().scopes
    own = scopes[0] if len(scopes) == 1 else ""
    return (area_code or own).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
