"""What a filter finds in a table, beyond the standard's own tests: zones, indexes, numbers at their limits, projections."""

from __future__ import annotations

import pytest
import shapely
import sqlalchemy as sa

from gis_grid.maps.cql import BadFilter, Queryable, parse, to_sql
from tests.maps.cql.conftest import QUERYABLES, ROWS

ALL = {1, 2, 3}  # row 4 is all NULL


@pytest.mark.parametrize(
    ("given", "ids"),
    [
        ("floors > 2 AND NOT name = 'Kiev'", {1}),
        ("name IS NULL OR floors = 3", {1, 4}),
        ("open", {1, 2}),
        ("NOT open", {3}),
        ("open = (floors > 4)", {2, 3}),
        ("true AND floors < 0", {3}),
        ("people = 9007199254740993", {1}),
        ("people = 9007199254740992", set()),
        ("people + 1 = 9007199254740994", {1}),
        ("people < 1e300", ALL),
        ("people < 123456789012345678901234567890", ALL),
        ("floors = 3.0", {1}),
        ("floors > 2.5", {1, 2}),
        ("floors IN (3.0, 6, -1.5)", {1, 2}),
        ("floors IN (3, area_m2, 7)", {1}),
        ("area_m2 IN (0.1, -2.5)", {1, 2}),
        ("fee = 0.1 OR fee IN (99.5)", {1, 2}),
        ("fee = area_m2", {1}),
        ("floors NOT IN (3)", {2, 3}),
        ("ascii BETWEEN 'Ka' AND 'Kj'", {2}),
        ("built BETWEEN DATE('2022-01-01') AND DATE('2022-12-31')", {1}),
        ("name LIKE '%100\\%号'", {3}),
        ("name LIKE '%100\\%'", set()),
        ("name LIKE 'K___'", {2}),
        ("name LIKE '庆阳%'", {3}),
        ("casei(ascii) = casei('STRASSE')", {3}),
        ("casei('ΟΔΟΣ') = casei('Οδος') AND floors = 3", {1}),
        ("accenti(casei(name)) LIKE accenti(casei('KÖB%'))", {1}),
        ("casei(name) IN (casei('KIEV'), accenti('x'))", {2}),
        ("casei(name) > accenti('K')", ALL),
        ("a_contains(numbers, (2, 3.0))", {3}),
        ("a_equals(numbers, (3, 2))", {3}),
        ("a_equals(tags, ())", {3}),
        ("a_overlaps(tags, ('绿', name))", {1}),
        ("a_containedBy((2.5, 1), (1, 2.5, 3)) AND open", {1, 2}),
        ("a_overlaps(numbers, (1.0, 2.5))", {1}),
    ],
)
def test_a_filter_finds_rows(found, given: str, ids: set[int]) -> None:
    assert found(given) == ids


@pytest.mark.parametrize(
    ("given", "ids"),
    [
        ("floors / 0 IS NULL", {1, 2, 3, 4}),
        ("floors + 0 < 2 ^ 10 OR floors * 1.5 > 0 OR area_m2 - 1 < 0 OR floors + 1 < 1e200", ALL),
        ("floors % 0 = 1 OR floors div 0 = 1 OR area_m2 % 0 = 1 OR area_m2 div 0.0 = 1", set()),
        ("0 ^ -1 = 1 OR (-8) ^ 0.5 = 1", set()),
        ("area_m2 * 1e300 > 1e100", {1, 3}),
        ("area_m2 + area_m2 > 0 AND area_m2 - -1e300 > 0", {1, 3}),
        ("1e-200 * 1e-200 = 0 AND floors = 3", {1}),
        ("1e200 / 1e-200 > 1", set()),
        ("10 ^ 400 = 1 OR 10 ^ -400 > 0", set()),
        ("2 ^ 10 = 1024 AND (-2) ^ 3 = -8 AND 0 ^ 0 = 1 AND floors = 3", {1}),
        ("9223372036854775807 * 9223372036854775807 > 1e30 AND floors = 3", {1}),
        ("9223372036854775807 * 9223372036854775807 > area_m2 AND floors = 3", {1}),
        ("7 / 2 = 3.5 AND 7 div 2 = 3 AND -7 div 2 = -3 AND -7 % 3 = -1 AND 7.5 % 2 = 1.5 AND floors = 3", {1}),
        ("0.1 * 3 > 0.3 AND fee * 10 = 1", {1}),
        ("floors * 2 + 1 = 7 AND -floors = -3", {1}),
    ],
)
def test_no_number_is_too_much(found, given: str, ids: set[int]) -> None:
    assert found(given) == ids


