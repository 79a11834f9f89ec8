"""How pages and tiles grow from ten thousand features to a million, at the same density."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg
from district import HERE, PEERS_PYTHON
from maps_pages import LIMIT
from maps_services import OURS, PYGEOAPI, TIPG, Service
from maps_tables import fill_events, middle
from maps_tiles import paths, tile_of
from measuring import Report, say
from under_load import in_turn

SIZES = (10_000, 100_000, 1_000_000)
PAGES = 20  # over the whole collection
Series = dict[str, list[tuple[int, float]]]


def measure(
    report: Report,
    services: Sequence[Service],
    connection: psycopg.Connection[Any],
    folder: Path,
    seconds: float,
    sizes: Sequence[int] = SIZES,
) -> dict[str, Series]:
    """{"pages": {name: [(features, CPU ms of a page)]}, "tiles": ...}: 20 pages over the whole, the nine tiles in the middle."""
    found: dict[str, Series] = {"pages": {}, "tiles": {}}
    for size in sizes:
        say(f"{size:,} events ...")
        fill_events(connection, size)
        marks = _marks(connection, size)
        asked = [service.asked(_pages(service, marks), folder, seconds) for service in services]
        told = in_turn(report, "growth", f"pages of {LIMIT:,} of {size:,}", asked, rounds=1)
        _keep(found["pages"], size, told)
        nine = _middle_tiles(connection)
        drawing = [service for service in services if service.name != PYGEOAPI]
        asked = [service.asked(paths(service, nine, "events"), folder, seconds) for service in drawing]
        told = in_turn(report, "growth", f"z15 tiles among {size:,}", asked, rounds=1)
        _keep(found["tiles"], size, told)
    _facts(report, found)
    return found


def _marks(connection: psycopg.Connection[Any], size: int) -> list[tuple[int, int]]:
    """Where the pages begin: how many events come before, and the id of the last of these (0 at the beginning)."""
    starts = [start for start in range(0, size, max(LIMIT, size // PAGES // LIMIT * LIMIT))]
    ids = [row[0] for row in connection.execute("SELECT id FROM bench.events ORDER BY id")]
    return [(start, ids[start - 1] if start else 0) for start in starts]


def _pages(service: Service, marks: list[tuple[int, int]]) -> list[str]:
    """The same pages: ours by the mark of its next links, the peers' by offset."""
    from gis_grid.maps.asked import cursor

    here = f"{service.items('events')}?limit={LIMIT}"
    if service.name == OURS:
        return [f"{here}&after={cursor(None, last)}" if last else here for _, last in marks]
    kind = "geojson" if service.name == TIPG else "json"
    return [f"{here}&offset={start}&f={kind}" for start, _ in marks]


def _middle_tiles(connection: psycopg.Connection[Any]) -> list[tuple[int, int, int]]:
    z, x, y = tile_of(*middle(connection), 15)
    return [(z, x + right, y + down) for right in (-1, 0, 1) for down in (-1, 0, 1)]


def _keep(series: Series, size: int, told: dict[str, dict[str, float]]) -> None:
    for name, each in told.items():
        series.setdefault(name, []).append((size, 1000 / each["per_cpu_s"]))


def _facts(report: Report, found: dict[str, Series]) -> None:
    for kind, series in found.items():
        for name, points in series.items():
            (least, first), (most, last) = points[0], points[-1]
            if most > least:
                told = f"{first:.2f} to {last:.2f} CPU ms, {last / first:.1f} times as much for {most // least} times as many"
                report.facts.append(f"growth: {kind} of {name}: {told}")


def draw(found: dict[str, Series], folder: Path, out: Path) -> str | None:
    """Both as one picture with the peers' matplotlib; answers why it could not, or None."""
    both = {"across": "features in the collection", "up": "CPU milliseconds, service and database", "between": [1, 1000]}
    panels = [
        {"title": f"A page of {LIMIT:,} features", "series": found["pages"], **both},
        {"title": "A z15 tile, the same content", "series": found["tiles"], **both},
    ]
    told = folder / "growth.json"
    told.write_text(json.dumps(panels))
    words = [str(PEERS_PYTHON), str(HERE / "plot.py"), str(told), str(out)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
    return done.stderr[-300:] if done.returncode else None
