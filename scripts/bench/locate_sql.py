"""Points in a table, codes out, inside PostgreSQL: grids_of beside plain joins on the same rows in the same backend."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import psycopg
import shapely
from district import ask_peers
from grounds import index_of, points_inside, seam_points
from locate_memory import OURS, by_shapely, ranks
from measuring import Report, Row, Took, process_cpu, ratio, say, timed
from numpy.typing import NDArray

from gis_grid.geo.locate import Bounded

GRIDS_OF = "GIS Grid, grids_of(query)"
OUTER = "polygons outer, GiST on the points"
GIST, GIST_PAIRS = "GiST join, min(code) per point", "GiST join, pairs only"
EXACT = """
SELECT p.id, (SELECT g.rank FROM bench.grids g WHERE ST_Intersects(g.geom, ST_ForceCollection(p.geom)) ORDER BY g.rank LIMIT 1)
FROM bench.checks p ORDER BY p.id
"""
_JOIN = "FROM bench.points p JOIN bench.{grids} g ON ST_Covers(g.geom, p.geom)"
_ONE = "SELECT p.id, min(g.rank) {join} GROUP BY p.id"
_PAIRS = "SELECT p.id, g.rank {join}"


class Way(NamedTuple):
    """A query that answers (id, winner) rows, how many of the points it is asked for, and what must be said of it."""

    name: str
    query: str
    points: str = "points"
    note: str = ""
    before: str = ""


WAYS = (
    Way(GRIDS_OF, "SELECT id, code FROM grids_of('SELECT id, geom FROM bench.points')", note="ties decided by the rule"),
    Way("GIS Grid, grid_of(point) per row", "SELECT id, grid_of(geom) FROM bench.few_points", "few_points"),
    Way(GIST, _ONE.format(join=_JOIN.format(grids="grids"))),
    Way(GIST_PAIRS, _PAIRS.format(join=_JOIN.format(grids="grids")), note="ties not decided"),
    Way("SP-GiST join, min(code) per point", _ONE.format(join=_JOIN.format(grids="grids_sp"))),
    Way("SP-GiST join, pairs only", _PAIRS.format(join=_JOIN.format(grids="grids_sp")), note="ties not decided"),
    Way(
        OUTER,
        "SELECT p.id, g.rank FROM bench.grids_sp g CROSS JOIN LATERAL "
        "(SELECT id FROM bench.indexed_points i WHERE ST_Covers(g.geom, i.geom) OFFSET 0) p",
        note="ties not decided; that index ready-made",
    ),
)


def measure(report: Report, dsn: str, areas: list[Bounded], folder: Path, count: int, few: int) -> int:
    """All rows of the section; answers how many answers differ between ours (three doors), PostGIS and Shapely."""
    codes, shapes = index_of(areas).lowest
    points = points_inside(shapes, count)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("SET jit = off")
        connection.execute("SET max_parallel_workers_per_gather = 0")
        _grids(connection, codes, shapes)
        _points(connection, "points", points)
        _points(connection, "few_points", points[:few])
        connection.execute("CREATE TABLE bench.indexed_points AS SELECT * FROM bench.points")
        pid = connection.info.backend_pid
        index = "CREATE INDEX ON bench.indexed_points USING gist (geom)"
        build, _ = timed(lambda: connection.execute(index), 1, lambda: process_cpu(pid))
        connection.execute("VACUUM ANALYZE bench.indexed_points")
        for way in WAYS:
            row = _row(report, connection, way, count if way.points == "points" else few)
        with_build = Took(build.cpu_s + (row.cpu_s or 0), build.wall_s + row.wall_s)
        report.add("sql", f"{OUTER}, with building it", count, with_build, "ties not decided")
        _one_by_one(report, dsn, folder, points[:few])
        return _agreement(report, connection, areas, points[: count // 2])


def ratios(report: Report) -> None:
    """Against the plain join with the same answer, and ours in memory against the fastest plain join with GiST."""
    ours = report.rate("sql", GRIDS_OF)
    plain = [rate for name in (GIST, GIST_PAIRS) if (rate := report.rate("sql", name))]
    report.metrics["sql_ratio_gist"] = ratio(ours, report.rate("sql", GIST))
    report.metrics["sql_ratio_best_plain"] = ratio(ours, report.rate("sql", OUTER))  # which needs an index on the points
    report.metrics["ratio_postgis"] = ratio(report.rate("memory", OURS), max(plain, default=None))


def real_partition(report: Report, dsn: str, areas: list[Bounded], count: int) -> int:
    """The agreement alone, on another partition: ours in memory, PostGIS and Shapely."""
    index = index_of(areas)
    codes, shapes = index.lowest
    with psycopg.connect(dsn, autocommit=True) as connection:
        _grids(connection, codes, shapes)
        both = np.concatenate([points_inside(shapes, count), seam_points(shapes)])
        exact = _exact(connection, both)
    differ = int((ranks(index, index.place(*both.T.copy())) != exact).sum())
    report.facts.append(f"Tainan: ours in memory and PostGIS differ on {differ} of {len(both):,} points")
    return differ


def prepare_grids(dsn: str, areas: list[Bounded]) -> None:
    """bench.grids for others that ask the database."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        _grids(connection, *index_of(areas).lowest)


