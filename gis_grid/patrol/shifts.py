"""Shifts (排班): who is on duty where and when, with swaps and holidays (调休); who was late, left early, or missed it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from gis_grid import audit
from gis_grid.access.guard import check_area, scope_clause, scoped
from gis_grid.access.models import User
from gis_grid.config import settings
from gis_grid.db import Base, Located, Stamped, session
from gis_grid.errors import Invalid, NotFound
from gis_grid.patrol.fixes import Floats
from gis_grid.patrol.models import Device, Track
from gis_grid.patrol.store import zone

_CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")


class Shift(Stamped, Located, Base):
    """A worker's hours in an area on some days of the week; an end before the beginning is on the next day."""

    __tablename__ = "shifts"
    __table_args__ = (Located.area_index("shifts"), {"comment": "排班", "info": {"history": True}})

    id: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)
    worker: Mapped[str] = mapped_column(sa.String(50), comment="巡查人")
    user_id: Mapped[int | None] = mapped_column(sa.BigInteger, sa.ForeignKey("users.id"), comment="登录账号")
    weekdays: Mapped[str] = mapped_column(sa.String(7), server_default="12345", comment="星期（1-7）")
    starts: Mapped[str] = mapped_column(sa.String(5), comment="上班时刻")
    ends: Mapped[str] = mapped_column(sa.String(5), comment="下班时刻")
    since: Mapped[date | None] = mapped_column(sa.Date, comment="自")
    until: Mapped[date | None] = mapped_column(sa.Date, comment="至（含）")
    on_holidays: Mapped[bool] = mapped_column(sa.Boolean, server_default="false", comment="节假日照常")


class CalendarDay(Base):
    """A day that is not what its weekday says: a holiday, or a weekend day that is worked (调休)."""

    __tablename__ = "calendar_days"
    __table_args__ = ({"comment": "节假日与调休"},)

    day: Mapped[date] = mapped_column(sa.Date, primary_key=True, comment="日期")
    is_workday: Mapped[bool] = mapped_column(sa.Boolean, comment="上班")
    name: Mapped[str] = mapped_column(sa.String(40), comment="名称")


class ShiftSwap(Base):
    """Another worker takes a shift on a day; none: nobody does."""

    __tablename__ = "shift_swaps"
    __table_args__ = ({"comment": "换班"},)

    shift_id: Mapped[int] = mapped_column(sa.BigInteger, sa.ForeignKey("shifts.id", ondelete="CASCADE"), primary_key=True)
    day: Mapped[date] = mapped_column(sa.Date, primary_key=True, comment="日期")
    worker: Mapped[str | None] = mapped_column(sa.String(50), comment="接班人")
    user_id: Mapped[int | None] = mapped_column(sa.BigInteger, sa.ForeignKey("users.id"), comment="登录账号")


@dataclass(frozen=True)
class Who:
    """A worker: his account, where it is known, and his name. Two may have one name, so accounts decide where both are known."""

    user_id: int | None
    name: str | None

    def is_same(self, other: Who) -> bool:
        """Whether both are one person, as far as can be known."""
        if self.user_id is not None and other.user_id is not None:
            return self.user_id == other.user_id
        return bool(self.name) and self.name == other.name


def is_walked_by(who: Who) -> sa.ColumnElement[bool]:
    """For queries over tracks joined with their devices: whether the walker is this one, as `is_same` decides."""
    named = Track.worker == who.name if who.name else sa.false()
    if who.user_id is None:
        return named
    return sa.or_(Device.user_id == who.user_id, sa.and_(Device.user_id.is_(None), named))


@dataclass(frozen=True)
class Duty:
    """One worker's hours on one day: begin and end in epoch seconds."""

    shift_id: int
    who: Who
    area_code: str | None
    begin: float
    end: float


def prepare_shift(shift: Shift, extra: dict[str, Any]) -> None:
    """Clock times as 08:30, weekdays as digits 1 (Monday) to 7."""
    for name in ("starts", "ends"):
        if not _CLOCK.fullmatch(getattr(shift, name) or ""):
            raise Invalid("上下班时刻请写作 08:30。", code="bad_clock")
    changes = {name: sa.inspect(shift).attrs[name].history.has_changes() for name in ("worker", "user_id")}
    account = None if changes["worker"] and not changes["user_id"] else shift.user_id  # another name is another person
    shift.user_id, shift.worker = named(account, shift.worker, shift.area_code)
    shift.weekdays = "".join(sorted(set(shift.weekdays or "12345")))
    if not re.fullmatch(r"[1-7]+", shift.weekdays):
        raise Invalid("星期请写作 1 到 7 的数字，如 12345。", code="bad_weekdays")
    if shift.since and shift.until and shift.since > shift.until:
        raise Invalid("起止日期不对：起日晚于止日。", code="bad_days")
    if shift.area_code:
        shift.placed_by = "manual"


