"""One disposable cluster per run, one database made by the migrations; each test inside a transaction rolled back."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

HOME = Path(tempfile.mkdtemp(prefix="gis-grid-test-", dir="/tmp"))
os.environ["GIS_GRID_HOME"] = str(HOME)
for name in ("DATABASE_URL", "OWNER_DATABASE_URL"):
    os.environ.pop(name, None)

from gis_grid import cluster, db  # noqa: E402  settings are read at first import
from gis_grid.access.guard import acting  # noqa: E402
from gis_grid.access.rules import COMMAND, Caller  # noqa: E402
from gis_grid.config import settings  # noqa: E402
from gis_grid.imports import gdal  # noqa: E402, F401  before geopandas brings GDAL with all its drivers

DATA = Path(__file__).parents[2] / "shared" / "data"
VECTORS = Path(__file__).parents[2] / "shared" / "vectors"


@pytest.fixture(scope="session")
def database() -> Iterator[tuple[str, str]]:
    """Owner's and service's URL of a migrated database; gone after the run."""
    try:
        cluster.disposable(HOME)
        from gis_grid.migrate import migrate

        migrate()
        urls = db.database_urls()
        keep_as_template(urls[0])
        yield urls
    finally:
        cluster.destroy(HOME)
        shutil.rmtree(HOME, ignore_errors=True)


def keep_as_template(owner: str) -> None:
    """A copy of the migrated database, from which the running services get theirs."""
    db.engine().dispose()
    server, _, name = owner.replace("+psycopg", "").rpartition("/")
    with psycopg.connect(f"{server}/postgres", autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE migrated TEMPLATE {name}")


@pytest.fixture
def connection(database: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[sa.Connection]:
    """A connection in a transaction that is rolled back; every session of the test joins it by savepoint."""
    with db.engine().connect() as outer:
        held = outer.begin()
        monkeypatch.setattr(db, "engine", lambda: outer)
        monkeypatch.setattr(db, "long_engine", lambda: outer)
        monkeypatch.setattr("gis_grid.jobs.actions.engine", lambda: outer)
        monkeypatch.setattr("gis_grid.jobs.actions.long_engine", lambda: outer)
        yield outer
        held.rollback()


@pytest.fixture
def as_command() -> Iterator[None]:
    """Act with the rights of the command line."""
    with acting(COMMAND):
        yield


@pytest.fixture
def session(connection: sa.Connection, as_command: None) -> Iterator[sa.orm.Session]:
    """A bound session, acting as the command line."""
    made = sa.orm.Session(connection, expire_on_commit=False, join_transaction_mode="create_savepoint")
    with made, db.bound(made):
        yield made


@pytest.fixture(scope="session")
def app(database: tuple[str, str]):
    """The service as a Flask application."""
    from gis_grid.app import create_app

    made = create_app()
    made.testing = False  # errors are answered, not raised: that is what callers see
    return made


@pytest.fixture
def client(app, session):
    """A client without credentials; `session` shows what it wrote."""
    return app.test_client()


@pytest.fixture
def bearer(session):
    """Makes Authorization headers: bearer(rights, scopes)."""
    from gis_grid.access.actions import create_token

    def make(rights: list[str], scopes: tuple[str, ...] = ("",)) -> dict[str, str]:
        _, token = create_token("test", list(rights), list(scopes), 1)
        session.commit()
        return {"Authorization": f"Bearer {token}"}

    return make


def caller(*rights: str, scopes: tuple[str, ...] = ("",)) -> Caller:
    """A caller with these rights and scopes."""
    return Caller("测试", frozenset(rights), scopes)


def problem(answer) -> dict:
    """The problem details of a refused request; checks that they are such."""
    assert answer.mimetype == "application/problem+json", answer.data[:300]
    told = json.loads(answer.data)
    assert {"type", "title", "status", "detail", "code"} <= set(told)
    assert told["status"] == answer.status_code
    return told


def pytest_sessionfinish() -> None:
    if settings.cache_info().currsize and HOME.exists():
        cluster.destroy(HOME)
        shutil.rmtree(HOME, ignore_errors=True)
