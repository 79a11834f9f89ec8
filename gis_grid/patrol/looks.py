"""Looking at tracks: a day, several workers' day for playing back, who is where, who passed here. Each look is audited."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from gis_grid import audit
from gis_grid.access.guard import caller, check_area, scope_clause, scoped
from gis_grid.areas.placing import today
from gis_grid.config import settings
from gis_grid.db import raw_connection, session
from gis_grid.errors import Invalid, NotFound
from gis_grid.patrol.digest import place_codes
from gis_grid.patrol.fixes import Floats
from gis_grid.patrol.models import ArchivedSegment, Device, LastPosition, Segment, Stay, Track
from gis_grid.patrol.rules import degree_metres
from gis_grid.patrol.store import vertices_of, zone

MOST_TRACKS = 50
MOST_DAYS = 31
MOST_CANDIDATES = 50_000
STALE_MINUTES = 10.0
AROUND = 0.01  # degrees, farther than jitter at an edge is calmed: a track that dipped into an area is not always told there
_SEGMENTS = """
-- Which segments touch this box between two moments?
SELECT track_id, ST_AsBinary(geom) FROM track_segments, ST_MakeEnvelope(%s, %s, %s, %s, 4490) box
WHERE geom && box AND started_at <= %s AND ended_at >= %s AND ST_Intersects(geom, box)
LIMIT %s
"""
_ARCHIVED = """
-- The same of thinned tracks, whose lines are packed away: they are unpacked where a track came into an area near by.
WITH near AS MATERIALIZED (
  SELECT a.track_id, ST_SetSRID(ST_GeomFromTWKB(a.twkb), 4490) AS line, ST_MakeEnvelope(%s, %s, %s, %s, 4490) AS box
  FROM track_archive a
  WHERE a.track_id IN (
    SELECT t.track_id FROM track_areas t
    WHERE t.day BETWEEN %s AND %s AND (
      t.area_code IS NULL
      OR t.area_code IN (SELECT b.area_code FROM boundaries b WHERE b.geom && ST_MakeEnvelope(%s, %s, %s, %s, 4490))
    )
  ) AND a.started_at BETWEEN %s AND %s
)
SELECT track_id, ST_AsBinary(line) FROM near WHERE ST_Intersects(line, box)
LIMIT %s
"""


class Passed(NamedTuple):
    """Somebody was within a circle from, to (epoch seconds), at the nearest so many metres away."""

    first: float
    last: float
    nearest_m: float

    def with_(self, other: Passed) -> Passed:
        """Both as one."""
        return Passed(min(self.first, other.first), max(self.last, other.last), min(self.nearest_m, other.nearest_m))


def find_track(track_id: int) -> Track:
    """One track within the caller's scope, or of his own."""
    own = Track.device_id.in_(sa.select(Device.id).where(Device.user_id == (caller().user_id or -1)))
    track = session().scalar(sa.select(Track).where(Track.id == track_id, sa.or_(scope_clause(Track.area_code), own)))
    if track is None:
        raise NotFound(f"没有编号为 {track_id} 的轨迹，或它不在您的数据范围内。")
    return track


def path_of(track_id: int) -> dict[str, Any]:
    """The line of one track: pieces with times, lon, lat; and its stays."""
    track = find_track(track_id)
    audit.record("view", "tracks", track.id, area_code=track.area_code)
    stays = session().execute(
        sa.select(
            Stay.started_at,
            Stay.ended_at,
            Stay.area_code,
            sa.func.ST_X(Stay.point).label("lon"),
            sa.func.ST_Y(Stay.point).label("lat"),
        )
        .where(Stay.track_id == track_id)
        .order_by(Stay.started_at)
    )
    return {"id": track.id, "pieces": _pieces([track_id])[track_id], "stays": [dict(row._mapping) for row in stays]}


def playback(day: date, workers: Sequence[str] = (), prefix: str = "", user_ids: Sequence[int] = ()) -> list[dict[str, Any]]:
    """The day of up to 50 tracks within the caller's scope, for playing back: by worker (account or name), or under a prefix."""
    query = scoped(sa.select(Track), Track).where(Track.day == day)
    if workers or user_ids:
        accounts = Track.device_id.in_(sa.select(Device.id).where(Device.user_id.in_(user_ids)))
        query = query.where(sa.or_(accounts, Track.worker.in_(workers)))
    if prefix:
        query = query.where(Track.area_code.startswith(prefix, autoescape=True))
    tracks = list(session().scalars(query.order_by(Track.worker, Track.id).limit(MOST_TRACKS + 1)))
    if len(tracks) > MOST_TRACKS:
        raise Invalid(f"超过 {MOST_TRACKS} 条轨迹，请选择巡查人或更小的区域。", code="too_many_tracks")
    audit.record(
        "play", "tracks", after={"day": day.isoformat(), "tracks": [track.id for track in tracks]}, area_code=prefix or None
    )
    pieces = _pieces([track.id for track in tracks])
    if tracks and not any(pieces.values()):
        _check_detail(day, day)
    return [{"id": t.id, "worker": t.worker, "device": t.device, "doubt": t.doubt, "pieces": pieces[t.id]} for t in tracks]


