"""CQL2 (OGC 21-065r2): a caller's filter, text or JSON, as an SQL condition with bound parameters. Pure: no database, no web."""

from __future__ import annotations

from typing import Any

import orjson

from gis_grid.maps.cql.rules import MAX_CHARACTERS, BadFilter, Queryable, check_text, check_tree, shown
from gis_grid.maps.cql.sql import to_sql
from gis_grid.maps.cql.text import read_text

__all__ = ["CONFORMANCE", "LANGUAGES", "BadFilter", "Queryable", "parse", "to_sql"]

# What tests/maps/cql proves, by the standard's abstract tests on the data they describe; own functions there are none.
CONFORMANCE: tuple[str, ...] = tuple(
    f"http://www.opengis.net/spec/cql2/1.0/conf/{name}"
    for name in (
        "cql2-text",
        "cql2-json",
        "basic-cql2",
        "advanced-comparison-operators",
        "case-insensitive-comparison",
        "accent-insensitive-comparison",
        "basic-spatial-functions",
        "basic-spatial-functions-plus",
        "spatial-functions",
        "temporal-functions",
        "array-functions",
        "property-property",
        "arithmetic",
    )
)


def parse(given: str, lang: str) -> Any:
    """The CQL2 JSON tree (a dict, or true/false) of a filter in `lang`, cql2-text or cql2-json. Raises BadFilter."""
    if lang not in LANGUAGES:
        raise BadFilter(f"不认识的过滤语言“{shown(lang)}”，可用 {'、'.join(LANGUAGES)}。")
    if len(given) > MAX_CHARACTERS:
        raise BadFilter(f"过滤条件有 {len(given)} 个字符，最多 {MAX_CHARACTERS} 个：几何请先简化。")
    if not check_text(given).strip():
        raise BadFilter("过滤条件是空的。")
    tree = LANGUAGES[lang](given)
    check_tree(tree)
    if not isinstance(tree, dict | bool):
        raise BadFilter("过滤条件应为真假判断，如 status = 'open'。")
    return tree


def _read_json(given: str) -> Any:
    try:
        return orjson.loads(given)
    except orjson.JSONDecodeError as fault:
        raise BadFilter(f"过滤条件不是有效的 JSON：第 {fault.lineno} 行第 {fault.colno} 个字符处读不懂，或嵌套太深。") from None


LANGUAGES = {"cql2-text": read_text, "cql2-json": _read_json}
