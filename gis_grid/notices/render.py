"""From content and ground to a board: HTML, then PDF of exact size with embedded fonts, PNG from the PDF, SVG of the plan.

Knows no database: it runs in child processes too. Nothing is fetched: only pictures given as data are allowed.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from datetime import date
from functools import cache
from typing import Any

from gis_grid.errors import Invalid, TooLarge
from gis_grid.notices.ground import Ground
from gis_grid.notices.inks import unprintable
from gis_grid.notices.layout import Laid, lay_out, posts_of
from gis_grid.notices.plan import Plan, draw_plan
from gis_grid.notices.said import Content, hash_of
from gis_grid.notices.style import COLOURS, Paper
from gis_grid.notices.templates import FOLDER, THEMED, Template, themes
from gis_grid.notices.whole import draw_whole
from gis_grid.printed import alone, pdf_of

BLEED_MM = 3.0
MOST_PIXELS = 80_000_000
Pictures = Mapping[str, tuple[str, bytes]]  # digest -> mime, bytes


@dataclass(frozen=True)
class Job:
    """All that one board is made from."""

    content: Content
    ground: Ground | None
    template: Template
    pictures: Pictures
    day: date
    theme: str | None = None
    scale: int | None = None
    around: str | None = None  # digest of the streets, water, greens and neighbours on the plan
    window: tuple[float, float, float, float] | None = None  # what the plan shows, degrees: west, south, east, north

    @property
    def theme_named(self) -> str | None:
        """The theme somebody wanted for this board; None for the office's, which may change."""
        return self.theme if self.theme != self.content.decided.get("theme") else None

    def said(self) -> dict[str, Any]:
        """All that a print keeps, to tell later what is no longer true."""
        told = self.content.said(posts_of(self.template))
        look = {"look": look_of(self.template, self.theme), "theme": self.theme_named}
        return {**told, **look, "around": self.around, "window": list(self.window) if self.window else None}


def look_of(template: Template, theme: str | None) -> str:
    """A digest of how a board looks: paper, letters, slots, texts, colours."""
    told = [asdict(template), colours_of(template, theme)]
    return hashlib.md5(json.dumps(told, sort_keys=True, ensure_ascii=False).encode(), usedforsecurity=False).hexdigest()


def colours_of(template: Template, theme: str | None) -> dict[str, str]:
    """The colours of bands, boxes and letters: a theme's, unless the template has its own."""
    own = {name: colour for name, colour in template.colours.items() if name in THEMED}
    return {**themes()[theme or template.theme], **own}


@dataclass(frozen=True)
class Board:
    """A board ready to be written: its HTML, its plan, and what is missing on it."""

    html: str
    plan: Plan | None
    laid: Laid
    template: Template
    told: Mapping[str, Any]  # what the page was made from

    @property
    def gaps(self) -> list[str]:
        return self.laid.gaps

    @property
    def svg(self) -> str:
        """The whole board as one SVG."""
        return draw_whole(self.told)


def compose(job: Job) -> Board:
    """One board as HTML. A template with a plan needs a boundary: without one it is refused, never drawn empty."""
    template, content = job.template, job.content
    plan = _plan_of(job)
    stamp = hash_of(job.said())[:8]
    laid = lay_out(content, template, job.day, plan.unnamed if plan else [], stamp)
    qr = next((slot for slot in laid.slots if slot["kind"] == "qr"), None)
    colours = colours_of(template, job.theme)
    told = {
        "template": template,
        "theme": colours,
        "laid": laid,
        "round": 0.3 * template.text["body"],  # of corners
        "plan": plan.svg if plan else "",
        "qr": qr_svg(content.url, qr["side"]) if qr and content.url else None,
        "logo": data_url(job.pictures.get(content.logo or "")),
        "pictures": {digest: data_url(picture) for digest, picture in job.pictures.items()},
    }
    strange = unprintable([*colours.values(), *template.colours.values()])
    if strange:
        laid.gap(f"这些颜色印出来会偏色：{'、'.join(strange)}")
    return Board(_page().render(board=told), plan, laid, template, told)


def write_pdf(boards: Sequence[Board], *, crop_marks: bool = False) -> bytes:
    """Boards of one size, a page each; with crop marks and 3 mm bleed when the sign maker cuts."""
    first = boards[0].template
    if first.sheet and len(boards) > 1:  # one label alone is printed in its own size
        return html_to_pdf(_sheets(boards, first.sheet), first.sheet[0], first.sheet[1])
    return html_to_pdf("".join(board.html for board in boards), first.width, first.height, crop_marks=crop_marks)