def _pieces(track_ids: list[int]) -> dict[int, list[dict[str, Floats]]]:
    """Per track its segments in order: at (epoch seconds), lon, lat (7 decimals); from the archive where they were thinned."""
    query = sa.select(Segment.track_id, sa.func.ST_AsBinary(Segment.geom)).where(Segment.track_id.in_(track_ids))
    rows = list(session().execute(query.order_by(Segment.track_id, Segment.started_at)))
    old = sa.select(ArchivedSegment.track_id, sa.func.ST_AsBinary(sa.func.ST_GeomFromTWKB(ArchivedSegment.twkb)))
    old = old.where(ArchivedSegment.track_id.in_(track_ids))
    rows += session().execute(old.order_by(ArchivedSegment.track_id, ArchivedSegment.started_at)).all()
    xym, sizes = vertices_of([bytes(wkb) for _, wkb in rows])
    at, lon, lat = xym[:, 2].copy(), np.round(xym[:, 0], 7), np.round(xym[:, 1], 7)
    found: dict[int, list[dict[str, Floats]]] = {track_id: [] for track_id in track_ids}
    end = np.cumsum(sizes)
    for (track_id, _), begin, until in zip(rows, (end - sizes).tolist(), end.tolist(), strict=True):
        found[track_id].append({"at": at[begin:until], "lon": lon[begin:until], "lat": lat[begin:until]})
    return found


def live(prefix: str = "") -> list[dict[str, Any]]:
    """The last position of each device within the caller's scope, with its age in seconds."""
    age = sa.func.extract("epoch", sa.func.now() - LastPosition.at).label("age_seconds")
    columns = [LastPosition.device_id, Device.code, Device.worker, LastPosition.at, age, LastPosition.lon, LastPosition.lat]
    columns += [LastPosition.accuracy_m, LastPosition.speed_mps, LastPosition.battery, LastPosition.area_code]
    query = (
        sa.select(*columns)
        .join(Device, Device.id == LastPosition.device_id)
        .where(Device.retired_at.is_(None), scope_clause(LastPosition.area_code))
        .order_by(LastPosition.at.desc())
    )
    if prefix:
        query = query.where(LastPosition.area_code.startswith(prefix, autoescape=True))
    rows = [dict(row._mapping) for row in session().execute(query.limit(10_000))]
    audit.record("view", "last_positions", after={"devices": len(rows)}, area_code=prefix or None)
    return [{**row, "age_seconds": float(row["age_seconds"]), "stale": row["age_seconds"] > STALE_MINUTES * 60} for row in rows]


def own_tracks() -> list[Track]:
    """What the signed-in worker's own devices recorded, the latest day first."""
    query = sa.select(Track).join(Device, Device.id == Track.device_id).where(Device.user_id == (caller().user_id or -1))
    return list(session().scalars(query.order_by(Track.day.desc(), Track.id).limit(400)))


def who_passed(lon: float, lat: float, radius_m: float, first: datetime, last: datetime, purpose: str) -> list[dict[str, Any]]:
    """Tracks that came within `radius_m` metres between two moments: nearest metres, from, to (UTC). Audited with the purpose."""
    if first >= last or last - first > timedelta(days=MOST_DAYS):
        raise Invalid(f"起止时间不对：起先于止，最多 {MOST_DAYS} 天。", code="bad_times")
    check_area(
        place_codes(np.array([lon]), np.array([lat]))[0]
    )  # who answers for the place may ask, wherever they went from there
    _check_detail(first.astimezone(zone()).date(), last.astimezone(zone()).date())
    per_lon, per_lat = (float(each[0]) for each in degree_metres(np.array([lat])))
    x, y = radius_m / per_lon * 1.01, radius_m / per_lat * 1.01
    rows = _near((lon - x, lat - y, lon + x, lat + y), first, last)
    if len(rows) > MOST_CANDIDATES:
        raise Invalid("这段时间经过附近的轨迹太多，请缩短时间或缩小半径。", code="too_many_tracks")
    span = (first.timestamp(), last.timestamp())
    found = _passed([wkb for _, wkb in rows], (lon, lat), (per_lon, per_lat), radius_m, span)
    spans: dict[int, Passed] = {}
    for (track_id, _), passed in zip(rows, found, strict=True):
        if passed is not None:
            spans[track_id] = passed.with_(spans.get(track_id, passed))
    wanted = sa.select(Track.id, Track.worker, Track.device, Track.day)
    tracks = session().execute(wanted.where(Track.id == sa.any_(sa.literal([*spans], ARRAY(sa.BigInteger)))))
    told = [_told(track, spans[track.id]) for track in tracks]
    what = {
        "lon": lon,
        "lat": lat,
        "radius_m": radius_m,
        "first": first.isoformat(),
        "last": last.isoformat(),
        "found": len(told),
    }
    audit.record("search", "tracks", after=what, purpose=purpose)
    return sorted(told, key=lambda one: (one["first"], one["track_id"]))


