"""Coverage: what share of an area's streets, entrances, checkpoints and key places was passed, and what was not."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa

from gis_grid import audit
from gis_grid.access.guard import scope_clause, scope_patterns
from gis_grid.areas.duty import all_areas
from gis_grid.areas.placing import today
from gis_grid.db import session, sql
from gis_grid.errors import Invalid
from gis_grid.patrol.models import Target, Visit

PERIODS = {"day": 1, "week": 7, "month": 31}
MOST_DAYS = 366
MOST_UNVISITED = 2_000


def days_asked(asked: Mapping[str, Any]) -> tuple[date, date]:
    """First and last day: given, or a period that ends today (month: since the same day a month ago)."""
    last = asked.get("last") or today()
    first = asked.get("first") or last - timedelta(days=PERIODS[asked.get("period") or "month"] - 1)
    if first > last or (last - first).days > MOST_DAYS:
        raise Invalid(f"起止日期不对：起日不晚于止日，最多 {MOST_DAYS} 天。", code="bad_days")
    return first, last


def coverage(prefix: str, first: date, last: date, worker: str | None = None, user_id: int | None = None) -> dict[str, Any]:
    """Per area under `prefix` and per kind: targets, passed, share by weight (None where there are no targets); and the whole.
    `above`: the same for the areas above those. A worker given (his account, his name, or both): his alone.
    """
    asked = {**_within(prefix, first, last), "worker": worker, "user_id": user_id}
    rows = session().execute(sql("coverage"), asked).mappings().all()
    tree = all_areas()
    by_area: dict[str, list[Any]] = {}
    above: dict[str, list[Any]] = {}
    for row in rows:
        code = row["area_code"]
        by_area.setdefault(code, []).append(row)
        parent = tree[code].parent if code in tree else None
        if parent and parent.startswith(prefix):
            above.setdefault(parent, []).append(row)
    told = {"areas": _told(by_area), "above": _told(above)}
    return {"first": first, "last": last, **_share(rows), **told}


def _told(rows: Mapping[str, list[Any]]) -> list[dict[str, Any]]:
    """Per area its name, its share, and its shares by kind."""
    tree = all_areas()
    told = []
    for code, own in sorted(rows.items()):
        kinds: dict[str, list[Any]] = {}
        for row in own:
            kinds.setdefault(row["kind"], []).append(row)
        name = tree[code].link["name"] if code in tree else code
        told.append({"code": code, "name": name, **_share(own), "kinds": {kind: _share(of) for kind, of in kinds.items()}})
    return told


def by_worker(prefix: str, first: date, last: date) -> list[dict[str, Any]]:
    """Per worker who walked under `prefix`: targets passed, their share by weight of all there, days, metres, minutes."""
    rows = session().execute(sql("coverage_by_worker"), _within(prefix, first, last)).mappings().all()
    query = sa.select(sa.func.sum(Target.weight)).where(Target.retired_at.is_(None), scope_clause(Target.area_code))
    whole = session().scalar(query.where(Target.area_code.startswith(prefix, autoescape=True))) or 0
    audit.record("view", "patrol.coverage.workers", after={"workers": len(rows)}, area_code=prefix)
    return [
        {
            **{name: row[name] for name in ("user_id", "days", "passed")},
            "worker": row["worker"] or row["device"],
            "length_m": round(row["length_m"], 1),
            "minutes": round(row["minutes"], 1),
            "share": round(row["weight"] / whole, 4) if whole else None,
        }
        for row in rows
    ]


def _share(rows: Any) -> dict[str, Any]:
    weight = sum(row["weight"] for row in rows)
    return {
        "targets": sum(row["targets"] for row in rows),
        "passed": sum(row["passed"] for row in rows),
        "share": round(sum(row["passed_weight"] for row in rows) / weight, 4) if weight else None,
    }


def unvisited(prefix: str, first: date, last: date) -> list[dict[str, Any]]:
    """Targets nobody passed, the heaviest first, each with its last visit ever."""
    rows = session().execute(sql("unvisited"), {**_within(prefix, first, last), "most": MOST_UNVISITED}).mappings()
    return [dict(row) for row in rows]


def visits_of(track_id: int) -> list[dict[str, Any]]:
    """Where a track, which the caller may see, was at a target, from, to."""
    query = (
        sa.select(Visit.started_at, Visit.ended_at, Visit.nearest_m, Target.id, Target.kind, Target.name, Target.area_code)
        .join(Target, Target.id == Visit.target_id)
        .where(Visit.track_id == track_id)
        .order_by(Visit.started_at)
    )
    return [dict(row._mapping) for row in session().execute(query)]


def _within(prefix: str, first: date, last: date) -> dict[str, Any]:
    escaped = prefix.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return {"prefix": escaped + "%", "scope": scope_patterns(), "first": first, "last": last}
