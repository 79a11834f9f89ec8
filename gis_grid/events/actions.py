"""Place events and keep who has a claim on them: one is responsible by rule, the others are told too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import shapely
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from gis_grid import dictionary
from gis_grid.access.guard import scoped
from gis_grid.areas.actions import place
from gis_grid.areas.duty import all_areas
from gis_grid.areas.placing import current_index
from gis_grid.areas.reassign import Progress, Touched, changed, place_again
from gis_grid.areas.rules import LEVEL_CODES
from gis_grid.buildings.models import Estate
from gis_grid.db import raw_connection, session
from gis_grid.errors import NotFound
from gis_grid.events.models import Event, EventOwner

RULE = "落入专属网格的由专属网格负责，否则由所在网格负责；不在任何网格的由小区物业负责。其余为协同单位，同时告知。"
_BATCH = 5_000
_COPY = "COPY event_owners (event_id, kind, area_code, estate_id, name, is_responsible) FROM STDIN"
Claim = tuple[int, str, str | None, int | None, str | None, bool]


def prepare_event(event: Event, extra: dict[str, Any]) -> None:
    """Placed by its point; an event without one is kept, unplaced. Everybody with a claim is noted."""
    event.area_code, event.placed_by = place(event.point)
    session().add(event)
    session().flush()
    own_again([event.id])


def owners_of(event_id: int) -> dict[str, Any]:
    """Who has a claim on an event, the responsible one first, and the rule that chose."""
    event = session().scalar(scoped(sa.select(Event), Event).where(Event.id == event_id))
    if event is None:
        raise NotFound(f"没有找到编号为 {event_id} 的事件，或它不在您的数据范围内。")
    rows = session().scalars(sa.select(EventOwner).where(EventOwner.event_id == event_id)).all()
    order = {"exclusive": 0, "grid": 1, "property": 2}
    owners = sorted(rows, key=lambda row: (not row.is_responsible, order[row.kind], row.area_code or ""))
    names = ("kind", "area_code", "estate_id", "name", "is_responsible")
    return {"rule": RULE, "owners": [{name: getattr(row, name) for name in names} for row in owners]}


def claims_at(lon: float, lat: float, code: str | None, people: Sequence[dict[str, Any]], category: str | None) -> dict[str, Any]:
    """Who would have a claim on an event at a point, the rule that chose, and who of the people in office it goes to first.

    The post that answers for a category is told by the code table `category_post`; without a row there it is the grid worker.
    """
    row = [(0, lon, lat, code)]
    claims = [*_grid_claims(row), *_property_claims(row, _estates())]
    names = ("kind", "area_code", "estate_id", "name", "is_responsible")
    owners = [dict(zip(names, claim[1:], strict=True)) for claim in sorted(claims, key=lambda claim: not claim[5])]
    posts = dictionary.names("category_post")
    post = posts.get(category or "", "grid_worker")
    first = next((one for one in people if one["post"] == post), None) or next(iter(people), None)
    reason = f"“{category}”由{dictionary.names('post').get(post, post)}负责" if category in posts else "未指定类别，由网格员负责"
    if first is not None and first["post"] != post:
        reason += f"；该岗位现无人在岗，暂由{first['area_name']}{first['post_name']}负责"
    if first is None:
        reason += "；各级都没有登记在岗人员"
    return {"owners": owners, "rule": RULE, "first": first, "why": f"{reason}。"}


def own_again(ids: Sequence[int]) -> None:
    """Find the claims on these events anew, in batches; in memory, so that no plan of the database can go wrong."""
    estates = _estates() if len(ids) else None
    for start in range(0, len(ids), _BATCH):
        part = list(ids[start : start + _BATCH])
        session().execute(sa.delete(EventOwner).where(EventOwner.event_id == sa.func.any(sa.cast(part, ARRAY(sa.BigInteger)))))
        query = sa.select(Event.id, sa.func.ST_X(Event.point), sa.func.ST_Y(Event.point), Event.area_code).where(
            Event.id == sa.func.any(sa.cast(part, ARRAY(sa.BigInteger)))
        )
        rows = session().execute(query.where(Event.point.is_not(None))).all()
        if rows and estates is not None:
            _write([*_grid_claims(rows), *_property_claims(rows, estates)])


def _grid_claims(rows: Sequence[Any]) -> Iterator[Claim]:
    """The grids that cover each event, and the one it was given to although it lies outside (the nearest)."""
    _, lon, lat, _ = (np.array(each) for each in zip(*rows, strict=True))
    found: dict[int, list[str]] = {}
    tree = all_areas()
    for point, code in zip(*current_index().claims(lon, lat), strict=True):
        found.setdefault(int(point), []).append(code)
    for at, (event_id, _, _, placed) in enumerate(rows):
        codes = found.get(at, [])
        for code in codes if placed is None or placed in codes else [*codes, placed]:
            node = tree[code]
            if node.link["level"] == LEVEL_CODES[-1]:
                kind = "exclusive" if node.kind == "exclusive" else "grid"
                yield event_id, kind, code, None, node.link["name"], code == placed


def _property_claims(rows: Sequence[Any], estates: tuple[list[Any], shapely.STRtree]) -> Iterator[Claim]:
    """The property companies of the estates an event lies in; responsible only where there is no grid."""
    known, tree = estates
    points = shapely.points([row[1] for row in rows], [row[2] for row in rows])
    for at, which in zip(*tree.query(points, predicate="intersects").tolist(), strict=True):
        event_id, _, _, placed = rows[at]
        estate = known[which]
        yield event_id, "property", estate.area_code, estate.id, estate.property_company, placed is None


def _estates() -> tuple[list[Any], shapely.STRtree]:
    """Estates with an outline and a property company."""
    query = sa.select(Estate.id, Estate.area_code, Estate.property_company, sa.func.ST_AsBinary(Estate.outline).label("wkb"))
    kept = query.where(
        Estate.outline.is_not(None), Estate.retired_at.is_(None), sa.func.coalesce(Estate.property_company, "") != ""
    )
    rows = list(session().execute(kept))
    return rows, shapely.STRtree(shapely.from_wkb([bytes(row.wkb) for row in rows]))


def _write(claims: Sequence[Claim]) -> None:
    with raw_connection().cursor() as cursor, cursor.copy(_COPY) as copy:
        for claim in claims:
            copy.write_row(claim)


def own_imported() -> None:
    """After an import: the events written in this transaction."""
    written = sa.select(Event.id).where(sa.or_(Event.created_at == sa.func.now(), Event.updated_at == sa.func.now()))
    own_again(list(session().scalars(written)))


@changed.connect
def place_all_again(sender: object, touched: Touched, progress: Progress) -> None:
    """Boundaries changed: events lie where their points lie, and others may have a claim."""
    place_again(Event, touched, progress)
    if touched is None:
        own_again(list(session().scalars(sa.select(Event.id).order_by(Event.id))))
        return
    for west, south, east, north in touched:
        box = sa.func.ST_MakeEnvelope(west, south, east, north, 4490)
        own_again(list(session().scalars(sa.select(Event.id).where(Event.point.op("&&")(box)))))
