"""Filters meant to break something: too large, too deep, not text, injected, random. None crashes or becomes SQL."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gis_grid.maps.cql import BadFilter, parse, to_sql
from gis_grid.maps.cql.times import RELATIONS
from tests.maps.cql.conftest import COLUMNS, QUERYABLES

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
    began = time.perf_counter()
    with pytest.raises(BadFilter):
        to_sql(parse(TEXT_BOMBS[bomb], "cql2-text"), QUERYABLES)
    assert time.perf_counter() - began < 2


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


properties = st.sampled_from(list(COLUMNS)).map(lambda name: {"property": name})
numbers = st.integers(-(2**70), 2**70) | st.floats() | st.sampled_from([0, 1, -1, 0.5, 1e-320, 1.7e308, 2**63])
dates = st.dates().map(lambda day: {"date": day.isoformat()})
timestamps = st.datetimes().map(lambda at: {"timestamp": at.isoformat() + "Z"})
positions = st.tuples(st.floats(-181, 181), st.floats(-91, 91)).map(list)
geometries = st.one_of(
    positions.map(lambda at: {"type": "Point", "coordinates": at}),
    st.lists(positions, min_size=1, max_size=4).map(lambda line: {"type": "LineString", "coordinates": line}),
    st.lists(positions, min_size=3, max_size=4).map(lambda ring: {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}),
    st.lists(st.floats(-200, 200), min_size=4, max_size=4).map(lambda box: {"bbox": box}),
)
bounds = st.one_of(properties, st.just(".."), st.dates().map(str), timestamps)
intervals = st.tuples(bounds, bounds).map(lambda two: {"interval": list(two)})
words = st.text(max_size=8) | st.sampled_from(["%", "\\", "_\\%", "2020-01-01", "ß"])
leaves = st.one_of(properties, numbers, words, st.booleans(), dates, timestamps, geometries, intervals, st.none())
NAMES = (
    "and or not isNull like between in = <> < > <= >= + - * / % div ^ casei accenti s_intersects s_disjoint s_touches s_within "
    "t_after t_during t_intersects t_meets a_equals a_contains a_overlaps"
).split()
COUNTS = {"not": 1, "isNull": 1, "casei": 1, "accenti": 1, "between": 3}


def operations(inner: st.SearchStrategy) -> st.SearchStrategy:
    def of(name: str) -> st.SearchStrategy:
        count = COUNTS.get(name, 2)
        args = st.lists(inner, min_size=count, max_size=count)
        if name in ("in", "a_equals", "a_contains", "a_overlaps"):
            args = st.tuples(inner, st.lists(inner, max_size=3)).map(list)
        return args.map(lambda given: {"op": name, "args": given})

    return st.sampled_from(NAMES).flatmap(of)


sums = st.recursive(
    numbers | st.sampled_from(["floors", "people", "area_m2", "fee"]).map(lambda name: {"property": name}),
    lambda inner: st.tuples(st.sampled_from("+ - * / % div ^".split()), inner, inner).map(
        lambda told: {"op": told[0], "args": list(told[1:])}
    ),
    max_leaves=12,
)
comparisons = st.tuples(st.sampled_from("= <> < >= in".split()), sums, sums).map(
    lambda told: {"op": told[0], "args": [told[1], [told[2], 3]] if told[0] == "in" else list(told[1:])}
)
trees = st.recursive(leaves, operations, max_leaves=10)
hostile = settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def runs(session: sa.orm.Session, tree: Any) -> bool:
    try:
        condition, values = to_sql(tree, QUERYABLES)
    except BadFilter as fault:
        assert 5 < len(fault.detail) < 700
        return False
    session.execute(sa.text(f"SELECT count(*) FROM things AS l WHERE {condition}"), values)
    return True


@hostile
@given(tree=trees)
def test_any_tree_runs_or_is_refused(things, tree: Any) -> None:
    runs(things, tree)


@hostile
@given(tree=comparisons)
def test_no_sum_makes_the_database_fail(things, tree: Any) -> None:
    runs(things, tree)


@hostile
@given(
    tree=st.tuples(
        st.sampled_from(list(RELATIONS)),
        intervals | dates | timestamps | properties,
        intervals | dates | timestamps | properties,
    ).map(lambda told: {"op": told[0], "args": list(told[1:])})
)
def test_no_time_makes_the_database_fail(things, tree: Any) -> None:
    runs(things, tree)


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="'\"\\()=<>,.-+*/^% aANDORnot1290:éＬ（’_floorsPOINT\n") | st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        parse(text, "cql2-text")
    except BadFilter as fault:
        assert fault.detail
