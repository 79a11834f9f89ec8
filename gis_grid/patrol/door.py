"""Single fixes from phones: a bounded queue and group commit. Nobody is told yes before his fix is on disk.

Each process has one writer thread: it takes what waits, stores it in one transaction, and wakes all who wait. So one fsync
serves many phones, and what is answered with 2xx survives a kill at any instant.
"""

from __future__ import annotations

import hmac
import threading
from collections import deque
from dataclasses import dataclass
from math import isfinite

import numpy as np
import psycopg
import sqlalchemy as sa

from gis_grid.areas.placing import current_index
from gis_grid.config import settings
from gis_grid.db import session, transaction
from gis_grid.geo import crs
from gis_grid.kept import Kept
from gis_grid.logs import logger, where_of
from gis_grid.patrol.devices import key_digest
from gis_grid.patrol.digest import limits_now, place_fixes
from gis_grid.patrol.fixes import Fix, Fixes, Flag, make_fixes
from gis_grid.patrol.formats.osmand import SPEED_UNITS
from gis_grid.patrol.models import Device
from gis_grid.patrol.rules import admit, find_coarse, find_impossible
from gis_grid.patrol.shifts import Who, off_shift
from gis_grid.patrol.store import make_days, take_fixes

MOST_WAITING = 4_000  # beyond that phones are asked to come back later
MOST_AT_ONCE = 2_000
PATIENCE_SECONDS = 20.0
STORED, UNKNOWN, REFUSED, BUSY = "stored", "unknown", "refused", "busy"


@dataclass
class Entry:
    """A fix that waits: who says to have sent it, and what became of it. Speed still in the sender's unit when `is_query`."""

    codes: tuple[str, ...]  # the device goes by the first of these that is known
    key: str
    fix: Fix
    is_query: bool = False
    outcome: str = BUSY
    why: str = ""
    done: threading.Event | None = None  # of who waits on a thread of his own


@dataclass(frozen=True)
class Known:
    """A device as the door needs it."""

    id: int
    key_hash: bytes
    crs: str
    mps: float  # of its unit of speed
    who: Who


class Door:
    """The queue of this process and its writer."""

    def __init__(self) -> None:
        self._waiting: deque[Entry] = deque()
        self._some = threading.Condition()
        self._writer: threading.Thread | None = None

    def store(self, entry: Entry) -> Entry:
        """Wait until the fix is stored, refused, or it turns out that there is no room."""
        entry.done = done = threading.Event()
        with self._some:
            if len(self._waiting) >= MOST_WAITING:
                return entry
            self._waiting.append(entry)
            if self._writer is None or not self._writer.is_alive():
                self._writer = threading.Thread(target=self._write, name="fixes", daemon=True)
                self._writer.start()
            self._some.notify()
        done.wait(PATIENCE_SECONDS)
        return entry

    def _write(self) -> None:
        while True:
            with self._some:
                while not self._waiting:
                    self._some.wait()
                batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), MOST_AT_ONCE))]
            try:
                store_batch(batch)
            except Exception as fault:  # the database is away, perhaps: the phones keep their fixes and come again
                logger().error("fixes_not_stored", count=len(batch), fault=type(fault).__name__, where=where_of(fault))
                for entry in batch:
                    entry.outcome = BUSY
            for entry in batch:
                if entry.done is not None:
                    entry.done.set()


DOOR = Door()
_devices: Kept[dict[str, Known]] = Kept("devices", most=1)
_days: set[int] = set()  # days (UTC) whose partition is known to be there


def _read_devices() -> dict[str, Known]:
    query = sa.select(Device.code, Device.id, Device.key_hash, Device.crs, Device.speed_unit, Device.user_id, Device.worker)
    rows = session().execute(query.where(Device.key_hash.is_not(None), Device.retired_at.is_(None)))
    return {
        code: Known(key, bytes(digest), crs_name, SPEED_UNITS[unit], Who(user_id, worker))
        for code, key, digest, crs_name, unit, user_id, worker in rows
    }


