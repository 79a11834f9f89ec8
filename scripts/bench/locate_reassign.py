"""Stored rows placed again: the whole district from nothing, and two neighbours whose shared edge moved (rolled back).

Run by itself (locate_reassign.py TASK) in the product's environment so that its peak memory is its own; prints JSON.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import shapely
import sqlalchemy as sa
from measuring import Report, Took, process_cpu

from gis_grid import cluster
from gis_grid.areas.actions import boundary_of, set_boundary
from gis_grid.areas.placing import current_index
from gis_grid.areas.reassign import follow_in_pieces, located_models, reassign, reassign_points, told_counts
from gis_grid.config import settings
from gis_grid.db import raw_connection, session
from gis_grid.geo import shapes
from gis_grid.geo.locate import METRES_PER_DEGREE

MOVE_M = 20.0
NEIGHBOURS = """
SELECT a.area_code AS one, b.area_code AS other
FROM boundaries a JOIN boundaries b ON a.area_code < b.area_code AND a.geom && b.geom
JOIN LATERAL (
  SELECT count(*) AS near FROM buildings p
  WHERE p.area_code = b.area_code AND ST_DWithin(p.point, a.geom, :degrees) AND p.point && ST_Expand(a.geom, :degrees)
) n ON true
WHERE a.is_big IS FALSE AND b.is_big IS FALSE AND length(a.area_code) = 15 AND length(b.area_code) = 15
  AND ST_Dimension(ST_Intersection(a.geom, b.geom)) = 1
ORDER BY n.near DESC, one, other LIMIT 1
"""  # of all pairs with a common edge, the one with most buildings of `other` within reach of it


class Undone(Exception):
    """Ends the transaction without keeping anything."""


def measure(report: Report, environment: dict[str, str]) -> None:
    """Both rows, each in a process of its own."""
    for task, metric, name in (
        ("district", "reassign_district_s", "gis-grid areas reassign: every row, from no area"),
        ("edge", "move_edge_s", "two boundaries drawn anew, their rows follow"),
    ):
        words = [sys.executable, __file__, task]
        done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=900, check=False)
        if done.returncode:
            report.skip(name, done.stderr[-600:])
            continue
        told = json.loads(done.stdout.splitlines()[-1])
        note = f"{told['moved']:,} rows changed, peak {told['peak_mb']} MB; {told['note']}"
        report.add("reassign", name, told["rows"], Took(told["cpu_s"], told["wall_s"]), note)
        report.metrics[metric] = round(told["wall_s"], 3)
        if told["wrong"]:
            report.facts.append(f"reassign: {told['wrong']} rows did not return to their area")


def whole_district() -> dict[str, Any]:
    """Seconds of placing everything anew, as the command does, and how many rows did not come back to where they were."""
    from gis_grid.cli import command_line

    def again() -> None:
        nonlocal moved
        with command_line():
            left = reassign_points(lambda done, total: None)
            moved += sum(told_counts().values())
        moved += sum(follow_in_pieces(left, lambda done, total: None).values())

    moved = 0
    took = _timed(again, _all_backends)
    with command_line():
        rows = sum(int(session().scalar(sa.text(f"SELECT count(*) FROM {table}")) or 0) for table in _tables())
        wrong = sum(_count_moved(table) for table in _tables())
    return took | {"moved": moved, "rows": rows, "wrong": wrong, "note": "client and database CPU; two connections write at once"}


def _all_backends() -> float:
    """CPU seconds of the whole private cluster so far, ended connections with it."""
    keeper = cluster.status(settings()).pid
    assert keeper is not None
    children = Path(f"/proc/{keeper}/task/{keeper}/children").read_text().split()
    return process_cpu(keeper, *map(int, children))


def forget_areas() -> None:
    """Every located row loses its area, and the dead rows of that are cleared away; where it was is kept in bench_was."""
    urls = cluster.urls(settings())
    assert urls
    with psycopg.connect(urls.owner.replace("+psycopg", ""), autocommit=True) as owner:
        owner.execute("DROP SCHEMA IF EXISTS bench_was CASCADE")
        owner.execute("CREATE SCHEMA bench_was")
        owner.execute("GRANT USAGE ON SCHEMA bench_was TO PUBLIC")
        for table in _tables():
            owner.execute(f"CREATE TABLE bench_was.{table} AS SELECT id, area_code FROM {table}")
            owner.execute(f"GRANT SELECT ON bench_was.{table} TO PUBLIC")
            owner.execute(f"UPDATE {table} SET area_code = NULL")
            owner.execute(f"VACUUM ANALYZE {table}")


def _tables() -> list[str]:
    return [model.__tablename__ for model in located_models()]


def moved_edge() -> dict[str, Any]:
    """Seconds of moving the busiest shared edge by 20 m, in both boundaries."""
    one, other = session().execute(sa.text(NEIGHBOURS), {"degrees": MOVE_M / METRES_PER_DEGREE}).one()
    gained, left = boundary_of(one), boundary_of(other)
    strip = _strip(gained, left)
    drawn = {one: shapely.union(gained, strip), other: shapely.difference(left, strip)}

    def draw() -> None:
        touched = []
        for code in (other, one):
            touched += set_boundary(code, shapes.to_column(shapes.as_multipolygon(drawn[code])))
        reassign(touched)

    current_index()  # as in a service that has answered before
    backend = raw_connection().info.backend_pid
    told = _timed(draw, lambda: process_cpu(backend))
    moved = session().scalar(sa.text("SELECT count(*) FROM moves WHERE was IS DISTINCT FROM now"))
    return told | {"rows": moved, "moved": moved, "wrong": 0, "note": f"{shapes.area_m2(strip):.0f} m2 change hands"}


def _strip(gained: Any, left: Any) -> Any:
    """What lies within 20 m of the longest common edge, in the second: their partition stays one."""
    line = shapely.line_merge(shapely.intersection(gained.boundary, left.boundary))
    longest = max(shapely.get_parts(line), key=lambda part: part.length)
    strip = shapely.intersection(left, shapely.buffer(longest, MOVE_M / METRES_PER_DEGREE, cap_style="flat"))
    return max(shapely.get_parts(strip), key=lambda part: part.area)


def _timed(verb: Callable[[], None], database_cpu: Callable[[], float]) -> dict[str, Any]:
    cpu = time.process_time() + database_cpu()
    began = time.perf_counter()
    verb()
    wall = time.perf_counter() - began
    cpu = time.process_time() + database_cpu() - cpu
    status = Path("/proc/self/status").read_text()  # getrusage would tell the peak of whoever started us
    peak = int(status.partition("VmHWM:")[2].split()[0]) // 1024
    return {"wall_s": wall, "cpu_s": cpu, "peak_mb": peak}


def _count_moved(table: str) -> int:
    query = f"SELECT count(*) FROM {table} t JOIN bench_was.{table} w USING (id) WHERE t.area_code IS DISTINCT FROM w.area_code"
    return int(session().scalar(sa.text(query)) or 0)


def main(task: str) -> None:
    from gis_grid.app import load_features
    from gis_grid.cli import command_line

    load_features()
    if task == "district":
        forget_areas()
        told = whole_district()
    else:
        with contextlib.suppress(Undone), command_line():
            told = moved_edge()
            raise Undone
    print(json.dumps(told))


if __name__ == "__main__":
    main(*sys.argv[1:])
