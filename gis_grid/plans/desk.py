"""What the drawing desk works on: the division as a draft leaves it, bit for bit, and homes to count while one drags."""

from __future__ import annotations

from typing import Any

import orjson
import shapely

from gis_grid.access.guard import caller
from gis_grid.areas.placing import today
from gis_grid.areas.rules import LEVEL_CODES, LEVEL_NAMES
from gis_grid.config import settings
from gis_grid.db import session, sql
from gis_grid.plans.models import Plan
from gis_grid.plans.world import changes_of, world_of

COUNTED = ("households", "residents", "buildings", "premises")


def division_told(plan: Plan) -> dict[str, Any]:
    """GeoJSON of all areas the caller may see around the plan, shapes with every bit of their coordinates: two neighbours' common
    vertices stay equal. `inside`: under the plan's own area, so it may be changed. `today`: whatever the browser's clock says."""
    features = []
    changed = {change.code for change in changes_of(plan.id)}
    for place in world_of(plan).values():
        if place.shape is None or not caller().covers(place.code):
            continue
        told = {name: getattr(place, name) for name in ("code", "level", "name", "kind", "parent_code")}
        told |= {"changed": place.code in changed, "inside": place.code.startswith(plan.area_code)}
        geometry = orjson.Fragment(shapely.to_geojson(place.shape))
        features.append({"type": "Feature", "geometry": geometry, "properties": told})
    low, high = settings().grid_households
    levels = [{"code": code, "name": LEVEL_NAMES[code]} for code in LEVEL_CODES]
    told = {"rule": {"low": low, "high": high}, "levels": levels, "today": today().isoformat()}
    return {"type": "FeatureCollection", "features": features, **told}


def homes_told(plan: Plan) -> dict[str, Any]:
    """Where homes, buildings and shops stand in the plan's area: one row per point (degrees) with how many of each."""
    at: dict[tuple[float, float], list[int]] = {}
    for kind, lon, lat, held in session().execute(sql("points_of"), {"prefix": f"{plan.area_code}%"}):
        row = at.setdefault((lon, lat), [0] * len(COUNTED))
        for name, number in {kind: 1, **(held or {})}.items():
            if name in COUNTED:
                row[COUNTED.index(name)] += number or 0
    rows = [[lon, lat, *counts] for (lon, lat), counts in at.items() if any(counts)]
    return {"columns": ["lon", "lat", *COUNTED], "rows": rows}
