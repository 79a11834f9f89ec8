"""A CQL2 tree as an SQL condition: what each operation is called in PostgreSQL and PostGIS, and what it takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from gis_grid.maps.cql.geometry import read_geometry
from gis_grid.maps.cql.rules import BadFilter, Queryable, check_text, check_tree, listed, shown
from gis_grid.maps.cql.times import RELATIONS, Span, temporal
from gis_grid.maps.cql.values import (
    TYPES,
    WORDS,
    Binds,
    Value,
    alike,
    arithmetic,
    instant,
    literal,
    without_accents,
    without_case,
)

_SPATIAL = {
    "s_intersects": "ST_Intersects",
    "s_equals": "ST_Equals",
    "s_disjoint": "ST_Disjoint",
    "s_touches": "ST_Touches",
    "s_within": "ST_Within",
    "s_overlaps": "ST_Overlaps",
    "s_crosses": "ST_Crosses",
    "s_contains": "ST_Contains",
}
_ARRAYS = {
    "a_equals": "({0} @> {1} AND {0} <@ {1})",
    "a_contains": "{0} @> {1}",
    "a_containedBy": "{0} <@ {1}",
    "a_overlaps": "{0} && {1}",
}
_FOLDS = {"casei": without_case, "accenti": without_accents}
Args = list[Any]


def to_sql(
    tree: Any, queryables: Mapping[str, Queryable], *, srid: int = 4490, flip: bool = False, zone: str = "Asia/Shanghai"
) -> tuple[str, dict[str, Any]]:
    """An SQL condition for sqlalchemy.text and the values of its parameters :cql_0, :cql_1 ...; every literal is a parameter.

    Geometry literals are in EPSG:`srid` (4490 also for WGS 84 and CRS84), `flip` when that one names the latitude or northing
    first. A day beside a timestamp begins and ends in `zone`. Columns stay bare on their side, so that indexes serve.
    Raises BadFilter for whatever PostgreSQL would refuse.
    """
    check_tree(tree)
    binds = Binds(zone)
    condition = _Translator(queryables, srid, flip, binds).condition(tree)
    return condition, binds.values


class _Translator:
    def __init__(self, queryables: Mapping[str, Queryable], srid: int, flip: bool, binds: Binds) -> None:
        self.queryables, self.srid, self.flip, self.binds = queryables, srid, flip, binds

    def condition(self, tree: Any) -> str:
        value = self.value(tree)
        if value.kind != "boolean":
            raise BadFilter(f"条件应为真假判断，“{shown(_said(tree))}”是{WORDS.get(value.kind, value.kind)}。")
        return self.binds.sql(value)

    def value(self, tree: Any) -> Value:
        """The value of a scalar, property, operation, instant or geometry."""
        if isinstance(tree, bool | int | float | str):
            return literal(tree)
        if tree is None:
            raise BadFilter("判断空值请用 IS NULL（JSON：isNull），不能与 NULL 比较。")
        if isinstance(tree, list):
            raise BadFilter("列表只能用在 IN 和 a_equals、a_contains、a_containedBy、a_overlaps 里。")
        for member, read in (
            ("op", self._operation),
            ("property", self._property),
            ("type", self._geometry),
            ("bbox", self._geometry),
        ):
            if member in tree:
                return read(tree)
        for member in ("date", "timestamp"):
            if member in tree:
                return instant(tree[member], member)
        if "interval" in tree:
            raise BadFilter(f"INTERVAL 只能用在 {listed(list(RELATIONS))} 里。")
        raise BadFilter(
            f"过滤条件里的“{shown(_said(tree))}”不是 CQL2：应有 op、property、date、timestamp、interval、bbox 或几何。"
        )

    def _operation(self, tree: dict[str, Any]) -> Value:
        name, args = tree["op"], tree.get("args")
        known = _BY_LOWER_CASE.get(name.lower(), "") if isinstance(name, str) else ""
        if not known:
            raise BadFilter(f"没有“{shown(name)}”这个运算或函数。可用的有：{listed(list(_OPERATIONS), 400)}。")
        count, translate = _OPERATIONS[known]
        if not isinstance(args, list) or (len(args) != count if count else len(args) < 2):
            raise BadFilter(f"{known} 要{f' {count} 个' if count else '两个以上'}参数。")
        return translate(self, known, args)

    def _property(self, tree: dict[str, Any]) -> Value:
        name = tree["property"]
        found = self.queryables.get(name) if isinstance(name, str) else None
        if not found:
            raise BadFilter(f"没有可查询的字段“{shown(name)}”。可用的有：{listed(sorted(self.queryables))}。")
        return Value(found.kind, found.sql, of=found.of)

    def _geometry(self, tree: dict[str, Any]) -> Value:
        wkb = self.binds.add(read_geometry(tree, self.srid, self.flip), "bytea")
        return Value("geometry", f"ST_GeomFromWKB({wkb}, 4490)")

    def _any_sql(self, tree: Any) -> str:
        if isinstance(tree, dict) and "interval" in tree and "op" not in tree:
            span = self._span(tree)
            return f"COALESCE({', '.join(self.binds.sql(bound) for bound in (span.start, span.end) if bound) or 'NULL'})"
        return self.binds.sql(self.value(tree))

    def _joined(self, word: str, args: Args) -> Value:
        return _true(f"({f' {word.upper()} '.join(self.condition(arg) for arg in args)})")

    def _not(self, name: str, args: Args) -> Value:
        return _true(f"(NOT {self.condition(args[0])})")

    def _is_null(self, name: str, args: Args) -> Value:
        return _true(f"({self._any_sql(args[0])} IS NULL)")

    def _comparable(self, trees: Args) -> list[Value]:
        values = alike([self.value(tree) for tree in trees], self.binds)
        if values[0].kind in ("geometry", "array"):
            raise BadFilter("几何请用 s_intersects 等函数比较，数组请用 a_equals、a_contains、a_containedBy、a_overlaps。")
        return values

    def _compared(self, sign: str, args: Args) -> Value:
        left, right = map(self.binds.sql, self._comparable(args))
        return _true(f"({left} {sign} {right})")

    def _computed(self, sign: str, args: Args) -> Value:
        left, right = map(self.value, args)
        return arithmetic(sign, left, right, self.binds)

    def _between(self, name: str, args: Args) -> Value:
        values = self._comparable(args)
        if values[0].kind == "boolean":
            raise BadFilter("BETWEEN 用于数、日期、时间和文本，不能用于真假。")
        value, low, high = map(self.binds.sql, values)
        return _true(f"({value} BETWEEN {low} AND {high})")

    def _in(self, name: str, args: Args) -> Value:
        if not isinstance(args[1], list) or not args[1]:
            raise BadFilter("IN 之后要一个不空的列表，如 IN ('a', 'b')。")
        value, *listed_values = self._comparable([args[0], *args[1]])
        left = self.binds.sql(value)
        if all(one.sql is None for one in listed_values):  # one parameter, however many they are
            return _true(f"({left} = ANY({self._bound_array(listed_values)}))")
        return _true(f"({left} IN ({', '.join(map(self.binds.sql, listed_values))}))")

    def _bound_array(self, values: list[Value]) -> str:
        kinds = {value.kind for value in values}
        if "number" in kinds:  # psycopg takes no lists of mixed numbers
            return self.binds.add([float(value.given) for value in values], "double precision[]")
        return self.binds.add([value.given for value in values], f"{TYPES[kinds.pop()]}[]")

    def _text(self, tree: Any, name: str) -> Value:
        value = self.value(tree)
        if value.kind != "text":
            raise BadFilter(f"{name} 只用于文本，“{shown(_said(tree))}”是{WORDS.get(value.kind, value.kind)}。")
        return value

    def _folded(self, name: str, args: Args) -> Value:
        return Value("text", _FOLDS[name](self.binds.sql(self._text(args[0], name))))

    def _like(self, name: str, args: Args) -> Value:
        written = args[1]
        while isinstance(written, dict) and str(written.get("op")).lower() in _FOLDS and isinstance(written.get("args"), list):
            written = written["args"][0] if written["args"] else None
        if not isinstance(written, str):
            raise BadFilter("LIKE 之后要单引号括起的样式，如 LIKE '%路'，可套 CASEI 或 ACCENTI。")
        if (len(written) - len(written.rstrip("\\"))) % 2:
            raise BadFilter("LIKE 的样式不能以单个反斜杠结尾：反斜杠转义其后的 % 或 _，自身写两个。")
        value, pattern = (self.binds.sql(self._text(tree, "LIKE")) for tree in args)
        return _true(f"({value} LIKE {pattern})")

    def _spatial(self, name: str, args: Args) -> Value:
        values = [self.value(tree) for tree in args]
        for tree, value in zip(args, values, strict=True):
            if value.kind != "geometry":
                raise BadFilter(f"{name} 的两个参数应为几何，“{shown(_said(tree))}”是{WORDS.get(value.kind, value.kind)}。")
        return _true(f"{_SPATIAL[name]}({values[0].sql}, {values[1].sql})")

    def _temporal(self, name: str, args: Args) -> Value:
        left, right = map(self._span, args)
        return _true(f"({temporal(name, left, right, self.binds)})")

    def _span(self, tree: Any) -> Span:
        if not (isinstance(tree, dict) and "interval" in tree and "op" not in tree):
            bound = self._bound(tree)
            return Span(bound, bound, is_instant=True)
        bounds = tree["interval"]
        if not isinstance(bounds, list) or len(bounds) != 2:
            raise BadFilter("INTERVAL 要开始和结束两个参数，不限的一端写 '..'。")
        start, end = (None if bound == ".." else self._bound(bound) for bound in bounds)
        return Span(start, end)

    def _bound(self, tree: Any) -> Value:
        value = instant(tree) if isinstance(tree, str) else self.value(tree)
        if value.family != "date":
            raise BadFilter(f"t_ 函数比较日期和时间，“{shown(_said(tree))}”是{WORDS.get(value.kind, value.kind)}。")
        return value

    def _arrays(self, name: str, args: Args) -> Value:
        columns = [None if isinstance(tree, list) else self.value(tree) for tree in args]
        lists = [[self.value(element) for element in tree] if isinstance(tree, list) else [] for tree in args]
        for tree, column in zip(args, columns, strict=True):
            if column and column.kind != "array":
                raise BadFilter(f"{name} 的参数应为数组，“{shown(_said(tree))}”是{WORDS.get(column.kind, column.kind)}。")
        kind, (first, second) = self._element_kind([column.of for column in columns if column], lists)
        sides = [self._array(columns[0], first, TYPES[kind]), self._array(columns[1], second, TYPES[kind])]
        return _true(f"({_ARRAYS[name].format(*sides)})")

    def _element_kind(self, wanted: list[str], lists: list[list[Value]]) -> tuple[str, list[list[Value]]]:
        """What both arrays hold, and the elements as that; `wanted` by the columns among them."""
        exactly = next((kind for kind in wanted if kind in ("date", "timestamp")), "")
        if exactly:  # a cast between arrays of the two would not know our zone
            lists = [[instant(one.given, exactly) if one.kind == "text" else one for one in elements] for elements in lists]
        everything = [*(Value(kind, "") for kind in wanted), *lists[0], *lists[1]]
        kinds = {value.kind for value in everything} or {"text"}
        if not kinds <= set(TYPES) or {"date", "timestamp"} <= kinds:
            raise BadFilter("数组里只能有文本、数、真假、日期或时间，日期和时间不能混用。")
        alike(everything, self.binds)  # refuses what does not compare
        return "number" if "number" in kinds else kinds.pop(), lists

    def _array(self, column: Value | None, elements: list[Value], sql_type: str) -> str:
        if column:
            return f"CAST({column.sql} AS {sql_type}[])"
        if elements and all(element.sql is None for element in elements):
            return f"CAST({self._bound_array(elements)} AS {sql_type}[])"
        return f"CAST(ARRAY[{', '.join(map(self.binds.sql, elements))}] AS {sql_type}[])"


_OPERATIONS: dict[
    str, tuple[int | None, Callable[[_Translator, str, Args], Value]]
] = {  # and how many operands; None: two or more
    "and": (None, _Translator._joined),
    "or": (None, _Translator._joined),
    "not": (1, _Translator._not),
    "isNull": (1, _Translator._is_null),
    "like": (2, _Translator._like),
    "between": (3, _Translator._between),
    "in": (2, _Translator._in),
    **dict.fromkeys(("=", "<>", "<", ">", "<=", ">="), (2, _Translator._compared)),
    **dict.fromkeys(("+", "-", "*", "/", "%", "div", "^"), (2, _Translator._computed)),
    **dict.fromkeys(_FOLDS, (1, _Translator._folded)),
    **dict.fromkeys(_SPATIAL, (2, _Translator._spatial)),
    **dict.fromkeys(RELATIONS, (2, _Translator._temporal)),
    **dict.fromkeys(_ARRAYS, (2, _Translator._arrays)),
}
_BY_LOWER_CASE = {name.lower(): name for name in _OPERATIONS}


def _true(sql: str) -> Value:
    return Value("boolean", sql)


def _said(tree: Any) -> str:
    """A name for what the caller wrote: the property, the operation, or the start of it."""
    if isinstance(tree, dict):
        return str(tree.get("property") or tree.get("op") or tree)
    return check_text(str(tree))
