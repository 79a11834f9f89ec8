"""What happens in the town: events over a year and patrol walks along its streets; pure and deterministic."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

import numpy as np

from gis_grid.demo.ground import Points
from gis_grid.demo.plan import Plan
from gis_grid.patrol.fixes import Fixes, arrays

CATEGORIES = {
    "暴露垃圾": (16, "垃圾堆放未清运", "楼道口垃圾堆放多日，有异味。"),
    "乱停车": (15, "车辆占用消防通道", "小型汽车停在消防通道内，请尽快处理。"),
    "道路不洁": (9, "路面有积水和泥沙", "雨后路面泥沙未清，行人易滑倒。"),
    "私搭乱建": (6, "楼顶搭建棚屋", "住户在楼顶用彩钢板搭建，存在隐患。"),
    "消防隐患": (10, "楼道堆放杂物", "楼道堆放纸箱、旧家具，影响疏散。"),
    "电动车充电": (9, "电动车飞线充电", "从窗口拉线给电动车充电。"),
    "矛盾纠纷": (8, "邻里噪声纠纷", "楼上住户深夜噪声，双方争执，请调解。"),
    "公共设施损坏": (11, "路灯不亮", "路灯连续几天不亮，夜间通行不便。"),
    "占道经营": (7, "店铺出店经营", "店铺将货物摆到人行道上。"),
    "民生服务": (6, "独居老人需要走访", "老人行动不便，希望协助办理证件。"),
    "绿地脏乱": (3, "绿化带有垃圾", "绿化带内有塑料袋和饮料瓶。"),
}
SOURCES = ("网格员上报", "热线", "居民上报")
SEASON = (0.8, 0.7, 0.85, 0.95, 1.05, 1.2, 1.35, 1.35, 1.1, 1.0, 0.9, 0.85)  # January to December
WEEKEND = 0.7
OF_TODAY = 7  # events of the hours before now, however small the place
WALK_MPS, EVERY_S = 1.15, 5.0


@dataclass(frozen=True)
class Happening:
    """One event: where in metres, when, and how far it has come."""

    number: str
    category: str
    title: str
    description: str
    source: str
    status: str
    reported_at: datetime
    closed_at: datetime | None
    place: tuple[float, float]
    house: int


def happenings(random: Random, doors: list[tuple[float, float]], count: int, now: datetime, prefix: str) -> Iterator[Happening]:
    """Events of the last year, more in summer and by day, around doors with a few busy ones; some are of today."""
    busy = [random.randrange(len(doors)) for _ in range(max(3, len(doors) // 60))]
    days = random.choices(range(1, 366), _day_weights(now), k=count)
    for serial, day in enumerate(days):
        fresh = serial < OF_TODAY
        ago_days = 0 if fresh else day
        at = now - timedelta(days=random.random() * 0.4)
        if not fresh:
            hour = min(23, max(0, int(random.gauss(13, 3.4))))
            at = (now - timedelta(days=ago_days)).replace(hour=hour, minute=random.randrange(60))
        category = random.choices(list(CATEGORIES), [told[0] for told in CATEGORIES.values()])[0]
        _, title, text = CATEGORIES[category]
        house = random.choice(busy) if random.random() < 0.35 else random.randrange(len(doors))
        place = (doors[house][0] + random.gauss(0, 9), doors[house][1] + random.gauss(0, 9))
        status = "closed" if ago_days > 9 else random.choices(["reported", "handling", "closed"], [30, 40, 30])[0]
        closed = min(now, at + timedelta(hours=random.expovariate(1 / 30))) if status == "closed" else None
        number = f"YD{at:%Y%m%d}-{prefix}{serial:05d}"
        yield Happening(number, category, title, text, random.choice(SOURCES), status, at, closed, place, house)


def _day_weights(now: datetime) -> list[float]:
    """How likely an event falls on each of the 365 days before now, yesterday first."""
    days = [now - timedelta(days=ago) for ago in range(1, 366)]
    return [SEASON[day.month - 1] * (WEEKEND if day.weekday() > 4 else 1) for day in days]


def walk(plan: Plan, vertices: list[int], rng: np.random.Generator, start: datetime, seconds: float) -> Fixes:
    """A patrol along these vertices of the plan: a fix every five seconds, noise that drifts, gaps indoors."""
    path = plan.metres[vertices]
    path = np.vstack([path[:1], path[1:][np.hypot(*np.diff(path, axis=0).T) > 0.5]])
    where, times = _stroll(path, rng, seconds)
    noise = _drift(rng, len(where))
    degrees = plan.ground.degrees(where + noise)
    accuracy = np.clip(rng.gamma(3.0, 2.0, len(where)) + 3, 3, 45)
    return arrays(start.timestamp() + times, degrees[:, 0], degrees[:, 1], accuracy_m=accuracy)


def _stroll(path: Points, rng: np.random.Generator, seconds: float) -> tuple[Points, np.ndarray]:
    """Positions and times along the path, there and back again if it is short; indoor visits leave no fixes."""
    along = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(path, axis=0).T))])
    times = np.arange(0, seconds, EVERY_S)
    outdoors = np.ones(len(times), dtype=bool)
    moved = np.full(len(times), WALK_MPS * EVERY_S) * rng.uniform(0.7, 1.25, len(times))
    for _ in range(int(seconds // 1500)):
        begin = rng.uniform(0, seconds)
        inside = (times > begin) & (times < begin + rng.uniform(300, 900))
        outdoors &= ~inside
        moved[inside] = 0
    distance = np.cumsum(moved) % (2 * along[-1])
    distance = np.where(distance > along[-1], 2 * along[-1] - distance, distance)
    where = np.column_stack([np.interp(distance, along, path[:, axis]) for axis in (0, 1)])
    return where[outdoors], times[outdoors]


def _drift(rng: np.random.Generator, count: int) -> Points:
    """Correlated GPS noise of about four metres."""
    steps = rng.normal(0, 1.1, (count, 2))
    noise = np.zeros((count, 2))
    for i in range(1, count):
        noise[i] = 0.96 * noise[i - 1] + steps[i]
    return noise
