"""The temporal functions: closed intervals compared as the standard's table says (OGC 21-065r2, 7.8; OWL-Time)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gis_grid.maps.cql.rules import BadFilter
from gis_grid.maps.cql.values import Binds, Value, first_moment, last_moment

RELATIONS = {  # of the interval s1, e1 to the interval s2, e2
    "t_after": "{s1} > {e2}",
    "t_before": "{e1} < {s2}",
    "t_disjoint": "({e1} < {s2} OR {s1} > {e2})",
    "t_equals": "({s1} = {s2} AND {e1} = {e2})",
    "t_intersects": "({s1} <= {e2} AND {e1} >= {s2})",
    "t_contains": "({s1} < {s2} AND {e1} > {e2})",
    "t_during": "({s1} > {s2} AND {e1} < {e2})",
    "t_finishedBy": "({s1} < {s2} AND {e1} = {e2})",
    "t_finishes": "({s1} > {s2} AND {e1} = {e2})",
    "t_meets": "{e1} = {s2}",
    "t_metBy": "{s1} = {e2}",
    "t_overlappedBy": "({s1} > {s2} AND {s1} < {e2} AND {e1} > {e2})",
    "t_overlaps": "({s1} < {s2} AND {e1} > {s2} AND {e1} < {e2})",
    "t_startedBy": "({s1} = {s2} AND {e1} > {e2})",
    "t_starts": "({s1} = {s2} AND {e1} < {e2})",
}
_OF_INSTANTS = ("t_after", "t_before", "t_disjoint", "t_equals", "t_intersects")


@dataclass(frozen=True)
class Span:
    """From the start to the end, both within; None is open. An instant starts and ends at itself."""

    start: Value | None
    end: Value | None
    is_instant: bool = False


def temporal(name: str, left: Span, right: Span, binds: Binds) -> str:
    """The condition. Days beside timestamps count from their first to their last microsecond in the zone of `binds`."""
    spans = (left, right)
    if name not in _OF_INSTANTS and any(span.is_instant for span in spans):
        raise BadFilter(f"{name} 只比较两个 INTERVAL(…, …)；时刻请用 {'、'.join(_OF_INSTANTS)}。")
    kinds = {bound.kind for span in spans for bound in (span.start, span.end) if bound}
    is_days = kinds == {"date"}
    (s1, e1), (s2, e2) = (_bounds(span, is_days, binds) for span in spans)
    return RELATIONS[name].format(s1=s1, e1=e1, s2=s2, e2=e2)


def _bounds(span: Span, is_days: bool, binds: Binds) -> Sequence[str]:
    kind = "date" if is_days else "timestamptz"
    start = span.start if is_days or not span.start else first_moment(span.start, binds)
    end = span.end if is_days or not span.end else last_moment(span.end, binds)
    if start and end and start.sql is None and end.sql is None and start.given > end.given:
        raise BadFilter("INTERVAL 的开始晚于结束。")
    if span.is_instant and span.start == span.end and start == end and start:
        bound = binds.sql(start)
        return bound, bound
    return _bound(start, end, f"CAST('-infinity' AS {kind})", binds), _bound(end, start, f"CAST('infinity' AS {kind})", binds)


def _bound(value: Value | None, other: Value | None, opened: str, binds: Binds) -> str:
    """A column that is NULL leaves its side open, as of a boundary without an end; NULL on both sides matches nothing."""
    if value is None:
        return opened
    if value.sql is None or other == value:
        return binds.sql(value)
    if other is None:
        return value.sql
    return f"COALESCE({value.sql}, {opened if other.sql is None else f'CASE WHEN {other.sql} IS NOT NULL THEN {opened} END'})"
