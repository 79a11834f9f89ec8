"""Signs that a track was made up: scored and said in words, never a reason to drop anything."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zlib import crc32

import numpy as np
import sqlalchemy as sa

from gis_grid.config import settings
from gis_grid.db import session
from gis_grid.patrol.fixes import Fixes, Flag
from gis_grid.patrol.models import Device, LastPosition, Segment, Track
from gis_grid.patrol.rules import degree_metres, local_metres, pieces_of, speeds, steps_m
from gis_grid.patrol.store import vertices_of

LEAST = 30  # fixes; of fewer nothing is said
_SAME_PATH_M = 15.0
MOST_SEGMENTS = 20_000  # of others on the same day and ground


@dataclass(frozen=True)
class Doubt:
    """One sign: its score from 0 to 100 and why, in words."""

    score: int
    why: str


def doubts_of(fixes: Fixes, line: Fixes) -> dict[str, Doubt]:
    """What the track itself shows. `fixes`: all of the day; `line`: the good ones."""
    conf, found = settings(), {}
    mocked = float(np.mean((fixes.flags & np.int32(Flag.MOCK)) != 0)) if len(fixes) else 0.0
    if mocked > 0:
        found["mock"] = Doubt(min(100, round(60 + 40 * mocked)), f"手机报告 {mocked:.0%} 的定位为模拟位置")
    fast = int(np.count_nonzero(line.flags & np.int32(Flag.FAST)))
    if fast:
        found["teleport"] = Doubt(min(100, 30 + 10 * fast), f"{fast} 处瞬间移动，速度超过 {conf.track_max_speed_mps:.0f} 米/秒")
    if len(line) < LEAST:
        return found
    inside = np.diff(pieces_of(line)) == 0
    pace = speeds(line)[inside]
    moving = pace[pace > 0.3]
    if len(moving) >= LEAST:
        spread = float(moving.std() / moving.mean())
        if spread < conf.track_even_pace:
            found["constant_speed"] = Doubt(
                round(90 - 60 * spread / conf.track_even_pace), f"速度几乎不变（离散系数 {spread:.3f}）"
            )
    share = straight_share(line)
    if share > conf.track_straight_share:
        found["straight_lines"] = Doubt(round(40 + 50 * share), f"{share:.0%} 的路段为毫无抖动的直线")
    return found


def straight_share(line: Fixes) -> float:
    """The share of moving fixes that lie within 5 cm of the straight line between their neighbours: no receiver is so steady."""
    east, north = local_metres(line)
    before, after = (east[1:-1] - east[:-2], north[1:-1] - north[:-2]), (east[2:] - east[:-2], north[2:] - north[:-2])
    length = np.hypot(*after)
    moved = (length > 2) & (np.hypot(*before) > 0.5)
    if np.count_nonzero(moved) < LEAST:
        return 0.0
    off = np.abs(before[0] * after[1] - before[1] * after[0]) / np.maximum(length, 1e-9)
    return float(np.mean(off[moved] < 0.05))


def shape_key(line: Fixes) -> int | None:
    """The same for tracks with the same positions to a metre, whatever their times; none for short ones."""
    if len(line) < LEAST or steps_m(line.lon, line.lat).sum() < 200:
        return None
    places = np.round(np.column_stack([line.lon, line.lat]) * 1e5).astype(np.int64)
    kept = places[np.append(True, (np.diff(places, axis=0) != 0).any(axis=1))]
    return crc32(kept.tobytes()) | (len(kept) << 32)


def keep_doubts(track_id: int, device: Device, fixes: Fixes, line: Fixes) -> None:
    """Score a track, also against others: the same path on another day, another device on the same path, a clock that is off."""
    found = doubts_of(fixes, line)
    key = shape_key(line)
    if key is not None:
        twin = session().scalars(sa.select(Track).where(Track.shape_key == key, Track.id != track_id).order_by(Track.day)).first()
        if twin is not None:
            found["repeated"] = Doubt(95, f"与 {twin.device} 在 {twin.day} 的轨迹完全相同")
    together = _together(track_id, line)
    if together is not None:
        found["two_devices"] = Doubt(round(100 * together[1]), f"与设备 {together[0]} 有 {together[1]:.0%} 的时间在一起")
    skew = _clock_skew(device.id)
    if skew is not None and abs(skew) > settings().track_clock_seconds:
        found["clock"] = Doubt(50, f"手机时钟比服务{'快' if skew > 0 else '慢'} {abs(skew):.0f} 秒")
    told: dict[str, Any] = {name: {"score": doubt.score, "why": doubt.why} for name, doubt in found.items()}
    worst = max((doubt.score for doubt in found.values()), default=0)
    session().execute(sa.update(Track).where(Track.id == track_id).values(doubts=told, doubt=worst, shape_key=key))


def _together(track_id: int, line: Fixes) -> tuple[str, float] | None:
    """The device that was within 15 m at the same time for most of the track, and for which share of it."""
    if len(line) < LEAST:
        return None
    first, last = (datetime.fromtimestamp(line.at[place], UTC) for place in (0, -1))
    box = sa.func.ST_MakeEnvelope(line.lon.min(), line.lat.min(), line.lon.max(), line.lat.max(), 4490)
    query = (
        sa.select(Track.device, sa.func.ST_AsBinary(Segment.geom))
        .join(Track, Track.id == Segment.track_id)
        .where(Segment.geom.op("&&")(box), Segment.started_at <= last, Segment.ended_at >= first, Segment.track_id != track_id)
        .order_by(Segment.started_at)
    )
    others: dict[str, list[bytes]] = {}
    for device, wkb in session().execute(query.limit(MOST_SEGMENTS)):
        others.setdefault(device, []).append(bytes(wkb))
    east, north = local_metres(line)
    per_lon, per_lat = degree_metres(line.lat[:1])
    best: tuple[str, float] | None = None
    for device, lines in others.items():
        lons, lats, moments = vertices_of(lines)[0].T
        nearest = np.clip(np.searchsorted(moments, line.at), 0, len(moments) - 1)
        in_time = np.abs(moments[nearest] - line.at) <= 15
        lon, lat = np.interp(line.at, moments, lons), np.interp(line.at, moments, lats)
        x, y = (lon - line.lon[0]) * per_lon[0], (lat - line.lat[0]) * per_lat[0]
        share = float(np.mean(in_time & (np.hypot(x - east, y - north) <= _SAME_PATH_M)))
        if share >= settings().track_together_share and (best is None or share > best[1]):
            best = (device, share)
    return best


def _clock_skew(device_id: int) -> float | None:
    """Seconds by which the phone's last fix lay ahead of the moment it came; only what lies ahead proves anything."""
    row = (
        session().execute(sa.select(LastPosition.at, LastPosition.received_at).where(LastPosition.device_id == device_id)).first()
    )
    return None if row is None or row.at <= row.received_at else (row.at - row.received_at).total_seconds()
