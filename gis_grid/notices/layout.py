"""How large the letters of each slot are, so that every text fits its place; what does not fit or is missing is marked. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from gis_grid.notices.font import missing_glyphs, size_to_fit, width_em, wrap
from gis_grid.notices.said import POSTS, Content, Person
from gis_grid.notices.templates import Slot, Template

LEADING = 1.5
_GROWTH = 1.35  # a short text in a large box is written so much larger: boards are read by the old, from afar


@dataclass
class Laid:
    """A board ready for its HTML: slots with their texts and sizes in mm, and what is missing on it."""

    slots: list[dict[str, Any]] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)

    def gap(self, what: str) -> None:
        if what not in self.gaps:
            self.gaps.append(what)


def lay_out(content: Content, template: Template, day: date, unnamed: list[str], stamp: str = "") -> Laid:
    """Every slot of the template filled from the content; `unnamed` are buildings whose names found no room on the plan."""
    laid = Laid()
    for slot in template.slots:
        filled = _FILL[slot.kind](content, template, slot, laid)
        laid.slots.append({"kind": slot.kind, "box": slot.box, **filled})
    for foot in (slot for slot in laid.slots if slot["kind"] == "footer"):
        _footer(foot, content, template, day, unnamed, stamp)
    if unnamed:
        laid.gap(f"图上未能标注 {len(unnamed)} 处名称：{'、'.join(unnamed[:20])}{'……' if len(unnamed) > 20 else ''}")
    strange = missing_glyphs(str(value) for slot in laid.slots for value in _texts(slot))
    if strange:
        laid.gap(f"字体中没有这些字，牌面上显示为空框：{'、'.join(strange)}")
    return laid


def posts_of(template: Template) -> tuple[str, ...]:
    """Whose people the template shows."""
    return template.posts or POSTS


def _title(content: Content, template: Template, slot: Slot, laid: Laid) -> dict[str, Any]:
    _, _, width, height = slot.box
    parent = content.above[-1] if content.above else ""
    main = f"{parent}{content.name}" if content.level == "grid" else content.name
    side = min(0.72 * height, 0.2 * width) if content.logo else 0.0
    room = width * 0.94 - (2 * side if side else 0)
    least = template.text["least"]
    size = size_to_fit(main, room, 0.56 * height, min(template.text["title"], 0.42 * height), least, leading=1.2, bold=True)
    if size is None:
        laid.gap(f"标题过长，未能完整印出：{main}")
        size = least
        main = _cut(main, room, 0.56 * height, size, 1.2)
    small = max(least, min(0.42 * size, 0.2 * height, room / max(width_em(content.heading + content.code) + 6, 1)))
    lines = len(wrap(main, room / size, bold=True))
    top = max((height - size * 1.2 * lines - small * 1.5) / 2, 0)
    place = {"size": size, "small": round(small, 2), "side": side, "edge": (width - room) / 2, "top": top}
    return {"main": main, "heading": content.heading, "code": content.code, **place}


def _people(content: Content, template: Template, slot: Slot, laid: Laid) -> dict[str, Any]:
    posts = posts_of(template)
    people = content.shown(posts)
    held = {person.post for person in people}
    for post in posts[:2]:
        if post not in held and not (post == "grid_leader" and template.text["title"] < 6):
            laid.gap(f"没有{_POST_NAMES.get(post, post)}")
            people.append(Person(post, _POST_NAMES.get(post, post), "（暂缺）", None, None))
    people.sort(key=lambda person: posts.index(person.post))
    if slot.plain:
        return _plain_people(people[:2], template, slot)
    cards = _cards(people, template, slot)
    while len(cards["cards"]) > len(posts) and min(card["unit"] for card in cards["cards"]) < template.text["least"]:
        cards = _cards(people[: len(cards["cards"]) - 1], template, slot)
    printed, left = people[: len(cards["cards"])], people[len(cards["cards"]) :]
    if left:
        laid.gap(f"人员过多，未印出 {len(left)} 人：{'、'.join(f'{person.post_name}{person.name}' for person in left)}")
    for person, card in zip(printed, cards["cards"], strict=True):
        _told_gaps(person, card, laid)
    return cards


def _cards(people: list[Person], template: Template, slot: Slot) -> dict[str, Any]:
    """A card per person, as many beside each other as suits their shape."""
    _, _, width, height = slot.box
    columns = slot.columns or _best_columns(len(people), width, height)
    rows = math.ceil(len(people) / columns)
    gap = 0.03 * min(width, height)
    card = ((width - gap * (columns - 1)) / columns, (height - gap * (rows - 1)) / rows)
    cards = []
    for number, person in enumerate(people):
        at = ((number % columns) * (card[0] + gap), (number // columns) * (card[1] + gap))
        cards.append({"at": at, **_card(person, card, template)})
    return {"plain": False, "card": card, "cards": cards}


def _told_gaps(person: Person, card: Mapping[str, Any], laid: Laid) -> None:
    """What is missing on somebody's card."""
    if person.name == "（暂缺）":
        return
    called = f"{person.post_name}{person.name}"
    if person.duty and card["duty"] != person.duty:
        laid.gap(f"{called}的职责{'过长，未能完整印出' if card['duty'] else '没有位置，未印出'}")
    if person.photo is None:
        laid.gap(f"{called}没有照片")
    if person.phone is None:
        laid.gap(f"{called}没有值班电话")


