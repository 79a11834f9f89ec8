"""How figures are told: rounding that hides people, periods of time, bands of age; pure.

Who may not read people sees figures in steps of five, and none below ten: 0 and 9 look alike. Each figure is rounded up or down
by a draw that belongs to the very people counted (the "cell key" of statistical offices' table builders). So asking for the same
people in another way, by a field that says nothing or one level up, gives the same figure again and no second draw to average;
one person more or less is another draw, so that subtracting figures tells nothing of him. Leaving out cells could not hold where
everybody asks what he likes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

STEP, LEAST_SHOWN = 5, 10
BAND_YEARS, LAST_BAND = 5, 100
MOST_PERIODS = 400  # a longer line is not filled where nothing happened
PERIODS: dict[str, tuple[str, str]] = {  # name -> label, PostgreSQL's pattern
    "year": ("年", "YYYY"),
    "quarter": ("季", 'YYYY"-Q"Q'),
    "month": ("月", "YYYY-MM"),
    "day": ("日", "YYYY-MM-DD"),
    "weekday": ("星期", "ID"),
    "hour": ("时段", "HH24"),
}
COARSE = ("year",)  # who may not read people counts them by no finer time: birthdays would name them
WEEKDAYS = "一二三四五六日"


@dataclass(frozen=True)
class Tally:
    """How many were counted, and the mark of who they are: the marks of all of them xored, 0 where nothing is hidden."""

    number: int = 0
    mark: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.number + other.number, self.mark ^ other.mark)


def guarded(number: int, draw: int) -> int | None:
    """A count as told to who may not read people: a multiple of five, None for 0-9 or what was rounded there. draw: 0-4."""
    rounded = (number + draw) // STEP * STEP
    return rounded if rounded >= LEAST_SHOWN else None


def band_label(low: int | None) -> str:
    """30 -> 30-34."""
    return "未知" if low is None else f"{low}+" if low >= LAST_BAND else f"{low}-{low + BAND_YEARS - 1}"


def period_label(period: str, value: str | None) -> str:
    """2026-11 -> 2026年11月."""
    if value is None:
        return "未填"
    if period == "weekday":
        return f"周{WEEKDAYS[int(value) - 1]}"
    if period == "hour":
        return f"{int(value)}时"
    if period == "quarter":
        return f"{value[:4]}年第{value[-1]}季"
    return "".join(f"{part}{unit}" for part, unit in zip(value.split("-"), "年月日", strict=False))


def filled(period: str, values: list[str]) -> list[str]:
    """All periods from the first to the last of these: a month without events is a zero, not a missing point."""
    if period == "weekday":
        return [str(day) for day in range(1, 8)]
    if period == "hour":
        return [f"{hour:02}" for hour in range(24)]
    if not values:
        return []
    between: list[str] = []
    for value in _from(period, min(values)):
        if value > max(values) or len(between) > MOST_PERIODS:
            break
        between.append(value)
    return between if len(between) <= MOST_PERIODS else sorted(values)


def _from(period: str, first: str) -> Iterator[str]:
    if period == "day":
        day = date.fromisoformat(first)
        while True:
            yield day.isoformat()
            day += timedelta(days=1)
    year, _, part = first.partition("-")
    last = {"year": 1, "quarter": 4, "month": 12}[period]
    at = int(part.removeprefix("Q")) if part else 1
    number = int(year)
    while True:
        yield {"year": f"{number:04}", "quarter": f"{number:04}-Q{at}", "month": f"{number:04}-{at:02}"}[period]
        number, at = (number + 1, 1) if at == last else (number, at + 1)
