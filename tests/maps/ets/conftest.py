"""What the abstract tests share: a town with something in every collection, and the service as the test engine sees it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
import shapely

from gis_grid.access.rules import RIGHTS
from gis_grid.buildings.models import Estate
from gis_grid.db import session as current
from gis_grid.events.models import Event
from gis_grid.geo import shapes
from gis_grid.maps.models import BaseFeature
from gis_grid.patrol.models import Track
from gis_grid.premises import Premises
from tests.factories import GRID_1, GRID_2, SIDE, SOUTH, WEST, make_building, make_town, make_unit, point, square

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
GEOJSON = "application/geo+json"
FIRST_DAY = datetime(2026, 3, 1, 8, tzinfo=UTC)
EVENTS = 33  # more than three pages of the usual size; one a day at 08:00 UTC, the last without a time


@dataclass
class Engine:
    """The implementation under test: asks it, and knows its documents."""

    client: Any
    headers: dict[str, str]
    _known: dict[str, Any] = field(default_factory=dict)

    def get(self, path: str, accept: str = GEOJSON, **parameters: Any):
        """One GET; `bbox_crs` stands for the parameter bbox-crs."""
        query = urlencode({name.replace("_", "-"): value for name, value in parameters.items()})
        return self.client.get(f"{path}?{query}" if query else path, headers={**self.headers, "Accept": accept})

    def json(self, path: str, **parameters: Any) -> dict[str, Any]:
        answer = self.get(path, **parameters)
        assert answer.status_code == 200, (path, parameters, answer.data[:300])
        return answer.json

    def once(self, path: str) -> dict[str, Any]:
        if path not in self._known:
            self._known[path] = self.json(path, accept="application/json")
        return self._known[path]

    @property
    def definition(self) -> dict[str, Any]:
        return self.once("/api")

    @property
    def collections(self) -> list[dict[str, Any]]:
        return self.once("/collections")["collections"]

    @property
    def names(self) -> list[str]:
        return [one["id"] for one in self.collections]

    def parameter(self, name: str, collection: str) -> dict[str, Any]:
        """A query parameter of a collection's items as the API definition has it."""
        found = self.definition["paths"][f"/collections/{collection}/items"]["get"]["parameters"]
        return next(one for one in found if one["name"] == name)

    def items(self, name: str, **parameters: Any) -> dict[str, Any]:
        return self.json(f"/collections/{name}/items", **parameters)

    def all_items(self, name: str, **parameters: Any) -> list[dict[str, Any]]:
        """Every feature, page after page by the `next` links."""
        page = self.items(name, **parameters)
        found = list(page["features"])
        while following := link(page, "next"):
            page = self.json(following["href"].removeprefix("http://localhost"))
            found += page["features"]
        return found

    def one_of(self, name: str) -> dict[str, Any]:
        return self.items(name, limit=1)["features"][0]


def link(document: dict[str, Any], rel: str, mime: str | None = None) -> dict[str, Any] | None:
    """The first link with this relation (and type); none when there is none."""
    return next((one for one in document["links"] if one["rel"] == rel and mime in (None, one.get("type"))), None)


def _fill_the_town() -> None:
    make_town()
    here = {"area_code": GRID_1, "placed_by": "inside"}
    box = shapely.box(WEST + 0.0002, SOUTH + 0.0002, WEST + 0.0004, SOUTH + 0.0004)
    outline = shapes.to_column(shapely.multipolygons([box]))
    building = make_building(0, footprint=outline, name="一栋", floors_above=6)
    make_unit(building, point=point(0))
    make_unit(building, "2单元")  # without a point of its own
    line = shapes.to_column(shapely.multilinestrings([[(WEST, SOUTH), (WEST + SIDE, SOUTH + SIDE)]]))
    rows: list[Any] = [
        Event(
            number=f"E{n:02}",
            title=f"第{n}件",
            status="closed" if n % 2 else "reported",
            point=point(n % 3),
            reported_at=None if n == EVENTS - 1 else FIRST_DAY + timedelta(days=n),
            area_code=GRID_2,
            placed_by="inside",
        )
        for n in range(EVENTS)
    ]
    rows += [Premises(code=f"P{n:02}", name=f"店{n}", point=point(0), **here) for n in range(12)]
    rows += [Estate(code="S1", name="小区", outline=shapes.to_column(square(0)), **here)]
    rows += [
        Track(content_key="k", format="gpx", fixes=2, length_m=1, minutes=1, geom=line, started_at=datetime.now(UTC), **here)
    ]
    rows += [BaseFeature(source="t", kind=kind, name=kind, geom=outline) for kind in ("water", "green")]
    rows += [BaseFeature(source="t", kind="road", rank="main", name="路", geom=line)]
    current().add_all(rows)
    current().flush()


@pytest.fixture
def engine(client, bearer, session) -> Engine:
    """The service with a town in it, asked by somebody who may see all of it."""
    _fill_the_town()
    return Engine(client, bearer(sorted(RIGHTS)))
