"""Place events and keep who has a claim on them: one is responsible by rule, the others are told too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from gis_grid.access.guard import scoped
from gis_grid.areas.actions import place
from gis_grid.areas.placing import today
from gis_grid.areas.reassign import Progress, Touched, changed, place_again
from gis_grid.db import session, sql
from gis_grid.errors import NotFound
from gis_grid.events.models import Event, EventOwner

RULE = "落入专属网格的由专属网格负责，否则由所在网格负责；不在任何网格的由小区物业负责。其余为协同单位，同时告知。"
_BATCH = 5_000


def prepare_event(event: Event, extra: dict[str, Any]) -> None:
    """Placed by its point; an event without one is kept, unplaced. Everybody with a claim is noted."""
    event.area_code, event.placed_by = place(event.point)
    session().add(event)
    session().flush()
    own_again([event.id])


def owners_of(event_id: int) -> dict[str, Any]:
    """Who has a claim on an event, the responsible one first, and the rule that chose."""
    event = session().scalar(scoped(sa.select(Event), Event).where(Event.id == event_id))
    if event is None:
        raise NotFound(f"没有找到编号为 {event_id} 的事件，或它不在您的数据范围内。")
    rows = session().scalars(sa.select(EventOwner).where(EventOwner.event_id == event_id)).all()
    order = {"exclusive": 0, "grid": 1, "property": 2}
    owners = sorted(rows, key=lambda row: (not row.is_responsible, order[row.kind], row.area_code or ""))
    names = ("kind", "area_code", "estate_id", "name", "is_responsible")
    return {"rule": RULE, "owners": [{name: getattr(row, name) for name in names} for row in owners]}


def own_again(ids: Sequence[int]) -> None:
    """Find the claims on these events anew, in batches."""
    for start in range(0, len(ids), _BATCH):
        part = list(ids[start : start + _BATCH])
        session().execute(sa.delete(EventOwner).where(EventOwner.event_id.in_(part)))
        session().execute(sql("owners"), {"ids": part, "day": today()})


def own_imported() -> None:
    """After an import: the events written in this transaction."""
    written = sa.select(Event.id).where(sa.or_(Event.created_at == sa.func.now(), Event.updated_at == sa.func.now()))
    own_again(list(session().scalars(written)))


@changed.connect
def place_all_again(sender: object, touched: Touched, progress: Progress) -> None:
    """Boundaries changed: events lie where their points lie, and others may have a claim."""
    place_again(Event, touched, progress)
    if touched is None:
        own_again(list(session().scalars(sa.select(Event.id).order_by(Event.id))))
        return
    for west, south, east, north in touched:
        box = sa.func.ST_MakeEnvelope(west, south, east, north, 4490)
        own_again(list(session().scalars(sa.select(Event.id).where(Event.point.op("&&")(box)))))