def _grids(connection: Any, codes: NDArray[np.object_], shapes: NDArray[np.object_]) -> None:
    connection.execute("DROP SCHEMA IF EXISTS bench CASCADE")
    connection.execute("CREATE SCHEMA bench")
    connection.execute("CREATE TABLE bench.grids (rank int PRIMARY KEY, code text, geom geometry(MultiPolygon, 4490))")
    wkbs = shapely.to_wkb(shapely.set_srid([_multi(shape) for shape in shapes], 4490), hex=True, include_srid=True)
    rows = [(rank, code, wkb) for rank, (code, wkb) in enumerate(zip(codes, wkbs, strict=True))]
    _copy(connection, "bench.grids (rank, code, geom)", rows)
    connection.execute("CREATE TABLE bench.grids_sp AS SELECT * FROM bench.grids")
    connection.execute("CREATE INDEX ON bench.grids USING gist (geom)")
    connection.execute("CREATE INDEX ON bench.grids_sp USING spgist (geom)")
    for table in ("grids", "grids_sp"):
        connection.execute(f"VACUUM ANALYZE bench.{table}")


def _multi(shape: Any) -> Any:
    polygons = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]  # make_valid may leave a line
    return shapely.multipolygons(polygons) if shape.geom_type != "MultiPolygon" else shape


def _points(connection: Any, table: str, points: NDArray[np.float64]) -> None:
    connection.execute(f"CREATE TABLE bench.{table} (id bigint, geom geometry(Point, 4490))")
    wkbs = shapely.to_wkb(shapely.set_srid(shapely.points(points), 4490), hex=True, include_srid=True)
    _copy(connection, f"bench.{table} (id, geom)", list(enumerate(wkbs)))
    connection.execute(f"VACUUM ANALYZE bench.{table}")


def _copy(connection: Any, target: str, rows: list[tuple[Any, ...]]) -> None:
    with connection.cursor() as cursor, cursor.copy(f"COPY {target} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _row(report: Report, connection: Any, way: Way, count: int) -> Row:
    """The query counted inside the backend: nothing is sent to us; its CPU is the backend's."""
    pid = connection.info.backend_pid
    query = f"SELECT count(*), count(answer.code) FROM ({way.query}) AS answer (id, code)"
    took, found = timed(lambda: connection.execute(query).fetchone(), 3, lambda: process_cpu(pid))
    assert found[0] >= count and found[1] >= count, (way.name, found, count)
    return report.add("sql", way.name, count, took, way.note)


def _one_by_one(report: Report, dsn: str, folder: Path, points: NDArray[np.float64]) -> None:
    np.save(folder / "few.npy", points)
    try:
        told = ask_peers("lookups", folder, "few", dsn)
    except (RuntimeError, OSError) as fault:
        report.skip("psycopg2, one query per point", fault)
        return
    note = "client and backend"
    report.add("sql", "psycopg2, one query per point", told["n"], Took(told["cpu_s"], told["wall_s"]), note)


def _exact(connection: Any, points: NDArray[np.float64]) -> NDArray[np.int32]:
    connection.execute("DROP TABLE IF EXISTS bench.checks")
    _points(connection, "checks", points)
    return np.array([-1 if rank is None else rank for _, rank in connection.execute(EXACT).fetchall()], np.int32)


def _agreement(report: Report, connection: Any, areas: list[Bounded], points: NDArray[np.float64]) -> int:
    """Every door asked for the same points: random ones, every vertex, the middle of every edge."""
    index = index_of(areas)
    shapes = index.lowest[1]
    both = np.concatenate([points, seam_points(shapes)])
    say(f"agreement on {len(both):,} points ...")
    exact = _exact(connection, both)
    placed = index.place(*both.T.copy())
    doors: dict[str, Callable[[], NDArray[np.bool_]]] = {
        "AreaIndex.place and PostGIS": lambda: ranks(index, placed) != exact,
        "AreaIndex.place and Shapely": lambda: ranks(index, placed) != by_shapely(shapes, both),
        "AreaIndex.place and grids_of": lambda: (
            placed.code != _codes(connection, "grids_of('SELECT id, geom FROM bench.checks')")
        ),
    }
    total = 0
    for name, differs in doors.items():
        count = int(differs().sum())
        total += count
        report.facts.append(f"sql: {name} differ on {count} of {len(both):,} points")
    some = np.random.default_rng(3).choice(len(both), min(20_000, len(both)), replace=False)
    connection.execute("CREATE TABLE bench.some AS SELECT * FROM bench.checks WHERE id = ANY(%s)", [some.tolist()])
    asked = _codes(connection, "(SELECT id, grid_of(geom) FROM bench.some) AS s (id, code)")
    count = int((placed.code[np.sort(some)] != asked).sum())
    report.facts.append(f"sql: AreaIndex.place and grid_of differ on {count} of {len(some):,} points")
    return total + count


def _codes(connection: Any, source: str) -> NDArray[np.object_]:
    rows = connection.execute(f"SELECT id, code FROM {source} ORDER BY id").fetchall()
    return np.array([code for _, code in rows], dtype=object)
