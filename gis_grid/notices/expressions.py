"""MapLibre style expressions as our layer files use them, evaluated for one feature at one zoom. Pure.

What is not known raises Unknown, so that a layer is refused rather than drawn wrongly.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any


class Unknown(Exception):
    """An expression that print does not know; the text is its name."""


@dataclass(frozen=True)
class Seen:
    """What an expression is evaluated for: a feature's properties, and the zoom a scale corresponds to."""

    properties: Mapping[str, Any]
    zoom: float


def evaluate(told: Any, seen: Seen) -> Any:
    """The value of an expression; plain values are themselves."""
    if not isinstance(told, list):
        return told
    if not told or not isinstance(told[0], str) or told[0] not in _KNOWN:
        raise Unknown(str(told[0] if told else told)[:40])
    return _KNOWN[told[0]](told[1:], seen)


def _match(parts: list[Any], seen: Seen) -> Any:
    value = evaluate(parts[0], seen)
    for labels, answer in zip(parts[1:-1:2], parts[2::2], strict=False):
        if value == labels or (isinstance(labels, list) and value in labels):
            return evaluate(answer, seen)
    return evaluate(parts[-1], seen)


def _case(parts: list[Any], seen: Seen) -> Any:
    for condition, answer in zip(parts[:-1:2], parts[1::2], strict=False):
        if evaluate(condition, seen):
            return evaluate(answer, seen)
    return evaluate(parts[-1], seen)


def _step(parts: list[Any], seen: Seen) -> Any:
    value, answer = evaluate(parts[0], seen), parts[1]
    for stop, next_answer in zip(parts[2::2], parts[3::2], strict=False):
        if value is not None and value >= stop:
            answer = next_answer
    return evaluate(answer, seen)


def _interpolate(parts: list[Any], seen: Seen) -> Any:
    kind, value = parts[0], evaluate(parts[1], seen)
    stops = list(zip(parts[2::2], parts[3::2], strict=False))
    if value is None or value <= stops[0][0]:
        return evaluate(stops[0][1], seen)
    for (low, first), (high, second) in pairwise(stops):
        if value < high:
            one, other = evaluate(first, seen), evaluate(second, seen)
            if not all(isinstance(each, int | float) for each in (one, other)):
                return one  # colours: the nearer stop below is true enough on paper
            growth = kind[1] if kind[0] == "exponential" else 1
            share = (value - low) / (high - low) if growth == 1 else (growth ** (value - low) - 1) / (growth ** (high - low) - 1)
            return one + (other - one) * share
    return evaluate(stops[-1][1], seen)


def _format(parts: list[Any], seen: Seen) -> str:
    """The words alone: sections' own sizes are for screens."""
    return "".join(_text(evaluate(part, seen)) for part in parts[::2])


def _slice(parts: list[Any], seen: Seen) -> str:
    value, *ends = (evaluate(part, seen) for part in parts)
    return _text(value)[ends[0] : ends[1] if len(ends) > 1 else None]


def _text(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return "" if value is None else str(value)


def _compared(compare: Callable[[Any, Any], bool]) -> Callable[[list[Any], Seen], bool]:
    def told(parts: list[Any], seen: Seen) -> bool:
        one, other = (evaluate(part, seen) for part in parts[:2])
        try:
            return compare(one, other)
        except TypeError:
            return False

    return told


def _in(parts: list[Any], seen: Seen) -> bool:
    value, among = (evaluate(part, seen) for part in parts)
    return value in (among or ())


def _first(parts: list[Any], seen: Seen) -> Any:
    return next((value for value in (evaluate(part, seen) for part in parts) if value is not None), None)


_KNOWN: dict[str, Callable[[list[Any], Seen], Any]] = {
    "get": lambda parts, seen: seen.properties.get(parts[0]),
    "has": lambda parts, seen: seen.properties.get(parts[0]) is not None,
    "zoom": lambda _, seen: seen.zoom,
    "literal": lambda parts, _: parts[0],
    "match": _match,
    "case": _case,
    "step": _step,
    "interpolate": _interpolate,
    "format": _format,
    "slice": _slice,
    "concat": lambda parts, seen: "".join(_text(evaluate(part, seen)) for part in parts),
    "to-string": lambda parts, seen: _text(evaluate(parts[0], seen)),
    "to-number": lambda parts, seen: float(evaluate(parts[0], seen) or 0),
    "coalesce": _first,
    "in": _in,
    "all": lambda parts, seen: all(evaluate(part, seen) for part in parts),
    "any": lambda parts, seen: any(evaluate(part, seen) for part in parts),
    "!": lambda parts, seen: not evaluate(parts[0], seen),
    "==": _compared(lambda one, other: one == other),
    "!=": _compared(lambda one, other: one != other),
    ">": _compared(lambda one, other: one > other),
    ">=": _compared(lambda one, other: one >= other),
    "<": _compared(lambda one, other: one < other),
    "<=": _compared(lambda one, other: one <= other),
    "+": lambda parts, seen: sum(evaluate(part, seen) or 0 for part in parts),
    "*": lambda parts, seen: (evaluate(parts[0], seen) or 0) * (evaluate(parts[1], seen) or 0),
    "/": lambda parts, seen: (evaluate(parts[0], seen) or 0) / (evaluate(parts[1], seen) or 1),
    "-": lambda parts, seen: evaluate(parts[0], seen) - (evaluate(parts[1], seen) if len(parts) > 1 else 0),
    "min": lambda parts, seen: min(evaluate(part, seen) or 0 for part in parts),
    "max": lambda parts, seen: max(evaluate(part, seen) or 0 for part in parts),
}
