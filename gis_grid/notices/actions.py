"""Make a board by an office's settings and templates, and keep the print."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import shapely
import sqlalchemy as sa

from gis_grid import audit
from gis_grid.access.guard import caller, check_area, scope_clause
from gis_grid.areas.duty import all_areas, chain
from gis_grid.areas.models import Area
from gis_grid.areas.placing import today
from gis_grid.areas.rules import LEVEL_CODES
from gis_grid.db import session
from gis_grid.errors import Invalid, NotFound
from gis_grid.notices.content import read_contents, read_pictures
from gis_grid.notices.extent import extent_in_words
from gis_grid.notices.layout import posts_of
from gis_grid.notices.models import BoardPrint, BoardSetting, BoardTemplate
from gis_grid.notices.reading import boundary_shapes, read_ground
from gis_grid.notices.render import Job, compose
from gis_grid.notices.said import Content, hash_of
from gis_grid.notices.templates import ORIENTATIONS, Template, read_template, stock, template_of, themes

STANDARD = "a4"


@dataclass(frozen=True)
class Wish:
    """How a board is wanted; what is None is decided by the office's settings, then by the template."""

    template: str | None = None
    orientation: str | None = None
    theme: str | None = None
    scale: int | None = None
    here: tuple[float, float] | None = None  # lon, lat of "you are here"


def check_code(code: str) -> None:
    """Refuse codes that are no living area, or lie outside the caller's scope."""
    node = all_areas().get(code)
    if node is None or node.retired:
        raise NotFound(f"没有编码为 {code[:32]} 的使用中区域。")
    check_area(code)


def job_of(code: str, wish: Wish, body: str | None = None) -> Job:
    """All that one board is made from; `body` is a template being edited."""
    check_code(code)
    return jobs_of([code], wish, body)[0]


def jobs_of(codes: Sequence[str], wish: Wish, body: str | None = None) -> list[Job]:
    """The same for many, read in bulk; grounds are read one by one when they are needed (see `with_ground`)."""
    contents = read_contents(codes)
    made = []
    for code in codes:
        content = contents[code]
        made.append(Job(content, None, _template(content, wish, body), {}, today(), _theme(content, wish), wish.scale))
    return [with_ground(job, wish) for job in made] if len(made) == 1 else made


def with_ground(job: Job, wish: Wish) -> Job:
    """The job with what its plan shows and the pictures it needs."""
    content, ground = job.content, None
    shape = boundary_shapes([content.code]).get(content.code)
    if shape is not None and job.template.slot("plan"):
        here = shapely.Point(wish.here) if wish.here else None
        inner = content.level != LEVEL_CODES[-1]
        ground = read_ground(content.code, shape, inner=inner, marks=job.template.marks, here=here)
    shown = content.shown(posts_of(job.template))
    digests = [digest for digest in (content.logo, *(person.photo for person in shown)) if digest]
    return replace(job, ground=ground, pictures=read_pictures(digests) if digests else {})


def _template(content: Content, wish: Wish, body: str | None) -> Template:
    orientation = wish.orientation or content.decided.get("orientation")
    if body is not None:
        return template_of("草稿", orientation, {"草稿": body})
    name = wish.template or content.decided.get("template") or STANDARD
    own = own_templates(content.code)
    if (
        wish.orientation is None
        and orientation
        and orientation not in read_template(name, own.get(name) or stock().get(name, ""))
    ):
        orientation = None
    return template_of(name, orientation, own)


def _theme(content: Content, wish: Wish) -> str | None:
    theme = wish.theme or content.decided.get("theme")
    if theme and theme not in themes():
        raise Invalid(f"没有配色“{theme[:20]}”，可用：{'、'.join(themes())}。", code="unknown_theme")
    return theme


def own_templates(code: str) -> dict[str, str]:
    """The offices' own templates that count for an area, the lowest office's first."""
    links = [link["code"] for link in chain(code)]
    rows = session().scalars(
        sa.select(BoardTemplate).where(BoardTemplate.area_code.in_(links), BoardTemplate.retired_at.is_(None))
    )
    return {row.name: row.body for row in sorted(rows, key=lambda row: len(row.area_code))}


