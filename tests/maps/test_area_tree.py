"""Walking down the division, counting layers, and what may lie below them."""

from __future__ import annotations

from datetime import date

import pytest

from gis_grid.access.rules import RIGHTS
from gis_grid.config import settings
from gis_grid.maps import basemap
from tests.conftest import problem
from tests.factories import COMMUNITY, DISTRICT, GRID_1, GRID_2, STREET, make_area, make_building, make_town, square

ALL = [right for right in RIGHTS if right != "users.manage"]


@pytest.fixture
def town(session):
    make_town()


def test_the_top_is_where_the_callers_scope_begins(client, bearer, town) -> None:
    def top(*scopes: str) -> list[str]:
        return [item["code"] for item in client.get("/api/map/areas", headers=bearer(ALL, scopes)).json["items"]]

    assert top("") == [DISTRICT]
    assert top(COMMUNITY) == [COMMUNITY]
    assert top(GRID_1, GRID_2) == [GRID_1, GRID_2]


def test_an_area_tells_what_is_above_and_right_below(client, bearer, town) -> None:
    told = client.get(f"/api/map/areas?code={COMMUNITY}", headers=bearer(ALL)).json
    assert [link["code"] for link in told["chain"]] == [DISTRICT, STREET, COMMUNITY]
    assert len(told["items"]) == 3
    grid = told["items"][0]
    assert (grid["code"], grid["level_name"], grid["children"]) == (GRID_1, "网格", 0)
    assert grid["bounds"] == pytest.approx([106.5, 29.5, 106.501, 29.501])
    assert grid["area_m2"] == pytest.approx(10_740, rel=0.01)


def test_all_areas_of_a_level_below_and_which_levels_there_are(client, bearer, town) -> None:
    told = client.get(f"/api/map/areas?code={DISTRICT}&level=grid", headers=bearer(ALL)).json
    assert [item["code"] for item in told["items"]] == [f"{COMMUNITY}00{n}" for n in (1, 2, 3)]
    assert [(level["name"], level["count"]) for level in told["levels"]] == [("街道", 1), ("社区", 1), ("网格", 3)]
    mine = client.get("/api/map/areas?level=grid", headers=bearer(ALL, (GRID_2,))).json
    assert [item["code"] for item in mine["items"]] == [GRID_2]


def test_only_the_callers_part_of_the_chain_is_told(client, bearer, town) -> None:
    headers = bearer(ALL, (COMMUNITY,))
    assert [link["code"] for link in client.get(f"/api/map/areas?code={GRID_1}", headers=headers).json["chain"]] == [
        COMMUNITY,
        GRID_1,
    ]
    answer = client.get(f"/api/map/areas?code={STREET}", headers=headers)
    assert answer.status_code == 404
    assert STREET in problem(answer)["detail"]


def test_before_its_first_boundary_an_area_is_not_there(client, bearer, town) -> None:
    make_area(f"{COMMUNITY}009", "grid", square(2, 1), parent=COMMUNITY, since=date(2026, 5, 1))
    make_area(f"{COMMUNITY}010", "grid", parent=COMMUNITY)  # known by its code only: lies nowhere on any day

    def told(day: date) -> tuple[dict[str, bool], int, int]:
        tree = client.get(f"/api/map/areas?at={day}", headers=bearer(ALL, (COMMUNITY,))).json
        below = client.get(f"/api/map/areas?code={COMMUNITY}&at={day}", headers=bearer(ALL)).json
        drawn = {item["code"][-3:]: item["bounds"] is not None for item in below["items"]}
        return drawn, tree["items"][0]["children"], below["levels"][0]["count"]

    there = {"001": True, "002": True, "003": True}
    assert told(date(2026, 4, 30)) == (there | {"010": False}, 4, 4)
    assert told(date(2026, 5, 1)) == (there | {"009": True, "010": False}, 5, 5)


def test_layers_are_counted_within_scope_and_area(client, bearer, town) -> None:
    make_building(0, "B1")
    make_building(1, "B2")

    def counts(query: str, *scopes: str):
        return client.get(f"/api/layers/counts?{query}", headers=bearer(ALL, scopes or ("",))).json["counts"]

    assert counts("names=grids,staleness,water") == {"grids": 3, "staleness": 2, "water": None}
    assert counts(f"names=grids,staleness&area={GRID_1}") == {"grids": 1, "staleness": 1}
    assert counts("names=staleness", GRID_2) == {"staleness": 1}


def test_without_a_base_map_nobody_is_asked(client, bearer, town) -> None:
    headers = bearer(ALL)
    assert client.get("/api/map", headers=headers).json["basemap"] is None
    answer = client.get("/basemap.pmtiles", headers=headers)
    assert problem(answer)["status"] == 404
    policy = answer.headers["Content-Security-Policy"]
    assert "http" not in policy


def test_a_tile_service_is_told_with_all_its_hosts(monkeypatch) -> None:
    monkeypatch.setattr(settings(), "basemap_tiles", ["https://t{0-2}.map.example/vec?x={x}&y={y}&z={z}", "/own/{z}/{x}/{y}.png"])
    basemap.hosts.cache_clear()
    told = basemap.described()
    hosts = basemap.hosts()
    basemap.hosts.cache_clear()
    assert told["layers"][0][2] == "https://t2.map.example/vec?x={x}&y={y}&z={z}"
    assert told["layers"][1] == ["/own/{z}/{x}/{y}.png"]
    assert hosts == ("https://t0.map.example", "https://t1.map.example", "https://t2.map.example")


def test_a_base_map_file_is_read_by_ranges(client, bearer, town, monkeypatch, tmp_path) -> None:
    path = tmp_path / "city.pmtiles"
    path.write_bytes(bytes(range(200)))
    monkeypatch.setattr(settings(), "basemap_pmtiles", path)
    headers = bearer(ALL)
    assert client.get("/api/map", headers=headers).json["basemap"]["kind"] == "pmtiles"
    answer = client.get("/basemap.pmtiles", headers={**headers, "Range": "bytes=10-19"})
    assert answer.status_code == 206
    assert answer.data == bytes(range(10, 20))
    assert answer.headers["Content-Range"] == "bytes 10-19/200"


def test_a_printed_sheet_can_be_previewed(client, bearer, town) -> None:
    answer = client.get(f"/api/boards/sheet?area_code={COMMUNITY}&layers=grids&format=png&pixels=300", headers=bearer(ALL))
    assert answer.mimetype == "image/png"
    assert answer.data[:8] == b"\x89PNG\r\n\x1a\n"
