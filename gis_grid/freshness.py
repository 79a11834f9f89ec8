"""How long a record counts as true: days by class from dictionary/freshness.yaml; pure but for reading that file once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

import yaml

from gis_grid.areas.placing import day_of
from gis_grid.config import PROJECT

FILE = PROJECT / "dictionary" / "freshness.yaml"
STATES = {"fresh": "已核实", "soon": "即将到期", "overdue": "已逾期", "never": "从未核实"}


@dataclass(frozen=True)
class Rules:
    """days: kind of row -> class -> days; every kind has a default."""

    version: int
    soon_days: int
    days: dict[str, dict[str, int]]


@cache
def rules() -> Rules:
    """The rules of this installation, read once."""
    told: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    kinds = {kind: days for kind, days in told.items() if isinstance(days, dict)}
    for kind, days in kinds.items():
        if "default" not in days or not all(isinstance(count, int) and count > 0 for count in days.values()):
            raise ValueError(f"{FILE.name}: {kind} needs a default and whole days above 0")
    return Rules(told["version"], told["soon_days"], kinds)


def due_on(kind: str, classes: Iterable[str | None], verified_at: datetime | date | None) -> date | None:
    """The day a row of these classes should be looked at again; None when nobody ever did."""
    if verified_at is None:
        return None
    days = rules().days[kind]
    known = [days[each] for each in classes if each in days]
    on = day_of(verified_at) if isinstance(verified_at, datetime) else verified_at
    return on + timedelta(days=min(known, default=days["default"]))


def state_of(due: date | None, today: date) -> str:
    """fresh, soon, overdue or never (STATES)."""
    if due is None:
        return "never"
    if due < today:
        return "overdue"
    return "soon" if due - today <= timedelta(days=rules().soon_days) else "fresh"
