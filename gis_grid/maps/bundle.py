"""All tiles of one's own scope: seeded beforehand for a wall display, or as one PMTiles file for phones without a network."""

from __future__ import annotations

import gzip
import math
import tempfile
from collections.abc import Iterator
from datetime import date
from typing import Any

from flask import Response, send_file

from gis_grid import audit
from gis_grid.errors import NotFound, TooLarge
from gis_grid.maps import styles, tiles
from gis_grid.maps.collections import middle
from gis_grid.maps.layers import Layer

MOST = 30_000  # tiles of one file: a district down to zoom 17


def spots(box: tuple[float, float, float, float], lowest: int, highest: int) -> Iterator[tuple[int, int, int]]:
    """z, x, y of all tiles over a box of degrees, from the lowest zoom to the highest."""
    west, south, east, north = box
    for z in range(lowest, highest + 1):
        x0, y0 = tile_at(west, north, z)
        x1, y1 = tile_at(east, south, z)
        yield from ((z, x, y) for x in range(x0, x1 + 1) for y in range(y0, y1 + 1))


def tile_at(lon: float, lat: float, z: int) -> tuple[int, int]:
    """Column and row of the tile over a point."""
    side = 2**z
    row = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * side
    return min(max(int((lon + 180) / 360 * side), 0), side - 1), min(max(int(row), 0), side - 1)


def seed(wanted: list[Layer], highest: int, at: date | None = None) -> Iterator[int]:
    """Make every tile of the caller's scope and keep it on disk; the size of each in bytes."""
    names = ",".join(layer.name for layer in wanted)
    for z, x, y in spots(scope_box(), _lowest(wanted), highest):
        yield len(tiles.tile(names, z, x, y, at).body)


def answer(wanted: list[Layer], highest: int) -> Response:
    """The PMTiles file (version 3, gzip); refused when it would hold too many tiles."""
    box = scope_box()
    many = sum(1 for _ in spots(box, _lowest(wanted), highest))
    if many > MOST:
        raise TooLarge(
            f"这个范围到 {highest} 级共 {many} 个瓦片，最多 {MOST} 个，请减小 maxzoom 或缩小范围。", code="too_many_tiles"
        )
    file = tempfile.TemporaryFile()  # noqa: SIM115  sent and closed by the answer
    count = write(file, wanted, highest, box)
    audit.record("export", "tiles", ",".join(layer.name for layer in wanted)[:80], after={"tiles": count, "maxzoom": highest})
    file.seek(0)
    return send_file(file, mimetype="application/vnd.pmtiles", as_attachment=True, download_name="gis-grid.pmtiles")


def write(file: Any, wanted: list[Layer], highest: int, box: tuple[float, float, float, float]) -> int:
    """The tiles and their directory into an open file; answers how many."""
    from pmtiles.tile import Compression, TileType, zxy_to_tileid
    from pmtiles.writer import Writer

    names = ",".join(layer.name for layer in wanted)
    writer = Writer(file)
    count = 0
    for z, x, y in sorted(spots(box, _lowest(wanted), highest), key=lambda spot: zxy_to_tileid(*spot)):
        body = tiles.tile(names, z, x, y).body
        if body:
            writer.write_tile(zxy_to_tileid(z, x, y), gzip.compress(body, 6, mtime=0))
            count += 1
    if not count:
        raise NotFound("您的数据范围内没有可打包的内容。")
    west, south, east, north = (round(edge * 1e7) for edge in box)
    header = {
        "tile_type": TileType.MVT,
        "tile_compression": Compression.GZIP,
        "min_lon_e7": west,
        "min_lat_e7": south,
        "max_lon_e7": east,
        "max_lat_e7": north,
        "center_zoom": min(14, highest),
        "center_lon_e7": (west + east) // 2,
        "center_lat_e7": (south + north) // 2,
    }
    told = styles.tilejson(wanted, "")
    writer.finalize(header, {"name": told["name"], "vector_layers": told["vector_layers"]})
    return count


def _lowest(wanted: list[Layer]) -> int:
    return max(8, min(layer.minzoom for layer in wanted))


def scope_box() -> tuple[float, float, float, float]:
    """West, south, east, north of the caller's areas."""
    box = middle()
    if box is None:
        raise NotFound("您的数据范围内还没有边界。")
    return box
