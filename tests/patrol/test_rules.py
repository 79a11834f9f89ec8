"""Cleaning: each reason is found and flagged, nothing is deleted; totals, crossings, jitter, stays."""

from __future__ import annotations

import numpy as np
import pytest

from gis_grid.geo.shapes import lengths_m
from gis_grid.patrol.fixes import NAN, Fix, Flag, count_flags, joined, make_fixes
from gis_grid.patrol.rules import Limits, admit, clean, in_order, pieces_of, stay_points, stays, steps_m
from gis_grid.patrol.shares import SAMPLE_M, calm, shares, steps_of
from tests.patrol.walks import NOON, straight, walk

LIMITS = Limits(now=NOON + 10_000)


def cleaned(fixes):
    return clean(in_order(fixes)[0], LIMITS)


def test_what_cannot_be_stored_is_refused_with_its_reason() -> None:
    rows = [
        Fix(NAN, 106.5, 29.5),
        Fix(NOON + 99_999, 106.5, 29.5),
        Fix(-9e9, 106.5, 29.5),
        Fix(NOON, NAN, 29.5),
        Fix(NOON, 106.5, 29.5),
    ]
    kept, refused = admit(make_fixes(rows), LIMITS)
    assert len(kept) == 1
    assert refused == {"没有时间": 1, "时间在将来": 1, "时间过早": 1, "没有坐标": 1}


def test_each_reason_is_flagged_and_the_fix_stays() -> None:
    odd = make_fixes([Fix(NOON + 2, 0, 0), Fix(NOON + 7, 400, 29), Fix(NOON + 12, 106.5, 29.5, 80)])
    found = cleaned(joined([straight(10), odd]))
    assert len(found) == 13
    counts = count_flags(found.flags)
    assert (counts["坐标无效"], counts["精度不足"]) == (2, 1)
    assert counts["时间倒退"] == 3  # they came after later ones


def test_the_same_time_counts_once_and_the_first_that_came_stays() -> None:
    fixes, again = in_order(joined([straight(5), walk((5, 99, 99))]))
    assert (len(fixes), again) == (5, 1)
    assert np.all(np.diff(fixes.at) > 0)


def test_a_jump_is_left_out_a_fast_ride_is_not() -> None:
    found = cleaned(walk((0, 0, 0), (5, 5, 0), (10, 5000, 0), (15, 15, 0), (20, 20, 0)))
    assert [bool(flags & Flag.JUMP) for flags in found.flags] == [False, False, True, False, False]
    train = cleaned(walk(*[(n * 5, n * 400, 0) for n in range(10)]))
    assert train.good.all()
    assert count_flags(train.flags) == {"速度过快": 9}


def test_cleaning_again_changes_nothing() -> None:
    rng = np.random.default_rng(3)
    noisy = cleaned(walk(*[(n * 5, rng.normal(0, 60), rng.normal(0, 60)) for n in range(300)]))
    assert (clean(noisy, LIMITS).flags == noisy.flags).all()


def test_after_a_silence_a_new_piece_begins_and_its_metres_do_not_count() -> None:
    found = cleaned(walk((0, 0, 0), (10, 20, 0), (1000, 20, 300), (1010, 20, 310)))
    assert pieces_of(found).tolist() == [0, 0, 1, 1]
    steps = steps_of(found)
    assert steps.metres.sum() == pytest.approx(30, abs=0.2)
    assert steps.seconds.sum() == 20


def test_who_stands_does_not_walk_though_his_fixes_wander() -> None:
    rng = np.random.default_rng(1)
    wander = [(100 + n * 5, 100 + rng.normal(0, 4), rng.normal(0, 4)) for n in range(120)]
    found = cleaned(walk(*[(n * 5, n * 5, 0) for n in range(20)], *wander, *[(700 + n * 5, 100 + n * 5, 0) for n in range(20)]))
    assert 118 <= count_flags(found.flags)["静止飘动"] <= 118 + 2 * 6  # up to 30 m before and after at 5 m a fix
    assert steps_of(found).metres.sum() < 240
    (stay,) = stays(found, 30, 180, 300)
    assert found.at[stay[1]] - found.at[stay[0]] >= 590


def test_stays_as_published_by_a_plain_loop() -> None:
    """Li et al. 2008, figure 2, written down again without arrays."""
    rng = np.random.default_rng(7)
    where = np.cumsum(rng.normal(0, 6, (600, 2)), axis=0)
    fixes = walk(*[(n * 10, east, north) for n, (east, north) in enumerate(where)])
    expected, i = [], 0
    while i < len(fixes):
        j = i + 1
        while j < len(fixes) and np.hypot(*(where[j] - where[i])) <= 30:
            j += 1
        if fixes.at[j - 1] - fixes.at[i] >= 180:
            expected.append((i, j - 1))
            i = j
        else:
            i += 1
    found = stay_points(fixes, 30, 180, 300)
    assert len(expected) > 3
    assert found == expected


def test_metres_are_the_geodesics() -> None:
    rng = np.random.default_rng(2)
    lon, lat = 106.5 + np.cumsum(rng.normal(0, 1e-3, 500)), 29.5 + np.cumsum(rng.normal(0, 1e-3, 500))
    assert np.abs(steps_m(lon, lat) / lengths_m(lon, lat) - 1).max() < 1e-5


def nowhere(lon, lat):
    return np.full(len(lon), None, object)


def test_shares_add_up_to_the_whole() -> None:
    fixes = cleaned(straight(40))
    codes = np.array(["A"] * 15 + ["B"] * 20 + [None] * 5, dtype=object)
    parts = shares(fixes, codes, lambda lon, lat: np.full(len(lon), "A", object))
    assert [(part.code, part.fixes) for part in parts] == [("B", 20), ("A", 15), (None, 5)]
    assert sum(part.length_m for part in parts) == pytest.approx(195, abs=0.5)
    assert sum(part.minutes for part in parts) == pytest.approx(39 * 5 / 60)


def test_a_grid_crossed_between_two_fixes_has_its_part() -> None:
    fixes = cleaned(walk((0, 0, 0), (100, 300, 0)))
    third = (fixes.lon[1] - fixes.lon[0]) / 3

    def place(lon, lat):
        return np.array(["A", "B", "C"], object)[np.clip((lon - fixes.lon[0]) // third, 0, 2).astype(int)]

    parts = {part.code: part for part in shares(fixes, place(fixes.lon, fixes.lat), place)}
    assert {code: part.fixes for code, part in parts.items()} == {"A": 1, "B": 0, "C": 1}
    assert [parts[code].length_m for code in "ABC"] == pytest.approx([100] * 3, abs=SAMPLE_M)
    assert [parts[code].minutes for code in "ABC"] == pytest.approx([100 / 180] * 3, abs=0.02)


def test_jitter_at_an_edge_does_not_flap_but_a_visit_does_count() -> None:
    at = NOON + np.arange(12) * 5.0
    codes = np.array(list("AABABAAAABBB"), dtype=object)
    assert "".join(calm(codes, at, 20)) == "AAAAAAAAABBB"
    assert "".join(calm(codes, NOON + np.arange(12) * 60.0, 20)) == "AABABAAAABBB"
    assert "".join(calm(np.array(list("AABCC"), object), at[:5], 20)) == "AABCC"