_POST_NAMES = {
    "grid_leader": "网格长",
    "grid_worker": "网格员",
    "mediator": "调解员",
    "police": "社区民警",
    "building_leader": "楼栋长",
}


def _best_columns(count: int, width: float, height: float) -> int:
    """How many cards beside each other make each nearest to 2.2 : 1."""

    def shape(columns: int) -> float:
        across, down = width / columns, height / math.ceil(count / columns)
        return min(across / 2.2, down) * (1 if across >= 1.3 * down else 0.8)

    return max(range(1, max(count, 1) + 1), key=shape)


def _card(person: Person, card: tuple[float, float], template: Template) -> dict[str, Any]:
    """Photo left, post, name, phone and duty right; the unit is chosen so that all of it fits."""
    width, height = card
    photo_h = 0.86 * height
    photo_w = min(photo_h * 5 / 7, 0.36 * width)
    photo_h = photo_w * 7 / 5
    pad = 0.05 * min(width, height)
    room = width - photo_w - 3 * pad
    least = template.text["least"]
    post_em, name_em, phone_em = (width_em(text, True) for text in (person.post_name, person.name, person.phone or ""))
    most, beside = template.text["body"] * 1.25, post_em + 1.35 * name_em + 1.5 <= room / (height / 6.4)
    if beside:  # the name stands in the line of the post: more room for the duties
        lines, unit = (
            1.35 + 1.1,
            min(height / 5.2, 1.3 * most, room / (post_em + 1.35 * name_em + 1.5), room / (1.1 * phone_em + 0.6)),
        )
    else:
        widest = max(post_em, 1.35 * name_em, 1.1 * phone_em)
        lines, unit = 1.0 + 1.35 + 1.1, min(height / 6.4, most, room / (widest + 0.6))
    unit = max(unit, 0.6 * least)
    left = height - 2 * pad - unit * lines * 1.42
    duty, duty_size = person.duty or "", None
    if duty and left > least:
        duty_size = size_to_fit(duty, room, left, min(unit, _GROWTH * template.text["body"]), least, leading=1.4)
        if duty_size is None:
            duty_size, duty = least, _cut(duty, room, left, least, 1.4)
    else:
        duty = ""
    sizes = {"photo": (photo_w, photo_h), "pad": pad, "unit": round(unit, 2), "duty_size": duty_size, "beside": beside}
    return {**sizes, "post": person.post_name, "name": person.name, "phone": person.phone, "duty": duty, "picture": person.photo}


def _plain_people(people: list[Person], template: Template, slot: Slot) -> dict[str, Any]:
    """A line per person: 网格员 王芳 135****5577."""
    _, _, width, height = slot.box
    lines = [f"{person.post_name}　{person.name}　{person.phone or ''}".strip() for person in people]
    longest = max((width_em(line, True) for line in lines), default=1.0)
    size = min(template.text["body"], width / longest, height / (LEADING * max(len(lines), 1)))
    return {"plain": True, "lines": lines, "size": round(size, 2)}


def _extent(content: Content, template: Template, slot: Slot, laid: Laid) -> dict[str, Any]:
    text = content.extent or "（管辖范围待补）"
    if not content.extent:
        laid.gap("没有管辖范围")
    if content.counts:
        text += (
            f"\n住户 {content.counts['households']} 户，人口 {content.counts['people']} 人，楼栋 {content.counts['buildings']} 栋"
        )
    return _paragraph(text, template, slot, laid, "管辖范围")


def _services(content: Content, template: Template, slot: Slot, laid: Laid) -> dict[str, Any]:
    return _paragraph(content.services, template, slot, laid, "服务事项")


