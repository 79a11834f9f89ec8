"""Grounds for the drawing's tests: a street of houses, and the real building sets when they are there."""

from __future__ import annotations

import gzip
import json

import shapely

from gis_grid.notices.ground import Ground, House, Mark, Patch, Street, flat
from gis_grid.notices.spots import short_names
from tests.conftest import DATA


def town(area=None, rows: int = 3, columns: int = 4, **more) -> Ground:
    """A block of `rows` x `columns` houses between two streets, a river in the east; metres."""
    area = area or shapely.box(0, 0, 160, 120)
    west, south, east, north = area.bounds
    wide, deep = (east - west) / columns, (north - south) / rows
    houses = [
        House(
            short_names(f"{r * columns + c + 1}号楼"),
            shapely.box(west + c * wide + 4, south + r * deep + 4, west + (c + 0.8) * wide, south + (r + 0.6) * deep),
        )
        for r in range(rows)
        for c in range(columns)
    ]
    streets = (
        Street("人民路", "main", 12.0, shapely.LineString([(west - 200, south), (east + 200, south)])),
        Street("解放巷", "lane", 6.0, shapely.LineString([(west, south - 200), (west, north + 200)])),
    )
    given = {
        "neighbours": (Patch("第2网格", shapely.box(west, north, east, north + 200)),),
        "streets": streets,
        "waters": (Patch("清水河", shapely.box(east + 2, south - 300, east + 60, north + 300)),),
        "houses": tuple(house for house in houses if area.intersects(house.shape)),
        "marks": (Mark("", shapely.Point(west + 10, south + 4), "entrance"),),
    }
    return Ground(area, "第1网格", **{**given, **more})


SHAPES = {
    "tiny": lambda: town(shapely.box(0, 0, 24, 18), 1, 2),
    "long": lambda: town(shapely.box(0, 0, 900, 60), 1, 20),
    "hole": lambda: town(shapely.box(0, 0, 200, 160).difference(shapely.box(60, 50, 130, 100)), 4, 6),
    "many": lambda: town(shapely.box(0, 0, 400, 320), 14, 15),
    "water": lambda: town(shapely.Polygon([(0, 0), (150, 0), (190, 60), (140, 130), (0, 120)])),
}


def real(name: str, half_x: float, half_y: float) -> Ground:
    """The middle of a set of real buildings, half_x x half_y degrees to each side."""
    if name == "tsinghua":
        told = json.loads((DATA / "buildings_tsinghua_osm" / "tsinghua_osm_buildings.geojson").read_text(encoding="utf-8"))
    else:
        told = json.loads(gzip.decompress((DATA / "buildings_suzhou" / "suzhou_buildings_floors.geojson.gz").read_bytes()))
    rows = [
        (each["properties"].get("name") or f"{number}号楼", shapely.from_geojson(json.dumps(each["geometry"])))
        for number, each in enumerate(told["features"], 1)
    ]
    west, south, east, north = shapely.total_bounds([shape for _, shape in rows])
    x, y = (west + east) / 2, (south + north) / 2
    box = shapely.box(x - half_x, y - half_y, x + half_x, y + half_y)
    metres = flat(x, y)
    inside = [(text, shape) for text, shape in rows if box.contains(shape.centroid)]
    return Ground(metres(box), "网格", houses=tuple(House(short_names(text), metres(shape)) for text, shape in inside))