@pytest.mark.parametrize(
    ("given", "zone", "ids"),
    [
        ("t_intersects(start, DATE('2022-04-16'))", "Asia/Shanghai", {1, 3}),
        ("t_after(start, DATE('2022-04-15'))", "Asia/Shanghai", {1, 3}),
        ("t_after(start, DATE('2022-04-16'))", "Asia/Shanghai", set()),
        ("start >= DATE('2022-04-16')", "Asia/Shanghai", {1, 3}),
        ("start < TIMESTAMP('2022-04-16T18:14:00+08:00')", "Asia/Shanghai", {1, 2}),
        ("start < '2022-04-16T10:14:00.000000000Z'", "Asia/Shanghai", {1, 2}),
        ("built = '2021-04-16'", "Asia/Shanghai", {2}),
        ("start > built", "Asia/Shanghai", {1, 2}),
        ("t_intersects(interval('2022-04-16T17:00:00Z','..'), built)", "UTC", {1, 3}),
        ("t_intersects(interval('2022-04-16T17:00:00Z','..'), built)", "Asia/Shanghai", {3}),
        ("t_before(built, start)", "UTC", set()),
        ("start > DATE('0001-01-01') AND start < DATE('9999-12-31')", "Asia/Shanghai", ALL),
        ("interval(start, end) IS NULL", "UTC", {4}),
    ],
)
def test_a_day_is_where_we_are(found, given: str, zone: str, ids: set[int]) -> None:
    assert found(given, zone=zone) == ids


def test_an_interval_without_an_end_is_open_and_one_without_both_matches_nothing(things, found) -> None:
    things.execute(sa.text('UPDATE things SET "end" = NULL WHERE id = 1'))
    assert found("t_intersects(interval(start, end), interval('2050-01-01', '..'))") == {1}
    assert found("t_intersects(interval(start, end), interval('..', '..'))") == ALL


SHAPES = {
    "POINT(103.75 36.15)": {"type": "Point", "coordinates": [103.75, 36.15]},
    "LINESTRING(103.7 36.1, 103.8 36.2)": {"type": "LineString", "coordinates": [[103.7, 36.1], [103.8, 36.2]]},
    "POLYGON((103.7 36.1,103.8 36.1,103.8 36.2,103.7 36.2,103.7 36.1))": None,
    "POLYGON((103.75 36.1,103.9 36.1,103.9 36.2,103.75 36.2,103.75 36.1))": None,
    "POLYGON((103.8 36.1,103.9 36.1,103.9 36.2,103.8 36.2,103.8 36.1))": None,
    "MULTIPOINT((103.7 36.1),(1 1))": None,
    "GEOMETRYCOLLECTION(POINT(103.7 36.1), LINESTRING(103.6 36.15, 103.7 36.15))": None,
}
RELATIONS = "intersects equals disjoint touches within overlaps crosses contains".split()


@pytest.mark.parametrize("relation", RELATIONS)
@pytest.mark.parametrize("column", ["point", "shape"])
def test_spatial_functions_are_those_of_geos(found, relation: str, column: str) -> None:
    for wkt, geojson in SHAPES.items():
        asked = shapely.from_wkt(wkt)
        stored = {row["id"]: shapely.from_wkt(row[column]) for row in ROWS if column in row}
        there = {key for key, shape in stored.items() if getattr(shape, relation)(asked)}
        back = {key for key, shape in stored.items() if getattr(asked, relation)(shape)}
        assert found(f"s_{relation}({column}, {wkt})") == there, wkt
        assert found(f"S_{relation.upper()}({wkt}, {column})") == back, wkt
        if geojson:
            assert found({"op": f"s_{relation}", "args": [{"property": column}, geojson]}) == there


