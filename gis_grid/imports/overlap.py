"""Does a file's datum look wrong? Compare its boundaries with those already here, as given and as if shifted."""

from __future__ import annotations

from typing import Any

import shapely
import sqlalchemy as sa

from gis_grid.areas.models import Area, Boundary
from gis_grid.db import session
from gis_grid.geo import crs, shapes

_LOOKED_AT = 50


def iou(one: Any, other: Any) -> float:
    """Shared area over joint area of two shapes, 0 to 1."""
    joint = shapely.area(shapely.union(one, other))
    return float(shapely.area(shapely.intersection(one, other)) / joint) if joint else 0.0


def suspect_datum(incoming: list[tuple[str | None, Any]], level: str, datum: str) -> list[str]:
    """A sentence naming the likely datum when shifted boundaries fit known ones clearly better; nothing is changed."""
    if datum not in ("EPSG:4326", "EPSG:4490"):
        return []
    scores: dict[str, list[float]] = {"as_given": [], "gcj02": [], "bd09": []}
    for code, shape in incoming[:_LOOKED_AT]:
        known = _known(code, shape, level)
        if known is None:
            continue
        scores["as_given"].append(iou(shape, known))
        for name in ("gcj02", "bd09"):
            moved = shapely.make_valid(shapely.transform(shape, _from(name)))
            scores[name].append(iou(moved, known))
    if not scores["as_given"]:
        return []
    mean = {name: sum(values) / len(values) for name, values in scores.items()}
    best = max(("gcj02", "bd09"), key=lambda name: mean[name])
    if mean[best] < 0.8 or mean[best] - mean["as_given"] < 0.05:
        return []
    return [
        f"坐标系可能有误：按声明读取与现有边界的重合度为 {mean['as_given']:.2f}，若按 {best} 读取为 {mean[best]:.2f}。"
        f"请确认后用 crs={best} 重新导入；坐标未作任何改动。"
    ]


def _known(code: str | None, shape: Any, level: str) -> Any:
    """The stored boundary of the same code, otherwise the one of this level that overlaps most."""
    query = sa.select(Boundary.geom).join(Area, Area.code == Boundary.area_code).where(Area.level == level)
    same = session().scalar(query.where(Area.code == code).limit(1)) if code else None
    if same is not None:
        return shapes.from_stored(same)
    column = shapes.to_column(shape)
    near = session().scalars(query.where(Boundary.geom.ST_Intersects(column)).limit(20))
    candidates = [shapes.from_stored(found) for found in near]
    return max(candidates, key=lambda one: iou(shape, one), default=None)


def _from(name: str) -> Any:
    import numpy as np

    return lambda xy: np.column_stack(crs.to_stored(xy[:, 0], xy[:, 1], name))
