"""One rule, every door: memory, plain PostGIS, grid_of, grids_of, Shapely and HTTP give each point the same area."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import shapely
import sqlalchemy as sa

from gis_grid.areas.cells import cells_count, refresh_cells
from gis_grid.areas.placing import current_index
from gis_grid.areas.reassign import reassign
from gis_grid.db import raw_connection, session
from gis_grid.demo.plan import draw_plan
from tests.conftest import DATA
from tests.factories import GRID_1, GRID_2, make_area, make_town, middle, square


def take(shapes: list, exclusive: int = -1) -> None:
    """Areas of the lowest level with these boundaries."""
    rows = [
        (
            f"T{n:05}",
            shapely.to_wkb(shapely.set_srid(shapely.multipolygons(shapely.get_parts(s)), 4490), hex=True, include_srid=True),
        )
        for n, s in enumerate(shapes)
    ]
    connection = raw_connection()
    with connection.cursor() as cursor:
        with cursor.copy("COPY areas (code, name, level, kind) FROM STDIN") as copy:
            for n, (code, _) in enumerate(rows):
                copy.write_row((code, code, "grid", "exclusive" if n == exclusive else "ordinary"))
        with cursor.copy("COPY boundaries (area_code, geom, valid, kind) FROM STDIN") as copy:
            for n, (code, wkb) in enumerate(rows):
                copy.write_row((code, wkb, "[2020-01-01,)", "exclusive" if n == exclusive else "ordinary"))
        cursor.execute("ANALYZE areas, boundaries")  # else PostgreSQL plans for what an earlier test left
    session().expire_all()
    refresh_cells(None)


def ask_sql(xy: np.ndarray) -> tuple[list, list]:
    """What grids_of says of the points, and what plain PostGIS says (exact predicate, then the tie-break)."""
    connection = raw_connection()
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE asked (id bigint, geom geometry(Point, 4490))")
        points = shapely.to_wkb(shapely.set_srid(shapely.points(xy), 4490), hex=True, include_srid=True)
        with cursor.copy("COPY asked FROM STDIN") as copy:
            for n, point in enumerate(points):
                copy.write_row((n, point))
        cursor.execute("ANALYZE asked")
        by_set = dict(cursor.execute("SELECT id, code FROM grids_of('SELECT id, geom FROM asked')").fetchall())
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute("SET LOCAL enable_seqscan = off")  # point by point with the index, whatever an earlier test left
        plain = dict(
            cursor.execute(
                "SELECT DISTINCT ON (p.id) p.id, a.code FROM asked p CROSS JOIN LATERAL "
                "(SELECT area_code, kind FROM boundaries WHERE ST_Intersects(geom, ST_ForceCollection(p.geom)) OFFSET 0) b "
                "JOIN areas a ON a.code = b.area_code ORDER BY p.id, b.kind <> 'exclusive', a.code"
            ).fetchall()
        )
        cursor.execute("SET LOCAL enable_seqscan = on")
        cursor.execute("DROP TABLE asked")
    return [by_set.get(n) for n in range(len(xy))], [plain.get(n) for n in range(len(xy))]


def ask_shapely(shapes: list, xy: np.ndarray, exclusive: int = -1) -> list:
    order = sorted(range(len(shapes)), key=lambda n: (n != exclusive, n))
    rank = {n: position for position, n in enumerate(order)}
    points, found = shapely.STRtree(shapes).query(shapely.points(xy), predicate="intersects")
    best: dict[int, int] = {}
    for point, area in zip(points.tolist(), found.tolist(), strict=True):
        if point not in best or rank[area] < rank[best[point]]:
            best[point] = area
    return [f"T{best[n]:05}" if n in best else None for n in range(len(xy))]


def edges_and_vertices(shapes: list) -> np.ndarray:
    rings = [shapely.get_coordinates(ring) for shape in shapes for ring in shapely.get_rings(shapely.get_parts(shape))]
    middles = np.vstack([(ring[1:] + ring[:-1]) / 2 for ring in rings])
    return np.unique(np.vstack([*rings, middles]), axis=0)


def compare(shapes: list, xy: np.ndarray, exclusive: int = -1) -> None:
    placed = current_index().place(xy[:, 0], xy[:, 1])
    covered = [code if how in ("inside", "edge") else None for code, how in zip(placed.code, placed.placed_by, strict=True)]
    by_set, plain = ask_sql(xy)
    assert covered == plain
    assert covered == ask_shapely(shapes, xy, exclusive)
    assert placed.code.tolist() == by_set  # with the nearest, too


def test_a_million_random_points_in_a_town_of_irregular_grids(session) -> None:
    plan = draw_plan(1)
    session.execute(sa.text("SET LOCAL statement_timeout = 0"))
    shapes = [plan.outline(cell) for cell in plan.cells]
    take(shapes, exclusive=700)
    rng = np.random.default_rng(1)
    west, south, east, north = shapely.total_bounds(shapes)
    many = rng.uniform((west, south), (east, north), (1_000_000, 2))
    compare(shapes, many, exclusive=700)


PARTITIONS = [
    "grid_tainan_li/tainan_villages.geojson",
    "grid_shenzhen_500m/shenzhen_grid_9005.fgb.zip",
    "city_cambridge_ma/census_blocks_2020.geojson.gz",
]


@pytest.mark.skipif(not DATA.exists(), reason="the shared data are not here")
@pytest.mark.parametrize("name", PARTITIONS)
def test_every_vertex_and_edge_midpoint_of_real_partitions(session, name: str) -> None:
    shapes = [shapely.make_valid(shapely.force_2d(shape)) for shape in read(DATA / name)]
    session.execute(sa.text("SET LOCAL statement_timeout = 0"))  # every point lies on an edge: minutes on a busy machine
    take(shapes)
    compare(shapes, edges_and_vertices(shapes))


def read(path: Path) -> list:
    if path.suffix == ".geojson":
        return [shapely.from_geojson(json.dumps(one["geometry"])) for one in json.loads(path.read_text())["features"]]
    prefix = {".zip": "/vsizip/", ".gz": "/vsigzip/"}[path.suffix]
    _, _, wkb, _ = pyogrio.raw.read(prefix + str(path))
    return list(shapely.from_wkb(wkb))


def grid_of(session, lon: float, lat: float, *more: str) -> str | None:
    extra = "".join(f", DATE '{day}'" for day in more)
    return session.scalar(sa.text(f"SELECT grid_of(ST_SetSRID(ST_MakePoint({lon!r}, {lat!r}), 4490){extra})"))


def test_grid_of_one_point_with_cells_and_without(session) -> None:
    make_town()
    for fresh in (False, True):
        if fresh:
            refresh_cells(None)
            assert cells_count()
        lon, lat = middle(1)
        assert grid_of(session, lon, lat) == GRID_2
        assert grid_of(session, 106.501, 29.5005) == GRID_1  # on the edge of two
        assert grid_of(session, lon, 29.5 - 10 / 110_574) == GRID_2  # near
        assert grid_of(session, lon, 29.5 - 40 / 110_574) is None
        assert grid_of(session, lon, lat, "2019-01-01") == GRID_2
    assert session.scalar(sa.text("SELECT grid_of(NULL)")) is None
    assert session.scalar(sa.text("SELECT grid_of('POINT EMPTY'::geometry)")) is None


def test_cells_follow_a_change_and_are_not_believed_when_they_did_not(session) -> None:
    make_town()
    reassign(None)
    lon, lat = middle(5)
    assert grid_of(session, lon, lat) is None
    make_area("500103001001009", "grid", square(5), parent="500103001001")
    assert not cells_count()
    assert grid_of(session, lon, lat) == "500103001001009"  # through the boundaries themselves
    reassign([square(5).bounds])
    assert cells_count()
    assert grid_of(session, lon, lat) == "500103001001009"


def test_a_big_polygon_is_searched_by_parts_and_answers_exactly(session) -> None:
    rng = np.random.default_rng(4)
    angle = np.sort(rng.uniform(0, 2 * np.pi, 5000))
    xy = np.column_stack([106.5 + 0.01 * np.cos(angle), 29.5 + 0.01 * np.sin(angle)])
    blob = shapely.Polygon(xy)
    take([blob])
    assert session.scalar(sa.text("SELECT count(*) FROM boundary_parts")) > 50
    cuts = session.execute(sa.text("SELECT ST_AsBinary(geom) FROM boundary_parts")).scalars().all()
    corners = np.unique(shapely.get_coordinates(shapely.from_wkb([bytes(cut) for cut in cuts])), axis=0)
    session.execute(sa.text("UPDATE place_rule SET cells_version = NULL"))
    asked = np.vstack([corners, xy[:200], (xy[:200] + xy[1:201]) / 2])
    placed = current_index().place(asked[:, 0], asked[:, 1])
    for (lon, lat), code in zip(asked.tolist(), placed.code, strict=True):
        assert grid_of(session, lon, lat) == code
