"""One household opened: room, people, what they own, what happened; masked and audited."""

from __future__ import annotations

from datetime import date
from typing import Any

from gis_grid import audit
from gis_grid.access.guard import scope_patterns
from gis_grid.areas.placing import today
from gis_grid.db import session, sql
from gis_grid.dictionary import names
from gis_grid.errors import NotFound
from gis_grid.freshness import STATES, state_of
from gis_grid.people.classes import visible_classes
from gis_grid.people.models import Household


def open_home(household_id: int) -> dict[str, Any]:
    """The household with its room, people (classes as far as the caller may see them), valuables, history; in one query."""
    # before the session begins: what is kept is then believed without asking again
    mine, hows, day = visible_classes(), names("verify_how"), today()
    row = session().execute(sql("home"), {"id": household_id, "scope": scope_patterns()}).mappings().one_or_none()
    if row is None:
        raise NotFound(f"没有找到编号为 {household_id} 的住户，或它不在您的数据范围内。")
    people = [
        {
            **one,
            "classes": [{"code": code, "name": mine[code]} for code in one["classes"] or () if code in mine],
            **_fresh(one, day, hows),
        }
        for one in row["people"] or ()
    ]
    household = session().get_one(Household, household_id)
    audit.record("view", "households", household_id, after={"people": len(people)}, area_code=household.area_code)
    return {
        "id": household.id,
        "number": household.number,
        "kind": household.kind,
        "area_code": household.area_code,
        "remark": household.remark,
        "version": household.version,
        "retired": household.retired_at is not None,
        "room": {**row["room"], **_fresh(row["room"], day, hows)},
        "people": people,
        "valuables": row["valuables"] or [],
        "others": row["others"] or [],
        "changes": row["changes"] or [],
    }


def _fresh(row: dict[str, Any], day: date, hows: dict[str, str]) -> dict[str, str | None]:
    due, how = row.get("due_on"), row.get("verified_how")
    state = state_of(date.fromisoformat(due) if due else None, day)
    return {"freshness": state, "freshness_name": STATES[state], "verified_how": how and hows.get(how, how)}
