"""Filters meant to break something: too large, too deep, not text, injected. None crashes or becomes SQL."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
import sqlalchemy as sa

from gis_grid.maps.cql import BadFilter, parse, to_sql
from tests.maps.cql.conftest import QUERYABLES

LONG = 30_000
TEXT_BOMBS = {
    "1 MB": "name = '" + "x" * 1_000_000 + "'",
    "open parentheses": "(" * LONG,
    "parentheses and an error": "(" * 30 + "floors = 1 ! " + ")" * 30,
    "parentheses": "(" * LONG + "floors = 1" + ")" * LONG,
    "not": "NOT " * 20_000 + "open",
    "minus": "floors = " + "-" * LONG + "1",
    "functions": "f(" * LONG + ")" * LONG,
    "arrays": "a_equals(tags, " + "(" * LONG + ")" * LONG + ")",
    "collections": "s_equals(point, " + "GEOMETRYCOLLECTION(" * 4000 + "POINT(1 1)" + ")" * 4000 + ")",
    "sums": "floors = 1" + "+1" * LONG,
    "powers": "floors = 9" + "^9" * 200,
    "ors": " OR ".join(["floors = 1"] * 6000),
    "open quotes": "name = " + "'" * 30_001,
    "backslashes": "name = '" + "\\" * 50_001,
    "digits": "floors = " + "9" * 90_000,
    "spaces": " " * 90_000,
    "NUL": "name = '\0'",
    "half a pair": "name = '\ud800'",
}


@pytest.mark.parametrize("bomb", TEXT_BOMBS)
def test_a_bomb_of_text_is_refused_at_once(bomb: str) -> None:
    began = time.process_time()  # of this process alone: others may be at work on the machine
    with pytest.raises(BadFilter):
        to_sql(parse(TEXT_BOMBS[bomb], "cql2-text"), QUERYABLES)
    assert time.process_time() - began < 2


JSON_BOMBS = {
    "1 MB": json.dumps({"op": "=", "args": [{"property": "name"}, "x" * 1_000_000]}),
    "deep": '{"op":"not","args":[' * 4000 + "true" + "]}" * 4000,
    "deeper than we go": '{"op":"not","args":[' * 60 + "true" + "]}" * 60,
    "lists": "[" * 50_000,
    "NUL": '{"op":"=","args":[{"property":"name"},"\\u0000"]}',
    "half a pair": '{"op":"=","args":[{"property":"name"},"\\ud83d"]}',
    "many": json.dumps({"op": "or", "args": [{"op": "isNull", "args": [1]}] * 600}),
    "a name that is none": '{"op":"=","args":[{"property":["name"]},1]}',
    "an operation that is none": '{"op":{"op":"="},"args":[1,1]}',
    "a pattern that is none": '{"op":"like","args":[{"property":"name"},{"op":["casei"],"args":["a"]}]}',
    "a pattern of nothing": '{"op":"like","args":[{"property":"name"},{"op":"casei","args":[]}]}',
    "no arguments": '{"op":"and"}',
    "arguments that are none": '{"op":"not","args":{"property":"open"}}',
    "nothing": "{}",
    "null": '{"op":"=","args":[null,null]}',
    "a feature": '{"op":"isNull","args":[{"type":"Feature","geometry":{"type":"Point","coordinates":[1,1]}}]}',
    "no coordinates": '{"op":"s_within","args":[{"property":"point"},{"type":"Point"}]}',
    "texts as coordinates": '{"op":"s_within","args":[{"property":"point"},{"type":"Point","coordinates":["1","1"]}]}',
    "empty": '{"op":"s_within","args":[{"property":"point"},{"type":"Polygon","coordinates":[]}]}',
    "a type that is none": '{"op":"s_within","args":[{"property":"point"},{"type":["Point"],"coordinates":[1,1]}]}',
    "huge coordinates": '{"op":"s_within","args":[{"property":"point"},{"type":"Point","coordinates":[1e308,1e308]}]}',
    "huge box": '{"op":"s_within","args":[{"property":"point"},{"bbox":[-1e308,-1e308,1e308,1e308]}]}',
    "a date that is none": '{"op":"=","args":[{"property":"built"},{"date":[1]}]}',
    "an interval that is none": '{"op":"t_after","args":[{"interval":7},{"interval":{}}]}',
}  # fmt: skip


@pytest.mark.parametrize("bomb", JSON_BOMBS)
def test_a_bomb_of_json_is_refused(bomb: str) -> None:
    with pytest.raises(BadFilter):
        to_sql(parse(JSON_BOMBS[bomb], "cql2-json"), QUERYABLES)


@pytest.mark.parametrize("srid", [4490, 3857, 4544, 32648])
def test_coordinates_out_of_a_projection_are_refused(srid: int) -> None:
    with pytest.raises(BadFilter):
        to_sql(parse("s_within(point, POINT(1e300 -1e300))", "cql2-text"), QUERYABLES, srid=srid)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1}, b"x", object(), "\0", "\udcff"])
def test_a_tree_made_by_hand_is_checked_too(value: Any) -> None:
    with pytest.raises(BadFilter):
        to_sql({"op": "=", "args": [value, value]}, QUERYABLES)


INJECTED = [
    "'; DROP TABLE things; --",
    "' OR 1=1 --",
    "\\'; DELETE FROM things; --",
    ":cql_0",
    "%(cql_0)s %s %%",
    "$1 $$ x $$",
    "x' COLLATE \"C",
    '" OR true --',
    "/* */ ; SELECT pg_sleep(5)",
]


@pytest.mark.parametrize("word", INJECTED)
def test_what_is_injected_stays_a_value(things, found, word: str) -> None:
    things.execute(sa.text("UPDATE things SET name = :word, tags = ARRAY[:word] WHERE id = 2"), {"word": word})
    quoted = word.replace("\\", "\\\\").replace("'", "''")
    for asked in (f"name = '{quoted}'", f"name IN ('a', '{quoted}')", f"a_contains(tags, ('{quoted}'))"):
        assert found(asked) == {2}
    for fold in ("casei", "accenti"):
        assert found({"op": "=", "args": [{"op": fold, "args": [{"property": "name"}]}, {"op": fold, "args": [word]}]}) == {2}
    for tree in (
        {"op": "=", "args": [{"property": word}, 1]},
        {"op": word, "args": [{"property": "floors"}, 1]},
        {"op": "=", "args": [{"property": "built"}, {"date": word}]},
        {"op": "s_within", "args": [{"property": "point"}, {"type": word, "coordinates": [1, 1]}]},
    ):
        with pytest.raises(BadFilter):
            found(tree)
    condition, values = to_sql({"op": "=", "args": [{"property": "name"}, word]}, QUERYABLES)
    assert condition == '(l."name" = CAST(:cql_0 AS text))' and values == {"cql_0": word}