def _contact(content: Content, template: Template, slot: Slot, laid: Laid) -> dict[str, Any]:
    if not content.supervision_phone:
        laid.gap("没有监督电话")
    told = content.supervision_phone or "（待补）"
    _, _, width, height = slot.box
    size = min(template.text["head"] * 1.5, 0.38 * height, 0.9 * width / max(width_em(told, True), 1))
    return {
        "head": slot.head or "监督电话",
        "told": told,
        "size": round(size, 2),
        "small": round(min(0.75 * size, 0.24 * height), 2),
    }


def _qr(content: Content, template: Template, slot: Slot, laid: Laid) -> dict[str, Any]:
    _, _, width, height = slot.box
    words = slot.head or "扫码查看网格信息"
    size = min(template.text["body"], 0.13 * height, width / width_em(words))
    if content.url is None:
        laid.gap("没有二维码：未设置服务网址，或扫码页未开放")
    return {"url": content.url, "words": words, "size": round(size, 2), "side": min(width, height - 1.7 * size)}


def _text(content: Content, template: Template, slot: Slot, laid: Laid) -> dict[str, Any]:
    return _paragraph(slot.text or "", template, slot, laid, None)


def _paragraph(text: str, template: Template, slot: Slot, laid: Laid, head: str | None) -> dict[str, Any]:
    _, _, width, height = slot.box
    head = slot.head or head
    head_size = min(template.text["head"], 0.3 * height) if head else 0.0
    pad = 0.4 * template.text["body"]
    room = (width - 2 * pad, height - head_size * 1.6 - 2 * pad)
    least = template.text["least"]
    size = size_to_fit(text, *room, _GROWTH * template.text["body"], least, leading=LEADING)
    if size is None:
        laid.gap(f"{head or '文字'}过长，未能完整印出")
        size, text = least, _cut(text, *room, least, LEADING)
    return {"head": head, "head_size": round(head_size, 2), "text": text, "size": size, "pad": pad}


def _cut(text: str, width: float, height: float, size: float, leading: float) -> str:
    """As many whole lines as fit, the last ending in ……: marked, never half a letter."""
    lines = wrap(text, width / size)
    keep = max(int(height // (size * leading)), 1)
    if len(lines) <= keep:
        return text
    last = lines[keep - 1]
    while last and width_em(last + "……") * size > width:
        last = last[:-1]
    return "\n".join([*lines[: keep - 1], last + "……"])


def _footer(slot: dict[str, Any], content: Content, template: Template, day: date, unnamed: list[str], stamp: str) -> None:
    """Who drew it and when, what it is no proof of, and the stamp by which a print is known."""
    parts = [f"制图单位：{content.publisher}"] if content.publisher else []
    parts += [f"制图日期：{day.year}年{day.month}月{day.day}日", f"编码：{content.code}"]
    parts += [f"审图号：{content.review_number}"] if content.review_number else []
    parts += ["本图为示意图，不作为权属和划界依据"] if template.slot("plan") else []
    if unnamed:
        parts.append(f"图上未标注：{'、'.join(unnamed[:6])}{f' 等{len(unnamed)}处' if len(unnamed) > 6 else ''}")
    _, _, width, height = slot["box"]
    parts.append(f"版本 {stamp}")
    size, least = 0.75 * template.text["body"], 0.6 * template.text["least"]
    while size > least and len(_lines_of(parts, width / size)) * 1.35 * size > height:
        size = max(0.95 * size, least)
    slot |= {"lines": _lines_of(parts, width / size), "size": round(size, 2)}


def _lines_of(parts: Sequence[str], width: float) -> list[str]:
    """The parts on as many lines as they need, none broken unless it is wider than a line."""
    lines: list[str] = []
    for part in parts:
        if lines and width_em(f"{lines[-1]}　{part}") <= width:
            lines[-1] += f"　{part}"
        else:
            lines += wrap(part, width)
    return lines


def _texts(slot: Mapping[str, Any]) -> list[str]:
    found = [value for value in slot.values() if isinstance(value, str)]
    found += [value for card in slot.get("cards", ()) for value in card.values() if isinstance(value, str)]
    return found + list(slot.get("lines", ()))


def _nothing(content: Content, template: Template, slot: Slot, laid: Laid) -> dict[str, Any]:
    return {}


_FILL = {
    "title": _title,
    "plan": _nothing,
    "people": _people,
    "extent": _extent,
    "services": _services,
    "contact": _contact,
    "qr": _qr,
    "text": _text,
    "logo": _nothing,
    "footer": _nothing,
}