@pytest.mark.parametrize(
    ("given", "options", "ids"),
    [
        ("s_intersects(point, BBOX(103.6,36,103.72,36.12))", {}, {1}),
        ("s_intersects(point, BBOX(103.6,36,-100,103.72,36.12,9000))", {}, {1}),
        ("s_intersects(point, BBOX(179,-1,-179,1))", {}, {3}),
        ("s_intersects(point, BBOX(103.7,36.1,103.7,36.1))", {}, {1}),
        ("s_intersects(point, BBOX(103.7,36,103.7,37))", {}, {1}),
        ("s_intersects(point, BBOX(36,103.6,36.12,103.72))", {"flip": True}, {1}),
        ("s_equals(point, POINT(36.15 103.75))", {"srid": 4326, "flip": True}, {2}),
        ("s_within(point, POLYGON Z((103.6 36 1,103.72 36 1,103.72 36.12 1,103.6 36 1)))", {}, {1}),
        ("s_within(shape, point) OR s_contains(shape, point)", {}, {2, 3}),
    ],
)
def test_boxes_axes_and_heights(found, given: str, options: dict, ids: set[int]) -> None:
    assert found(given, **options) == ids


def test_projected_coordinates_and_their_axes(found, things) -> None:
    east, north = things.execute(
        sa.text("SELECT ST_X(p), ST_Y(p) FROM ST_Transform(ST_SetSRID(ST_Point(103.75, 36.15), 4490), 4544) AS p")
    ).one()
    box = (east - 5, north - 5, east + 5, north + 5)
    assert found(f"s_intersects(point, BBOX{box})", srid=4544) == {2}
    box = (north - 5, east - 5, north + 5, east + 5)
    assert found(f"s_intersects(point, BBOX{box})", srid=4544, flip=True) == {2}
    with pytest.raises(BadFilter, match="西、南、东、北"):
        found(f"s_intersects(point, BBOX({east + 5},{north},{east},{north + 1}))", srid=4544)
    with pytest.raises(BadFilter, match="坐标系"):
        found("s_intersects(point, POINT(1e8 1e8))", srid=4544)


def test_the_side_of_a_projected_box_is_a_curve(found, things) -> None:
    """200 km wide around the middle meridian: between its corners the southern side lies elsewhere than a line in degrees."""
    things.execute(
        sa.text("UPDATE things SET point = ST_Transform(ST_SetSRID(ST_Point(500000, 4000010), 4544), 4490) WHERE id = 1")
    )
    assert found("s_intersects(point, BBOX(400000,4000000,600000,4100000))", srid=4544) == {1}
    things.execute(
        sa.text("UPDATE things SET point = ST_Transform(ST_SetSRID(ST_Point(500000, 3999990), 4544), 4490) WHERE id = 1")
    )
    assert 1 not in found("s_intersects(point, BBOX(400000,4000000,600000,4100000))", srid=4544)


