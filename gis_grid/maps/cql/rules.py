"""What a filter may be: how large, how deep, of what; and what a caller may ask about (Queryable)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from gis_grid.errors import BadRequest

MAX_CHARACTERS = 100_000
MAX_LEVELS = 100  # lists and objects within one another; each operation takes two
MAX_OPERATIONS = 500
KINDS = ("text", "integer", "number", "boolean", "date", "timestamp", "geometry", "array")


class BadFilter(BadRequest):
    """A filter that cannot be read or answered; the sentence says what, and what there is instead."""

    code, title = "bad_filter", "过滤条件有误"


@dataclass(frozen=True)
class Queryable:
    """A field one may filter by.

    `sql` is a trusted expression (e.g. `l.status`), never a caller's words. A column of four-byte floats is given as
    `l.x::text::float8`, or 0.1 would not equal 0.1. `of` is what an array holds. A timestamp is a timestamptz.
    """

    name: str
    sql: str
    kind: str
    of: str = "text"

    def __post_init__(self) -> None:
        if self.kind not in KINDS or self.of not in KINDS[:6]:
            raise ValueError(f"{self.name}: no such kind {self.kind!r} of {self.of!r}")


def check_text(given: str) -> str:
    """Text that PostgreSQL takes: no NUL, no half of a surrogate pair."""
    if "\0" in given:
        raise BadFilter("过滤条件里有空字符（NUL），请去掉。")
    try:
        given.encode()
    except UnicodeEncodeError:
        raise BadFilter("过滤条件里有不完整的 Unicode 字符，请重新输入。") from None
    return given


def check_tree(tree: Any) -> None:
    """Refuses trees that are too deep, have too many operations, or hold what JSON does not know. Does not recurse."""
    operations, waiting = 0, [(tree, 0)]
    while waiting:
        part, level = waiting.pop()
        if level > MAX_LEVELS:
            raise BadFilter("过滤条件嵌套太深，请拆成几次查询或改用 IN。")
        if isinstance(part, dict):
            operations += "op" in part
            waiting += [(inner, level + 1) for inner in part.values()]
        elif isinstance(part, list | tuple):
            waiting += [(inner, level + 1) for inner in part]
        elif isinstance(part, str):
            check_text(part)
        elif isinstance(part, float) and not math.isfinite(part):
            raise BadFilter("过滤条件里的数太大，或不是数。")
        elif part is not None and not isinstance(part, bool | int | float):
            raise BadFilter("过滤条件里只能有 JSON 的值。")
    if operations > MAX_OPERATIONS:
        raise BadFilter(f"过滤条件有 {operations} 个运算，最多 {MAX_OPERATIONS} 个：多个值请用 IN。")


def shown(given: object, most: int = 40) -> str:
    """What the caller wrote, short enough for a sentence."""
    text = str(given)
    return text if len(text) <= most else text[:most] + "…"


def listed(names: list[str], most: int = 240) -> str:
    """Names in a sentence, cut to a sensible length."""
    kept: list[str] = []
    for name in names:
        if sum(map(len, kept)) + len(kept) + len(name) > most:
            return "、".join(kept) + f" 等 {len(names)} 个"
        kept.append(name)
    return "、".join(kept) or "（无）"
