"""Routes of events, and how they are imported."""

from __future__ import annotations

from typing import Any

from gis_grid.areas.actions import place
from gis_grid.areas.reassign import Progress, Touched, changed, place_again
from gis_grid.events.models import Event
from gis_grid.imports import Importable, offer
from gis_grid.register import Register, register_blueprint


def prepare_event(event: Event, extra: dict[str, Any]) -> None:
    """Placed by its point; an event without one is kept, unplaced."""
    event.area_code, event.placed_by = place(event.point)


@changed.connect
def place_all_again(sender: object, touched: Touched, progress: Progress) -> None:
    """Boundaries changed: events lie where their points lie."""
    place_again(Event, touched, progress)


EVENTS = Register(
    "events",
    "事件",
    Event,
    read="events.read",
    write="events.write",
    search=("title", "description", "number", "address"),
    codes={"status": "event_status"},
    prepare=prepare_event,
)
offer(
    Importable(
        name="events",
        model=Event,
        key="number",
        shape="point",
        synonyms={
            "number": ("service_request_id", "编号", "事件编号", "案件编号"),
            "category": ("service_name", "类别", "事件类别"),
            "title": ("subproject", "标题"),
            "description": ("描述", "内容"),
            "address": ("地址", "详细地址"),
            "reported_at": ("requested_datetime", "上报时间", "时间"),
            "source": ("来源",),
        },
        codes={"status": "event_status"},
        right="events.write",
    )
)
BLUEPRINTS = (register_blueprint(EVENTS),)