def named(user_id: int | None, name: str | None, area_code: str | None) -> tuple[int | None, str]:
    """The account and the name of who is given by either. A name that only one account of the area has is that account's."""
    query = sa.select(User.id, User.name, User.scopes).where(User.retired_at.is_(None))
    chosen = User.id == user_id if user_id is not None else User.name == name
    here = area_code or ""
    near = [row for row in session().execute(query.where(chosen)) if any(_touches(scope, here) for scope in row.scopes)]
    if user_id is not None:
        if not near:
            raise Invalid("这个区域没有该登录账号，请重新选择。", code="unknown_user")
        return near[0].id, near[0].name
    if not name:
        raise Invalid("请选择巡查人。", code="no_worker")
    return (near[0].id if len(near) == 1 else None), name


def _touches(scope: str, area_code: str) -> bool:
    return scope.startswith(area_code) or area_code.startswith(scope)


def is_worked(shift: Shift, day: date, calendar: Mapping[date, bool]) -> bool:
    """Whether the shift falls on the day. A weekend day made a workday is worked by those who work on weekdays."""
    if (shift.since and day < shift.since) or (shift.until and day > shift.until):
        return False
    usual = str(day.isoweekday()) in shift.weekdays
    special = calendar.get(day)
    if special is None or shift.on_holidays:
        return usual
    return special and (usual or any(number in shift.weekdays for number in "12345"))


def hours_of(shift: Shift, day: date) -> tuple[float, float]:
    """Begin and end on that day, epoch seconds."""
    begin, end = (datetime.combine(day, datetime.strptime(clock, "%H:%M").time(), zone()) for clock in (shift.starts, shift.ends))
    return begin.timestamp(), (end if end > begin else end + timedelta(days=1)).timestamp()


def duties(day: date, who: Who | None = None, *, only_mine: bool = True) -> list[Duty]:
    """Everybody's hours on a day (or one's), swaps and holidays included; within the caller's scope if `only_mine`."""
    query = sa.select(Shift).where(Shift.retired_at.is_(None)).order_by(Shift.area_code, Shift.id)
    shifts = list(session().scalars(query.where(scope_clause(Shift.area_code)) if only_mine else query))
    special = session().get(CalendarDay, day)
    calendar = {day: special.is_workday} if special else {}
    rows = session().execute(sa.select(ShiftSwap.shift_id, ShiftSwap.user_id, ShiftSwap.worker).where(ShiftSwap.day == day))
    swaps = {row.shift_id: Who(row.user_id, row.worker) for row in rows}
    found = []
    for shift in shifts:
        on = swaps.get(shift.id) or Who(shift.user_id, shift.worker)
        if on.name and (shift.id in swaps or is_worked(shift, day, calendar)) and (who is None or on.is_same(who)):
            found.append(Duty(shift.id, on, shift.area_code, *hours_of(shift, day)))
    return found


def swap(shift_id: int, day: date, worker: str | None, user_id: int | None = None) -> None:
    """Somebody else takes the shift on that day; nobody, when neither his name nor his account is given. Audited."""
    shift = session().scalar(scoped(sa.select(Shift), Shift).where(Shift.id == shift_id, Shift.retired_at.is_(None)))
    if shift is None:
        raise NotFound(f"没有编号为 {shift_id} 的排班，或它不在您的数据范围内。")
    if worker or user_id is not None:
        user_id, worker = named(user_id, worker, shift.area_code)
    told = {"worker": worker, "user_id": user_id}
    row = insert(ShiftSwap).values(shift_id=shift_id, day=day, **told)
    session().execute(row.on_conflict_do_update(index_elements=["shift_id", "day"], set_=told))
    audit.record("swap", "shifts", shift_id, after={"day": day.isoformat(), **told}, area_code=shift.area_code)


def swap_back(shift_id: int, day: date) -> None:
    """The shift on that day is again whose it always is. Audited."""
    shift = session().scalar(scoped(sa.select(Shift), Shift).where(Shift.id == shift_id))
    if shift is None:
        raise NotFound(f"没有编号为 {shift_id} 的排班，或它不在您的数据范围内。")
    session().execute(sa.delete(ShiftSwap).where(ShiftSwap.shift_id == shift_id, ShiftSwap.day == day))
    audit.record("swap_back", "shifts", shift_id, after={"day": day.isoformat()}, area_code=shift.area_code)


def swaps_between(first: date, last: date) -> list[dict[str, Any]]:
    """Which shifts within the caller's scope somebody else takes, by day (worker None: nobody does)."""
    query = scoped(sa.select(ShiftSwap.shift_id, ShiftSwap.day, ShiftSwap.worker, ShiftSwap.user_id), Shift)
    query = query.join(Shift, Shift.id == ShiftSwap.shift_id).where(ShiftSwap.day.between(first, last))
    return [dict(row._mapping) for row in session().execute(query.order_by(ShiftSwap.day, ShiftSwap.shift_id))]


