"""Reference systems by their OGC URI: number, axis order, digits (OGC API Features Part 2).

Tables are in CGCS2000 (EPSG:4490), which counts as equal to WGS 84 (below a metre), so three URIs cost no transformation.
The registry's axis order is kept: latitude first for EPSG's geographic systems, northing first for Gauss-Kruger. Beyond the
few that collections list, any EPSG:n may be named; the shifted systems, which no registry knows, have URIs of our own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from pyproj import CRS

from gis_grid.errors import Invalid
from gis_grid.geo import crs

STORED = 4490
CRS84_URI = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
_EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
_OWN = "urn:gis-grid:crs:"


@dataclass(frozen=True)
class Reference:
    """One system. `flipped`: the registry names the second axis of ours first. `digits` after the point in answers."""

    uri: str
    srid: int
    flipped: bool
    digits: int
    shifted: str | None = None  # one of crs.SHIFTED: what the database does not know

    @property
    def datum(self) -> str:
        """Its name for `geo.crs`."""
        return self.shifted or f"EPSG:{self.srid}"

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
    """The system of a URI, a safe CURIE ([EPSG:4490]), a plain EPSG:4490, one of crs.SHIFTED; none for others."""
    if (own := text.removeprefix(_OWN).strip().lower().replace("-", "")) in crs.SHIFTED:
        return Reference(f"{_OWN}{own}", STORED, False, 7, own)
    short = re.fullmatch(r"\[?(?:EPSG|epsg):([0-9]{4,5})\]?", text)
    plain = re.fullmatch(r"https?://www\.opengis\.net/def/crs/(.+)", text)
    uri = f"{_EPSG}{short[1]}" if short else f"http://www.opengis.net/def/crs/{plain[1]}" if plain else text
    uri = CRS84_URI if text in ("CRS84", "OGC:CRS84", "[OGC:CRS84]") else uri
    return references(zone).get(uri) or _registered(uri)


@cache
def _registered(uri: str) -> Reference | None:
    """Any flat system of the EPSG registry, its axes in the registry's order."""
    number = re.fullmatch(re.escape(_EPSG) + "([0-9]{4,5})", uri)
    if number is None:
        return None
    try:
        named = crs.datum(f"EPSG:{number[1]}")
    except Invalid:
        return None
    flipped = CRS.from_epsg(number[1]).axis_info[0].direction.lower() in ("north", "south")
    return Reference(uri, int(number[1]), flipped, 7 if named.is_degrees else 3)
