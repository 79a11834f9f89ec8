"""What boards say now, read in bulk: names, people and duties, extent, services, phones. Never anything of residents."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from gis_grid.areas.duty import chain
from gis_grid.areas.models import Area
from gis_grid.areas.placing import today
from gis_grid.choices import chosen as chosen_setting
from gis_grid.config import settings
from gis_grid.db import session, sql
from gis_grid.dictionary import names
from gis_grid.notices.models import BoardPicture, BoardSetting
from gis_grid.notices.said import Content, Person
from gis_grid.sealed import mask_phone

SERVICES = "政策宣传、信息采集、矛盾调解、隐患排查、民生代办、便民服务"
_DECIDED = (
    "template", "orientation", "theme", "heading", "services", "supervision_phone", "publisher", "phones", "show_counts",
    "report_link", "public_page",
)  # fmt: skip


def read_contents(codes: Sequence[str], instead: Mapping[str, Any] | None = None) -> dict[str, Content]:
    """What the boards of these areas would say now, by code; a few queries however many they are.

    `instead`: settings and an extent that are being edited count before those kept; an empty one is as if none were kept.
    """
    draft = dict(instead or {})
    areas = {area.code: area for area in session().scalars(sa.select(Area).where(Area.code.in_(codes)))}
    chains = {code: [link["code"] for link in chain(code)] for code in areas}
    every = {one for links in chains.values() for one in links}
    staff, decided, logos = _staff(every), _settings(every), _pictures("logo")
    digests = {row.code: row.digest for row in session().execute(sql("digests"), {"codes": list(areas), "at": today()})}
    found = {}
    for code, area in areas.items():
        links = chains[code]
        chosen = {**_merged([decided[one] for one in links if one in decided]), **draft}
        people = [person for one in reversed(links) for person in staff.get(one, ())]
        found[code] = Content(
            code=code,
            name=area.name,
            level=area.level,
            above=tuple(link["name"] for link in chain(code)[:-1]),
            people=tuple(_shown(person, chosen.get("phones")) for person in people),
            extent=draft["extent"] or None if "extent" in draft else area.extent,
            services=chosen.get("services") or SERVICES,
            supervision_phone=chosen.get("supervision_phone"),
            publisher=chosen.get("publisher") or chosen_setting("map_publisher"),
            heading=chosen.get("heading") or "网格服务公示牌",
            url=page_url(code) if chosen.get("public_page") is not False else None,
            report_link=chosen.get("report_link"),
            review_number=chosen_setting("map_review_number"),
            counts=_counts(code) if chosen.get("show_counts") else None,
            ground=digests.get(code),
            logo=next((logos[one] for one in reversed(links) if one in logos), None),
            decided=chosen,
        )
    return found


def page_url(code: str) -> str | None:
    """Where the QR code leads; None while the service has no public address."""
    base = settings().public_url
    return f"{base.rstrip('/')}/g/{code}" if base else None


def read_pictures(digests: Sequence[str]) -> dict[str, tuple[str, bytes]]:
    """Pictures by digest: mime and bytes."""
    rows = session().execute(
        sa.select(BoardPicture.digest, BoardPicture.mime, BoardPicture.image).where(BoardPicture.digest.in_(digests))
    )
    return {row.digest: (row.mime, row.image) for row in rows}


def _staff(codes: set[str]) -> dict[str, list[Person]]:
    """Those in office today, by area, in the order of posts; with the digest of their photo."""
    posts, photos = names("post"), _pictures("staff")
    found: dict[str, list[Person]] = defaultdict(list)
    for row in session().execute(sql("staff"), {"codes": list(codes), "at": today()}):
        person = Person(row.post, posts.get(row.post, row.post), row.name, row.duty_phone, row.duty, photos.get(str(row.id)))
        found[row.area_code].append(person)
    order = {post: position for position, post in enumerate(posts)}
    return {code: sorted(people, key=lambda one: order.get(one.post, 99)) for code, people in found.items()}


def _shown(person: Person, phones: str | None) -> Person:
    if phones != "masked" or not person.phone:
        return person
    return Person(person.post, person.post_name, person.name, mask_phone(person.phone), person.duty, person.photo)


def _settings(codes: set[str]) -> dict[str, dict[str, Any]]:
    rows = session().scalars(sa.select(BoardSetting).where(BoardSetting.area_code.in_(codes), BoardSetting.retired_at.is_(None)))
    return {row.area_code: {name: getattr(row, name) for name in _DECIDED} for row in rows}


def _merged(told: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """From the top down: what a lower area says counts."""
    return {name: value for one in told for name, value in one.items() if value is not None}


def _pictures(kind: str) -> dict[str, str]:
    rows = session().execute(sa.select(BoardPicture.key, BoardPicture.digest).where(BoardPicture.kind == kind))
    return {row.key: row.digest for row in rows}


def _counts(code: str) -> dict[str, int]:
    """Households, people and buildings: numbers only, and only where the office decided to show them."""
    row = session().execute(sql("counts"), {"within": f"{code}%"}).one()
    return {"households": row.households, "people": row.people, "buildings": row.buildings}
