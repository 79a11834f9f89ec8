"""管辖范围 in words from the streets, water and neighbours that bound an area: 东至...，南至...。Pure; metres."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from typing import Any

import numpy as np
import shapely

from gis_grid.notices.ground import Ground

_SIDES = ("东", "北", "西", "南")  # anticlockwise from east, as atan2 counts
_STEP_M, _NEAR_M, _LEAST_SHARE = 5.0, 12.0, 0.2


def extent_in_words(ground: Ground) -> str | None:
    """东至人民路，南至清水河，西至第3网格，北至解放街; None when nothing along the boundary has a name.

    Each side of the outer ring (by the direction it faces) is told by what runs along most of it.
    """
    faces = _faces(ground.area)
    told = [(name, shape) for name, shape in _bounding(ground) if name]
    if not told or not faces:
        return None
    along = _votes(faces, told, ground.neighbours)
    parts = []
    for side in ("东", "南", "西", "北"):
        length = sum(metres for face, metres, _ in faces if face == side)
        best = max(along[side].items(), key=lambda pair: pair[1], default=None)
        if best is not None and best[1] >= _LEAST_SHARE * length > 0:
            parts.append(f"{side}至{best[0]}")
    return "，".join(parts) or None


def _faces(area: Any) -> list[tuple[str, float, Any]]:
    """The outer ring in steps of some metres: (side it faces, metres, middle point)."""
    part = max(shapely.get_parts(area), key=lambda each: each.area)
    ring = shapely.get_coordinates(shapely.segmentize(shapely.normalize(part).exterior, _STEP_M))
    found = []
    anticlockwise = shapely.is_ccw(shapely.linearrings(ring))
    for (x1, y1), (x2, y2) in itertools.pairwise(ring):
        out = math.atan2(-(x2 - x1), y2 - y1) if anticlockwise else math.atan2(x2 - x1, -(y2 - y1))
        side = _SIDES[round(out / (math.pi / 2)) % 4]
        found.append((side, math.hypot(x2 - x1, y2 - y1), shapely.Point((x1 + x2) / 2, (y1 + y2) / 2)))
    return found


def _bounding(ground: Ground) -> list[tuple[str, Any]]:
    streets = [(street.name, shapely.buffer(street.line, street.width_m / 2)) for street in ground.streets]
    return streets + [(water.name, water.shape) for water in ground.waters]


def _votes(faces: Any, told: list[tuple[str, Any]], neighbours: Any) -> dict[str, dict[str, float]]:
    along: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    middles = np.array([middle for _, _, middle in faces])
    near = shapely.STRtree([shape for _, shape in told])
    at, which = near.query(middles, predicate="dwithin", distance=_NEAR_M)
    nearest: dict[int, tuple[float, int]] = {}
    for i, k in zip(at.tolist(), which.tolist(), strict=True):
        nearest[i] = min(nearest.get(i, (math.inf, -1)), (float(middles[i].distance(told[k][1])), k))
    for i, (side, metres, middle) in enumerate(faces):
        if i in nearest:
            along[side][told[nearest[i][1]][0]] += metres
            continue
        other = next((patch.name for patch in neighbours if patch.shape.distance(middle) < 1.0), None)
        if other:
            along[side][other] += metres
    return along