def _check_detail(first: date, last: date) -> None:
    """Of tracks past their keeping only totals are left: that must not look as if nobody had been there."""
    days = settings().track_keep_days
    kept = today() - timedelta(days=days)
    lines = (sa.exists().where(table.track_id == Track.id) for table in (Segment, ArchivedSegment))
    gone = sa.select(Track.id).where(Track.day.between(first, last), Track.day < kept, ~sa.or_(*lines)).limit(1)
    if session().scalar(gone) is not None:
        raise Invalid(
            f"{kept} 以前的轨迹明细已按规定删除（保留 {days} 天），只留里程、时长与覆盖率；请查询这天以后的时间。",
            code="detail_gone",
        )


def _near(box: tuple[float, float, float, float], first: datetime, last: datetime) -> list[tuple[int, bytes]]:
    """Track and line (WKB) of the segments that touch a box (degrees) and a time; of thinned tracks, too."""
    day, most = timedelta(days=1), MOST_CANDIDATES + 1
    days = (first - day).date(), (last + day).date()
    with raw_connection().cursor(binary=True) as cursor:  # as text, the lines would be twice as long
        rows = cursor.execute(_SEGMENTS, [*box, last, first, most]).fetchall()
        around = [side + far for side, far in zip(box, (-AROUND, -AROUND, AROUND, AROUND), strict=True)]
        rows += cursor.execute(_ARCHIVED, [*box, *days, *around, first - day, last, most]).fetchall()
    return rows


def _told(track: sa.Row[Any], passed: Passed) -> dict[str, Any]:
    known = {"track_id": track.id, "worker": track.worker, "device": track.device, "day": track.day}
    moments = {"first": datetime.fromtimestamp(passed.first, UTC), "last": datetime.fromtimestamp(passed.last, UTC)}
    return {**known, **moments, "nearest_m": round(passed.nearest_m, 1)}


def _passed(
    lines: Sequence[bytes], place: tuple[float, float], scale: tuple[float, float], radius_m: float, span: tuple[float, float]
) -> list[Passed | None]:
    """When each of these lines was within a circle and a time, None: never; exact on straight steps at even pace. All at once."""
    xym, sizes = vertices_of(lines)
    if not len(xym):
        return [None] * len(lines)
    reach = radius_m / np.array(scale)
    sides = np.zeros(len(xym), np.uint8)  # on which sides of the circle's box a vertex lies; both ends on one side: never near
    for axis in (0, 1):
        values = xym[:, axis]
        sides |= np.left_shift(values < place[axis] - reach[axis], 2 * axis, dtype=np.uint8)
        sides |= np.left_shift(values > place[axis] + reach[axis], 2 * axis + 1, dtype=np.uint8)
    near = (sides[:-1] & sides[1:]) == 0
    ends = np.cumsum(sizes)
    near[ends[:-1] - 1] = False  # from one line to the next is no step
    steps = np.flatnonzero(near)
    steps = steps[(xym[steps, 2] <= span[1]) & (xym[steps + 1, 2] >= span[0])]
    which = np.searchsorted(ends, steps, side="right")
    p, q = ((xym[at, :2] - place) * scale for at in (steps, steps + 1))
    t0 = xym[steps, 2]
    enter, leave, metres = _crossed(p, q - p, t0, xym[steps + 1, 2] - t0, radius_m, span)
    hit = np.flatnonzero(enter <= leave)
    found: list[Passed | None] = [None] * len(lines)
    for n, line in zip(hit.tolist(), which[hit].tolist(), strict=True):
        one = Passed(float(enter[n]), float(leave[n]), float(metres[n]))
        found[line] = one.with_(found[line] or one)
    return found


def _crossed(
    begin: Floats, step: Floats, t0: Floats, seconds: Floats, radius_m: float, span: tuple[float, float]
) -> tuple[Floats, Floats, Floats]:
    """Per step when it enters and leaves the circle (enters after it leaves: never), and its nearest metres in between."""
    dt = np.maximum(seconds, 1e-9)
    low, high = np.clip((span[0] - t0) / dt, 0, 1), np.clip((span[1] - t0) / dt, 0, 1)
    a, b = (step**2).sum(axis=1), (begin * step).sum(axis=1)
    c = (begin**2).sum(axis=1) - radius_m**2
    root = b * b - a * c
    moving = a > 1e-12
    safe = np.where(moving, a, 1.0)
    half = np.sqrt(np.maximum(root, 0))
    enter, leave = np.where(moving, (-b - half) / safe, 0.0), np.where(moving, (-b + half) / safe, 1.0)
    enter, leave = np.maximum(enter, low), np.minimum(leave, high)
    inside = np.where(moving, root >= 0, c <= 0)
    nearest = np.clip(-b / safe, enter, np.maximum(leave, enter))[:, None]
    metres = np.hypot(*(begin + step * nearest).T)
    return np.where(inside, t0 + enter * dt, np.inf), np.where(inside, t0 + leave * dt, -np.inf), metres
