"""The values of a filter as SQL: literals bound as parameters, kinds brought together, arithmetic that cannot fail."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from gis_grid.maps.cql.rules import BadFilter, shown

WORDS = {  # kinds as a caller reads them
    "text": "文本",
    "integer": "整数",
    "number": "数",
    "boolean": "真假",
    "date": "日期",
    "timestamp": "时间",
    "geometry": "几何",
    "array": "数组",
}
TYPES = {
    "text": "text",
    "integer": "bigint",
    "number": "double precision",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamptz",
}
_FAMILIES = {"integer": "number", "timestamp": "date"}  # kinds that compare with one another
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


@dataclass(frozen=True)
class Value:
    """A part of a filter that has a value: SQL, or a literal not bound yet (`sql` is None)."""

    kind: str
    sql: str | None = None
    given: Any = None
    of: str = "text"  # what an array holds
    is_exact: bool = False  # computed from whole numbers: a numeric of any size

    @property
    def family(self) -> str:
        return _FAMILIES.get(self.kind, self.kind)


class Binds:
    """The parameters so far, and the zone in which a day begins. Nothing a caller wrote enters the SQL in another way."""

    def __init__(self, zone: str) -> None:
        self.values: dict[str, Any] = {}
        self.zone = zone

    def add(self, given: Any, sql_type: str) -> str:
        name = f"cql_{len(self.values)}"
        self.values[name] = given
        return f"CAST(:{name} AS {sql_type})"

    def sql(self, value: Value) -> str:
        return self.add(value.given, TYPES[value.kind]) if value.sql is None else value.sql


def literal(given: Any) -> Value:
    """A text, number or boolean. 5.0 counts as 5, so that an index on whole numbers serves; large whole numbers as floats."""
    if isinstance(given, bool):
        return Value("boolean", given=given)
    if isinstance(given, float) and given.is_integer() and abs(given) < 2**53:
        given = int(given)
    if isinstance(given, int):
        if abs(given) < 2**63:
            return Value("integer", given=given)
        if abs(given) > 10**300:
            raise BadFilter("过滤条件里的数太大。")
        given = float(given)
    return Value("number" if isinstance(given, float) else "text", given=given)


def instant(given: Any, kind: str = "") -> Value:
    """A date (2026-07-01) or a timestamp (2026-07-01T08:00:00Z, or with an offset); `kind` asks for one of them."""
    if isinstance(given, str) and kind != "timestamp" and _DATE.fullmatch(given):
        try:
            return Value("date", given=date.fromisoformat(given))
        except ValueError:
            raise BadFilter(f"没有“{shown(given)}”这一天。") from None
    if isinstance(given, str) and kind != "date" and _TIMESTAMP.fullmatch(given):
        try:
            return Value("timestamp", given=datetime.fromisoformat(given.upper()))
        except ValueError:
            raise BadFilter(f"没有“{shown(given)}”这一时刻。") from None
    wanted = {"date": "日期如 '2026-07-01'", "timestamp": "时间如 '2026-07-01T08:00:00Z'"}
    raise BadFilter(f"“{shown(given)}”不是时间：{wanted.get(kind) or '、'.join(wanted.values())}。")


def alike(values: Sequence[Value], binds: Binds) -> list[Value]:
    """The values as kinds that compare: a text beside instants is read as one, a day beside timestamps is its first moment."""
    if any(value.family == "date" for value in values):
        values = [instant(value.given) if value.kind == "text" and value.sql is None else value for value in values]
    families = {value.family: value for value in values}
    if len(families) > 1:
        words = "、".join(WORDS.get(value.kind, value.kind) for value in families.values())
        raise BadFilter(f"不能把{words}放在一起比较：日期写 DATE('2026-07-01')，文本用单引号，数不用引号。")
    kinds = {value.kind for value in values}
    if kinds == {"date", "timestamp"}:
        return [first_moment(value, binds) for value in values]
    if "number" in kinds:  # a huge numeric beside a float would be cast and overflow
        return [Value("number", _as_float(value, binds)) if value.is_exact else value for value in values]
    return list(values)


def first_moment(value: Value, binds: Binds) -> Value:
    """A day as the timestamp at which it begins."""
    if value.kind != "date":
        return value
    if value.sql is None:
        return Value("timestamp", given=datetime.combine(value.given, time.min, ZoneInfo(binds.zone)))
    return Value("timestamp", f"(CAST({value.sql} AS timestamp) AT TIME ZONE {binds.add(binds.zone, 'text')})")


def last_moment(value: Value, binds: Binds) -> Value:
    """A day as the last microsecond of it."""
    if value.kind != "date":
        return value
    if value.sql is None:
        return Value("timestamp", given=datetime.combine(value.given, time.max, ZoneInfo(binds.zone)))
    following = replace(value, sql=f"({value.sql} + 1)")
    return Value("timestamp", f"({first_moment(following, binds).sql} - INTERVAL '1 microsecond')")


_LARGEST, _SMALLEST = "CAST('1e150' AS double precision)", "CAST('1e-130' AS double precision)"


def _as_float(value: Value, binds: Binds) -> str:
    if value.sql is None:
        return binds.add(float(value.given), "double precision")
    if value.is_exact:
        clamped = f"numeric_smaller(numeric_larger({value.sql}, CAST('-1e150' AS numeric)), CAST('1e150' AS numeric))"
        return f"CAST({clamped} AS double precision)"
    return f"CAST({value.sql} AS double precision)"


def _bounded(value: Value, binds: Binds) -> str:
    """A float of at most 1e150, and 0 or at least 1e-146: two of these multiply, divide and add without over- or underflow,

    which PostgreSQL answers with an error. Adding and taking away 1e-130 turns what is tinier into 0 and changes nothing else.
    Not LEAST and GREATEST: they would take NULL for a bound.
    """
    given = _as_float(value, binds)
    return f"float8smaller(float8larger(({given} + {_SMALLEST}) - {_SMALLEST}, -{_LARGEST}), {_LARGEST})"


def arithmetic(sign: str, left: Value, right: Value, binds: Binds) -> Value:
    """left + - * / % div ^ right. Whole numbers stay exact but for / and ^; what has no answer (a / 0, (-1) ^ 0.5) is NULL."""
    for value in (left, right):
        if value.family != "number":
            raise BadFilter(f"{sign} 只能用于数，不能用于{WORDS.get(value.kind, value.kind)}。")
    if sign == "^":
        return Value("number", _power(_bounded(left, binds), _bounded(right, binds)))
    if left.kind == right.kind == "integer" and sign != "/":
        a, b = (f"CAST({binds.sql(value)} AS numeric)" for value in (left, right))
        return Value("integer", _composed(sign, a, b), is_exact=True)
    a, b = _bounded(left, binds), _bounded(right, binds)
    if sign in ("%", "div"):  # not there for floats
        a, b = f"CAST({a} AS numeric)", f"CAST({b} AS numeric)"
        return Value("number", f"CAST({_composed(sign, a, b)} AS double precision)")
    return Value("number", _composed(sign, a, b))


def _composed(sign: str, a: str, b: str) -> str:
    if sign == "%":
        return f"mod({a}, NULLIF({b}, 0))"
    if sign == "div":
        return f"div({a}, NULLIF({b}, 0))"
    return f"({a} / NULLIF({b}, 0))" if sign == "/" else f"({a} {sign} {b})"


def _power(base: str, exponent: str) -> str:
    return (
        "(SELECT CASE WHEN b = 0 THEN CASE WHEN e < 0 THEN NULL WHEN e = 0 THEN 1 ELSE 0 END"
        " WHEN b < 0 AND e <> trunc(e) THEN NULL WHEN e * ln(abs(b)) > 340 THEN NULL WHEN e * ln(abs(b)) < -340 THEN 0"
        f" ELSE power(b, e) END FROM (SELECT {base} AS b, {exponent} AS e OFFSET 0) AS p)"
    )


def without_case(sql: str) -> str:
    """Full case folding as near as PostgreSQL 15 comes to it: ß = SS, ς = σ = Σ. ICU, because libc's upper() leaves ß."""
    folded = f'lower(upper({sql} COLLATE "und-x-icu") COLLATE "und-x-icu")'
    return f"(translate({folded}, 'ς', 'σ') COLLATE \"C\")"  # one collation for all of these, or two would clash


_STROKED = ("øØđĐłŁħĦŧŦı", "oOdDlLhHtTi")  # letters that Unicode does not take apart


def without_accents(sql: str) -> str:
    """Letters without their marks (U+0300-036F), composed again, so that Hangul and Japanese voicing marks stay."""
    bare = f"regexp_replace(normalize({sql}, NFD), '[\\u0300-\\u036f]', '', 'g')"
    return f"(translate(normalize({bare}, NFC), '{_STROKED[0]}', '{_STROKED[1]}') COLLATE \"C\")"
