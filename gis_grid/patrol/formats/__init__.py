"""One file per upload format; FORMATS names them. A reader takes bytes and a zone and gives Fixes, or ValueError."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

from gis_grid.patrol.fixes import Fixes
from gis_grid.patrol.formats import gpx, plt, table

Reader = Callable[[bytes, ZoneInfo], Fixes]
FORMATS: dict[str, Reader] = {"gpx": gpx.read, "plt": plt.read, "csv": table.read}
