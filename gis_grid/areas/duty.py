"""Who stands above an area, who is responsible, and who goes on where it ended; all areas and staff kept in memory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple

import sqlalchemy as sa

from gis_grid.areas.models import Area, Boundary, Staff, Succession
from gis_grid.areas.placing import today
from gis_grid.areas.rules import LEVEL_NAMES
from gis_grid.db import session
from gis_grid.dictionary import names
from gis_grid.kept import Kept

People = dict[str, list[dict[str, Any]]]  # by area code


class Node(NamedTuple):
    """An area in the tree."""

    link: dict[str, str]
    parent: str | None
    retired: bool
    kind: str


_tree: Kept[dict[str, Node]] = Kept("boundaries")
_heirs: Kept[dict[str, list[str]]] = Kept("boundaries")
_names: Kept[dict[str, str]] = Kept("boundaries", most=50)
_coming: Kept[dict[str, date]] = Kept("boundaries", most=2)
_people: Kept[People] = Kept("boundaries", "staff", "dictionary", most=4)


def chain(code: str | None, at: date | None = None) -> list[dict[str, str]]:
    """The area and all above it, from the top down: level, level_name, code, and the name it had on a day (default today)."""
    tree = _tree.get("tree", _read_tree)
    named = names_on(at) if at is not None else {}
    links: list[dict[str, str]] = []
    while code is not None and code in tree and len(links) < len(LEVEL_NAMES):
        links.append(tree[code].link | {"name": named[code]} if code in named else tree[code].link)
        code = tree[code].parent
    return links[::-1]


def responsible(codes: Sequence[str], on: date) -> list[dict[str, Any]]:
    """Who is responsible for these areas (from the top down) on a day, the lowest area first."""
    people = _people.get(on, lambda: _read_people(on))
    return [one for code in reversed(codes) for one in people.get(code, ())]


def vacancy(links: Sequence[dict[str, str]], on: date) -> str | None:
    """None where somebody is in office for the lowest of these areas (from the top down), otherwise who stands in, in words."""
    if not links:
        return None
    people = _people.get(on, lambda: _read_people(on))
    if people.get(links[-1]["code"]):
        return None
    if heirs := successors(links[-1]["code"]):
        now = "、".join(all_areas()[heir].link["name"] for heir in heirs)
        return f"{links[-1]['name']}后来由{now}接续，负责人随之转到那里。"
    stands_in = next((link for link in reversed(links) if people.get(link["code"])), None)
    if stands_in is None:
        return f"{links[-1]['name']}还没有在岗的负责人，上级也没有；请到“登记－网格队伍”登记。"
    return f"{links[-1]['name']}还没有在岗的负责人，暂由上级{stands_in['name']}负责。"


def unstaffed(codes: Iterable[str], on: date) -> dict[str, str]:
    """Those of the areas that nobody is in office for on a day: code and who stands in."""
    said = {code: vacancy(chain(code, on), on) for code in codes}
    return {code: f"{code} {text}" for code, text in said.items() if text}


def starts_on(code: str) -> date | None:
    """The first day of an area that an approved plan makes or brings back later; None for one in use or over."""
    node = _tree.get("tree", _read_tree).get(code)
    if node is None or not node.retired:
        return None
    return _coming.get(today(), _read_coming).get(code)


def names_on(day: date) -> dict[str, str]:
    """What areas were, or will be, called on a day, by code: those only that are called otherwise today."""
    query = sa.select(Boundary.area_code, Boundary.name).where(Boundary.name.is_not(None), Boundary.valid.contains(day))
    return _names.get(day, lambda: {code: name for code, name in session().execute(query).tuples() if name})


def all_areas() -> dict[str, Node]:
    """Every area by code, retired ones too."""
    return _tree.get("tree", _read_tree)


def successors(code: str) -> list[str]:
    """The living areas that go on where a retired one ended, those with the most of it first; empty for a living area."""
    tree, heirs = _tree.get("tree", _read_tree), _heirs.get("heirs", _read_heirs)
    found: dict[str, None] = {}
    asked, known = list(heirs.get(code, ())), {code}
    while asked:
        heir = asked.pop(0)
        if heir in known:
            continue
        known.add(heir)
        if heir in tree and not tree[heir].retired:
            found[heir] = None
        else:
            asked[:0] = heirs.get(heir, ())
    return list(found)


def _read_tree() -> dict[str, Node]:
    """All areas; codes and names are no secret."""
    rows = session().execute(sa.select(Area.code, Area.name, Area.level, Area.parent_code, Area.retired_at, Area.kind))
    return {
        code: Node(
            {"level": level, "level_name": LEVEL_NAMES[level], "code": code, "name": name}, parent, retired is not None, kind
        )
        for code, name, level, parent, retired, kind in rows
    }


def _read_heirs() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for code, successor in session().execute(sa.select(Succession.code, Succession.successor).order_by(Succession.position)):
        found.setdefault(code, []).append(successor)
    return found


def _read_coming() -> dict[str, date]:
    first = sa.func.min(sa.func.lower(Boundary.valid))
    later = sa.select(Boundary.area_code, first).where(sa.func.lower(Boundary.valid) > today()).group_by(Boundary.area_code)
    return dict(session().execute(later).tuples().all())


def _read_people(on: date) -> People:
    """Everybody in office on a day, by area, in the order of posts; who may read them is asked after."""
    posts = names("post")
    order = {post: position for position, post in enumerate(posts)}
    rows = session().execute(
        sa.select(Staff.name, Staff.post, Staff.duty_phone, Staff.area_code, Area.name.label("area_name"))
        .join(Area, Area.code == Staff.area_code)
        .where(
            Staff.retired_at.is_(None),
            sa.or_(Staff.since.is_(None), Staff.since <= on),
            sa.or_(Staff.until.is_(None), Staff.until > on),
        )
        .order_by(Staff.id)
    )
    found: People = {}
    called = names_on(on)
    for row in sorted(rows, key=lambda row: order.get(row.post, len(order))):
        told = {**row._mapping, "post_name": posts.get(row.post, row.post)}
        told["area_name"] = called.get(row.area_code, row.area_name)
        found.setdefault(row.area_code, []).append(told)
    return found
