"""A table with a column of every kind, and `found(filter)`: the ids of the rows that a filter finds in it."""

from __future__ import annotations

import json
from typing import Any

import pytest
import sqlalchemy as sa

from gis_grid.maps.cql import Queryable, parse, to_sql

COLUMNS = {  # name: kind, SQL type
    "name": ("text", "text"),
    "ascii": ("text", "varchar(40)"),
    "floors": ("integer", "integer"),
    "people": ("integer", "bigint"),
    "area_m2": ("number", "double precision"),
    "fee": ("number", "numeric(12,2)"),
    "open": ("boolean", "boolean"),
    "built": ("date", "date"),
    "start": ("timestamp", "timestamptz"),
    "end": ("timestamp", "timestamptz"),
    "tags": ("array", "text[]"),
    "numbers": ("array", "integer[]"),
    "point": ("geometry", "geometry(Point, 4490)"),
    "shape": ("geometry", "geometry(Geometry, 4490)"),
}
QUERYABLES = {
    name: Queryable(name, f'l."{name}"', kind, of="integer" if name == "numbers" else "text")
    for name, (kind, _) in COLUMNS.items()
}
ROWS: list[dict[str, Any]] = [
    {"id": 1, "name": "København", "ascii": "Kobenhavn", "floors": 3, "people": 2**53 + 1, "area_m2": 0.1, "fee": 0.1,
     "open": True, "built": "2022-04-16", "start": "2022-04-16T10:13:19Z", "end": "2026-12-31T00:00:00Z", "tags": ["红", "绿"],
     "numbers": [1, 2], "point": "POINT(103.70 36.10)",
     "shape": "POLYGON((103.7 36.1,103.8 36.1,103.8 36.2,103.7 36.2,103.7 36.1))"},
    {"id": 2, "name": "Kiev", "ascii": "Kiev", "floors": 6, "people": 0, "area_m2": -2.5, "fee": 99.5, "open": True,
     "built": "2021-04-16", "start": "2021-04-16T10:15:59Z", "end": "2022-04-16T10:16:06Z", "tags": ["红"], "numbers": [],
     "point": "POINT(103.75 36.15)", "shape": "LINESTRING(103.65 36.15,103.85 36.15)"},
    {"id": 3, "name": "庆阳路100%号", "ascii": "Straße", "floors": -1, "people": -7, "area_m2": 1e300, "fee": 0, "open": False,
     "built": "2023-04-16", "start": "2022-04-16T10:15:10Z", "end": "2022-04-16T10:16:06Z", "tags": [], "numbers": [2, 3, 2],
     "point": "POINT(179.5 0)", "shape": "MULTIPOINT((103.7 36.1),(179.5 0))"},
    {"id": 4},
]  # fmt: skip


@pytest.fixture
def things(session: sa.orm.Session) -> sa.orm.Session:
    """The session, with the table `things` of ROWS; the last row is all NULL."""
    columns = ", ".join(f'"{name}" {sql_type}' for name, (_, sql_type) in COLUMNS.items())
    session.execute(sa.text(f"CREATE TEMP TABLE things (id integer PRIMARY KEY, {columns}) ON COMMIT DROP"))
    for row in ROWS:
        given = {
            name: f"SRID=4490;{value}" if COLUMNS.get(name, ("", ""))[0] == "geometry" else value for name, value in row.items()
        }
        names = ", ".join(f'"{name}"' for name in given)
        session.execute(sa.text(f"INSERT INTO things ({names}) VALUES ({', '.join(f':{name}' for name in given)})"), given)
    return session


@pytest.fixture
def found(things):
    """found("floors > 2") -> {1, 2}; a dict is taken as CQL2 JSON."""

    def find(given: str | dict, **options: Any) -> set[int]:
        tree = parse(given, "cql2-text") if isinstance(given, str) else parse(json.dumps(given), "cql2-json")
        condition, values = to_sql(tree, QUERYABLES, **options)
        return set(things.scalars(sa.text(f"SELECT id FROM things AS l WHERE {condition}"), values))

    return find
