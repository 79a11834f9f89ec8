"""Who is responsible in the demo town, and their patrol walks of the last days."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

import numpy as np

from gis_grid.demo.names import person_name
from gis_grid.demo.town import Town
from gis_grid.demo.work import walk
from gis_grid.patrol.fixes import TrackInput

DUTIES = {
    "grid_worker": "巡查走访、信息采集、隐患上报、政策宣传",
    "grid_leader": "网格第一责任人，每周不定期巡查，核实网格员上报情况",
    "mediator": "矛盾纠纷调解",
    "police": "社区治安",
    "community_head": "统筹社区网格工作",
    "street_head": "统筹街道网格工作",
    "district_head": "统筹全区网格工作",
}
DAYS = 5
PER_COMMUNITY_TODAY, PER_COMMUNITY_BEFORE, MOST = 8, 5, 60  # walks a day


def staff_rows(town: Town) -> Iterator[tuple[object, ...]]:
    """Rows for staff: a worker and a leader per grid, four people per community, heads above."""
    random = Random(f"{town.plan.seed}-{town.plan.number}-staff")
    for code, post in _posts(town):
        sex = random.choice("12")
        phone = f"100{random.randrange(10**8):08d}"
        yield code, person_name(random, sex, random.randint(25, 55)), post, phone, DUTIES[post], "2024-01-01"


def workers(town: Town) -> dict[str, str]:
    """Grid code -> its worker's name, the same as in staff_rows."""
    return {str(row[0]): str(row[1]) for row in staff_rows(town) if row[2] == "grid_worker"}


def shift_rows(town: Town) -> Iterator[tuple[object, ...]]:
    """Rows for shifts: every grid's worker by day, on all days of the week; the demo account's own beside the first."""
    for code, name in workers(town).items():
        yield code, "manual", name, "1234567", "08:30", "17:30"
    first = town.community_codes[town.wanted[0]]
    yield min(code for code in town.codes.values() if code.startswith(first)), "manual", "演示网格员", "1234567", "08:00", "20:00"


def patrols(town: Town, now: datetime) -> Iterator[TrackInput]:
    """Walks of some workers: today up to now, and on the days before."""
    rng = np.random.default_rng([town.plan.seed, town.plan.number, 2])
    names = workers(town)
    cells = [i for i, cell in enumerate(town.plan.cells) if cell.community in town.wanted]
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    for day in range(DAYS + 1):
        per_community = PER_COMMUNITY_BEFORE if day else PER_COMMUNITY_TODAY
        for i in rng.permutation(cells)[: min(MOST, per_community * len(town.wanted))]:
            start, seconds = _hours(rng, now, midnight, day)
            if seconds < 120:
                continue
            fixes = walk(town.plan, _way(town, int(i)), rng, start, seconds)
            if len(fixes) > 5:
                code = town.codes[int(i)]
                yield TrackInput(fixes, "demo", f"演示轨迹 {code} {start:%Y-%m-%d}", f"demo-{code}", names[code])


def _hours(rng: np.random.Generator, now: datetime, midnight: datetime, day: int) -> tuple[datetime, float]:
    if day:
        start = midnight - timedelta(days=day) + timedelta(hours=float(rng.uniform(8, 16)))
        return start, float(rng.uniform(2400, 6000))
    passed = (now - midnight).total_seconds() - 60
    seconds = min(float(rng.uniform(2400, 6000)), passed * 0.9)
    latest = max(0.0, passed - seconds)
    return midnight + timedelta(seconds=float(rng.uniform(max(0.0, latest - 14_400), latest))), seconds


def _way(town: Town, i: int) -> list[int]:
    """Vertices of a walk around a grid and around one that touches it, from a corner they share."""
    ring = town.plan.cells[i].ring
    community = town.plan.cells[i].community
    for j, other in enumerate(town.plan.cells):
        if j != i and other.community == community:
            shared = set(other.ring.tolist()) & set(ring.tolist())
            if shared:
                corner = min(shared)
                return [*_from(ring.tolist(), corner), *_from(other.ring.tolist(), corner)]
    return _from(ring.tolist(), int(ring[0]))


def _from(ring: list[int], start: int) -> list[int]:
    """A ring once around from `start` back to it."""
    at = ring.index(start)
    return [*ring[at:], *ring[:at], start]


def _posts(town: Town) -> Iterator[tuple[str, str]]:
    yield town.district, "district_head"
    for street in sorted({town.plan.street_of[n] for n in town.wanted}):
        yield town.street_codes[street], "street_head"
    for n in town.wanted:
        for post in ("community_head", "mediator", "police"):
            yield town.community_codes[n], post
    for i, cell in enumerate(town.plan.cells):
        if cell.community in town.wanted:
            yield town.codes[i], "grid_worker"
            yield town.codes[i], "grid_leader"
