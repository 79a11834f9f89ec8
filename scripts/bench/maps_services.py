"""The services of the maps bench, two workers each: ours with a token that sees one district, TiPg, pygeoapi."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
from district import PEERS_PYTHON, District, free_port, served
from under_load import Asked, fetch

OURS, TIPG, PYGEOAPI = "GIS Grid", "TiPg", "pygeoapi"
WORKERS = 2
BUFFER = 64  # of the tile's 4096 units: ours; TiPg's own would be 256
UNKEPT = {"GIS_GRID_TILE_MEMORY_MB": "0", "GIS_GRID_TILE_DISK_MB": "0"}
TABLES = ("buildings", "events")  # layers of ours, tables of the schema bench for the peers


@dataclass(frozen=True)
class Service:
    """One that runs: `token` is empty for the peers, who know no permissions."""

    name: str
    url: str
    pid: int
    place: District
    token: str = ""

    def items(self, table: str) -> str:
        """The path of a collection's features."""
        return f"/collections/bench.{table}/items" if self.name == TIPG else f"/collections/{table}/items"

    def get(self, path: str) -> bytes:
        return fetch(self.url + path, self.token)

    def json(self, path: str) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.get(path))
        return told

    def asked(self, paths: list[str], folder: Path, seconds: float) -> Asked:
        """These paths, ready to be asked by wrk."""
        listed = folder / f"{self.name.replace(' ', '')}.{abs(hash(tuple(paths)))}.txt"
        listed.write_text("\n".join(paths))
        return Asked(self.name, self.url, self.pid, self.place, listed, seconds, self.token)


def token(place: District) -> str:
    """A bearer token whose scope is the district's code: every row passes a test of its area, as for any user of an area."""
    from gis_grid.access.actions import create_token
    from gis_grid.cli import command_line
    from gis_grid.db import engine

    with psycopg.connect(place.dsn) as connection:
        codes = [row[0] for row in connection.execute("SELECT code FROM areas WHERE level = 'district' AND retired_at IS NULL")]
    assert codes
    with command_line():
        made = create_token("bench", ["areas.read", "buildings.read", "events.read"], codes, 1)[1]
    engine().dispose()  # our connection is not one of the service's
    return made


@contextlib.contextmanager
def ours(place: District, bearer: str, *, kept: bool = False) -> Iterator[Service]:
    """Our service; with `kept` it keeps the tiles it made, as usual."""
    port = free_port()
    environment = {**place.environment, "GIS_GRID_WORKERS": str(WORKERS), **({} if kept else UNKEPT)}
    command = [sys.executable, "-m", "gis_grid.cli", "serve", "--port", str(port)]
    url = f"http://127.0.0.1:{port}"
    with served(command, f"{url}/health/ready", environment, place.home / "serve.log") as pid:
        yield Service(OURS, url, pid, place, bearer)


@contextlib.contextmanager
def tipg(place: District) -> Iterator[Service]:
    """TiPg with uvicorn, uvloop and httptools; a tile may hold 30,000 features, so that nothing is cut off."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    environment = {
        **os.environ,
        "DATABASE_URL": place.dsn,
        "TIPG_DB_SCHEMAS": '["bench"]',
        "TIPG_CATALOG_TTL": "86400",
        "TIPG_TILE_BUFFER": str(BUFFER),
        "TIPG_MAX_FEATURES_PER_TILE": "30000",
    }
    command = [str(PEERS_PYTHON), "-m", "uvicorn", "tipg.main:app", "--port", str(port), "--log-level", "warning"]
    command += ["--workers", str(WORKERS)]
    with served(command, f"{url}/healthz", environment, place.home / "tipg.log") as pid:
        yield Service(TIPG, url, pid, place)


@contextlib.contextmanager
def pygeoapi(place: District) -> Iterator[Service]:
    """pygeoapi with its PostgreSQL provider, served by granian as we are."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    written, document = place.home / "pygeoapi.json", place.home / "pygeoapi-openapi.yaml"
    written.write_text(json.dumps(_pygeoapi_config(place, url)))
    environment = {**os.environ, "PYGEOAPI_CONFIG": str(written), "PYGEOAPI_OPENAPI": str(document)}
    cli = [str(PEERS_PYTHON), "-c", "import sys; from pygeoapi import cli; cli(sys.argv[1:])"]
    words = [*cli, "openapi", "generate", str(written), "--output-file", str(document)]
    made = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=120, check=False)
    if made.returncode:
        raise RuntimeError(made.stderr[-400:])
    command = [str(PEERS_PYTHON), "-m", "granian", "--interface", "wsgi", "--port", str(port), "--workers", str(WORKERS)]
    command += ["--blocking-threads", "2", "--log-level", "warning", "pygeoapi.flask_app:APP"]
    with served(command, f"{url}/conformance?f=json", environment, place.home / "pygeoapi.log") as pid:
        yield Service(PYGEOAPI, url, pid, place)


def _pygeoapi_config(place: District, url: str) -> dict[str, Any]:
    at = urlsplit(place.dsn)
    data = {
        "host": at.hostname, "port": at.port, "dbname": at.path[1:], "user": at.username, "password": at.password,
        "search_path": ["bench"],
    }  # fmt: skip
    provider = {"type": "feature", "name": "PostgreSQL", "data": data, "id_field": "id", "geom_field": "geom"}
    text = {"en": "bench"}
    about = {"title": text, "description": text, "keywords": {"en": ["bench"]}}
    box = {"spatial": {"bbox": [-180, -90, 180, 90], "crs": "http://www.opengis.net/def/crs/OGC/1.3/CRS84"}}
    return {
        "server": {
            "bind": {"host": "127.0.0.1", "port": at.port}, "url": url, "mimetype": "application/json; charset=UTF-8",
            "encoding": "utf-8", "gzip": False, "languages": ["en-US"], "pretty_print": False,
            "limits": {"default_items": 10, "max_items": 10_000}, "map": {"url": "", "attribution": ""},
        },
        "logging": {"level": "ERROR"},
        "metadata": {
            "identification": {**about, "keywords_type": "theme", "terms_of_service": "-", "url": url},
            "license": {"name": "-", "url": url}, "provider": {"name": "-", "url": url}, "contact": {"name": "-"},
        },
        "resources": {
            table: {
                "type": "collection", **about, "links": [], "extents": box,
                "providers": [{**provider, "table": table}],
            }
            for table in TABLES
        },
    }  # fmt: skip
