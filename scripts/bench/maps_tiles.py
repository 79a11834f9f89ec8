"""Vector tiles of the buildings: a mix of zooms made each time, kept ones, low zooms, the tail, one point 3,540 times."""

from __future__ import annotations

import math
import random
import statistics
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg
from maps_services import OURS, TIPG, Service
from maps_tables import fill_events, middle, scans
from measuring import Report
from under_load import in_turn

MIX = {14: 9, 15: 30, 16: 80, 17: 120}  # zoom: tiles; what a walk over a city asks
LOW = (12, 13)
SAME_POINT = 3540  # events of one address in a real ticket table
Tile = tuple[int, int, int]


def tile_of(lon: float, lat: float, z: int) -> Tile:
    """Zoom, column and row of the tile with this point."""
    side = 2**z
    down = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2
    return z, int((lon + 180) / 360 * side), int(down * side)


def occupied(connection: psycopg.Connection[Any], z: int, table: str = "buildings") -> Counter[Tile]:
    """Tiles with the number of rows whose middle lies there."""
    rows = connection.execute(f"SELECT ST_X(c), ST_Y(c) FROM (SELECT ST_Centroid(geom) AS c FROM bench.{table}) q")
    return Counter(tile_of(lon, lat, z) for lon, lat in rows)


def paths(service: Service, tiles: Sequence[Tile], layer: str = "buildings") -> list[str]:
    """Ours, or TiPg's with the attributes that ours has at that zoom: its fields, and the key as `id`."""
    if service.name == OURS:
        return [f"/tiles/{layer}/{z}/{x}/{y}" for z, x, y in tiles]
    told = []
    for z, x, y in tiles:
        wanted = ",".join(["id", *fields_at(layer, z)])
        told.append(f"/collections/bench.{layer}/tiles/WebMercatorQuad/{z}/{x}/{y}?properties={wanted}")
    return told


def fields_at(layer: str, z: int) -> list[str]:
    from gis_grid.maps.layers import layers

    return [name for name, told in layers()[layer].fields.items() if z >= told.get("zoom", 0)]


def mixed(connection: psycopg.Connection[Any]) -> list[Tile]:
    """Tiles with buildings in them, of all zooms of the mix, shuffled; the same in every run."""
    rng = random.Random(14)
    chosen = []
    for z, count in MIX.items():
        there = sorted(occupied(connection, z))
        chosen += rng.sample(there, min(count, len(there)))
    rng.shuffle(chosen)
    return chosen


def measure(
    report: Report, services: Sequence[Service], connection: psycopg.Connection[Any], folder: Path, seconds: float
) -> None:
    """The mix and the low zooms, every tile made anew; and that it really was."""
    mix = mixed(connection)
    _sizes(report, services, mix)
    before = scans(connection, "buildings")
    asked = [service.asked(paths(service, mix), folder, seconds) for service in services]
    found = in_turn(report, "tiles", f"mix of z14-17, {len(mix)} tiles, 8 connections", asked)
    time.sleep(1.5)  # backends tell their statistics once a second
    read = scans(connection, "buildings") - before
    report.facts.append(f"tiles: the buildings were read {read:,} times while our mix was asked; nothing was kept")
    if read < found[OURS]["n"]:
        raise RuntimeError(f"the tiles were not made each time: {read} reads of the table")
    report.metrics["tile_mix_p50_ms"], report.metrics["tile_mix_p99_ms"] = (
        round(found[OURS][f"{p}_ms"], 2) for p in ("p50", "p99")
    )
    report.metrics["tile_mix_ratio_tipg"] = _ratio(found)
    low = [tile for z in LOW for tile in sorted(occupied(connection, z))]
    asked = [service.asked(paths(service, low), folder, seconds) for service in services]
    found = in_turn(report, "tiles", f"z12-13, all {len(low)} tiles, 8 connections", asked)
    report.metrics["tile_low_zoom_ratio_tipg"] = _ratio(found)
    _fullest(report, services, connection, folder, seconds)


