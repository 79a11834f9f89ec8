"""Reference systems by their OGC URI: number, axis order, digits (OGC API Features Part 2).

Tables are in CGCS2000 (EPSG:4490), which counts as equal to WGS 84 (below a metre), so three URIs cost no transformation.
The registry's axis order is kept: latitude first for EPSG's geographic systems, northing first for Gauss-Kruger.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

STORED = 4490
CRS84_URI = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
_EPSG = "http://www.opengis.net/def/crs/EPSG/0/"


@dataclass(frozen=True)
class Reference:
    """One system. `flipped`: the registry names the second axis of ours first. `digits` after the point in answers."""

    uri: str
    srid: int
    flipped: bool
    digits: int

    def shown(self, shape: str) -> str:
        """The SQL that brings a stored shape into this system, axes in the registry's order."""
        told = shape if self.srid == STORED else f"ST_Transform({shape}, {self.srid})"
        return f"ST_FlipCoordinates({told})" if self.flipped else told


def gauss_kruger(lon: float) -> int:
    """The EPSG number of CGCS2000 in the 3-degree Gauss-Kruger zone of a longitude (no zone prefix): 106.4 -> 4544."""
    return 4534 + round((min(max(lon, 75.0), 135.0) - 75) / 3)


@cache
def references(zone: int) -> dict[str, Reference]:
    """Those offered, by URI, the default first; `zone` is the EPSG number of the project's Gauss-Kruger zone."""
    found = [
        Reference(CRS84_URI, STORED, False, 7),
        Reference(f"{_EPSG}4326", STORED, True, 7),
        Reference(f"{_EPSG}4490", STORED, True, 7),
        Reference(f"{_EPSG}{zone}", zone, True, 3),
        Reference(f"{_EPSG}3857", 3857, False, 2),
    ]
    return {one.uri: one for one in found}


def known(text: str, zone: int) -> Reference | None:
    """The system of a URI, a safe CURIE ([EPSG:4490]) or a plain EPSG:4490; none when it is not offered."""
    short = re.fullmatch(r"\[?(?:EPSG|epsg):([0-9]{4,5})\]?", text)
    plain = re.fullmatch(r"https?://www\.opengis\.net/def/crs/(.+)", text)
    uri = f"{_EPSG}{short[1]}" if short else f"http://www.opengis.net/def/crs/{plain[1]}" if plain else text
    return references(zone).get(CRS84_URI if text in ("CRS84", "OGC:CRS84", "[OGC:CRS84]") else uri)
