"""Features of a layer as GeoJSON pages: shapes as text from the database, put together once, passed through.

A page begins after the last row of the one before (keyset), so nothing is skipped or repeated while rows are added, and page
1,000 costs what page 1 costs. How many match is counted only where that is cheap, and remembered while the data hold.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import blake2b
from typing import Any
from urllib.parse import urlencode

import numpy as np
import orjson
import shapely

from gis_grid.access.guard import caller
from gis_grid.db import ask, driver_text
from gis_grid.errors import NotFound
from gis_grid.geo import crs
from gis_grid.kept import Kept
from gis_grid.maps import tiles
from gis_grid.maps.asked import USUAL, Asked, beyond, cursor
from gis_grid.maps.collections import columns

COUNTED = 50_000  # matches of a filter are counted up to here; beyond, only on request
_counts: Kept[dict[str, int]] = Kept(most=5000)


@dataclass(frozen=True)
class Page:
    """The features, the mark of the next page (none at the end), and the rows they were made of."""

    features: list[dict[str, Any]]
    next: str | None
    rows: list[Any]

    @property
    def shapes(self) -> list[bytes]:
        """The shapes as GeoJSON text."""
        return [row[2] for row in self.rows if row[2] is not None]


def page(asked: Asked) -> Page:
    """One page in order."""
    later, order, more = beyond(asked)
    limit = asked.limit or USUAL
    text, values = asked.select(_shown(asked), f"AND {later} {order} LIMIT {limit + 1}")
    rows = ask(driver_text(text), _named(text, {**values, **more}), prepare=False)
    last = rows[limit - 1] if len(rows) > limit else None
    return _page(asked, _shifted(asked, rows[:limit]), cursor(_marked(asked, last), last[0]) if last else None)


def _page(asked: Asked, rows: list[Any], following: str | None) -> Page:
    names, text = asked.fields, orjson.Fragment
    features: list[dict[str, Any]] = [
        {
            "type": "Feature",
            "id": row[1],
            "geometry": text(row[2]) if row[2] is not None else None,
            "properties": dict(zip(names, row[3:], strict=False)),  # behind them may stand the mark
        }
        for row in rows
    ]
    return Page(features, following, rows)


def one(asked: Asked, key: str) -> Page:
    """A page with the one feature of this key, in the caller's scope."""
    layer = asked.layer
    value: Any = key
    if columns(layer.name).whole_key:
        value = int(key) if key.isdecimal() and len(key) < 19 else -1
    text, values = asked.select(_shown(asked), f"AND l.{layer.key} = :key LIMIT 1")
    rows = ask(driver_text(text), _named(text, {**values, "key": value}))
    if not rows:
        raise NotFound(f"数据集“{layer.title}”中没有 {key[:60]}，或它不在您的数据范围内。")
    return _page(asked, _shifted(asked, list(rows)), None)


def _shifted(asked: Asked, rows: list[Any]) -> list[Any]:
    """Rows whose shapes are in a system that the database does not know."""
    if asked.system.shifted is None or not asked.shapes:
        return rows
    there = crs.shapes_from_stored(shapely.from_geojson([row[2] for row in rows]), asked.system.shifted)
    told = shapely.to_geojson(shapely.transform(there, lambda xy: np.round(xy, asked.system.digits)))
    return [(*row[:2], shape and shape.encode(), *row[3:]) for row, shape in zip(rows, told, strict=True)]


def _shown(asked: Asked) -> str:
    shape = "NULL"
    if asked.shapes:
        told = f"ST_AsGeoJSON({asked.system.shown('l.geom')}, {asked.system.digits}, 0)"
        shape = f"convert_to({told}, 'UTF8')"  # bytes: taken over as they are
    fields = "".join(f", l.{name}" for name in asked.fields)
    mark = f", l.{asked.sort[0]} AS mark" if asked.sort else ""
    return f"l.id, l.{asked.layer.key} AS key, {shape} AS shape{fields}{mark}"


