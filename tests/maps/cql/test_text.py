"""CQL2 text: every example of the standard equals its JSON twin; precedence, escapes, numbers, and where a reader stops."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gis_grid.maps.cql import BadFilter, parse
from tests.conftest import VECTORS

EXAMPLES = VECTORS / "cql2" / "examples"
TEXTS = sorted(EXAMPLES.glob("text/*.txt")) or [None]
JSONS = sorted(EXAMPLES.glob("json/*.json")) or [None]
needs_vectors = pytest.mark.skipif(TEXTS == [None], reason="the standard's examples are not here (../shared)")


def text(given: str) -> Any:
    return parse(given, "cql2-text")


def same_instants(tree: Any) -> Any:
    """12:00:00.000000Z as 12:00:00Z."""
    return json.loads(re.sub(r"\.0+Z", "Z", json.dumps(tree)))


@needs_vectors
@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path and path.stem)
def test_a_text_of_the_standard_is_its_json(path) -> None:
    twin = EXAMPLES / "json" / f"{path.stem.split('-alt')[0]}.json"
    assert same_instants(text(path.read_text(encoding="utf-8"))) == same_instants(json.loads(twin.read_text(encoding="utf-8")))


@needs_vectors
@pytest.mark.parametrize("path", JSONS, ids=lambda path: path and path.stem)
def test_a_json_of_the_standard_is_read_as_it_stands(path) -> None:
    given = path.read_text(encoding="utf-8")
    assert parse(given, "cql2-json") == json.loads(given)


def prop(name: str) -> dict[str, str]:
    return {"property": name}


def op(name: str, *args: Any) -> dict[str, Any]:
    return {"op": name, "args": list(args)}


@pytest.mark.parametrize(
    ("given", "tree"),
    [
        ("a OR b AND NOT c", op("or", prop("a"), op("and", prop("b"), op("not", prop("c"))))),
        ("a and b and c", op("and", prop("a"), prop("b"), prop("c"))),
        ("(a AND b) AND c", op("and", op("and", prop("a"), prop("b")), prop("c"))),
        ("NOT a = 1 AND b", op("and", op("not", op("=", prop("a"), 1)), prop("b"))),
        ("a - b - c = 1 + 2 * 3 ^ 4", op("=", op("-", op("-", prop("a"), prop("b")), prop("c")),
                                         op("+", 1, op("*", 2, op("^", 3, 4))))),
        ("-a ^ 2 = -3", op("=", op("^", op("*", -1, prop("a")), 2), -3)),
        ("a BETWEEN 1 + 1 AND b * 2 AND c", op("and", op("between", prop("a"), op("+", 1, 1), op("*", prop("b"), 2)), prop("c"))),
        ("(a = 1) = true", op("=", op("=", prop("a"), 1), True)),
        ("a <> b OR a != b", op("or", op("<>", prop("a"), prop("b")), op("<>", prop("a"), prop("b")))),
        ("a_contains(t, ('x'))", op("a_contains", prop("t"), ["x"])),
        ("A_EQUALS((), t)", op("a_equals", [], prop("t"))),
        ("t_metby(a, interval('..', b))", op("t_metBy", prop("a"), {"interval": ["..", prop("b")]})),
        ("s_within(g, MULTIPOINT(1 2, 3 4))", op("s_within", prop("g"), {"type": "MultiPoint", "coordinates": [[1, 2], [3, 4]]})),
        ("point = 1 AND \"and\" = 2 AND date > DATE('2026-01-01')", op("and", op("=", prop("point"), 1), op("=", prop("and"), 2),
                                                                        op(">", prop("date"), {"date": "2026-01-01"}))),
        ("楼栋 = '三号楼'\u3000AND eo:b.c_1 > 1", op("and", op("=", prop("楼栋"), "三号楼"), op(">", prop("eo:b.c_1"), 1))),
        ("f() = My_Func('a', (1, 2), true)", op("=", op("f"), op("My_Func", "a", [1, 2], True))),
    ],
)  # fmt: skip
def test_precedence_and_forms(given: str, tree: Any) -> None:
    assert text(given) == tree


@pytest.mark.parametrize(
    ("literal", "value"),
    [
        ("'O''Brien'", "O'Brien"),
        (r"'O\'Brien'", "O'Brien"),
        (r"'\a\b\t\n\v\f\r'", "\a\b\t\n\v\f\r"),
        ("'tab\there'", "tab\there"),
        (r"'100\%'", r"100\%"),
        (r"'C:\\new'", r"C:\new"),
        ("''", ""),
        ("9007199254740993", 2**53 + 1),
        ("-.5e-3", -0.0005),
        ("5.", 5.0),
        ("+7", 7),
    ],
)
def test_literals(literal: str, value: Any) -> None:
    read = text(f"a = {literal}")["args"][1]
    assert read == value and type(read) is type(value)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("a = 'x", "第 5 个字符“'x”处读不懂：字符串没有用单引号结束"),
        ("name = ‘甲’", "请用英文半角的引号"),
        ("s_intersects（g，h）", "请用英文半角的引号、括号"),
        ("a = 1 AND", "末尾读不懂：应为字段、值或函数"),
        ("a = NULL", "判断空值请写 IS NULL"),
        ("a < b < c", "比较不能连写"),
        ("a = 1; DROP TABLE areas", "第 6 个字符“; DROP TABLE areas”处读不懂"),
        ("a NOT 1", "NOT 之后应为"),
        ("a = 1e999", "数太大"),
        ("s_within(g, POINT EMPTY)", "不收 M 和 EMPTY"),
        ("s_within(g, POINT M (1 2 3))", "不收 M 和 EMPTY"),
        ("s_within(g, POINT(1))", "POINT(103.7 36.1)"),
        ("s_within(g, POINT(1 nan))", "两个或三个数"),
        ("a > DATE(b)", "单引号括起的时间"),
        ("a = 1 b = 2", "应当结束，或接 AND、OR"),
        ("a = 'x' ESCAPE '!'", "应当结束"),
        ("", "空的"),
        ("7", "真假判断"),
    ],
)
def test_a_refusal_says_where_and_what(given: str, told: str) -> None:
    with pytest.raises(BadFilter, match=re.escape(told)):
        text(given)


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(BadFilter, match="cql2-text、cql2-json"):
        parse("a=1", "ecql")


@pytest.mark.parametrize("given", ["{", "[]", "null", '"x"', '{"op": NaN}', '{"a": 1e999}', '{"op": "=", "args": ["\\ud800"]}'])
def test_bad_json_is_refused(given: str) -> None:
    with pytest.raises(BadFilter):
        parse(given, "cql2-json")


def written(tree: Any) -> str:
    """A tree as CQL2 text, with all parentheses."""
    if isinstance(tree, bool):
        return str(tree)
    if isinstance(tree, str):
        return "'" + tree.replace("\\", "\\\\").replace("'", "''") + "'"
    if isinstance(tree, int | float):
        return repr(tree)
    if "property" in tree:
        return f'"{tree["property"]}"'
    args = [written(arg) for arg in tree["args"]]
    if tree["op"] == "not":
        return f"(NOT {args[0]})"
    if tree["op"] == "isNull":
        return f"({args[0]} IS NULL)"
    if tree["op"] == "f":
        return f"f({', '.join(args)})"
    return "(" + f" {tree['op']} ".join(args) + ")"


numbers = st.integers(-(10**30), 10**30) | st.floats(allow_nan=False, allow_infinity=False)
names = st.text("abcxyz_:.09楼é", min_size=1).map(lambda name: {"property": name})
words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
scalars = st.recursive(
    numbers | words | names, lambda inner: st.tuples(st.sampled_from("+-*/%^f"), st.lists(inner, min_size=2, max_size=2)).map(
        lambda told: op(told[0], *told[1])
    ), max_leaves=8
)  # fmt: skip
conditions = st.recursive(
    st.tuples(st.sampled_from(["=", "<>", "<", ">=", "like"]), scalars, scalars).map(lambda told: op(*told)) | st.booleans(),
    lambda inner: inner.map(lambda one: op("not", one)) | inner.map(lambda one: op("isNull", one))
    | st.tuples(st.sampled_from(["and", "or"]), inner, inner).map(lambda told: op(*told)),
    max_leaves=10,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(conditions)
def test_what_is_written_is_read_again(tree: Any) -> None:
    assert text(written(tree)) == tree
