"""Events reported from the phone: with photos, once however often the phone sends them, and not only within one's own grid."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from shapely import Point

from gis_grid import audit
from gis_grid.areas.actions import place
from gis_grid.db import session
from gis_grid.errors import Invalid
from gis_grid.events.actions import prepare_event
from gis_grid.events.models import Event
from gis_grid.geo import shapes
from gis_grid.patrol.phone import area_name, worker_id
from gis_grid.patrol.store import zone
from gis_grid.photos.actions import attach_photo

MOST_PHOTOS = 6
SOURCE = "网格员上报"
_LOCK = 0x7265706F  # first half of the advisory lock on one report of one phone
Files = Sequence[tuple[str, bytes]]  # names and contents


def report_event(values: Mapping[str, Any], photos: Files) -> dict[str, Any]:
    """values: client_id, category, at, lon, lat, and perhaps title, description, address, accuracy_m.

    Answers the event's number, where it lies and how many photos it has; sent again, the same event. What one sees across the
    street is reported, too: whoever answers for that place gets it. Refused: a place outside all areas, a time in the future.
    """
    number = number_of(values["client_id"], values["at"])
    one_at_a_time(number)
    event = session().scalar(sa.select(Event).where(Event.number == number))
    repeated = event is not None
    if event is None:
        event = _new_event(number, values)
    kept = [] if event.retired_at else [attach_photo("events", event, data, name).id for name, data in photos]
    return {
        "id": event.id,
        "number": event.number,
        "area_code": event.area_code,
        "area_name": area_name(event.area_code),
        "photos": len(set(kept)),
        "repeated": repeated,
    }


def _new_event(number: str, values: Mapping[str, Any]) -> Event:
    at: datetime = values["at"]
    if at > datetime.now(UTC) + timedelta(minutes=5):
        raise Invalid("上报时间在将来：请把手机时间改为自动。", code="bad_date")
    point = shapes.to_column(Point(values["lon"], values["lat"]))
    if place(point)[0] is None:
        raise Invalid("这个位置不在任何网格内，请在地图上把点移到事发地。", code="outside")
    event = Event(
        number=number,
        category=values["category"],
        title=values.get("title") or values["category"],
        description=values.get("description"),
        address=values.get("address"),
        source=SOURCE,
        reported_at=at,
        point=point,
        source_crs="wgs84",
        accuracy_m=values.get("accuracy_m"),
    )
    prepare_event(event, {})
    audit.record("create", "events", event.id, after=audit.snapshot(event), area_code=event.area_code, version=event.version)
    return event


def number_of(client_id: str, at: datetime) -> str:
    """The number of a report: told by whose it is and what his phone calls it, so that it is the same when it comes again."""
    digest = hashlib.sha256(f"{worker_id()}:{client_id}".encode()).hexdigest()[:10].upper()
    return f"XC{at.astimezone(zone()):%Y%m%d}-{digest}"


def one_at_a_time(name: str) -> None:
    """Two requests with the same thing wait for each other."""
    key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], signed=True)
    session().execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK, key)))
