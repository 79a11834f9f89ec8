"""Random filters that fit: every one of them runs; random ones that need not fit run or are refused. The database never fails."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gis_grid.maps.cql import BadFilter, parse, to_sql
from gis_grid.maps.cql.times import RELATIONS
from tests.maps.cql.conftest import COLUMNS, QUERYABLES

SPATIAL = [f"s_{name}" for name in "intersects equals disjoint touches within overlaps crosses contains".split()]
ARRAYS = ["a_equals", "a_contains", "a_containedBy", "a_overlaps"]
COMPARISONS = ["=", "<>", "<", ">", "<=", ">="]


def op(names: str | list[str], *args: st.SearchStrategy) -> st.SearchStrategy:
    """An operation of one of these names with such arguments."""
    return st.tuples(st.sampled_from([names] if isinstance(names, str) else names), *args).map(
        lambda told: {"op": told[0], "args": list(told[1:])}
    )


def columns(kind: str) -> st.SearchStrategy:
    return st.sampled_from([{"property": name} for name, (told, _) in COLUMNS.items() if told == kind])


words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
texts = st.recursive(words | columns("text"), lambda inner: op(["casei", "accenti"], inner), max_leaves=3)
patterns = (words | st.sampled_from(["%", "_%", "\\%", "\\\\"])).filter(lambda word: not word.replace("\\\\", "").endswith("\\"))
finite = st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False)
numbers = st.recursive(
    finite | st.sampled_from([0, 1, -1, 0.5, 1e-320, 1.7e308, 2**63]) | columns("number") | columns("integer"),
    lambda inner: op("+ - * / % div ^".split(), inner, inner),
    max_leaves=10,
)
days = st.dates().map(lambda day: {"date": day.isoformat()})
moments = st.datetimes().map(lambda at: {"timestamp": at.isoformat() + "Z"})
instants = days | moments | columns("date") | columns("timestamp")
some_days = st.tuples(st.dates(), st.dates()).map(lambda two: {"interval": [str(day) for day in sorted(two)]})
open_ended = st.tuples(instants | st.just(".."), st.just("..")).flatmap(st.permutations).map(lambda two: {"interval": list(two)})
from_to = (
    st.tuples(columns("timestamp") | columns("date"), instants).flatmap(st.permutations).map(lambda two: {"interval": list(two)})
)
intervals = some_days | open_ended | from_to
lons, lats = st.floats(-180, 180), st.floats(-90, 90)
points = st.tuples(lons, lats).map(list)
boxes = st.tuples(lons, lats, lons, lats).map(lambda box: {"bbox": [box[0], min(box[1], box[3]), box[2], max(box[1], box[3])]})
geometries = st.one_of(
    columns("geometry"),
    boxes,
    points.map(lambda at: {"type": "Point", "coordinates": at}),
    st.lists(points, min_size=1, max_size=3).map(lambda many: {"type": "MultiPoint", "coordinates": many}),
    st.lists(points, min_size=2, max_size=3, unique_by=tuple).map(lambda line: {"type": "LineString", "coordinates": line}),
)
tags, counts = st.just({"property": "tags"}), st.just({"property": "numbers"})
conditions = st.recursive(
    st.one_of(
        columns("boolean"),
        st.booleans(),
        op(COMPARISONS, texts, texts),
        op(COMPARISONS, numbers, numbers),
        op(COMPARISONS, instants, instants),
        op("between", numbers, numbers, numbers),
        op("between", instants, instants, instants),
        op("in", texts, st.lists(texts, min_size=1, max_size=3)),
        op("in", numbers, st.lists(numbers, min_size=1, max_size=3)),
        op("in", instants, st.lists(instants, min_size=1, max_size=3)),
        op("like", texts, patterns | op(["casei", "accenti"], patterns)),
        op("isNull", texts | numbers | instants | geometries | intervals | tags),
        op(SPATIAL, geometries, geometries),
        op(list(RELATIONS), intervals, intervals),
        op(["t_after", "t_before", "t_disjoint", "t_equals", "t_intersects"], instants, instants | intervals),
        op(ARRAYS, tags | st.lists(texts, max_size=3), st.lists(texts, max_size=3)),
        op(ARRAYS, counts, st.lists(numbers, max_size=3) | counts),
    ),
    lambda inner: op("not", inner) | op("isNull", inner) | op(["and", "or", "=", "<>"], inner, inner),
    max_leaves=8,
)
anything = st.recursive(
    st.one_of(texts, numbers, instants, intervals, geometries, tags, conditions, st.none(), st.floats(), st.text(max_size=5)),
    lambda inner: (
        op([*SPATIAL, *ARRAYS, *COMPARISONS, "like", "and", "+", "^", "t_after"], inner, inner)
        | op("in", inner, st.lists(inner, max_size=2))
    ),
    max_leaves=4,
)
mild = settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))


def run(session: sa.orm.Session, tree: Any) -> None:
    condition, values = to_sql(tree, QUERYABLES)
    session.execute(sa.text(f"SELECT count(*) FROM things AS l WHERE {condition}"), values)


@mild
@given(tree=conditions)
def test_a_filter_that_fits_runs(things, tree: Any) -> None:
    run(things, tree)


@mild
@given(tree=op(COMPARISONS, numbers, numbers))
def test_no_sum_makes_the_database_fail(things, tree: Any) -> None:
    run(things, tree)


@mild
@given(tree=anything)
def test_one_that_need_not_fit_runs_or_is_refused(things, tree: Any) -> None:
    try:
        run(things, tree)
    except BadFilter as refused:
        assert 5 < len(refused.detail) < 500 and refused.detail.endswith("。")


KEYS = ["op", "args", "property", "type", "coordinates", "geometries", "bbox", "date", "timestamp", "interval"]
NAMES = [
    *SPATIAL,
    *ARRAYS,
    *COMPARISONS,
    *RELATIONS,
    "like",
    "in",
    "and",
    "not",
    "isNull",
    "between",
    "casei",
    "+",
    "Point",
    "name",
]
nonsense = st.recursive(
    st.none() | st.booleans() | finite | st.sampled_from(NAMES) | st.text(max_size=3) | columns("text") | geometries | tags,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(KEYS), inner | st.sampled_from(NAMES), max_size=3)
        | st.fixed_dictionaries({"op": st.sampled_from(NAMES), "args": st.lists(inner, min_size=1, max_size=2) | inner})
        | st.fixed_dictionaries({"type": st.just("Polygon") | inner, "coordinates": inner})
    ),
    max_leaves=10,
)


@mild
@given(tree=nonsense)
def test_nonsense_is_refused_with_a_sentence(things, tree: Any) -> None:
    try:
        run(things, tree)
    except BadFilter as refused:
        assert 5 < len(refused.detail) < 500 and refused.detail.endswith("。")


@mild
@given(text=st.text(alphabet="'\"\\()=<>,.-+*/^% aANDORnot1290:éＬ（’_floorsPOINT\n") | st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        parse(text, "cql2-text")
    except BadFilter as refused:
        assert refused.detail
