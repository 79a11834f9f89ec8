"""A town whose boards are made, and who may make them."""

from __future__ import annotations

import pytest
import shapely

from gis_grid.areas.models import Staff
from gis_grid.config import settings
from gis_grid.geo import shapes
from gis_grid.maps.models import BaseFeature
from gis_grid.notices import pages
from tests.factories import GRID_1, SIDE, SOUTH, WEST, make_building, make_town
from tests.notices.boards import RIGHTS


@pytest.fixture
def street(session, monkeypatch):
    """The factory's town with streets, buildings with footprints, posts on the board, a public address."""
    monkeypatch.setattr(settings(), "public_url", "https://grid.example.gov.cn")
    make_town()
    for n in range(6):
        west, south = WEST + 0.0001 + n * 0.00014, SOUTH + 0.0004
        footprint = shapely.multipolygons([shapely.box(west, south, west + 0.0001, south + 0.0002)])
        make_building(0, f"B{n}", name=f"{n + 1}号楼", use="01", footprint=shapes.to_column(footprint))
    road = shapely.LineString([(WEST - SIDE, SOUTH), (WEST + 4 * SIDE, SOUTH)])
    session.add(BaseFeature(source="test", kind="road", rank="main", name="人民路", width_m=12, geom=shapes.to_column(road)))
    session.add(Staff(area_code=GRID_1, name="张直", post="grid_leader", duty_phone="10012345678", duty="第一责任人"))
    session.flush()
    pages._kept.clear()
    monkeypatch.setattr(pages, "limiter", pages.Limiter(pages.PER_MINUTE))


@pytest.fixture
def mine(street, bearer):
    return bearer(RIGHTS)
