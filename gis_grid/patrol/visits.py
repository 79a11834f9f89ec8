"""Which targets a track passed, and where it stayed for how long: found from the line, not only from its fixes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import shapely
import sqlalchemy as sa
from numpy.typing import NDArray

from gis_grid.db import raw_connection, session
from gis_grid.kept import Kept
from gis_grid.patrol.fixes import Fixes, Floats
from gis_grid.patrol.models import Target
from gis_grid.patrol.rules import degree_metres, pieces_of, steps_m

STREET = "street"
SPACING_M = 8.0  # the line is looked at this densely
AWAY_SECONDS = 120.0  # who is back sooner was not away


@dataclass(frozen=True)
class Targets:
    """All targets in memory: arrays of one length, and a tree of their points with equal scales in both directions."""

    ids: NDArray[np.int64]
    is_street: NDArray[np.bool_]
    radius_m: Floats
    dwell_seconds: Floats
    codes: NDArray[np.object_]
    xy: Floats  # metres east and north of `origin`
    origin: tuple[float, float]
    tree: shapely.STRtree


@dataclass(frozen=True)
class Visit:
    """Somebody was within a target's radius from, to (epoch seconds)."""

    target: int  # position in Targets
    begin: float
    end: float
    nearest_m: float


_targets: Kept[Targets | None] = Kept("patrol_targets", most=1)


def all_targets() -> Targets | None:
    """Every target in use, kept in memory while none changes; None when there are none."""
    return _targets.get("targets", _read_targets)


def _read_targets() -> Targets | None:
    point = sa.func.coalesce(Target.point, sa.func.ST_LineInterpolatePoint(Target.line, 0.5))
    query = sa.select(
        Target.id, Target.kind, Target.radius_m, Target.dwell_seconds, Target.area_code, sa.func.ST_X(point), sa.func.ST_Y(point)
    ).where(Target.retired_at.is_(None), sa.or_(Target.point.is_not(None), Target.line.is_not(None)))
    rows = session().execute(query).all()
    if not rows:
        return None
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    names = np.empty(len(rows), object)
    names[:] = [row[4] for row in rows]
    lon, lat = columns[5].astype(float), columns[6].astype(float)
    return make_targets(lon, lat, columns[2], columns[3], ids=columns[0], is_street=columns[1] == STREET, codes=names)


def make_targets(
    lon: Floats, lat: Floats, radius_m: Floats, dwell: Floats, *, ids: Any = None, is_street: Any = None, codes: Any = None
) -> Targets:
    """Targets of arrays. One scale for all of them: within a city it is good to a thousandth."""
    count = len(lon)
    origin = (float(np.median(lon)), float(np.median(lat)))
    xy = _metres(lon, lat, origin)
    return Targets(
        ids=np.arange(count) if ids is None else ids,
        is_street=np.zeros(count, bool) if is_street is None else is_street,
        radius_m=np.asarray(radius_m, float),
        dwell_seconds=np.asarray(dwell, float),
        codes=np.empty(count, object) if codes is None else codes,
        xy=xy,
        origin=origin,
        tree=shapely.STRtree(shapely.points(xy)),
    )


def _metres(lon: Floats, lat: Floats, origin: tuple[float, float]) -> Floats:
    per_lon, per_lat = degree_metres(np.array([origin[1]]))
    return np.column_stack([(lon - origin[0]) * per_lon, (lat - origin[1]) * per_lat])


def find_visits(line: Fixes, targets: Targets) -> list[Visit]:
    """Every time the line was within the radius of a target; street pieces and targets without a dwell count when passed."""
    if not len(line):
        return []
    at, lon, lat = dense(line)
    xy = _metres(lon, lat, targets.origin)
    pairs = targets.tree.query(shapely.points(xy), predicate="dwithin", distance=float(targets.radius_m.max()))
    places, found = pairs
    metres = np.hypot(*(xy[places] - targets.xy[found]).T)
    near = metres <= targets.radius_m[found]
    places, found, metres = places[near], found[near], metres[near]
    order = np.lexsort((places, found))
    places, found, metres = places[order], found[order], metres[order]
    if not len(found):
        return []
    moments = at[places]
    starts = np.flatnonzero(np.append(True, (np.diff(found) != 0) | (np.diff(moments) > AWAY_SECONDS)))
    ends = np.append(starts[1:], len(found)) - 1
    nearest = np.minimum.reduceat(metres, starts)
    long_enough = moments[ends] - moments[starts] >= targets.dwell_seconds[found[starts]]
    return [
        Visit(int(found[s]), float(moments[s]), float(moments[e]), float(n))
        for s, e, n, good in zip(starts, ends, nearest, long_enough, strict=True)
        if good
    ]


def dense(line: Fixes) -> tuple[Floats, Floats, Floats]:
    """Times, longitudes and latitudes along the line, at most SPACING_M apart within a piece."""
    metres = steps_m(line.lon, line.lat)
    inside = np.diff(pieces_of(line)) == 0
    parts = np.where(inside, np.clip(np.ceil(metres / SPACING_M), 1, 1000), 1).astype(np.int64)
    step = np.repeat(np.arange(len(parts)), parts)
    first = np.repeat(np.cumsum(parts) - parts, parts)
    share = (np.arange(len(step)) - first) / np.repeat(parts, parts)
    made = []
    for values in (line.at, line.lon, line.lat):
        made.append(np.append(values[step] + share * (values[step + 1] - values[step]) if len(step) else values[:0], values[-1]))
    return made[0], made[1], made[2]


def keep_visits(track_id: int, day: date, line: Fixes) -> None:
    """Write the visits of a track, and which targets it passed in each area: that is its part of the coverage."""
    session().execute(sa.text("DELETE FROM track_visits WHERE track_id = :id"), {"id": track_id})
    targets = all_targets()
    if targets is None:
        return
    visits = find_visits(line, targets)
    passed: dict[str | None, set[int]] = {}
    query = "COPY track_visits (track_id, target_id, started_at, ended_at, nearest_m) FROM STDIN"
    with raw_connection().cursor() as cursor, cursor.copy(query) as copy:
        for visit in visits:
            key = int(targets.ids[visit.target])
            passed.setdefault(targets.codes[visit.target], set()).add(key)
            if not targets.is_street[visit.target]:
                begin, end = datetime.fromtimestamp(visit.begin, UTC), datetime.fromtimestamp(visit.end, UTC)
                copy.write_row((track_id, key, begin, end, visit.nearest_m))
    for code, keys in passed.items():
        values = {"id": track_id, "code": code, "keys": sorted(keys), "day": day}
        done = session().execute(
            sa.text("UPDATE track_areas SET targets = :keys WHERE track_id = :id AND area_code IS NOT DISTINCT FROM :code"),
            values,
        )
        if not done.rowcount:  # type: ignore[attr-defined]
            session().execute(
                sa.text(
                    "INSERT INTO track_areas (track_id, area_code, day, fixes, length_m, minutes, targets) "
                    "VALUES (:id, :code, :day, 0, 0, 0, :keys)"
                ),
                values,
            )
