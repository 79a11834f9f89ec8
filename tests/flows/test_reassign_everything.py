"""`gis-grid areas reassign` on a real database: everything forgotten is found again, in pieces, and nothing else is written."""

from __future__ import annotations

import psycopg

from tests.conftest import HOME
from tests.live import running

FORGET = """
UPDATE {0} SET area_code = NULL, placed_by = NULL WHERE placed_by IS DISTINCT FROM 'manual'
"""
TABLES = ("buildings", "units", "rooms", "households", "residents", "premises", "events")


def places(database: psycopg.Connection, table: str) -> dict[int, tuple[str, str]]:
    return {key: (code, how) for key, code, how in database.execute(f"SELECT id, area_code, placed_by FROM {table}")}


def test_everything_forgotten_is_placed_as_it_was_and_a_second_run_writes_nothing(database) -> None:
    with running(HOME, "live_reassign", ("demo",)) as (live, _):
        owner = live.environment["OWNER_DATABASE_URL"].replace("+psycopg", "")
        with psycopg.connect(owner, autocommit=True) as own:
            before = {table: places(own, table) for table in TABLES}
            for table in TABLES:
                own.execute(FORGET.format(table))
            told = live.command("areas", "reassign")
            assert {table: places(own, table) for table in TABLES} == before
            assert f"residents {len(before['residents'])}" in told
            versions = own.execute("SELECT sum(version) FROM residents").fetchone()
            assert "没有变动" in live.command("areas", "reassign")
            assert own.execute("SELECT sum(version) FROM residents").fetchone() == versions
