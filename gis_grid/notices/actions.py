"""Make a board by an office's settings and templates, and keep the print."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
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
from gis_grid.geo import shapes
from gis_grid.notices.around import digests_around, window_in_degrees
from gis_grid.notices.content import read_contents, read_pictures
from gis_grid.notices.extent import extent_in_words
from gis_grid.notices.layout import posts_of
from gis_grid.notices.models import BoardPrint, BoardSetting, BoardTemplate
from gis_grid.notices.plan import window_of
from gis_grid.notices.reading import boundary_shapes, read_ground
from gis_grid.notices.render import Board, Job, compose, data_url, paper_of, to_png, write_pdf
from gis_grid.notices.said import POSTS, Content, hash_of
from gis_grid.notices.style import COLOURS
from gis_grid.notices.templates import ORIENTATIONS, Template, parsed, read_template, stock, template_of, themes

STANDARD = "a4"

HUNG_WITHIN_M = 1_000  # of its area: a board may hang across the street, or at the community office


@dataclass(frozen=True)
class Wish:
    """How a board is wanted; what is None is decided by the office's settings, then by the template."""

    template: str | None = None
    orientation: str | None = None
    theme: str | None = None
    scale: int | None = None
    here: tuple[float, float] | None = None  # lon, lat of "you are here"


@dataclass(frozen=True)
class Draft:
    """What somebody is just editing: a template's YAML, and texts that count instead of the kept ones."""

    body: str | None = None
    texts: Mapping[str, Any] = field(default_factory=dict)


def check_code(code: str) -> None:
    """Refuse codes that are no living area, or lie outside the caller's scope."""
    node = all_areas().get(code)
    if node is None or node.retired:
        raise NotFound(f"没有编码为 {code[:32]} 的使用中区域。")
    check_area(code)


def job_of(code: str, wish: Wish, draft: Draft | None = None) -> Job:
    """All that one board is made from; with a draft, as it would be."""
    check_code(code)
    return jobs_of([code], wish, draft)[0]


def jobs_of(codes: Sequence[str], wish: Wish, draft: Draft | None = None) -> list[Job]:
    """The same for many, read in bulk; grounds are read one by one when they are needed (see `with_ground`)."""
    body, texts = (draft.body, draft.texts) if draft else (None, {})
    contents = read_contents(codes, texts)
    made = []
    for code in codes:
        content = contents[code]
        made.append(Job(content, None, _template(content, wish, body), {}, today(), _theme(content, wish), wish.scale))
    return [with_ground(job, wish) for job in made] if len(made) == 1 else made


def with_ground(job: Job, wish: Wish) -> Job:
    """The job with what its plan shows and the pictures it needs."""
    content, ground, box = job.content, None, None
    shape = boundary_shapes([content.code]).get(content.code)
    paper = paper_of(job.template, job.scale)
    if shape is not None and paper is not None:
        here = shapely.Point(wish.here) if wish.here else None
        inner = content.level != LEVEL_CODES[-1]
        ground = read_ground(content.code, shape, inner=inner, marks=job.template.marks, here=here)
        west, south, east, north = shape.bounds
        box = window_in_degrees(window_of(ground, paper), (west + east) / 2, (south + north) / 2)
    around = digests_around({0: (content.code, box)}).get(0) if box else None
    shown = content.shown(posts_of(job.template))
    digests = [digest for digest in (content.logo, *(person.photo for person in shown)) if digest]
    return replace(job, ground=ground, pictures=read_pictures(digests) if digests else {}, around=around, window=box)


def _template(content: Content, wish: Wish, body: str | None) -> Template:
    """The wanted one. An office's usual orientation gives way where a template does not have it; a wanted one is refused."""
    if body is not None:
        name, own = "草稿", {"草稿": body}
    else:
        name, own = wish.template or content.decided.get("template") or STANDARD, own_templates(content.code)
    usual = content.decided.get("orientation")
    if wish.orientation is None and usual and (known := own.get(name) or stock().get(name)):
        return template_of(name, usual if usual in read_template(name, known) else None, own)
    return template_of(name, wish.orientation, own)


def _theme(content: Content, wish: Wish) -> str | None:
    theme = wish.theme or content.decided.get("theme")
    if theme and theme not in themes():
        raise Invalid(f"没有配色“{theme[:20]}”，可用：{'、'.join(themes())}。", code="unknown_theme")
    return theme


def own_templates(code: str) -> dict[str, str]:
    """The offices' own templates that count for an area, the lowest office's first."""
    return {row.name: row.body for row in _own_rows(code)}


def _own_rows(code: str) -> list[BoardTemplate]:
    links = [link["code"] for link in chain(code)]
    query = sa.select(BoardTemplate).where(BoardTemplate.area_code.in_(links), BoardTemplate.retired_at.is_(None))
    return sorted(session().scalars(query), key=lambda row: len(row.area_code))


