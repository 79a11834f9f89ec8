"""What may lie below our own layers: a configured tile service or one PMTiles file; without either nobody is asked."""

from __future__ import annotations

import re
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from gis_grid.config import settings
from gis_grid.errors import NotFound

PMTILES = "/basemap.pmtiles"
_HOSTS = re.compile(r"\{(\d)-(\d)\}")  # {0-7}: numbered hosts of one service


def described() -> dict[str, Any] | None:
    """title, kind (tiles, pmtiles), addresses (one list per layer, bottom first) and the deepest zoom; None without one."""
    conf = settings()
    if conf.basemap_pmtiles:
        return {"title": conf.basemap_title, "kind": "pmtiles", "layers": [[PMTILES]], "maxzoom": conf.basemap_maxzoom}
    if not conf.basemap_tiles:
        return None
    layers = [_addresses(template) for template in conf.basemap_tiles]
    return {"title": conf.basemap_title, "kind": "tiles", "layers": layers, "maxzoom": conf.basemap_maxzoom}


def _addresses(template: str) -> list[str]:
    found = _HOSTS.search(template)
    if found is None:
        return [template]
    return [template.replace(found[0], str(number), 1) for number in range(int(found[1]), int(found[2]) + 1)]


def file() -> Any:
    """The PMTiles file; not found when none is set or it is gone."""
    path = settings().basemap_pmtiles
    if path is None or not path.is_file():
        raise NotFound("没有设置底图文件。")
    return path


@cache
def hosts() -> tuple[str, ...]:
    """The other hosts a page must be let to ask: those of the tile service, and only them."""
    told = described()
    if told is None:
        return ()
    parts = [urlsplit(address) for layer in told["layers"] for address in layer]
    return tuple(dict.fromkeys(f"{part.scheme}://{part.netloc}" for part in parts if part.netloc))
