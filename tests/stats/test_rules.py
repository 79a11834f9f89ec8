"""Rounding that hides people, periods and bands."""

from __future__ import annotations

import pytest

from gis_grid.stats.rules import band_label, filled, guarded, period_label


def test_small_numbers_are_never_told_and_others_in_fives() -> None:
    for number in range(1, 200):
        told = {guarded(number, draw) for draw in range(5)}
        if number < 6:
            assert told == {None}
        assert all(one is None or (one % 5 == 0 and abs(one - number) < 5 and one >= 10) for one in told)
    assert {guarded(0, draw) for draw in range(5)} == {None}  # nobody looks like a few


def test_rounding_is_fair() -> None:
    """Over all draws the told number is the true one, so that sums over many areas stay right."""
    for number in range(10, 60):
        assert sum(guarded(number, draw) or 0 for draw in range(5)) == 5 * number


@pytest.mark.parametrize(
    ("period", "value", "label"),
    [
        ("year", "2026", "2026年"),
        ("month", "2026-02", "2026年02月"),
        ("quarter", "2026-Q3", "2026年第3季"),
        ("weekday", "7", "周日"),
        ("hour", "08", "8时"),
        ("day", None, "未填"),
    ],
)
def test_periods_are_called_as_people_call_them(period: str, value: str | None, label: str) -> None:
    assert period_label(period, value) == label


def test_periods_without_events_are_filled_in() -> None:
    assert filled("month", ["2025-11", "2026-02"]) == ["2025-11", "2025-12", "2026-01", "2026-02"]
    assert filled("quarter", ["2025-Q4", "2026-Q2"]) == ["2025-Q4", "2026-Q1", "2026-Q2"]
    assert filled("day", ["2024-02-28", "2024-03-01"]) == ["2024-02-28", "2024-02-29", "2024-03-01"]
    assert filled("day", ["1900-01-01", "2026-01-01"]) == ["1900-01-01", "2026-01-01"]  # too long to fill
    assert filled("weekday", []) == list("1234567")
    assert filled("year", []) == []


def test_bands_of_age() -> None:
    assert [band_label(low) for low in (0, 95, 100, None)] == ["0-4", "95-99", "100+", "未知"]
