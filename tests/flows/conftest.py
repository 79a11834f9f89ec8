"""One running service for all stories of this folder, with a grid partition and three users."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import requests
import shapely

from tests.conftest import HOME
from tests.factories import square
from tests.live import Live, add_user, running

PASSWORD = "Gr1d-worker-2026"


@pytest.fixture(scope="session")
def live(database) -> Iterator[Live]:
    folder = HOME / "files"
    folder.mkdir()
    grids = folder / "grids.geojson"
    features = [
        {
            "type": "Feature",
            "properties": {"code": f"50010300100100{n}", "name": f"第{n}网格"},
            "geometry": json.loads(shapely.to_geojson(square(n - 1))),
        }
        for n in (1, 2, 3)
    ]
    grids.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    load = ("load", "areas", str(grids), "--level", "grid")
    with running(HOME, "live_flows", load) as (service, _):
        yield service


@pytest.fixture
def sign_in(live: Live):
    """sign_in(name, role, scope) -> a requests session of a new user whose password is already changed."""

    def make(username: str, role: str = "district", scope: str = "") -> requests.Session:
        once = add_user(live, username, role, scope)
        browser = requests.Session()
        answer = browser.post(f"{live.url}/api/session", json={"username": username, "password": once}, timeout=60)
        assert answer.status_code == 200, answer.text
        browser.headers["X-CSRF-Token"] = answer.json()["csrf"]
        change = {"old_password": once, "new_password": PASSWORD}
        assert browser.post(f"{live.url}/api/session/password", json=change, timeout=60).status_code == 204
        return browser

    return make
