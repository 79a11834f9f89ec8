"""Planned routes (巡查路线): which checkpoints in which order and when; and how far a day's patrols kept to them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from marshmallow import Schema, fields, validate
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from gis_grid.access.guard import check_area, scoped
from gis_grid.areas.placing import today
from gis_grid.db import Base, Located, Stamped, session
from gis_grid.errors import Invalid, NotFound
from gis_grid.patrol.models import Device, Target, Track, Visit
from gis_grid.patrol.shifts import Who, is_walked_by, named
from gis_grid.patrol.store import zone

MOST_STOPS = 100
CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
WORDS = {"good": "按时到达", "late": "晚到", "early": "早到", "disorder": "顺序不对", "missed": "未到"}


class PatrolRoute(Stamped, Located, Base):
    """Checkpoints to pass in an area. `plan` is {"stops": [{"target_id", "from", "to"}, ...], "in_order": true}."""

    __tablename__ = "patrol_routes"
    __table_args__ = (Located.area_index("patrol_routes"), {"comment": "巡查路线", "info": {"history": True}})

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(60), comment="名称")
    worker: Mapped[str | None] = mapped_column(sa.String(50), comment="巡查人（不填为任何人）")
    user_id: Mapped[int | None] = mapped_column(sa.BigInteger, sa.ForeignKey("users.id"), comment="登录账号")
    weekdays: Mapped[str] = mapped_column(sa.String(7), server_default="12345", comment="星期（1-7）")
    plan: Mapped[dict[str, Any]] = mapped_column(JSONB, comment="站点")


class _Stop(Schema):
    target_id = fields.Integer(required=True, strict=True, validate=validate.Range(min=1))
    from_ = fields.String(data_key="from", validate=validate.Regexp(CLOCK.pattern + r"\Z"))
    to = fields.String(validate=validate.Regexp(CLOCK.pattern + r"\Z"))


class _Plan(Schema):
    stops = fields.List(fields.Nested(_Stop), required=True, validate=validate.Length(min=1, max=MOST_STOPS))
    in_order = fields.Boolean(load_default=False, truthy={True}, falsy={False})


@dataclass(frozen=True)
class Stop:
    """A checkpoint of a route; the window in epoch seconds, None: at any time of the day."""

    target_id: int
    begin: float | None = None
    end: float | None = None


@dataclass(frozen=True)
class Kept:
    """What became of a stop: one of WORDS; when it was reached, epoch seconds."""

    state: str
    at: float | None


def follow(stops: Sequence[Stop], visits: Mapping[int, Sequence[float]], *, in_order: bool) -> list[Kept]:
    """What became of each stop, given when each target was reached (epoch seconds, ascending).

    Of several visits the one within the window counts, else the first after it (late), else the last before it (early). With
    `in_order` a stop reached before the latest one that stands before it in the plan is out of order.
    """
    kept: list[Kept] = []
    latest = float("-inf")
    for stop in stops:
        times = visits.get(stop.target_id, ())
        begin = float("-inf") if stop.begin is None else stop.begin
        end = float("inf") if stop.end is None else stop.end
        good = [at for at in times if begin <= at <= end]
        behind = [at for at in good if at >= latest] if in_order else good
        if behind:
            state, at = "good", behind[0]
        elif good:
            state, at = "disorder", good[0]
        elif after := [at for at in times if at > end]:
            state, at = "late", after[0]
        elif times:
            state, at = "early", times[-1]
        else:
            kept.append(Kept("missed", None))
            continue
        latest = max(latest, at)
        kept.append(Kept(state, at))
    return kept


def prepare_route(route: PatrolRoute, extra: dict[str, Any]) -> None:
    """The stops must be checkpoints or key places in the route's area; clock times as 08:30."""
    faults = _Plan().validate(route.plan or {})
    if faults:
        raise Invalid(f"站点应为 1 至 {MOST_STOPS} 个巡查目标，时刻写作 08:30。", code="bad_plan", errors=faults)
    route.weekdays = "".join(sorted(set(route.weekdays or "12345")))
    if not re.fullmatch(r"[1-7]+", route.weekdays):
        raise Invalid("星期请写作 1 到 7 的数字，如 12345。", code="bad_weekdays")
    _name_worker(route)
    wanted = [stop["target_id"] for stop in route.plan["stops"]]
    for stop in route.plan["stops"]:
        if stop.get("from") and stop.get("to") and stop["from"] >= stop["to"]:
            raise Invalid(f"站点时间不对：{stop['from']} 不早于 {stop['to']}。", code="bad_clock")
    found = session().execute(
        scoped(sa.select(Target.id, Target.area_code), Target).where(Target.id.in_(wanted), Target.kind != "street")
    )
    known = {row.id: row.area_code or "" for row in found}
    for target_id in wanted:
        if target_id not in known or not known[target_id].startswith(route.area_code or ""):
            raise Invalid(f"巡查目标 {target_id} 不在该区域内，或是街道，请重新选择。", code="unknown_target")
    if route.area_code:
        check_area(route.area_code)
        route.placed_by = "manual"


