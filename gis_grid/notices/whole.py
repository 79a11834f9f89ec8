"""The whole board as one SVG in millimetres: the same slots, letters and plan as the PDF's page. Pure.

Letters stay letters (Noto Sans CJK SC), so that a sign maker can still correct a phone number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from xml.sax.saxutils import quoteattr

from gis_grid.notices import svg
from gis_grid.notices.font import FAMILY, width_em, wrap

Told = Mapping[str, Any]
_WHITE, _SOFT_INK = "#ffffff", "#555b63"


def draw_whole(told: Told) -> str:
    """`told` is what the page's template gets: template, theme, laid, round, plan, qr, logo, pictures."""
    template, theme = told["template"], told["theme"]
    parts = [svg.rect(0.0, 0.0, template.width, template.height, fill=_WHITE)]
    for slot in told["laid"].slots:
        draw = _DRAW.get(slot["kind"])
        if draw is not None:
            x, y = slot["box"][:2]
            parts.append(svg.group(draw(slot, told), transform=f"translate({svg.number(x)} {svg.number(y)})"))
    drawn = svg.document(template.width, template.height, parts, f"{told['laid'].slots[0].get('main', template.title)}")
    return drawn.replace("<svg ", f'<svg fill="{theme["ink"]}" ', 1)


def _line(x: float, middle: float, text: str, size: float, **given: Any) -> str:
    return svg.words(x, middle, text, size, font_family=FAMILY, **given)


def _title(slot: Told, told: Told) -> Iterator[str]:
    _, _, width, height = slot["box"]
    yield svg.rect(0.0, 0.0, width, height, fill=told["theme"]["main"])
    if told["logo"]:
        yield _picture(told["logo"], 0.025 * width, 0.14 * height, slot["side"], 0.72 * height, "xMinYMid meet")
    white = {"fill": _WHITE, "text_anchor": "middle"}
    y = slot["top"]
    for line in wrap(slot["main"], (width - 2 * slot["edge"]) / slot["size"], bold=True):
        yield _line(width / 2, y + 0.6 * slot["size"], line, slot["size"], font_weight="bold", **white)
        y += 1.2 * slot["size"]
    yield _line(width / 2, y + 0.75 * slot["small"], f"{slot['heading']}　网格编码 {slot['code']}", slot["small"], **white)


def _plan(slot: Told, told: Told) -> Iterator[str]:
    yield told["plan"].replace('mm"', '"', 2)  # within the board's own millimetres


def _people(slot: Told, told: Told) -> Iterator[str]:
    if slot["plain"]:
        for number, line in enumerate(slot["lines"]):
            yield _line(0.0, (0.75 + 1.5 * number) * slot["size"], line, slot["size"], font_weight="bold")
        return
    for card in slot["cards"]:
        inside = _card(card, slot["card"], told)
        yield svg.group(inside, transform=f"translate({svg.number(card['at'][0])} {svg.number(card['at'][1])})")


def _card(card: Told, size: tuple[float, float], told: Told) -> Iterator[str]:
    theme, unit, pad = told["theme"], card["unit"], card["pad"]
    photo_w, photo_h = card["photo"]
    yield svg.rect(0.0, 0.0, *size, fill=theme["soft"], rx=told["round"])
    top = (size[1] - photo_h) / 2
    picture = told["pictures"].get(card["picture"])
    yield _picture(picture, pad, top, photo_w, photo_h, "xMidYMid slice") if picture else _silhouette(pad, top, photo_w, photo_h)
    x, y = photo_w + 2 * pad, pad
    wide = width_em(card["post"], True) * unit + 0.7 * unit
    lower = 0.21 * unit if card["beside"] else 0.0  # in the middle of the name's line
    yield svg.rect(x, y + lower, x + wide, y + lower + 1.4 * unit, fill=theme["accent"], rx=0.15 * unit)
    yield _line(x + wide / 2, y + lower + 0.7 * unit, card["post"], unit, fill=_WHITE, font_weight="bold", text_anchor="middle")
    name = {"font_weight": "bold"}
    if card["beside"]:
        yield _line(x + wide + 0.5 * unit, y + 0.71 * 1.35 * unit, card["name"], 1.35 * unit, **name)
    y += 1.42 * unit * (1.35 if card["beside"] else 1.0)
    for text, share, fill in ((None if card["beside"] else card["name"], 1.35, None), (card["phone"], 1.1, theme["main"])):
        if text:
            yield _line(x, y + 0.71 * share * unit, text, share * unit, font_weight="bold", fill=fill)
            y += 1.42 * share * unit
    if card["duty"]:
        yield from _block(card["duty"], x, y, size[0] - x - pad, card["duty_size"], 1.4)