def set_calendar_day(day: date, is_workday: bool, name: str) -> None:
    """Make a day a holiday, or a workday; for the whole installation, so only callers of the whole may."""
    check_area(None)
    row = insert(CalendarDay).values(day=day, is_workday=is_workday, name=name)
    session().execute(row.on_conflict_do_update(index_elements=["day"], set_={"is_workday": is_workday, "name": name}))
    audit.record("calendar", "calendar_days", day, after={"is_workday": is_workday, "name": name})


def calendar_of(year: int) -> list[CalendarDay]:
    """The special days of a year."""
    first, last = date(year, 1, 1), date(year, 12, 31)
    return list(session().scalars(sa.select(CalendarDay).where(CalendarDay.day.between(first, last)).order_by(CalendarDay.day)))


def duty_states(day: date, who: Who | None = None) -> list[dict[str, Any]]:
    """For each duty of a day (or one worker's): on, missed, late, left early, done; minutes and walks tracked; whether the daily
    duty was met."""
    now, on_duty = datetime.now(UTC).timestamp(), duties(day, who)
    names, accounts = {duty.who.name for duty in on_duty}, {duty.who.user_id for duty in on_duty} - {None}
    query = sa.select(Track, Device.user_id).join(Device, Device.id == Track.device_id).where(Track.day == day)
    rows = session().execute(query.where(sa.or_(Track.worker.in_(names), Device.user_id.in_(accounts)))).all()
    walked = [(Who(user_id, track.worker), track) for track, user_id in rows]
    walks = walks_of([track.id for _, track in walked])
    return [_state(duty, [track for one, track in walked if one.is_same(duty.who)], walks, now) for duty in on_duty]


_WALKS = """
SELECT track_id, count(*) FILTER (WHERE before IS NULL OR started_at - before > make_interval(secs => :pause)) AS walks
FROM (
  SELECT track_id, started_at, lag(ended_at) OVER (PARTITION BY track_id ORDER BY started_at) AS before
  FROM track_segments WHERE track_id = ANY(:ids)
) s
GROUP BY track_id
"""


def walks_of(track_ids: Sequence[int]) -> dict[int, int]:
    """How many walks each track is made of: a long silence ends one. Tracks that were thinned are not told of."""
    rows = session().execute(sa.text(_WALKS), {"ids": list(track_ids), "pause": settings().duty_pause_minutes * 60})
    return {track_id: int(count) for track_id, count in rows}


def _state(duty: Duty, tracks: Sequence[Track], walks: Mapping[int, int], now: float) -> dict[str, Any]:
    conf = settings()
    grace = conf.duty_grace_minutes * 60
    first = min((track.started_at.timestamp() for track in tracks if track.started_at), default=None)
    last = max((track.ended_at.timestamp() for track in tracks if track.ended_at), default=None)
    minutes = sum(track.minutes for track in tracks)
    states = []
    if first is None or last is None:
        states = ["missed" if now > duty.end else "waiting" if now < duty.begin + grace else "absent"]
    else:
        states += ["late"] if first > duty.begin + grace else []
        states += ["left_early"] if now > duty.end and last < duty.end - grace else []
        states = states or ["done" if now > duty.end else "on"]
    moments = {"starts_at": duty.begin, "ends_at": duty.end, "first_at": first, "last_at": last}
    told = {name: None if at is None else datetime.fromtimestamp(at, UTC) for name, at in moments.items()}
    known = {"shift_id": duty.shift_id, "worker": duty.who.name, "user_id": duty.who.user_id, "area_code": duty.area_code}
    patrols = sum(walks.get(track.id, 1) for track in tracks)
    met = minutes >= conf.duty_hours * 60 and patrols >= conf.duty_patrols
    return {**known, **told, "states": states, "minutes": round(minutes, 1), "patrols": patrols, "met": met}


def off_shift(who: Who, at: Floats) -> NDArray[np.bool_]:
    """Which moments lie outside all of a worker's shifts, with a grace at both ends."""
    outside = np.ones(len(at), dtype=bool)
    if (who.user_id is None and not who.name) or not len(at):
        return outside
    grace = settings().duty_grace_minutes * 60
    first, last = (datetime.fromtimestamp(float(edge), zone()).date() for edge in (at.min(), at.max()))
    days = {datetime.fromtimestamp(float(moment), zone()).date() for moment in at[:: max(1, len(at) // 2000)]} | {first, last}
    for day in days | {one - timedelta(days=1) for one in days}:
        for duty in duties(day, who, only_mine=False):
            outside &= (at < duty.begin - grace) | (at > duty.end + grace)
    return outside
