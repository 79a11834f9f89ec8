"""What lies around an area on its plan, as a digest: a new street, another name of the water makes a hung board untrue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import shapely

from gis_grid.areas.duty import all_areas
from gis_grid.areas.placing import today
from gis_grid.db import session, sql
from gis_grid.notices.ground import flat
from gis_grid.notices.scale import Window

Box = tuple[float, float, float, float]


def window_in_degrees(window: Window, lon: float, lat: float) -> Box:
    """West, south, east, north of a window whose metres count from lon, lat; to a centimetre, so that it is kept as it is."""
    per_degree = flat(lon, lat)(shapely.Point(lon + 1.0, lat + 1.0))
    half_x, half_y = (side * window.scale / 2000 for side in (window.width, window.height))
    west, east = (lon + (window.x + sign * half_x) / per_degree.x for sign in (-1, 1))
    south, north = (lat + (window.y + sign * half_y) / per_degree.y for sign in (-1, 1))
    return (round(west, 7), round(south, 7), round(east, 7), round(north, 7))


def digests_around(asked: Mapping[int, tuple[str, Box]]) -> dict[int, str]:
    """By any number: what lies in the window of an area, as a digest. One query however many they are."""
    tree = all_areas()
    known = [(key, code, tree[code].link["level"], box) for key, (code, box) in asked.items() if code in tree]
    if not known:
        return {}
    values: dict[str, Any] = {
        "keys": [key for key, _, _, _ in known],
        "codes": [code for _, code, _, _ in known],
        "levels": [level for _, _, level, _ in known],
        "at": today(),
    }
    for place, name in enumerate(("wests", "souths", "easts", "norths")):
        values[name] = [box[place] for _, _, _, box in known]
    return {row.key: row.digest for row in session().execute(sql("around"), values)}