_NOT_TOLD = ("ground", "posts", "around", "window", "look", "theme")


def told_board(code: str, wish: Wish) -> dict[str, Any]:
    """What the board would say, what is missing on it, its scale, and a proposal for the extent in words."""
    job = job_of(code, wish)
    return _told(job, compose(job))


def seen_board(code: str, wish: Wish, draft: Draft, pixels: int) -> tuple[str, dict[str, Any]]:
    """A picture of the very PDF (PNG as data, its longer side so many pixels), and what `told_board` tells."""
    job = job_of(code, wish, draft)
    board = compose(job)
    dpi = pixels / max(job.template.width, job.template.height) * 25.4
    return data_url(("image/png", to_png(write_pdf([board]), dpi))) or "", _told(job, board)


def _told(job: Job, board: Board) -> dict[str, Any]:
    said = job.said()
    return {
        "code": job.content.code,
        "template": job.template.name,
        "orientation": job.template.orientation,
        "paper_mm": [job.template.width, job.template.height],
        "scale": board.plan.window.scale if board.plan else None,
        "theme": job.theme or job.template.theme,
        "content": {name: value for name, value in said.items() if name not in _NOT_TOLD},
        "decided": job.content.decided,
        "content_hash": hash_of(said),
        "gaps": board.gaps,
        "proposed_extent": extent_in_words(job.ground) if job.ground else None,
    }


def keep_print(job: Job, replaces: int | None = None) -> BoardPrint:
    """Remember a print: what it said, who made it; seen in the audit log as an export.

    A reprint hangs where the print it replaces hung, which is retired.
    """
    said = job.said()
    old = _replaced(replaces, job.content.code) if replaces else None
    row = BoardPrint(
        area_code=job.content.code,
        template=job.template.name,
        orientation=job.template.orientation,
        content_hash=hash_of(said),
        content=said,
        made_by=caller().name,
        place=old.place if old else None,
        point=old.point if old else None,
    )
    session().add(row)
    if old is not None:
        old.retired_at = datetime.now(UTC)
    session().flush()
    told = {"template": row.template, "hash": row.content_hash[:12]}
    audit.record("print", "boards", job.content.code, after=told, area_code=job.content.code)
    return row


def _replaced(key: int, code: str) -> BoardPrint:
    row = session().get(BoardPrint, key)
    if row is None or row.area_code != code or row.retired_at is not None:
        raise NotFound(f"没有编号为 {key} 的在用印制记录，或它不是这个区域的。")
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
    """Where a print hangs may be told later; nothing else of it changes. A point far from its area is a slip of the hand."""
    point, shape = shapes.from_stored(row.point), boundary_shapes([row.area_code]).get(row.area_code)
    if point is None or shape is None:
        return
    near = shapely.get_coordinates(shapely.shortest_line(shape, point))[0]
    metres = shapes.distance_m(point.x, point.y, float(near[0]), float(near[1]))
    if metres > HUNG_WITHIN_M:
        raise Invalid(
            f"挂出点离该区域约 {metres / 1000:.1f} 公里，超过 {HUNG_WITHIN_M // 1000} 公里：请核对位置。", code="far_away"
        )


def _check_living(code: str) -> None:
    node = all_areas().get(code)
    if node is None or node.retired:
        raise Invalid(f"没有编码为 {code} 的使用中区域。", code="unknown_area")


def posts_on_boards(code: str) -> tuple[str, ...] | None:
    """Whose people the boards of an area that are in use show, all together; None where there is no board."""
    prints = sa.select(BoardPrint.content["posts"]).where(BoardPrint.area_code == code, BoardPrint.retired_at.is_(None))
    shown = list(session().scalars(prints.distinct()))
    named = dict.fromkeys(post for posts in shown for post in posts or POSTS)
    return tuple(sorted(named, key=lambda post: POSTS.index(post) if post in POSTS else len(POSTS))) if shown else None


def listed_templates(code: str | None) -> Iterable[dict[str, Any]]:
    """Stock templates and, for an area, its offices' own: names, sizes, orientations, what they are made of."""
    own = {row.name: row for row in _own_rows(code)} if code else {}
    for name, body in {**stock(), **{name: row.body for name, row in own.items()}}.items():
        made = read_template(name, body)
        first = next(iter(made.values()))
        row = own.get(name)
        yield {
            "name": name,
            "title": first.title,
            "papers_mm": {way: [each.width, each.height] for way, each in made.items()},
            "theme": first.theme,
            "inherits": {theme: {**colours, "edge": COLOURS["edge"]} for theme, colours in themes().items()},
            "sheet": first.sheet is not None,
            "own": row is not None,
            "id": row.id if row else None,
            "version": row.version if row else None,
            "area_code": row.area_code if row else None,
            "body": body,
            "told": parsed(body),
        }
