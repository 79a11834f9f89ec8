"""The areas and points of the locate bench: the district, a real partition, lattices of any size; points inside them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import psycopg
import pyarrow as pa
import shapely
from numpy.typing import NDArray
from pyarrow import parquet

from gis_grid.areas.rules import LEVEL_CODES
from gis_grid.geo.locate import AreaIndex, Bounded

Floats = NDArray[np.float64]
SIDE = 0.0015  # degrees, as the grids of the district
STEPS = 12  # edges along one side of a synthetic grid, so that it has 48 vertices like those of the district


def district_areas(dsn: str) -> list[Bounded]:
    """All areas of the database, of all levels, as the service reads them."""
    query = (
        "SELECT a.code, a.level, b.kind, ST_AsBinary(b.geom) FROM boundaries b JOIN areas a ON a.code = b.area_code "
        "WHERE b.valid @> current_date"
    )
    with psycopg.connect(dsn) as connection:
        rows = connection.execute(query).fetchall()
    shapes = shapely.from_wkb([row[3] for row in rows])
    return [Bounded(row[0], row[1], row[2] == "exclusive", shape) for row, shape in zip(rows, shapes, strict=True)]


def tainan_areas(data: Path) -> list[Bounded]:
    """649 villages of Tainan; an invalid one is repaired."""
    collection = json.loads((data / "grid_tainan_li" / "tainan_villages.geojson").read_text(encoding="utf-8"))
    shapes = shapely.from_geojson([json.dumps(feature["geometry"]) for feature in collection["features"]])
    codes = [feature["properties"]["VILLCODE"] for feature in collection["features"]]
    return [Bounded(code, "grid", False, shape) for code, shape in zip(codes, shapely.make_valid(shapes), strict=True)]


def index_of(areas: list[Bounded]) -> AreaIndex:
    """As the service makes it."""
    return AreaIndex(areas, LEVEL_CODES)


def lattice(count: int, seed: int = 1) -> list[Bounded]:
    """About `count` irregular grids in a square: jittered corners, crooked sides that neighbours share to the last bit."""
    rng = np.random.default_rng(seed)
    n = max(2, round(count**0.5))
    across, up = np.meshgrid(np.arange(n + 1.0), np.arange(n + 1.0))
    corners = np.stack([across, up], axis=-1) + rng.uniform(-0.17, 0.17, (n + 1, n + 1, 2))
    level = _crooked(corners[:, :-1], corners[:, 1:], rng)  # (n + 1, n, STEPS + 1, 2)
    upright = _crooked(corners[:-1], corners[1:], rng)
    rings = np.concatenate(
        [level[:-1, :, :-1], upright[:, 1:, :-1], level[1:, :, :0:-1], upright[:, :-1, :0:-1], level[:-1, :, :1]], axis=2
    )
    coordinates = np.round(rings.reshape(n * n, -1, 2) * SIDE + (106.5, 29.5), 7)
    shapes = shapely.polygons(shapely.linearrings(coordinates))
    return [Bounded(f"{number:06d}", "grid", False, shape) for number, shape in enumerate(shapes)]


def _crooked(start: Floats, end: Floats, rng: np.random.Generator) -> Floats:
    """Lines of STEPS edges from corner to corner, off the straight by a few metres."""
    share = np.linspace(0, 1, STEPS + 1)[:, None]
    lines = start[:, :, None] * (1 - share) + end[:, :, None] * share
    away = rng.uniform(-0.025, 0.025, lines.shape)
    away[:, :, (0, -1)] = 0
    return lines + away


def points_inside(shapes: NDArray[np.object_], count: int, seed: int = 7) -> Floats:
    """(count, 2) longitude and latitude, random in the extent, each within some area."""
    rng = np.random.default_rng(seed)
    whole = shapely.union_all(shapes) if len(shapes) <= 5_000 else shapely.box(*shapely.total_bounds(shapes)).buffer(-SIDE)
    shapely.prepare(whole)
    west, south, east, north = whole.bounds
    found: list[Floats] = []
    while sum(map(len, found)) < count:
        some = rng.uniform((west, south), (east, north), (min(max(count, 1000), 1_000_000), 2))
        found.append(some[shapely.intersects_xy(whole, some[:, 0], some[:, 1])])
    return np.concatenate(found)[:count]


def seam_points(shapes: NDArray[np.object_]) -> Floats:
    """Every vertex once, and the middle of every edge: where the rule has to decide ties."""
    rings = shapely.get_rings(shapely.get_parts(shapes))
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    goes_on = ring[1:] == ring[:-1]
    middles = (xy[1:][goes_on] + xy[:-1][goes_on]) / 2
    return np.unique(np.concatenate([xy, middles]), axis=0)


def write_areas(folder: Path, shapes: NDArray[np.object_]) -> None:
    """areas.parquet for the peers; the rank is the order in which areas win a tie."""
    ranks = pa.array(np.arange(len(shapes), dtype=np.int32))
    parquet.write_table(pa.table({"rank": ranks, "wkb": pa.array(shapely.to_wkb(shapes), pa.binary())}), folder / "areas.parquet")
