"""The peers, run in the bench environment: peers.py TASK FOLDER ... reads and writes files there and prints JSON.

    join FOLDER POINTS PEER,... REPEATS   areas.parquet (rank, wkb) with POINTS.npy (n, 2): answers POINTS.PEER.npy, ranks or -1
    lookups FOLDER POINTS DSN             psycopg2, one query per point
    versions FOLDER                       of the packages

Only what a user of the library would write: its own join, its own index. Several areas at a point: the lowest rank.
"""

from __future__ import annotations

import gc
import json
import os
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from measuring import process_cpu, timed

NONE = np.iinfo(np.int32).max


class Peer(NamedTuple):
    """areas(folder), points(lon, lat) and join(areas, points); a join answers the positions of points and the ranks."""

    areas: Callable[[Path], Any]
    points: Callable[[np.ndarray, np.ndarray], Any]
    join: Callable[[Any, Any], tuple[np.ndarray, np.ndarray]]


def geopandas_areas(folder: Path) -> Any:
    import geopandas
    from pyarrow import parquet

    table = parquet.read_table(folder / "areas.parquet").to_pandas()
    return geopandas.GeoDataFrame({"rank": table["rank"]}, geometry=geopandas.GeoSeries.from_wkb(table["wkb"]), crs=4490)


def geopandas_points(lon: np.ndarray, lat: np.ndarray) -> Any:
    import geopandas

    return geopandas.GeoDataFrame(geometry=geopandas.points_from_xy(lon, lat), crs=4490)


def geopandas_join(areas: Any, points: Any) -> tuple[np.ndarray, np.ndarray]:
    found = points.sjoin(areas, predicate="intersects")
    return found.index.to_numpy(), found["rank"].to_numpy()


def duckdb_areas(folder: Path) -> Any:
    import duckdb
    import duckdb_extension_spatial

    con = duckdb.connect(config={"threads": 1})
    home = Path(next(iter(duckdb_extension_spatial.__path__)))
    con.execute(f"LOAD '{next(home.glob('extensions/*/spatial.duckdb_extension'))}'")
    con.execute(f"CREATE TABLE areas AS SELECT rank, ST_GeomFromWKB(wkb) AS geom FROM '{folder}/areas.parquet'")
    Duck.con = con
    return con


class Duck:
    """The one DuckDB connection: points belong to it."""

    con: Any = None


def duckdb_points(lon: np.ndarray, lat: np.ndarray) -> Any:
    ready = {"id": np.arange(len(lon)), "lon": lon, "lat": lat}
    Duck.con.register("arrays", ready)
    Duck.con.execute("CREATE OR REPLACE TABLE points AS SELECT id, ST_Point(lon, lat) AS geom FROM arrays")
    return "points"


def duckdb_join(con: Any, points: str) -> tuple[np.ndarray, np.ndarray]:
    query = f"SELECT p.id, a.rank FROM {points} p JOIN areas a ON ST_Covers(a.geom, p.geom)"
    found = con.execute(query).fetchnumpy()
    return found["id"], found["rank"]


def sedonadb_areas(folder: Path) -> Any:
    import sedonadb

    sd = Sedona.sd = sedonadb.connect()
    sd.sql("SET datafusion.execution.target_partitions = 1").execute()
    sd.read_parquet(str(folder / "areas.parquet")).to_view("wkbs", overwrite=True)
    sd.sql("SELECT rank, ST_GeomFromWKB(wkb) AS geom FROM wkbs").to_memtable().to_view("areas", overwrite=True)
    return sd


class Sedona:
    """The one SedonaDB session: points belong to it."""

    sd: Any = None


def sedonadb_points(lon: np.ndarray, lat: np.ndarray) -> Any:
    import pyarrow

    arrays = pyarrow.table({"id": np.arange(len(lon)), "lon": lon, "lat": lat})
    Sedona.sd.create_data_frame(arrays).to_view("arrays", overwrite=True)
    made = Sedona.sd.sql("SELECT id, ST_Point(lon, lat) AS geom FROM arrays")
    made.to_memtable().to_view("points", overwrite=True)
    return "points"


def sedonadb_join(sd: Any, points: str) -> tuple[np.ndarray, np.ndarray]:
    query = f"SELECT p.id, a.rank FROM {points} p JOIN areas a ON ST_Intersects(a.geom, p.geom)"
    found = sd.sql(query).to_arrow_table()
    return found["id"].to_numpy(), found["rank"].to_numpy()


