"""What can be imported: each feature offers its table with key, shape and the column names that offices use."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Importable:
    """One table that files go into. `shape`: point or polygon; `identity`: what makes a row itself when it has no key."""

    name: str
    model: Any
    key: str
    shape: str
    right: str
    synonyms: Mapping[str, Sequence[str]] = field(default_factory=dict)
    codes: Mapping[str, str] = field(default_factory=dict)
    identity: Sequence[str] = ("name", "address")
    shape_column: str = "point"
    point_inside: bool = False  # polygons: also keep a point inside them, and place by it
    optional: Sequence[str] = ()  # columns of the table that a file may lack although rows must have them
    derived: Sequence[str] = ()  # columns that never come from the file
    readers: Mapping[str, Callable[[str], str]] = field(default_factory=dict)  # a column in one spelling, or ValueError
    after: Callable[[], None] | None = None  # what must hold again once rows are in
    run: Callable[..., Any] | None = None  # a feature whose files are no plain rows brings its own importer


@dataclass(frozen=True)
class Options:
    """How a file is to be read and what to do with its faults."""

    crs: str | None = None
    encoding: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)  # field -> file column; lon, lat, wkt too
    keep_good: bool = False
    repair: bool = False
    dry_run: bool = False
    level: str = "grid"
    code_prefix: str | None = None  # areas without codes: number them below this prefix
    any_code: bool = False  # areas with codes of another scheme
    since: str | None = None
    sheet: str | None = None  # the worksheet, when a workbook has several that fit
    source: str | None = None  # the office whose saved column names are to be used


KINDS: dict[str, Importable] = {}
GROUND: list[Callable[[Any, Any], int]] = []  # (lon, lat) -> how many of these points stand on something known, e.g. a building


def offer(importable: Importable) -> Importable:
    """Make a table importable."""
    KINDS[importable.name] = importable
    return importable
