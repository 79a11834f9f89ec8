"""A worker's own phone: its device makes itself, its fixes are stored once however often they come; his day in one answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.dialects.postgresql import insert

from gis_grid.access.guard import caller
from gis_grid.areas.duty import all_areas, chain
from gis_grid.areas.placing import current_index, today
from gis_grid.config import settings
from gis_grid.db import session
from gis_grid.errors import Conflict, Invalid
from gis_grid.geo import crs
from gis_grid.patrol.devices import give_key, settings_of
from gis_grid.patrol.digest import day_of, is_archived, limits_now, place_fixes
from gis_grid.patrol.fixes import NAN, Fix, Fixes, Flag, make_fixes
from gis_grid.patrol.models import Device, TrackFix
from gis_grid.patrol.rules import find_coarse, find_impossible
from gis_grid.patrol.shifts import Who, duty_states, off_shift
from gis_grid.patrol.store import days_of, make_days, take_fixes

MOST_FIXES = 1_000  # in one request
_KNOWN = ("accuracy_m", "speed_mps", "course_deg", "ele_m", "battery")  # in the order of Fix
LATE = "时间在将来：请把手机时间改为自动"
OLD, NO_SHIFT, ARCHIVED = "时间过早", "不在班次内，按规定不保存", "该日轨迹已归档"


def worker_id() -> int:
    """The signed-in worker; a token has no phone of its own."""
    found = caller().user_id
    if found is None:
        raise Invalid("请用自己的账号登录手机页面；接口令牌没有自己的手机。", code="no_worker")
    return found


def own_device(mark: str, name: str = "手机页面") -> Device:
    """The caller's device with this mark (one per browser, so that two phones are two tracks), made at first need."""
    code = f"phone-{worker_id()}-{mark}"[:64]
    made = insert(Device).values(code=code, name=name, worker=caller().name[:50], user_id=worker_id(), **_home())
    session().execute(made.on_conflict_do_nothing(index_elements=["code"]))
    device = session().scalars(sa.select(Device).where(Device.code == code)).one()
    if device.retired_at is not None:
        raise Conflict("这部手机已被停用，请联系管理员。", code="already_retired")
    if device.worker != caller().name[:50]:
        device.worker = caller().name[:50]
        session().flush()
    return device


def _home() -> dict[str, Any]:
    """The area of a device: its worker's, where he has one."""
    scopes = caller().scopes
    code = scopes[0] if len(scopes) == 1 and scopes[0] in all_areas() else None
    return {"area_code": code, "placed_by": "manual" if code else None}


def take_own(mark: str, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Store fixes of the caller's phone, each once: by device and time.

    rows: `at` in milliseconds since 1970, lon, lat in degrees, and what else is known. Answers received, stored, repeated, and
    each refused one by its time with the reason; the track is made of them by the worker process.
    """
    device = own_device(mark)
    fixes = make_fixes([_fix(row) for row in rows])
    why = _why_refused(device, fixes)
    keep = np.array([reason is None for reason in why], dtype=bool)
    told = {"received": len(fixes), "stored": 0, "repeated": 0}
    if keep.any():
        told |= _store(device, fixes.take(keep))
    refused = [{"at": row["at"], "why": reason} for row, reason in zip(rows, why, strict=True) if reason is not None]
    return {**told, "refused": refused, "device": device.code}


def _fix(row: dict[str, Any]) -> Fix:
    accuracy, speed, course, ele, battery = (NAN if row.get(name) is None else float(row[name]) for name in _KNOWN)
    return Fix(row["at"] / 1000, row["lon"], row["lat"], accuracy, speed, course, ele, battery)


def _why_refused(device: Device, fixes: Fixes) -> list[str | None]:
    limits = limits_now()
    why: NDArray[np.object_] = np.full(len(fixes), None, object)
    why[fixes.at > limits.now + limits.future_seconds] = LATE
    why[fixes.at < limits.now - limits.oldest_seconds] = OLD
    if settings().track_only_in_shifts and len(fixes):
        why[off_shift(Who(device.user_id, device.worker), fixes.at)] = NO_SHIFT
    days = days_of(fixes.at)
    for day in set(days.tolist()):
        if is_archived(device.id, day_of(day)):
            why[days == day] = ARCHIVED
    found: list[str | None] = why.tolist()
    return found


def _store(device: Device, fixes: Fixes) -> dict[str, int]:
    """How many of these were new, how many had come before."""
    at = np.round(fixes.at * 1000)
    _, first = np.unique(at, return_index=True)
    once = fixes.take(np.sort(first))
    lon, lat = crs.to_stored(once.lon, once.lat, device.crs)
    once = Fixes(**{**vars(once), "lon": lon, "lat": lat})
    limits, usable = limits_now(), np.ones(len(once), dtype=bool)
    once = once.flagged(find_impossible(once, usable, limits), Flag.IMPOSSIBLE)
    once = once.flagged(find_coarse(once, usable, limits), Flag.COARSE)
    once, codes = place_fixes(once, current_index())
    moments = [datetime.fromtimestamp(moment, UTC) for moment in (np.round(once.at * 1000) / 1000).tolist()]
    there = sa.select(sa.func.count()).select_from(TrackFix).where(TrackFix.device_id == device.id, TrackFix.at.in_(moments))
    known = int(session().scalar(there) or 0)
    make_days(once.at)
    take_fixes([device.id] * len(once), once, codes)
    return {"stored": len(once) - known, "repeated": len(fixes) - len(once) + known}


def my_day() -> dict[str, Any]:
    """Today's shifts of the caller with their state, his areas, and what the daily duty asks for."""
    name, day, conf = caller().name, today(), settings()
    tree = all_areas()
    areas = [tree[scope].link for scope in caller().scopes if scope in tree]
    shifts = [{**state, "area_name": area_name(state["area_code"])} for state in duty_states(day, Who(caller().user_id, name))]
    return {
        "day": day,
        "worker": name,
        "areas": areas,
        "shifts": shifts,
        "duty_hours": conf.duty_hours,
        "duty_patrols": conf.duty_patrols,
        "only_in_shifts": conf.track_only_in_shifts,
        "now": datetime.now(UTC),
    }


def area_name(code: str | None) -> str | None:
    """What people call an area: its own name."""
    links = chain(code)
    return links[-1]["name"] if links else None


def own_app(base: str) -> dict[str, Any]:
    """The caller's device for an app of its own (Traccar Client, OwnTracks ...), with a new key: the one before is void."""
    device = own_device("app", "手机应用")
    key = give_key(device)
    return {"device": device.code, "key": key, "apps": settings_of(device, key, base)}
