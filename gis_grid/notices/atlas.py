"""The atlas of a community: cover, overview with all grids, index of buildings and streets, a page per grid, list of staff."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import shapely

from gis_grid.notices.ground import Ground
from gis_grid.notices.layout import posts_of
from gis_grid.notices.plan import Plan, draw_plan
from gis_grid.notices.render import Board, Job, colours_of, html_to_pdf
from gis_grid.notices.said import Content
from gis_grid.notices.style import Paper
from gis_grid.notices.templates import FOLDER, Template

_NEAR_M = 15.0


@dataclass(frozen=True)
class Entry:
    """A line of the index: a building or street, and the grids it is in."""

    name: str
    grids: tuple[str, ...]


@dataclass(frozen=True)
class Atlas:
    """What an atlas is made of: the whole area's job (its ground with the areas within), and its grids' boards and jobs."""

    whole: Job
    grids: Sequence[Job]
    boards: Sequence[Board]


def overview(whole: Job) -> Plan:
    """The whole area with all its grids, on one page of the template."""
    template = whole.template
    margin = 0.05 * min(template.width, template.height)
    paper = Paper(template.width - 2 * margin, 0.8 * template.height, template.letters)
    return draw_plan(replace(whole.ground or Ground(None), name=whole.content.name), paper)


def buildings_index(grids: Sequence[Job]) -> list[Entry]:
    """Named buildings (with their estate where numbers repeat) and their grids, by name."""
    found: dict[str, set[str]] = {}
    for job in grids:
        for house in job.ground.houses if job.ground else ():
            if house.names and house.use != "07":
                found.setdefault(house.names[0], set()).add(job.content.name)
    return [
        Entry(name, tuple(sorted(where, key=_natural)))
        for name, where in sorted(found.items(), key=lambda pair: _natural(pair[0]))
    ]


def streets_index(whole: Job) -> list[Entry]:
    """Named streets and the grids they run along or through."""
    ground = whole.ground
    if ground is None:
        return []
    found: dict[str, set[str]] = {}
    for street in ground.streets:
        for patch in ground.inner:
            if street.name and shapely.dwithin(street.line, patch.shape, _NEAR_M) and _runs_along(street.line, patch.shape):
                found.setdefault(street.name, set()).add(patch.name)
    return [Entry(name, tuple(sorted(where, key=_natural))) for name, where in sorted(found.items())]


def write_atlas(atlas: Atlas) -> bytes:
    """One PDF in the size of the template."""
    template, content = atlas.whole.template, atlas.whole.content
    plan = overview(atlas.whole)
    told = {
        "content": content,
        "template": template,
        "theme": colours_of(template, atlas.whole.theme),
        "day": atlas.whole.day,
        "plan": plan.svg,
        "margin": 0.05 * min(template.width, template.height),
        "buildings": buildings_index(atlas.grids),
        "streets": streets_index(atlas.whole),
        "boards": [board.html for board in atlas.boards],
        "staff": list(_staff(atlas.grids, template)),
        "grids": [job.content for job in atlas.grids],
    }
    return html_to_pdf(_page().render(**told), template.width, template.height, more_css=_css(template))


def _staff(grids: Sequence[Job], template: Template) -> Any:
    seen = set()
    for job in grids:
        for person in job.content.shown(posts_of(template)):
            key = (person.post, person.name, person.phone)
            where = job.content.name if person.post.startswith("grid") else _parent(job.content)
            if (key, where) not in seen:
                seen.add((key, where))
                yield where, person


def _parent(content: Content) -> str:
    return content.above[-1] if content.above else content.name


def _runs_along(line: Any, shape: Any) -> bool:
    """Not only a corner that touches."""
    return bool(shapely.intersection(line, shapely.buffer(shape, _NEAR_M)).length > 2.5 * _NEAR_M)


def _natural(text: str) -> list[tuple[int, Any]]:
    """第2网格 before 第10网格."""
    return [(0, int(part)) if part.isdigit() else (1, part) for part in re.split(r"(\d+)", text) if part]


def _css(template: Template) -> str:
    margin = 0.06 * min(template.width, template.height)
    return f"@page flow {{ margin: {margin}mm }} {(FOLDER / 'atlas.css').read_text(encoding='utf-8')}"


@cache
def _page() -> Any:
    from jinja2 import Environment, StrictUndefined

    made = Environment(autoescape=True, undefined=StrictUndefined)
    return made.from_string((FOLDER / "atlas.html").read_text(encoding="utf-8"))