def _block(text: str, x: float, y: float, width: float, size: float, leading: float) -> Iterator[str]:
    for number, line in enumerate(wrap(text, width / size)):
        yield _line(x, y + (number + 0.5) * leading * size, line, size)


def _paragraph(slot: Told, told: Told) -> Iterator[str]:
    _, _, width, height = slot["box"]
    yield svg.rect(0.0, 0.0, width, height, fill=told["theme"]["soft"], rx=told["round"])
    y = slot["pad"]
    if slot["head"]:
        yield _line(slot["pad"], y + 0.8 * slot["head_size"], slot["head"], slot["head_size"], **_headed(told))
        y += 1.6 * slot["head_size"]
    yield from _block(slot["text"], slot["pad"], y, width - 2 * slot["pad"], slot["size"], 1.5)


def _contact(slot: Told, told: Told) -> Iterator[str]:
    _, _, width, height = slot["box"]
    yield svg.rect(0.0, 0.0, width, height, fill=told["theme"]["soft"], rx=told["round"])
    y = (height - 1.6 * slot["small"] - 1.3 * slot["size"]) / 2
    middle = {"text_anchor": "middle", "font_weight": "bold"}
    yield _line(width / 2, y + 0.8 * slot["small"], slot["head"], slot["small"], fill=told["theme"]["main"], **middle)
    y += 1.6 * slot["small"] + 0.65 * slot["size"]
    yield _line(width / 2, y, slot["told"], slot["size"], fill=told["theme"]["accent"], **middle)


def _qr(slot: Told, told: Told) -> Iterator[str]:
    width, side = slot["box"][2], slot["side"]
    left = (width - side) / 2
    if told["qr"]:
        yield told["qr"].replace("<svg ", f'<svg x="{svg.number(left)}" y="0" ', 1).replace("mm", "")
    else:
        yield svg.rect(left, 0.0, left + side, side, fill="none", stroke="#8a8f96", stroke_width=0.3, stroke_dasharray="2 1.4")
        yield _line(width / 2, side / 2, "二维码待设置", 0.8 * slot["size"], fill="#6b7078", text_anchor="middle")
    yield _line(width / 2, side + 0.7 * slot["size"], slot["words"], slot["size"], text_anchor="middle")


def _footer(slot: Told, told: Told) -> Iterator[str]:
    for number, part in enumerate(slot["lines"]):
        yield _line(0.0, (number + 0.5) * 1.35 * slot["size"], part, slot["size"], fill=_SOFT_INK)


def _logo(slot: Told, told: Told) -> Iterator[str]:
    if told["logo"]:
        yield _picture(told["logo"], 0.0, 0.0, slot["box"][2], slot["box"][3], "xMinYMin meet")


def _headed(told: Told) -> dict[str, str]:
    return {"fill": told["theme"]["main"], "font_weight": "bold"}


def _picture(data: str, x: float, y: float, width: float, height: float, fit: str) -> str:
    place = svg.attributes(x=x, y=y, width=width, height=height, preserveAspectRatio=fit)
    return f"<image{place} href={quoteattr(data)}/>"


def _silhouette(x: float, y: float, width: float, height: float) -> str:
    """Where a photo is still missing: marked, never empty."""
    scale = width / 50
    told = _line(25.0, 62.0, "照片待补", 10.5, fill="#59616b", text_anchor="middle")
    return (
        f'<g transform="translate({svg.number(x)} {svg.number(y)}) scale({scale:.4f})">'
        f'<rect width="50" height="70" fill="#dfe3e8"/><circle cx="25" cy="20" r="11" fill="#b3bac3"/>'
        f'<path d="M5 54c0-14 9-20 20-20s20 6 20 20z" fill="#b3bac3"/>{told}</g>'
    )


_DRAW: Mapping[str, Callable[[Told, Told], Iterator[str]]] = {
    "title": _title, "plan": _plan, "people": _people, "extent": _paragraph, "services": _paragraph, "text": _paragraph,
    "contact": _contact, "qr": _qr, "footer": _footer, "logo": _logo,
}  # fmt: skip
