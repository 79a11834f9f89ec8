"""Values no spreadsheet takes for a formula, and how workbooks are written so that text stays text."""

from __future__ import annotations

from typing import Any

RISKY = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r")  # the wide ones too: Chinese Excel reads them alike
PLAIN = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}


def neutral(value: Any) -> Any:
    """A value no spreadsheet takes for a formula: text that begins like one gets a quote before it."""
    return "'" + value if isinstance(value, str) and value.startswith(RISKY) else value