def _marked(asked: Asked, row: Any) -> str | None:
    if asked.sort is None or row[-1] is None:
        return None
    value = row[-1]
    return str(value.isoformat() if hasattr(value, "isoformat") else value)


def _named(text: str, values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if f":{name}" in text}


def dump(value: Any) -> bytes:
    """JSON with what the database answers: numerics as numbers, times in UTC."""
    return orjson.dumps(value, default=_plain, option=orjson.OPT_UTC_Z)


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, memoryview):
        return bytes(value).hex()
    return str(value)


def matched(asked: Asked, found: Page) -> int | None:
    """How many features match, where it is cheap to say: all on this page, remembered, or few enough to count."""
    if asked.after is None and found.next is None:
        return len(found.features)
    number = count(asked, COUNTED + 1 if asked.selective else None)
    return None if asked.selective and number > COUNTED else number


def count(asked: Asked, most: int | None = None) -> int:
    """Exactly how many match (at most `most`), remembered while the data hold."""
    text, values = asked.select("1", "" if most is None else f"LIMIT {most}")
    own = {name: value for name, value in _named(text, values).items() if name != "at" or asked.layer.dated}
    key = (text, repr(sorted(own.items())))
    state = tiles.state_of([asked.layer], asked.at)
    kept = _counts.get(key, dict)
    if state not in kept:
        kept.clear()
        kept[state] = ask(driver_text(f"SELECT count(*) FROM ({text}) q"), _named(text, values), prepare=False)[0][0]
    return kept[state]


def tag(asked: Asked, what: str) -> str:
    """The ETag of an answer: it changes when the data, the scope or the question does."""
    state = tiles.state_of([asked.layer], asked.at)
    return blake2b(f"{what}|{sorted(asked.own.items())}|{sorted(caller().rights)}|{state}".encode(), digest_size=16).hexdigest()


def document(asked: Asked, root: str, *, hits: bool = False) -> bytes:
    """A FeatureCollection with its links and numbers (Part 1, 7.15)."""
    found = Page([], None, []) if hits else page(asked)
    number = count(asked) if hits else matched(asked, found)
    told = {
        "type": "FeatureCollection",
        "timeStamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        **({} if number is None else {"numberMatched": number}),
        "numberReturned": len(found.features),
        "links": page_links(asked, found.next, root),
        "features": found.features,
    }
    return dump(told)


def page_links(asked: Asked, following: str | None, root: str) -> list[dict[str, str]]:
    """self, alternate, next (with every parameter kept), collection."""
    here = f"{root}/collections/{asked.layer.name}"
    own = {name: value for name, value in asked.own.items() if name != "f"}
    rows = [
        ("self", _url(f"{here}/items", dict(asked.own)), GEOJSON, "本页"),
        ("alternate", _url(f"{here}/items", {**own, "f": "html"}), "text/html", "本页（网页）"),
        ("collection", here, "application/json", asked.layer.title),
    ]
    if following:
        rows.append(("next", _url(f"{here}/items", {**asked.own, "after": following}), GEOJSON, "下一页"))
    return [{"rel": rel, "href": href, "type": mime, "title": title} for rel, href, mime, title in rows]


GEOJSON = "application/geo+json"


def _url(path: str, own: dict[str, str]) -> str:
    return f"{path}?{urlencode(own)}" if own else path


def feature_document(asked: Asked, key: str, root: str) -> dict[str, Any]:
    """One feature with its links (Part 1, 7.16)."""
    found = one(asked, key).features[0]
    here = f"{root}/collections/{asked.layer.name}"
    rows = [
        ("self", f"{here}/items/{found['id']}", GEOJSON),
        ("alternate", f"{here}/items/{found['id']}?f=html", "text/html"),
        ("collection", here, "application/json"),
    ]
    found["links"] = [{"rel": rel, "href": href, "type": mime} for rel, href, mime in rows]
    return found
