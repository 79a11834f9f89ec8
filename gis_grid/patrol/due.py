"""What the worker process does now and then: tracks of the days that got fixes, and partitions of the days to come."""

from __future__ import annotations

import time
from datetime import date, timedelta

import sqlalchemy as sa

from gis_grid.access.guard import acting
from gis_grid.access.rules import COMMAND
from gis_grid.areas.placing import today
from gis_grid.db import long_engine, session, transaction
from gis_grid.jobs.actions import now_and_then
from gis_grid.patrol.digest import digest_day
from gis_grid.patrol.models import Device
from gis_grid.patrol.store import day_bounds

DAYS_AHEAD = 7
SECONDS_AT_ONCE = 20.0
WAIT_SECONDS = 600  # a running day is made into its track every ten minutes, as its segments are
_DUE = """
SELECT d.device_id, d.day FROM track_days_due d LEFT JOIN tracks t ON t.device_id = d.device_id AND t.day = d.day
WHERE t.id IS NULL OR t.updated_at < now() - make_interval(secs => :wait) OR :everything ORDER BY d.since LIMIT 1
FOR UPDATE OF d SKIP LOCKED
"""
_COUNT = "SELECT count(*) FROM fixes WHERE device_id = :device AND at >= :begin AND at < :end"
_DONE = f"""
DELETE FROM track_days_due WHERE device_id = :device AND day = :day
  AND ({_COUNT}) = :known
"""


def digest_next(*, everything: bool = False) -> tuple[int, date] | None:
    """Make the track of the day that has waited longest, in this transaction; None when nothing waits (long enough)."""
    row = session().execute(sa.text(_DUE), {"wait": WAIT_SECONDS, "everything": everything}).first()
    if row is None:
        return None
    begin, end = day_bounds(row.day)
    what = {"device": row.device_id, "begin": begin, "end": end}
    known = session().scalar(sa.text(_COUNT), what)  # a day that gets more in the meantime stays due
    digest_day(session().get_one(Device, row.device_id), row.day)
    session().execute(sa.text(_DONE), {**what, "day": row.day, "known": known})
    return row.device_id, row.day


@now_and_then
def digest_due() -> None:
    """For some seconds, one day after the other, each in its own transaction."""
    until = time.monotonic() + SECONDS_AT_ONCE
    while time.monotonic() < until:
        with transaction(long_engine()), acting(COMMAND):
            if digest_next() is None:
                return


@now_and_then
def make_days_ahead() -> None:
    """Partitions of the coming days, so that no phone waits for one."""
    days = [today() + timedelta(days=ahead) for ahead in range(-1, DAYS_AHEAD)]
    with transaction() as own:
        own.execute(sa.text("SELECT make_fix_days(:days)"), {"days": days})
