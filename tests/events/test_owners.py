"""Who has a claim on an event: all are kept, one is responsible, the rule is named."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from gis_grid.areas.actions import follow_kind
from gis_grid.areas.models import Area
from gis_grid.areas.reassign import reassign
from gis_grid.buildings.models import Estate
from gis_grid.events.models import EventOwner
from gis_grid.geo import shapes
from tests.conftest import problem
from tests.factories import COMMUNITY, GRID_1, GRID_2, geojson_point, make_area, make_town, square

MALL = f"{COMMUNITY}008"


@pytest.fixture
def headers(session, bearer):
    make_town()
    return bearer(["events.read", "events.write", "areas.read"], (COMMUNITY,))


def report(client, headers, column: int) -> int:
    made = client.post("/api/events/", json={"number": f"E{column}", "point": geojson_point(column)}, headers=headers)
    assert made.status_code == 201, made.json
    return made.json["id"]


def owners(client, headers, event: int) -> list[tuple[str, str | None, bool]]:
    answer = client.get(f"/api/events/{event}/owners", headers=headers).json
    assert "专属网格" in answer["rule"]
    return [(one["kind"], one["area_code"], one["is_responsible"]) for one in answer["owners"]]


def test_an_ordinary_grid_and_a_property_company(client, headers, session) -> None:
    estate = Estate(code="S1", name="苑", property_company="好物业", outline=shapes.to_column(square(0)), area_code=GRID_1)
    session.add(estate)
    session.commit()
    assert owners(client, headers, report(client, headers, 0)) == [("grid", GRID_1, True), ("property", GRID_1, False)]


def test_an_exclusive_grid_over_an_ordinary_one_is_responsible(client, headers, session) -> None:
    make_area(MALL, "grid", square(1), kind="exclusive", parent=COMMUNITY)
    session.commit()
    assert owners(client, headers, report(client, headers, 1)) == [("exclusive", MALL, True), ("grid", GRID_2, False)]


def test_owners_follow_a_change_of_boundaries(client, headers, session) -> None:
    event = report(client, headers, 1)
    session.get(Area, GRID_2).kind = "exclusive"
    session.flush()
    reassign(follow_kind(GRID_2))
    assert owners(client, headers, event) == [("exclusive", GRID_2, True)]
    assert session.scalar(sa.select(sa.func.count()).select_from(EventOwner)) == 1


def test_events_of_others_are_not_found(client, headers, bearer) -> None:
    event = report(client, headers, 1)
    stranger = bearer(["events.read"], ("500103001002",))
    assert problem(client.get(f"/api/events/{event}/owners", headers=stranger))["code"] == "not_found"