def html_to_pdf(body: str, width: float, height: float, *, crop_marks: bool = False, more_css: str = "") -> bytes:
    """Pages of width x height mm; fonts embedded and subset."""
    marks = f"bleed: {BLEED_MM}mm; marks: crop cross;" if crop_marks else ""
    page = f"@page {{ size: {width}mm {height}mm; margin: 0; {marks} }}"
    text = (
        f'<html lang="zh-CN"><head><meta charset="utf-8"><style>{page}{_css()}{more_css}</style></head><body>{body}</body></html>'
    )
    return pdf_of(text, font_config=_fonts(), optimize_images=False)


def to_png(pdf: bytes, dpi: float, page: int = 0) -> bytes:
    """One page as a picture. Refuses pictures no machine should make."""
    import io

    import pypdfium2

    with alone, closing(pypdfium2.PdfDocument(pdf)) as document:
        width, height = document[page].get_size()
        pixels = width * height * (dpi / 72) ** 2
        if pixels > MOST_PIXELS:
            most = int(dpi * (MOST_PIXELS / pixels) ** 0.5)
            raise TooLarge(f"图片过大（{pixels / 1e6:.0f} 百万像素），这个尺寸最多 {most} dpi。", code="too_many_pixels")
        image = document[page].render(scale=dpi / 72).to_pil()
    out = io.BytesIO()
    image.save(out, "PNG", dpi=(dpi, dpi))
    return out.getvalue()


def qr_svg(url: str, side: float) -> str:
    """A QR code of `side` mm, with the quiet zone it needs."""
    import segno

    code = segno.make(url, error="m", micro=False)
    drawn = code.svg_inline(border=2, omitsize=True, svgclass=None, lineclass=None)
    return drawn.replace("<svg ", f'<svg width="{side:.2f}mm" height="{side:.2f}mm" ', 1)


def paper_of(template: Template, scale: int | None = None) -> Paper | None:
    """The paper of the template's plan; None for templates without one."""
    slot = template.slot("plan")
    if slot is None:
        return None
    return Paper(slot.box[2], slot.box[3], template.letters, {**COLOURS, **template.colours}, scale)


def _plan_of(job: Job) -> Plan | None:
    paper = paper_of(job.template, job.scale)
    if paper is None:
        return None
    if job.ground is None:
        raise Invalid(f"{job.content.name}（{job.content.code}）没有边界，不能绘制平面图：请先划定边界。", code="no_boundary")
    return draw_plan(replace(job.ground, name=job.content.name), paper)


def _sheets(boards: Sequence[Board], sheet: tuple[float, float, int, int]) -> str:
    """Several small boards on each sheet, with thin lines to cut along."""
    width, height, columns, rows = sheet
    template = boards[0].template
    left, top = (width - columns * template.width) / 2, (height - rows * template.height) / 2
    pages = []
    for first in range(0, len(boards), columns * rows):
        cells = []
        for n, board in enumerate(boards[first : first + columns * rows]):
            x, y = left + n % columns * template.width, top + n // columns * template.height
            cells.append(f'<div style="position:absolute;left:{x}mm;top:{y}mm;outline:0.1mm solid #999">{board.html}</div>')
        size = f"width:{width}mm;height:{height}mm"
        pages.append(f'<section style="position:relative;break-after:page;{size}">{"".join(cells)}</section>')
    return "".join(pages)


def data_url(picture: tuple[str, bytes] | None) -> str | None:
    """A picture as data, as pages that fetch nothing take it."""
    return None if picture is None else f"data:{picture[0]};base64,{base64.b64encode(picture[1]).decode()}"


@cache
def _page() -> Any:
    from jinja2 import Environment, StrictUndefined

    made = Environment(autoescape=True, undefined=StrictUndefined)
    return made.from_string((FOLDER / "board.html").read_text(encoding="utf-8"))


@cache
def _css() -> str:
    return (FOLDER / "board.css").read_text(encoding="utf-8")


@cache
def _fonts() -> Any:
    """One font configuration per process: making it is slow."""
    from weasyprint.text.fonts import FontConfiguration

    return FontConfiguration()
