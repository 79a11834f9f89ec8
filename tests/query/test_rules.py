"""Definitions: what is read, and the sentence for what makes no sense."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gis_grid.query.rules import Asked, BadQuery, fields_of, read_query

FIELDS = {
    "name": Asked("name", "姓名", "text"),
    "sex": Asked("sex", "性别", "code", "sex"),
    "born": Asked("born", "出生日期", "day"),
    "age": Asked("age", "年龄", "age"),
    "classes": Asked("classes", "类别", "codes"),
    "phone": Asked("phone", "电话", "sealed"),
    "at": Asked("at", "时间", "moment"),
}


def is_(field: str, op: str, value=None) -> dict:
    return {"field": field, "op": op} | ({} if value is None else {"value": value})


def test_groups_and_conditions_are_read() -> None:
    tree = read_query({"all": [is_("sex", "eq", "1"), {"any": [is_("born", "between", ["1950-01-01", "1960-12-31"])]}]}, FIELDS)
    first, group = tree.parts
    assert (first.field.key, first.op, first.values) == ("sex", "eq", ("1",))
    assert group.how == "any"
    assert group.parts[0].values == (date(1950, 1, 1), date(1960, 12, 31))
    assert fields_of(tree) == {"sex", "born"}
    assert read_query(None, FIELDS).parts == ()


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ([1], "须为对象"),
        ({"all": []}, "非空"),
        ({"all": "x"}, "非空"),
        ({"x": 1}, "看不懂"),
        (is_("no", "eq", 1), "没有“no”"),
        ({"field": 1, "op": "eq"}, "没有"),
        (is_("name", "like", "x"), "不能用"),
        (is_("phone", "contains", "138"), "不能用"),
        (is_("name", "eq", 5), "文字"),
        (is_("name", "eq", "a\x00"), "文字"),
        (is_("name", "eq", "\ud800"), "不能保存"),
        (is_("name", "empty", "x"), "不带 value"),
        (is_("born", "eq", "昨天"), "日期"),
        (is_("born", "between", ["2000-01-01"]), "两个值"),
        (is_("age", "ge", "x"), "数字"),
        (is_("age", "ge", True), "数字"),
        (is_("sex", "in", []), "列表"),
        (is_("at", "within_days", 0), "天数"),
        (is_("at", "ge", "2020-01-01T00:00:00"), "时区"),
        ({"area": "%"}, "区域编码"),
        ({"near": {"lon": 1}}, "near"),
        ({"near": {"lon": 500, "lat": 1, "metres": 5}}, "超出"),
        ({"all": [is_("sex", "eq", "1")] * 61}, "条件太多"),
    ],
)
def test_nonsense_gets_a_sentence(given, sentence: str) -> None:
    with pytest.raises(BadQuery, match=sentence):
        read_query(given, FIELDS)


def test_what_is_too_deep_is_refused() -> None:
    tree: dict = is_("sex", "eq", "1")
    for _ in range(9):
        tree = {"not": tree}
    with pytest.raises(BadQuery, match="太深"):
        read_query(tree, FIELDS)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5) | st.sampled_from(["name", "eq", "born", "in"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["all", "any", "not", "field", "op", "value", "area", "near", "inside"]), inner, max_size=3
        )
    ),
    max_leaves=12,
)


@settings(suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no fault of the reader
@given(JSON)
def test_any_json_is_read_or_refused(given) -> None:
    try:
        read_query(given, FIELDS)
    except BadQuery as fault:
        assert fault.detail
