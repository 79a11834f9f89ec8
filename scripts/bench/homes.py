#!/usr/bin/env python3
"""Homes at scale, over the service's own application: a household opened, a tower's diagram, an estate of 40 buildings, the
visits of a grid and the staleness of the district, each p50 and p99; on the district and then on a city, to show the growth.

The city has three districts (2 million people) unless `--districts` asks for more: ten take half an hour to load.

    scripts/bench/homes.py [--json] [--scale district|city|both] [--districts N] [--keep] [--home FOLDER]
"""

from __future__ import annotations

import entry  # noqa: F401  first

# isort: split
import argparse
import gc
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from district import ROOT, district
from measuring import say

METRICS = ("tower_data", "tower_svg", "estate", "household", "visits")
RIGHTS = ["buildings.read", "people.read", "premises.read"]
MARK = "BENCH-TOWER"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print the metrics as JSON")
    parser.add_argument(
        "--scale", choices=("community", "district", "city", "both"), default="both", help="which towns to measure"
    )
    parser.add_argument("--districts", type=int, default=3, help="how many districts the city has")
    parser.add_argument("--keep", action="store_true", help="keep the database for the next run")
    parser.add_argument("--home", type=Path, default=ROOT / ".gis-grid" / "bench-homes", help="where the database lies")
    asked = parser.parse_args()
    metrics: dict[str, float | None] = {f"{name}_p50_ms{end}": None for end in ("", "_city") for name in METRICS}
    scales = ("district", "city") if asked.scale == "both" else (asked.scale,)
    for scale in scales:
        metrics |= measured(scale, asked) if len(scales) == 1 else in_a_process_of_its_own(scale, asked)
    if asked.json:
        print(json.dumps({"metrics": metrics}))


def in_a_process_of_its_own(scale: str, asked: argparse.Namespace) -> dict[str, float]:
    """The metrics of one town: settings and connections are read once per process."""
    words = ["--json", "--scale", scale, "--districts", str(asked.districts), "--home", str(asked.home)]
    keep = ["--keep"] if asked.keep else []
    done = subprocess.run([sys.executable, __file__, *words, *keep], stdout=subprocess.PIPE, text=True, check=True)
    return {name: value for name, value in json.loads(done.stdout.splitlines()[-1])["metrics"].items() if value is not None}


def measured(scale: str, asked: argparse.Namespace) -> dict[str, float]:
    """The metrics of one town."""
    suffix = "_city" if scale == "city" else ""
    metrics: dict[str, float] = {}
    with district(asked.home / scale, scale, keep=asked.keep, districts=asked.districts) as town:
        say(f"{scale} loaded in {town.loaded_s:.0f} s")
        for name, times in measure().items():
            p50, p99 = statistics.median(times), sorted(times)[int(len(times) * 0.99)]
            say(f"  {name:14} p50 {p50:8.1f} ms   p99 {p99:8.1f} ms   ({len(times)} runs)")
            if name in METRICS:
                metrics[f"{name}_p50_ms{suffix}"] = round(p50, 2)
            metrics[f"{name}_p99_ms{suffix}"] = round(p99, 2)
    return metrics