def store_batch(batch: list[Entry]) -> None:
    """Store these in one transaction; each entry's outcome is set, and true once this returns."""
    try:
        _store(batch)
    except psycopg.errors.CheckViolation:  # a partition that was there is not: retention dropped it
        _days.clear()
        _store(batch)
    except psycopg.DataError:  # one of them holds what no column takes: it must not keep the others out, nor come for ever
        if len(batch) > 1:
            for entry in batch:
                store_batch([entry])
        else:
            batch[0].outcome, batch[0].why = REFUSED, "未保存：数值超出范围"


def _store(batch: list[Entry]) -> None:
    with transaction():
        devices = _devices.get("devices", _read_devices)
        current_index()  # the index, too, while nothing is begun: both numbers are read in one trip
        good = [(entry, device) for entry in batch if (device := _device_of(entry, devices)) is not None]
        good, fixes = _admitted(good)
        if good:
            _write_good(good, fixes)
    for entry, _ in good:
        entry.outcome = STORED


def _device_of(entry: Entry, devices: dict[str, Known]) -> Known | None:
    """The device that sent it, if the key is its own. Another's key is as good as none."""
    known = next((devices[code] for code in entry.codes if code in devices), None)
    if known is not None and hmac.compare_digest(known.key_hash, key_digest(entry.key)):
        return known
    entry.outcome, entry.why = UNKNOWN, "设备未登记、已停用，或密钥不符"
    return None


def _admitted(good: list[tuple[Entry, Known]]) -> tuple[list[tuple[Entry, Known]], Fixes]:
    """Those that can be stored, and their fixes; of the others each is told why."""
    if settings().track_only_in_shifts:
        good = [pair for pair in good if _is_on_shift(*pair)]
    limits = limits_now()
    fixes = make_fixes([entry.fix for entry, _ in good])
    if not admit(fixes, limits)[1]:
        return good, fixes
    kept, places = [], []
    for place, (entry, device) in enumerate(good):
        refused = admit(fixes.part(place, place + 1), limits)[1]
        if refused:
            entry.outcome, entry.why = REFUSED, f"未保存：{next(iter(refused))}"
        else:
            kept.append((entry, device))
            places.append(place)
    return kept, fixes.take(np.array(places, np.int64))


def _is_on_shift(entry: Entry, device: Known) -> bool:
    known = device.who.name or device.who.user_id
    if known and isfinite(entry.fix.at) and off_shift(device.who, np.array([entry.fix.at]))[0]:
        entry.outcome, entry.why = REFUSED, "未保存：不在班次内"
        return False
    return True


def _write_good(good: list[tuple[Entry, Known]], fixes: Fixes) -> None:
    units = np.array([device.mps if entry.is_query else 1.0 for entry, device in good])
    names = [device.crs for _, device in good]
    lon, lat = fixes.lon.copy(), fixes.lat.copy()
    for name in set(names):
        chosen = np.array([one == name for one in names])
        lon[chosen], lat[chosen] = crs.to_stored(fixes.lon[chosen], fixes.lat[chosen], name)
    fixes = Fixes(**{**vars(fixes), "lon": lon, "lat": lat, "speed_mps": fixes.speed_mps * units})
    limits, usable = limits_now(), np.ones(len(fixes), dtype=bool)
    fixes = fixes.flagged(find_impossible(fixes, usable, limits), Flag.IMPOSSIBLE)
    fixes = fixes.flagged(find_coarse(fixes, usable, limits), Flag.COARSE)
    fixes, codes = place_fixes(fixes, current_index())
    _see_to_days(fixes)
    take_fixes([device.id for _, device in good], fixes, codes)


def _see_to_days(fixes: Fixes) -> None:
    """A new day's partition is committed by itself, so that nobody else waits for this transaction to get it."""
    new = set(np.unique(fixes.at // 86_400).astype(int).tolist()) - _days
    if new:
        with transaction():
            make_days(fixes.at)
        _days.update(new)