@pytest.mark.parametrize(
    ("given", "index"),
    [
        ("s_intersects(point, BBOX(103,36,104,37))", "i_point"),
        ("s_within(point, POLYGON((103 36,104 36,104 37,103 36)))", "i_point"),
        ("s_contains(POLYGON((103 36,104 36,104 37,103 36)), point)", "i_point"),
        ("floors = 3.0 AND floors IN (3, 4)", "i_floors"),
        ("start > DATE('2026-01-01')", "i_start"),
        ("t_intersects(start, interval('2026-01-01', '2026-01-02'))", "i_start"),
        ("ascii IN ('a', 'b')", "i_ascii"),
        ("a_contains(tags, ('红'))", "i_tags"),
    ],
)
def test_indexes_serve(things, given: str, index: str) -> None:
    for name, method in (("floors", ""), ("start", ""), ("ascii", ""), ("point", "USING gist"), ("tags", "USING gin")):
        things.execute(sa.text(f"CREATE INDEX i_{name} ON things {method} ({name})"))
    things.execute(sa.text("SET LOCAL enable_seqscan = off"))
    condition, values = to_sql(parse(given, "cql2-text"), QUERYABLES)
    plan = "\n".join(things.scalars(sa.text(f"EXPLAIN SELECT id FROM things AS l WHERE {condition}"), values))
    assert index in plan and "Seq Scan" not in plan, plan


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("storeys > 3", "没有可查询的字段“storeys”。可用的有：area_m2、ascii、built、"),
        ("avg(floors) = 3", "没有“avg”这个运算或函数。可用的有："),
        ("floors = '3'", "不能把整数、文本放在一起比较"),
        ("name > 3", "不能把文本、整数放在一起比较"),
        ("built > 'gestern'", "“gestern”不是时间"),
        ("built > DATE('2026-02-30')", "没有“2026-02-30”这一天"),
        ("start > TIMESTAMP('2026-02-01T25:00:00Z')", "没有“2026-02-01T25:00:00Z”这一时刻"),
        ("start > TIMESTAMP('2026-02-01T05:00:00')", "不是时间：时间如"),
        ("point = point", "几何请用 s_intersects"),
        ("tags IN (tags)", "数组请用 a_equals"),
        ("floors", "条件应为真假判断，“floors”是整数"),
        ("floors + name > 2", "+ 只能用于数，不能用于文本"),
        ("built + 1 > built", "不能用于日期"),
        ("open BETWEEN false AND true", "不能用于真假"),
        ("floors LIKE '3%'", "LIKE 只用于文本，“floors”是整数"),
        ("name LIKE ascii", "单引号括起的样式"),
        ("name LIKE 'a\\\\'", "不能以单个反斜杠结尾"),
        ("casei(floors) = 'x'", "casei 只用于文本"),
        ("s_within(name, POINT(1 1))", "“name”是文本"),
        ("s_within(point)", "s_within 要 2 个参数"),
        ("s_within(point, BBOX(1,2,3))", "BBOX 要四个数"),
        ("s_within(point, BBOX(1,5,2,3))", "西、南、东、北"),
        ("s_within(point, POINT(90 180))", "超出经纬度范围"),
        ("s_within(point, POLYGON((0 0,1 1,1 0)))", "首尾闭合"),
        ("s_within(point, POLYGON((0 0,1 1,1 0,0 1,0 0)))", "边界自相交，位置 0.5 0.5"),
        ("s_within(point, LINESTRING(0 0,0 0))", "点数太少"),
        ("t_during(start, interval('2020-01-01','2021-01-01'))", "t_during 只比较两个 INTERVAL"),
        ("t_after(name, DATE('2020-01-01'))", "“name”是文本"),
        ("t_after(start, interval('2022-01-01','2021-01-01'))", "开始晚于结束"),
        ("t_after(start, interval('2022-01-01'))", "要开始和结束两个参数"),
        ("interval('..','..') = start", "INTERVAL 只能用在"),
        ("a_contains(name, ('x'))", "应为数组，“name”是文本"),
        ("a_contains(tags, (1))", "不能把文本、整数放在一起比较"),
        ("a_contains(tags, (DATE('2020-01-01'), TIMESTAMP('2020-01-01T00:00:00Z')))", "不能混用"),
        ("a_contains(tags, (point))", "数组里只能有"),
        ("floors IN ()", "不空的列表"),
        ("floors = (1, 2)", "列表只能用在 IN"),
    ],
)
def test_what_does_not_fit_is_refused_with_a_sentence(given: str, told: str) -> None:
    with pytest.raises(BadFilter) as refused:
        to_sql(parse(given, "cql2-text"), QUERYABLES)
    assert told in refused.value.detail and len(refused.value.detail) < 500
    assert refused.value.problem()["status"] == 400 and refused.value.problem()["code"] == "bad_filter"


def test_a_queryable_of_an_unknown_kind_is_our_own_mistake() -> None:
    with pytest.raises(ValueError, match="no such kind"):
        Queryable("x", "x", "money")
