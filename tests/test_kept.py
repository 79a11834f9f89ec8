"""The state of busy tables: every commit changes it, folding does not, and no writer waits for another."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from gis_grid import db, kept
from gis_grid.areas.models import Area
from tests.factories import make_area

RING = "ST_GeomFromText('POLYGON((0 0,0 1,1 1,0 0))', 4490)"
INSERT = f"INSERT INTO base_map (kind, name, source, geom) VALUES ('water', 'x', 'test', {RING})"
STATE = "SELECT bit_xor(mark) FROM table_marks WHERE name = 'base_map'"


@pytest.fixture
def connect(database: tuple[str, str]) -> Iterator[object]:
    """Connections of their own; what they committed is taken away again."""
    opened = []

    def make() -> psycopg.Connection:
        opened.append(psycopg.connect(database[1].replace("+psycopg", "")))
        return opened[-1]

    yield make
    for connection in opened:
        connection.close()
    with psycopg.connect(database[1].replace("+psycopg", ""), autocommit=True) as last:
        last.execute("DELETE FROM base_map WHERE name = 'x'")


def state(connection: psycopg.Connection) -> int | None:
    found = connection.execute(STATE).fetchone()[0]
    connection.rollback()
    return found


def test_two_writers_wait_for_nobody_and_each_commit_is_another_state(connect) -> None:
    one, other, reader = connect(), connect(), connect()
    other.execute("SET lock_timeout = '3s'")
    other.commit()
    seen = [state(reader)]
    one.execute(INSERT)
    other.execute(INSERT)  # would wait for `one` if both wrote one row
    seen.append(state(reader))
    assert seen[1] == seen[0]
    other.commit()
    seen.append(state(reader))
    one.commit()
    seen.append(state(reader))
    assert len(set(seen)) == 3


def test_what_is_rolled_back_leaves_the_state_as_it_was(connect) -> None:
    one, reader = connect(), connect()
    before = state(reader)
    one.execute(INSERT)
    one.rollback()
    assert state(reader) == before


def test_folding_keeps_the_state_and_the_table_small(connect) -> None:
    one, reader = connect(), connect()
    for _ in range(200):
        one.execute("UPDATE base_map SET name = name WHERE false")
        one.commit()
    rows = reader.execute("SELECT count(*) FROM table_marks WHERE name = 'base_map'").fetchone()[0]
    assert rows < 200
    before = state(reader)
    one.execute("SELECT 1")
    one.commit()
    assert state(reader) == before


def test_every_table_of_a_layer_tells_its_changes(database) -> None:
    from gis_grid.maps.layers import layers

    with psycopg.connect(database[1].replace("+psycopg", "")) as reader:
        told = {row[0] for row in reader.execute("SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'mark_table'")}
    assert {table for layer in layers().values() for table in layer.tables} <= told


def test_a_part_and_a_table_of_one_name_are_two_things(session) -> None:
    make_area("500103")  # writes `areas`, which bumps the part `boundaries`, while the table `boundaries` stays as it is
    before = kept.states()
    session.get(Area, "500103").kind = "exclusive"
    session.flush()
    assert kept.states()["boundaries"] != before["boundaries"]
    assert kept.states().get("table boundaries") == before.get("table boundaries")


def test_a_plain_question_needs_no_session(database) -> None:
    with db.reading():
        assert "placing" in kept.states()
        assert "begun" not in db.notes()