def _name_worker(route: PatrolRoute) -> None:
    """His account beside his name: two may have one. Another name is another person; no name, and no new account: anybody."""
    changes = {name: sa.inspect(route).attrs[name].history.has_changes() for name in ("worker", "user_id")}
    account = route.user_id if changes["user_id"] or not changes["worker"] else None
    route.worker = route.worker or None
    if account is not None or route.worker:
        route.user_id, route.worker = named(account, route.worker, route.area_code)
    else:
        route.user_id = None


def progress(route_id: int, day: date) -> dict[str, Any]:
    """How far the patrols of a day kept to a route: per stop state, words and time; how many were good."""
    route = session().scalar(scoped(sa.select(PatrolRoute), PatrolRoute).where(PatrolRoute.id == route_id))
    if route is None:
        raise NotFound(f"没有编号为 {route_id} 的巡查路线，或它不在您的数据范围内。")
    stops = [_stop(told, day) for told in route.plan["stops"]]
    reached = _reached(route, [stop.target_id for stop in stops], day, day).get(day, {})
    kept = follow(stops, reached, in_order=bool(route.plan.get("in_order")))
    names = _targets([stop.target_id for stop in stops])
    items = []
    for told, stop, one in zip(route.plan["stops"], stops, kept, strict=True):
        target = names.get(stop.target_id)
        items.append(
            {
                "target_id": stop.target_id,
                "name": target.name if target else None,
                "lon": target.lon if target else None,
                "lat": target.lat if target else None,
                "from": told.get("from"),
                "to": told.get("to"),
                "state": one.state,
                "words": WORDS[one.state],
                "at": None if one.at is None else datetime.fromtimestamp(one.at, zone()),
            }
        )
    good = sum(one.state == "good" for one in kept)
    planned = str(day.isoweekday()) in route.weekdays
    return {"id": route.id, "name": route.name, "day": day, "planned": planned, "stops": items, "good": good, "all": len(items)}


def kept_to(prefix: str, first: date, last: date) -> list[dict[str, Any]]:
    """Per route under `prefix`: on how many of its days until today it was walked, how many of its stops were reached in time.

    A day counts as walked when any stop was reached; `missed` counts stops nobody reached, `off` those at another time or order.
    """
    query = scoped(sa.select(PatrolRoute), PatrolRoute).where(PatrolRoute.retired_at.is_(None))
    routes = list(
        session().scalars(query.where(PatrolRoute.area_code.startswith(prefix, autoescape=True)).order_by(PatrolRoute.id))
    )
    days = [first + timedelta(days=n) for n in range((min(last, today()) - first).days + 1)]
    found = []
    for route in routes:
        counts = Counter[str]()
        reached = _reached(route, [stop["target_id"] for stop in route.plan["stops"]], first, last)
        planned = [day for day in days if str(day.isoweekday()) in route.weekdays]
        for day in planned:
            stops = [_stop(told, day) for told in route.plan["stops"]]
            kept = follow(stops, reached.get(day, {}), in_order=bool(route.plan.get("in_order")))
            counts["walked"] += any(one.at is not None for one in kept)
            counts.update("off" if one.state in ("late", "early", "disorder") else one.state for one in kept)
        stops_all = counts["good"] + counts["off"] + counts["missed"]
        told = {name: counts[name] for name in ("walked", "good", "off", "missed")}
        share = round(counts["good"] / stops_all, 4) if stops_all else None
        known = {"id": route.id, "name": route.name, "worker": route.worker, "area_code": route.area_code}
        found.append({**known, "days": len(planned), **told, "share": share})
    return found


def _targets(ids: list[int]) -> dict[int, Any]:
    point = sa.func.coalesce(Target.point, sa.func.ST_LineInterpolatePoint(Target.line, 0.5))
    columns = Target.id, Target.name, sa.func.ST_X(point).label("lon"), sa.func.ST_Y(point).label("lat")
    return {row.id: row for row in session().execute(sa.select(*columns).where(Target.id.in_(ids)))}


def _stop(told: Mapping[str, Any], day: date) -> Stop:
    def moment(clock: str | None) -> float | None:
        if not clock:
            return None
        return datetime.combine(day, datetime.strptime(clock, "%H:%M").time(), zone()).timestamp()

    return Stop(told["target_id"], moment(told.get("from")), moment(told.get("to")))


def _reached(route: PatrolRoute, targets: list[int], first: date, last: date) -> dict[date, dict[int, list[float]]]:
    """When each target was reached on each day."""
    query = sa.select(Track.day, Visit.target_id, Visit.started_at).join(Track, Track.id == Visit.track_id)
    query = query.where(Track.day.between(first, last), Visit.target_id.in_(targets)).order_by(Visit.started_at)
    if route.worker or route.user_id is not None:
        walked_by = is_walked_by(Who(route.user_id, route.worker))
        query = query.join(Device, Device.id == Track.device_id).where(walked_by)
    found: dict[date, dict[int, list[float]]] = {}
    for day, target_id, at in session().execute(query):
        found.setdefault(day, {}).setdefault(target_id, []).append(at.timestamp())
    return found
