"""Arrays of points in, codes out, in one process: ours beside geopandas, DuckDB, SedonaDB and plain Shapely."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import shapely
from district import ask_peers
from grounds import index_of, points_inside, seam_points, write_areas
from measuring import Report, Took, ratio, short, timed
from numpy.typing import NDArray

from gis_grid.geo import cells, locate
from gis_grid.geo.locate import AreaIndex, Bounded

PEERS = ("sedonadb", "geopandas", "duckdb", "shapely")
OURS, BY_TREE, FLOOR = "GIS Grid, AreaIndex.place", "GIS Grid without numba (GEOS)", "floor: reading the coordinates"

OFTEN = 15  # ours takes hundredths of a second


def measure(report: Report, section: str, areas: list[Bounded], folder: Path, count: int, *, peers: bool) -> int:
    """All rows of one ground; answers how many points ours and Shapely (random, vertices, edge middles) place differently."""
    warm_up(areas)
    index = _built(report, section, areas)
    _, shapes = index.lowest
    points = points_inside(shapes, count)
    seams = seam_points(shapes)
    lon, lat = (np.ascontiguousarray(column) for column in points.T)
    took, placed = timed(lambda: index.place(lon, lat), OFTEN)
    assert len(placed.code) == count
    plain = _without_numba(areas)
    report.add(section, BY_TREE, count, timed(lambda: plain.place(lon, lat), 1)[0], "the fallback; same answers")
    report.add(section, FLOOR, count, timed(lambda: lon.sum() + lat.sum(), 5)[0])
    both = np.concatenate([points, seams])
    ours = ranks(index, index.place(*both.T.copy()))
    differ = int((ours != by_shapely(shapes, both)).sum())
    differ += int((plain.place(*both.T.copy()).code != index.place(*both.T.copy()).code).sum())
    claimed = f"{len(both):,} points, {len(seams):,} of them vertices and edge middles"
    report.facts.append(f"{section}: {len(shapes):,} areas; ours and Shapely differ on {differ} of {claimed}")
    if peers:
        write_areas(folder, shapes)
        np.save(folder / "random.npy", points)
        np.save(folder / "both.npy", both)
        _peers(report, section, folder, ours)
    again, _ = timed(lambda: index.place(lon, lat), OFTEN)  # half before the peers and half after: the machine may have changed
    both_times = Took((took.cpu_s + again.cpu_s) / 2, (took.wall_s + again.wall_s) / 2)
    note = f"ties decided; before the peers {short(count / took.cpu_s)}, after them {short(count / again.cpu_s)}"
    report.add(section, OURS, count, both_times, note, first=True)
    return differ


def warm_up(areas: list[Bounded]) -> None:
    """The loops are compiled (or read from numba's cache) once per process: not measured."""
    index = index_of(areas[:5])
    index.place(np.full(6000, 106.5), np.full(6000, 29.5))


def _without_numba(areas: list[Bounded]) -> AreaIndex:
    """An index that answers as where numba is missing; asked once, so that it stays so."""
    kept, cells.kernel = cells.kernel, lambda: None
    try:
        index = index_of(areas)
        index.place(np.full(locate.WORTH_CELLS, 0.0), np.full(locate.WORTH_CELLS, 0.0))
    finally:
        cells.kernel = kept
    assert not index.nbytes, "it laid a lattice all the same"
    return index


def ranks(index: AreaIndex, placed: locate.Placed) -> NDArray[np.int32]:
    """The answers as ranks of the lowest level; -1 for what is only near an area, or in none of that level."""
    rank_of = {code: rank for rank, code in enumerate(index.lowest[0])}
    rank_of[None] = -1
    found = np.fromiter((rank_of.get(code, -1) for code in placed.code), np.int32, len(placed.code))
    return np.where(placed.placed_by == "nearest", -1, found).astype(np.int32)


def by_shapely(shapes: NDArray[np.object_], points: NDArray[np.float64]) -> NDArray[np.int32]:
    """The plain reference: the lowest rank whose shape intersects the point, or -1."""
    at, which = shapely.STRtree(shapes).query(shapely.points(points), predicate="intersects")
    winner = np.full(len(points), len(shapes), np.int32)
    np.minimum.at(winner, at, which.astype(np.int32))
    return np.where(winner == len(shapes), -1, winner).astype(np.int32)


def ratios(report: Report) -> None:
    """The metrics of the section, against the fastest row of each peer on the district."""
    ours = report.rate("memory", OURS)
    report.metrics["memory_points_per_cpu_s"] = round(ours) if ours else None
    for peer in ("sedonadb", "geopandas", "duckdb"):
        report.metrics[f"ratio_{peer}"] = ratio(ours, report.rate("memory", f"{peer}, points ready-made"))


def _built(report: Report, section: str, areas: list[Bounded]) -> AreaIndex:
    began, cpu = time.perf_counter(), time.process_time()
    index = index_of(areas)
    west, south, _, _ = shapely.total_bounds(index.lowest[1])
    index.place(np.full(locate.WORTH_CELLS, west), np.full(locate.WORTH_CELLS, south))
    wall, cpu = time.perf_counter() - began, time.process_time() - cpu
    told = f"{len(areas):,} areas: index ready in {cpu:.2f} CPU s ({wall:.2f} s wall), lattices {index.nbytes / 1e6:.0f} MB"
    report.facts.append(f"{section}: {told}")
    return index


def _peers(report: Report, section: str, folder: Path, ours: NDArray[np.int32]) -> None:
    try:
        told = ask_peers("join", folder, "random", ",".join(PEERS), 3)
        ask_peers("join", folder, "both", ",".join(PEERS), 1)
    except (RuntimeError, OSError) as fault:
        report.skip(f"{section} peers", fault)
        return
    for one in told:
        if "error" in one:
            report.skip(f"{section} {one['peer']}", one["error"])
            continue
        theirs = np.load(folder / f"both.{one['peer']}.npy")
        wrong = int((theirs != ours).sum())
        note = f"differs from ours on {wrong:,}" if wrong else ""
        for name, (cpu_s, wall_s) in (("points ready-made", one["ready"]), ("points made from coordinates", one["made"])):
            report.add(section, f"{one['peer']}, {name}", one["n"], Took(cpu_s, wall_s), note)
