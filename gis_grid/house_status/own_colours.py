"""Change the colours of the house-status diagram: checked, versioned, undone by taking an older version again."""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import Any

from gis_grid import audit, choices
from gis_grid.access.guard import caller
from gis_grid.errors import Invalid, NotFound
from gis_grid.house_status.colours import CHOICE, PATTERNS, Colours, colours, product

INK = "#1f2a37"  # the text in the cells
LEAST_CONTRAST = 4.5  # WCAG 2.2 AA


def told() -> dict[str, Any]:
    """All schemes as they hold and as the product has them; `version` is that of the office's own changes, 0 without any."""
    version, own = choices.newest(CHOICE)
    return {
        "version": version,
        "patterns": PATTERNS,
        "ink": INK,
        "schemes": [_told(name, colours(), own) for name in colours().schemes],
    }


def _told(name: str, now: Colours, own: dict[str, Any]) -> dict[str, Any]:
    scheme, given = now.schemes[name], product().schemes[name]
    rules = [{**asdict(rule), "product": asdict(given.rules[trait])} for trait, rule in scheme.rules.items()]
    return {"name": name, "title": scheme.title, "own": name in own, "rules": rules}


def change(scheme: str, rules: dict[str, dict[str, Any]], seen_version: int) -> dict[str, Any]:
    """Other looks for traits of a scheme, for everybody from now on. Refused: text one cannot read, two that look alike."""
    known = product().schemes.get(scheme)
    if known is None:
        raise NotFound(f"没有着色方式“{scheme[:20]}”。")
    unknown = set(rules) - set(known.rules)
    if unknown:
        raise Invalid(f"“{known.title}”中没有：{'、'.join(sorted(unknown))}。", code="unknown_trait")
    _, own = choices.newest(CHOICE)
    wanted = {**own.get(scheme, {}), **rules}
    looks = {trait: {**asdict(rule), **wanted.get(trait, {})} for trait, rule in known.rules.items()}
    fault = colour_fault(looks)
    if fault:
        raise Invalid(fault, code="bad_colours")
    changed = {trait: look for trait, look in wanted.items() if look}
    return _keep({**own, scheme: changed}, seen_version)


def back_to(version: int, seen_version: int) -> dict[str, Any]:
    """An older version again, as a new one; 0 is the product's own colours."""
    body = {} if version == 0 else next((each.body for each in choices.history(CHOICE, 10_000) if each.version == version), None)
    if body is None:
        raise NotFound(f"没有第 {version} 版配色。")
    return _keep(body, seen_version)


def _keep(body: dict[str, Any], seen_version: int) -> dict[str, Any]:
    _, before = choices.newest(CHOICE)
    version = choices.keep(CHOICE, body, caller().name, seen_version)
    was, now = audit.difference(before, body)
    audit.record("change", "house_status_colours", before=was, after=now, version=version)
    return told()


def colour_fault(looks: dict[str, dict[str, Any]]) -> str | None:
    """None for rules that can be read and told apart, otherwise the sentence to show."""
    seen: dict[tuple[str, str, str], str] = {}
    for look in looks.values():
        if not re.fullmatch("#[0-9a-f]{6}", look["color"]):
            return f"“{look['label']}”的颜色应为 #rrggbb。"
        if look["pattern"] not in PATTERNS:
            return f"“{look['label']}”的花纹只能是：{'、'.join(PATTERNS)}。"
        if contrast(look["color"], INK) < LEAST_CONTRAST:
            return f"“{look['label']}”的颜色太深，格子里的字会看不清（对比度须不低于 {LEAST_CONTRAST}），请换浅一些。"
        same = (look["color"], look["pattern"], look["mark"])
        if same in seen:
            return f"“{look['label']}”与“{seen[same]}”的颜色、花纹、标记完全一样，分不清。"
        seen[same] = look["label"]
    return None


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, 1 to 21 (WCAG 2.2)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(color: str) -> float:
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
