"""Find cells of the diagram: exactly (every given field must match whole) or fuzzily (one keyword, contained); pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

EXACT = {
    "number": "房号",
    "unit": "单元",
    "head": "户主姓名",
    "name": "姓名（任一成员）",
    "use": "房屋用途",
    "tag": "人员类别",
    "shop": "场所名称",
    "persons": "居住人数",
    "freshness": "核实情况",
}
Found = Mapping[str, Any]  # a cell as answered, with `people` (all names) and `unit_name` beside it


_FIELDS: dict[str, Callable[[Found], list[str]]] = {
    "number": lambda cell: [cell["number"]],
    "unit": lambda cell: [cell["unit_name"]],
    "head": lambda cell: cell["plain_heads"],
    "name": lambda cell: cell["people"],
    "use": lambda cell: [cell["use"], cell["use_name"]],
    "tag": lambda cell: [*cell["tags"], *cell["tag_names"]],
    "shop": lambda cell: cell["shops"],
    "persons": lambda cell: [str(cell["persons"])],
    "freshness": lambda cell: [cell["freshness"], cell["freshness_name"]],
}


def matches_exactly(cell: Found, wanted: Mapping[str, str]) -> bool:
    """Whether every wanted field is, whole, what the cell has (AND)."""
    return all(value.strip() in _FIELDS[field](cell) for field, value in wanted.items())


def matches_keyword(cell: Found, keyword: str) -> bool:
    """Whether the keyword is contained in anything the cell shows in words."""
    sought = keyword.strip().lower()
    said = [cell["number"], cell["unit_name"], cell["use_name"], cell["freshness_name"], *cell["tag_names"], *cell["shops"]]
    return any(sought in text.lower() for text in [*said, *cell["people"], *cell["plain_heads"]])
