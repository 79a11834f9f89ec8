"""A really running service on a database of its own: granian, job worker, cookies and all."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import requests
import sqlalchemy as sa

from gis_grid import cluster, db
from gis_grid.access.actions import create_user
from gis_grid.access.guard import acting
from gis_grid.access.rules import COMMAND

ROOT = Path(__file__).parents[1]


@dataclass
class Live:
    """url: where it answers; command: run `gis-grid ...` on its database; process: the supervisor."""

    url: str
    environment: dict[str, str]
    process: subprocess.Popen[bytes]
    log: Path

    def command(self, *words: str, seconds: float = 240) -> str:
        return run_command(self.environment, *words, seconds=seconds)


def run_command(environment: dict[str, str], *words: str, seconds: float = 240) -> str:
    """What `gis-grid words...` printed; fails with what it said."""
    done = subprocess.run(
        [sys.executable, "-m", "gis_grid.cli", *words],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@contextlib.contextmanager
def running(home: Path, name: str, *setup: tuple[str, ...]) -> Iterator[tuple[Live, list[str]]]:
    """A service on a migrated database `name` of the test cluster, after the set-up commands; also answers what those printed."""
    urls = cluster.data.read(home).urls
    owner, app = (str(url).rsplit("/", 1)[0] + f"/{name}" for url in urls)
    with psycopg.connect(urls.owner.replace("+psycopg", ""), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE migrated")
    folder = home / name
    folder.mkdir()
    environment = {**os.environ, "GIS_GRID_HOME": str(folder), "DATABASE_URL": app, "OWNER_DATABASE_URL": owner}
    printed = [run_command(environment, *words) for words in setup]
    port = free_port()
    log = folder / "serve.log"
    with log.open("wb") as out:
        command = [sys.executable, "-m", "gis_grid.cli", "serve", "--port", str(port)]
        process = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT)
    live = Live(f"http://127.0.0.1:{port}", environment, process, log)
    try:
        wait_ready(live)
        yield live, printed
    finally:
        live.process.terminate()
        try:
            live.process.wait(20)
        except subprocess.TimeoutExpired:
            live.process.kill()
        with psycopg.connect(urls.owner.replace("+psycopg", ""), autocommit=True) as admin:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


def add_user(live: Live, username: str, role: str, scope: str = "") -> str:
    """A new user on the running service's database; answers the one-time password."""
    engine = sa.create_engine(live.environment["DATABASE_URL"], poolclass=sa.pool.NullPool)
    with sa.orm.Session(engine) as own, own.begin(), db.bound(own), acting(COMMAND):
        return create_user(username, username, [role], [scope])


def wait_ready(live: Live, seconds: float = 120) -> None:
    """Until it answers; fails with its log."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with contextlib.suppress(requests.RequestException):
            if requests.get(live.url + "/health/ready", timeout=2).status_code == 200:
                return
        time.sleep(0.2)
    raise AssertionError(live.log.read_text(errors="replace")[-3000:])


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def one_time_password(printed: str) -> str:
    """The password that `gis-grid user add` printed."""
    found = re.search(r"\S+$", printed.strip())
    assert found
    return found[0]
