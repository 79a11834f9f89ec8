"""A street of three grids where somebody lives and works, and an empty draft for its community."""

from __future__ import annotations

import pytest

from gis_grid.events.models import Event
from gis_grid.people.models import Household, Resident
from tests.factories import COMMUNITY, GRID_2, SIDE, SOUTH, WEST, make_home, make_town, point


@pytest.fixture
def town(session):
    """The street of three grids, with a family, an event and a worker in the second."""
    make_town()
    room = make_home(1, "B1")
    household = Household(number="H1", room_id=room.id, area_code=GRID_2, placed_by="room")
    session.add(household)
    session.flush()
    resident = Resident(name="张三", household_id=household.id, area_code=GRID_2, placed_by="room")
    event = Event(number="E1", point=point(1), area_code=GRID_2, placed_by="inside")
    session.add_all([resident, event])
    session.flush()
    return {"room": room, "household": household, "resident": resident, "event": event}


@pytest.fixture
def ask(client, bearer, town):
    headers = bearer(["areas.read", "areas.write", "people.read", "events.read"], (COMMUNITY,))

    def send(method: str, path: str, body: dict | None = None):
        return client.open(path, method=method, json=body, headers=headers)

    return send


@pytest.fixture
def draft(ask) -> str:
    made = ask("POST", "/api/plans/", {"name": "一季度调整", "area_code": COMMUNITY})
    assert made.status_code == 201, made.json
    return f"/api/plans/{made.json['id']}"


def vertical(column: float) -> dict:
    x = WEST + column * SIDE
    return {"type": "LineString", "coordinates": [[x, SOUTH - 1e-4], [x, SOUTH + SIDE + 1e-4]]}