def shapely_areas(folder: Path) -> Any:
    import shapely
    from pyarrow import parquet

    table = parquet.read_table(folder / "areas.parquet")
    shapes = shapely.from_wkb(table["wkb"].to_numpy(zero_copy_only=False))
    shapely.prepare(shapes)
    return table["rank"].to_numpy(), shapes, shapely.STRtree(shapes)


def shapely_points(lon: np.ndarray, lat: np.ndarray) -> Any:
    import shapely

    return shapely.points(lon, lat), lon, lat


def shapely_join(areas: Any, points: Any) -> tuple[np.ndarray, np.ndarray]:
    import shapely

    ranks, shapes, tree = areas
    made, lon, lat = points
    at, which = tree.query(made)
    hit = shapely.intersects_xy(shapes[which], lon[at], lat[at])
    return at[hit], ranks[which[hit]]


PEERS = {
    "geopandas": Peer(geopandas_areas, geopandas_points, geopandas_join),
    "duckdb": Peer(duckdb_areas, duckdb_points, duckdb_join),
    "sedonadb": Peer(sedonadb_areas, sedonadb_points, sedonadb_join),
    "shapely": Peer(shapely_areas, shapely_points, shapely_join),
}


def join(folder: Path, name: str, peers: list[str], repeats: int) -> list[dict[str, Any]]:
    """Each peer's seconds with the points ready-made, and with making them from arrays of coordinates."""
    lon, lat = (np.ascontiguousarray(column) for column in np.load(folder / f"{name}.npy").T)
    told = []
    for one in peers:
        try:
            told.append(_joined(folder, name, one, lon, lat, repeats))
        except Exception as fault:  # a peer that fails is reported, the others go on
            told.append({"peer": one, "error": f"{type(fault).__name__}: {fault}"})
        gc.collect()
    return told


def _joined(folder: Path, name: str, one: str, lon: np.ndarray, lat: np.ndarray, repeats: int) -> dict[str, Any]:
    peer = PEERS[one]
    areas = peer.areas(folder)
    few = slice(0, 1000)
    peer.join(areas, peer.points(lon[few], lat[few]))  # imports and first calls
    making, points = timed(lambda: peer.points(lon, lat), repeats)
    joining, (at, rank) = timed(lambda: peer.join(areas, points), repeats)
    answer = np.full(len(lon), NONE, np.int32)
    np.minimum.at(answer, at, rank.astype(np.int32))
    np.save(folder / f"{name}.{one}.npy", np.where(answer == NONE, -1, answer))
    return {
        "peer": one,
        "n": len(lon),
        "ready": [joining.cpu_s, joining.wall_s],
        "made": [joining.cpu_s + making.cpu_s, joining.wall_s + making.wall_s],
    }


def lookups(folder: Path, name: str, dsn: str) -> dict[str, Any]:
    """One query per point over one connection, as most scripts do it: GiST on the grids, ST_Covers, lowest code."""
    import psycopg2

    pairs = np.load(folder / f"{name}.npy").tolist()
    connection = psycopg2.connect(dsn, options="-c jit=off -c max_parallel_workers_per_gather=0")
    connection.autocommit = True
    cursor = connection.cursor()
    backend = connection.get_backend_pid()
    query = "SELECT rank FROM bench.grids WHERE ST_Covers(geom, ST_SetSRID(ST_Point(%s, %s), 4490)) ORDER BY rank LIMIT 1"

    def ask() -> None:
        for pair in pairs:
            cursor.execute(query, pair)
            cursor.fetchone()

    took, _ = timed(ask, 1, lambda: process_cpu(os.getpid(), backend))
    return {"n": len(pairs), "cpu_s": took.cpu_s, "wall_s": took.wall_s}


def versions() -> dict[str, str]:
    names = ("geopandas", "shapely", "duckdb", "sedonadb", "psycopg2-binary", "tipg", "pygeoapi", "numpy")
    return {name: version(name) for name in names}


def main(task: str, folder: str, *rest: str) -> None:
    if task == "join":
        answer: Any = join(Path(folder), rest[0], rest[1].split(","), int(rest[2]))
    elif task == "lookups":
        answer = lookups(Path(folder), *rest)
    else:
        answer = versions()
    print(json.dumps(answer))


if __name__ == "__main__":
    main(*sys.argv[1:])