def _ratio(found: dict[str, dict[str, float]]) -> float | None:
    return round(found[TIPG]["times"], 2) if TIPG in found else None


def _fullest(
    report: Report, services: Sequence[Service], connection: psycopg.Connection[Any], folder: Path, seconds: float
) -> None:
    """The z12 tile with most buildings, one connection."""
    ((tile, count),) = occupied(connection, 12).most_common(1)
    asked = [service.asked(paths(service, [tile]), folder, seconds / 2) for service in services]
    found = in_turn(report, "tiles", f"the z12 tile of {count:,} buildings, 1 connection", asked, connections=1)
    report.metrics["tile_z12_ms"] = round(found[OURS]["p50_ms"], 2)


def _sizes(report: Report, services: Sequence[Service], mix: Sequence[Tile]) -> None:
    for service in services:
        told = []
        for z in MIX:
            some = [tile for tile in mix if tile[0] == z][:30]
            sizes = [len(service.get(path)) for path in paths(service, some)]
            told.append(f"z{z} {statistics.median(sizes) / 1000:.1f} kB (largest {max(sizes) / 1000:.0f})")
        report.facts.append(f"tiles: median bodies of {service.name}: {', '.join(told)}")


def kept(report: Report, services: Sequence[Service], connection: psycopg.Connection[Any], folder: Path, seconds: float) -> None:
    """The same mix from our cache, beside TiPg, who keeps nothing."""
    mix = mixed(connection)
    asked = [service.asked(paths(service, mix), folder, seconds) for service in services]
    found = in_turn(report, "tiles", f"mix of z14-17, {len(mix)} tiles, kept where kept, 8 connections", asked)
    report.metrics["tile_cached_ratio_tipg"] = _ratio(found)


def tail(
    report: Report,
    services: Sequence[Service],
    connection: psycopg.Connection[Any],
    pages: dict[str, list[str]],
    folder: Path,
    seconds: float,
) -> None:
    """16 connections: how far the slowest hundredth lies from the middle, and how many connections the database sees."""
    mix = mixed(connection)
    z16 = [tile for tile in mix if tile[0] == 16]
    kinds = {
        "page": ("1,000 features a page", pages),
        "tile_z16": (f"z16, {len(z16)} tiles", {each.name: paths(each, z16) for each in services}),
        "tile_mix": (f"mix of z14-17, {len(mix)} tiles", {each.name: paths(each, mix) for each in services}),
    }
    for kind, (what, own) in kinds.items():
        asked = [service.asked(own[service.name], folder, seconds) for service in services if service.name in own]
        found = in_turn(report, "tail", f"{what}, 16 connections", asked, connections=16)
        told = {name: each["p99_ms"] / each["p50_ms"] for name, each in found.items()}
        report.metrics[f"{kind}_p99_over_p50"] = round(told[OURS], 2)
        report.facts.append(f"tail: {what}, p99 over p50: " + ", ".join(f"{name} {each:.1f}" for name, each in told.items()))
    report.metrics["p99_over_p50"] = max(report.metrics[f"{kind}_p99_over_p50"] or 0 for kind in kinds)


def one_point(
    report: Report, services: Sequence[Service], connection: psycopg.Connection[Any], folder: Path, seconds: float
) -> None:
    """Every event at the same place."""
    fill_events(connection, SAME_POINT, at_one_point=True)
    tile = tile_of(*middle(connection), 16)
    own = {service.name: paths(service, [tile], "events") for service in services}
    asked = [service.asked(own[service.name], folder, seconds / 2) for service in services]
    found = in_turn(report, "same point", f"z16 tile of {SAME_POINT:,} events at one point", asked, connections=1)
    report.metrics["same_point_ms"] = round(found[OURS]["p50_ms"], 2)
    report.metrics["same_point_bytes"] = len(services[0].get(own[OURS][0]))
