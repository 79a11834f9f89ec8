"""One file per upload format; FORMATS names them. A reader takes a stream and a zone, yields Parts; a ValueError says why not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import IO
from zoneinfo import ZoneInfo

from gis_grid.patrol.fixes import Part
from gis_grid.patrol.formats import geojson, gpx, jt808, kml, nmea, owntracks, plt, table

Reader = Callable[[IO[bytes], ZoneInfo], Iterator[Part]]
FORMATS: dict[str, Reader] = {
    "gpx": gpx.read,
    "geojson": geojson.read,
    "json": geojson.read,
    "csv": table.read,
    "kml": kml.read,
    "nmea": nmea.read,
    "plt": plt.read,
    "ndjson": owntracks.read,
    "hex": jt808.read,
    "jt808": jt808.read,
}
