"""Routes of events, and how they are imported."""

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint
from marshmallow import Schema, fields

from gis_grid.access.guard import require
from gis_grid.events import actions
from gis_grid.events.models import Event
from gis_grid.imports import Importable, offer
from gis_grid.photos.actions import OWNERS
from gis_grid.register import Register, register_blueprint
from gis_grid.register.fields import BIGINT

EVENTS = Register(
    "events",
    "事件",
    Event,
    read="events.read",
    write="events.write",
    search=("title", "description", "number", "address"),
    codes={"status": "event_status"},
    prepare=actions.prepare_event,
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
        after=actions.own_imported,
    )
)
OWNERS["events"] = EVENTS
blueprint = Blueprint("event", __name__, url_prefix="/api/events", description="事件责任")


@blueprint.route(f"/<int(max={BIGINT}):event_id>/owners")
@blueprint.response(200, Schema.from_dict({"rule": fields.String(), "owners": fields.List(fields.Dict())}, name="EventOwners"))
@require("events.read")
def owners(event_id: int) -> dict[str, Any]:
    """谁与这件事有关：所在网格、专属网格、小区物业；按规则一个负责，其余协同"""
    return actions.owners_of(event_id)


BLUEPRINTS = (register_blueprint(EVENTS), blueprint)