def measure() -> dict[str, list[float]]:
    """Milliseconds of each question, through the WSGI application: routing, rights, SQL, layout, JSON; no network."""
    import sqlalchemy as sa

    os.environ.setdefault("GIS_GRID_LOG_FORMAT", "json")
    from gis_grid.access.actions import create_token
    from gis_grid.access.guard import acting
    from gis_grid.access.rules import COMMAND
    from gis_grid.app import create_app
    from gis_grid.db import transaction

    app = create_app()
    gc.collect()
    gc.freeze()  # as the served application does
    with transaction() as own, acting(COMMAND):
        tower = _tower(own)
        estate = own.scalar(sa.text(_ESTATE))
        homes = list(own.scalars(sa.text("SELECT id FROM households WHERE retired_at IS NULL ORDER BY md5(id::text) LIMIT 200")))
        grids = list(own.scalars(sa.text("SELECT area_code FROM rooms GROUP BY 1 HAVING count(*) > 150 ORDER BY 1 LIMIT 40")))
        _, token = create_token("bench", RIGHTS, [""], 1)
    with transaction() as own:
        rooms = own.scalar(sa.text("SELECT count(*) FROM rooms WHERE building_id = :id"), {"id": tower})
        blocks = own.scalar(sa.text("SELECT count(*) FROM buildings WHERE estate_id = :id"), {"id": estate})
        say(f"  a tower of {rooms} rooms, an estate of {blocks} buildings, {len(homes)} households, {len(grids)} grids")
    client, headers = app.test_client(), {"Authorization": f"Bearer {token}"}

    def ask(path: str) -> Callable[[], Any]:
        def run() -> None:
            answer = client.get(path, headers=headers)
            assert answer.status_code == 200, (path, answer.text[:200])

        return run

    questions: dict[str, list[Callable[[], Any]]] = {
        "tower_data": [ask(f"/api/buildings/{tower}/house-status")] * 60,
        "tower_svg": [ask(f"/api/buildings/{tower}/house-status.svg")] * 60,
        "estate": [ask(f"/api/estates/{estate}/house-status")] * 30,
        "household": [ask(f"/api/households/{home}/home") for home in homes],
        "visits": [ask(f"/api/visits/today?area_code={grid}") for grid in grids],
        "stale_list": [ask("/api/freshness")] * 5,
    }
    return {name: _times(calls) for name, calls in questions.items()}


def _times(calls: list[Callable[[], Any]]) -> list[float]:
    for call in calls[:8]:  # plans and caches as in a running service
        call()
    taken = []
    for call in calls:
        began = time.perf_counter()
        call()
        taken.append((time.perf_counter() - began) * 1000)
    return taken


# The estate with homes whose number of buildings is nearest to 40, the one with more rooms first.
_ESTATE = """
SELECT b.estate_id FROM buildings b LEFT JOIN rooms r ON r.building_id = b.id WHERE b.estate_id IS NOT NULL
GROUP BY 1 ORDER BY abs(count(DISTINCT b.id) - 40), count(r.id) DESC LIMIT 1
"""


def _tower(own: Any) -> int:
    """A tower of 34 floors x 4 units x 6 doors with about three people in four of five flats."""
    import sqlalchemy as sa

    known = own.scalar(sa.text("SELECT id FROM buildings WHERE code = :code"), {"code": MARK})
    if known:
        return int(known)
    area = own.scalar(sa.text("SELECT min(area_code) FROM rooms"))
    at = {"area": area, "code": MARK}
    tower = own.scalar(
        sa.text(
            "INSERT INTO buildings (code, name, floors_above, area_code, placed_by, point) "
            "SELECT :code, '塔楼', 34, area_code, 'inside', point FROM buildings WHERE area_code = :area LIMIT 1 RETURNING id"
        ),
        at,
    )
    at["tower"] = tower
    for query in (
        "INSERT INTO units (building_id, name, position, area_code, placed_by) "
        "SELECT :tower, n || '单元', n, CAST(:area AS varchar), 'building' FROM generate_series(1, 4) n",
        "INSERT INTO rooms (building_id, unit_id, number, floor, door, use, area_code, placed_by) "
        "SELECT :tower, u.id, f || lpad(d::text, 2, '0'), f, d, (ARRAY['01', '01', '01', '02', '03'])[1 + (f * 7 + d) % 5], "
        "CAST(:area AS varchar), 'unit' FROM units u, generate_series(1, 34) f, generate_series(1, 6) d "
        "WHERE u.building_id = :tower",
        "INSERT INTO households (number, room_id, area_code, placed_by) "
        "SELECT CAST(:code AS varchar) || id, id, CAST(:area AS varchar), 'room' FROM rooms "
        "WHERE building_id = :tower AND use <> '03'",
        "INSERT INTO residents (name, household_id, relation, area_code, placed_by) "
        "SELECT '居民' || g, h.id, CASE WHEN g = 1 THEN '02' ELSE '20' END, CAST(:area AS varchar), 'room' "
        "FROM households h, generate_series(1, 3) g WHERE h.number LIKE CAST(:code AS varchar) || '%'",
        "ANALYZE rooms, households, residents",
    ):
        own.execute(sa.text(query), {name: value for name, value in at.items() if f":{name}" in query})
    return int(tower)


if __name__ == "__main__":
    main()