def told_board(code: str, wish: Wish) -> dict[str, Any]:
    """What the board would say, what is missing on it, its scale, and a proposal for the extent in words."""
    job = job_of(code, wish)
    board = compose(job)
    said = job.content.said(posts_of(job.template))
    return {
        "code": code,
        "template": job.template.name,
        "orientation": job.template.orientation,
        "paper_mm": [job.template.width, job.template.height],
        "scale": board.plan.window.scale if board.plan else None,
        "content": {name: value for name, value in said.items() if name not in ("ground", "posts")},
        "content_hash": hash_of(said),
        "gaps": board.gaps,
        "proposed_extent": extent_in_words(job.ground) if job.ground else None,
    }


def keep_print(job: Job) -> BoardPrint:
    """Remember a print: what it said, who made it; seen in the audit log as an export."""
    said = job.content.said(posts_of(job.template))
    row = BoardPrint(
        area_code=job.content.code,
        template=job.template.name,
        orientation=job.template.orientation,
        content_hash=hash_of(said),
        content=said,
        made_by=caller().name,
    )
    session().add(row)
    session().flush()
    told = {"template": row.template, "hash": row.content_hash[:12]}
    audit.record("print", "boards", job.content.code, after=told, area_code=job.content.code)
    return row


def grids_under(prefix: str) -> list[str]:
    """The living grids below an area, within the caller's scope."""
    grids = sa.select(Area.code).where(
        Area.level == LEVEL_CODES[-1],
        Area.retired_at.is_(None),
        Area.code.startswith(prefix, autoescape=True),
        scope_clause(Area.code),
    )
    return list(session().scalars(grids.order_by(Area.code)))


def prepare_setting(row: BoardSetting, extra: dict[str, Any]) -> None:
    """Refuse settings that no board could be made with."""
    _check_living(row.area_code)
    own = own_templates(row.area_code)
    if row.template and row.template not in {**own, **stock()}:
        raise Invalid(f"没有公示牌模板“{row.template}”，可用：{'、'.join([*own, *stock()])}。", code="unknown_template")
    for value, known, label in (
        (row.orientation, ORIENTATIONS, "方向"),
        (row.theme, tuple(themes()), "配色"),
        (row.phones, ("full", "masked"), "电话显示"),
    ):
        if value and value not in known:
            raise Invalid(f"{label}应为 {'、'.join(known)} 之一。", code="bad_setting")
    if row.report_link and not row.report_link.startswith(("https://", "http://")):
        raise Invalid("问题上报网址应以 https:// 开头。", code="bad_link")


def prepare_template(row: BoardTemplate, extra: dict[str, Any]) -> None:
    """Refuse a broken template with its line, before anybody prints with it."""
    _check_living(row.area_code)
    read_template(row.name, row.body)


def prepare_print(row: BoardPrint, extra: dict[str, Any]) -> None:
    """Where a print hangs may be told later; nothing else of it changes."""


def _check_living(code: str) -> None:
    node = all_areas().get(code)
    if node is None or node.retired:
        raise Invalid(f"没有编码为 {code} 的使用中区域。", code="unknown_area")


def latest_print(code: str) -> BoardPrint | None:
    """The last print of an area that is still in use; there is a public page only where there is a board."""
    query = sa.select(BoardPrint).where(BoardPrint.area_code == code, BoardPrint.retired_at.is_(None))
    return session().scalar(query.order_by(BoardPrint.id.desc()).limit(1))


def listed_templates(code: str | None) -> Iterable[dict[str, Any]]:
    """Stock templates and, for an area, its offices' own: names, sizes, orientations."""
    own = own_templates(code) if code else {}
    for name, body in {**stock(), **own}.items():
        made = read_template(name, body)
        first = next(iter(made.values()))
        papers = {way: [each.width, each.height] for way, each in made.items()}
        yield {"name": name, "title": first.title, "papers_mm": papers, "theme": first.theme, "own": name in own, "body": body}
