"""Board templates: YAML files in boards/ (paper, letter heights, slots in mm), checked when read; a broken one is named."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import yaml

from gis_grid.config import PROJECT
from gis_grid.errors import Invalid, NotFound
from gis_grid.maps.layers import layers
from gis_grid.notices.style import COLOURS, Letters

FOLDER = PROJECT / "boards"
ORIENTATIONS = ("portrait", "landscape")
SLOTS = ("title", "plan", "people", "extent", "services", "contact", "qr", "footer", "text", "logo")
THEMED = ("main", "soft", "ink", "accent")  # colours of bands, boxes and letters; all others are the plan's
_TOP = {"title", "paper", "letters", "text", "slots", "theme", "marks", "sheet", "posts", "colours"}
_SLOT = {"slot", "box", "head", "text", "columns", "plain"}
_LARGEST_MM = 5000


class BadTemplate(Invalid):
    """A template that cannot be used; the sentence names file, line and what is wrong."""

    code = "bad_template"


@dataclass(frozen=True)
class Slot:
    """A rectangle of the board: left, top, width, height in mm, and what stands in it."""

    kind: str
    box: tuple[float, float, float, float]
    head: str | None = None
    text: str | None = None
    columns: int | None = None
    plain: bool = False  # people without photos and duties


@dataclass(frozen=True)
class Template:
    """One template in one orientation."""

    name: str
    title: str
    orientation: str
    width: float
    height: float
    letters: Letters
    text: Mapping[str, float]  # letter heights in mm: title, head, body, least
    slots: tuple[Slot, ...]
    theme: str = "blue"
    marks: tuple[str, ...] = ("units",)  # point layers drawn on the plan
    posts: tuple[str, ...] = ()
    sheet: tuple[float, float, int, int] | None = None  # paper and columns x rows for several on one sheet
    colours: Mapping[str, str] = field(default_factory=dict)

    def slot(self, kind: str) -> Slot | None:
        return next((slot for slot in self.slots if slot.kind == kind), None)


@cache
def themes() -> dict[str, dict[str, str]]:
    """Colour themes by name."""
    found: dict[str, dict[str, str]] = yaml.safe_load((FOLDER / "themes.yaml").read_text(encoding="utf-8"))
    return found


@cache
def stock() -> dict[str, str]:
    """The templates that come with the service: name and YAML."""
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.yaml")) if path.stem != "themes"}


def template_of(name: str, orientation: str | None, own: Mapping[str, str]) -> Template:
    """A template by name, an office's own first. Refuses unknown names and orientations it does not have."""
    body = own.get(name) or stock().get(name)
    if body is None:
        raise NotFound(f"没有公示牌模板“{name[:40]}”，可用：{'、'.join([*own, *stock()])}。", code="unknown_template")
    made = read_template(name, body)
    if orientation is None:
        return next(iter(made.values()))
    if orientation not in made:
        raise Invalid(f"模板“{name}”没有方向 {orientation}，可用：{'、'.join(made)}。", code="unknown_orientation")
    return made[orientation]


@cache
def read_template(name: str, body: str) -> dict[str, Template]:
    """The template by orientation. BadTemplate names the line of what is wrong."""
    try:
        told = yaml.safe_load(body)
    except yaml.MarkedYAMLError as fault:
        line = fault.problem_mark.line + 1 if fault.problem_mark else 1
        raise BadTemplate(f"模板 {name} 第 {line} 行：YAML 写法有误，请检查括号、冒号和缩进（{fault.problem}）。") from None
    if not isinstance(told, dict):
        raise _fault(name, body, "", "应为若干“名称: 内容”")
    for key in told:
        if key not in _TOP:
            raise _fault(name, body, str(key), f"不认识“{key}”，可用：{'、'.join(sorted(_TOP))}")
    for key in ("title", "paper", "letters", "text", "slots"):
        if key not in told:
            raise _fault(name, body, "", f"缺少“{key}”")
    if not isinstance(told["paper"], dict) or not isinstance(told["slots"], dict):
        raise _fault(name, body, "paper", "paper 与 slots 须按方向（portrait、landscape）给出")
    made = {way: _made(name, body, told, way) for way in told["paper"]}
    if not made:
        raise _fault(name, body, "paper", "没有任何方向")
    return made


def parsed(body: str) -> dict[str, Any]:
    """What a good template says, as plain values: what the console's editor changes (JSON is YAML, so it comes back so)."""
    told: dict[str, Any] = yaml.safe_load(body)
    return told


def _made(name: str, body: str, told: dict[str, Any], way: str) -> Template:
    if way not in ORIENTATIONS or way not in told["slots"]:
        raise _fault(name, body, str(way), f"方向应为 {'、'.join(ORIENTATIONS)}，且 slots 中须有同名一项")
    paper = _numbers(told["paper"][way], 2)
    if paper is None or not all(20 <= side <= _LARGEST_MM for side in paper):
        raise _fault(name, body, "paper", f"纸张为 [宽, 高] 毫米，20 到 {_LARGEST_MM}")
    for key, allowed in (("letters", Letters.__dataclass_fields__), ("text", ("title", "head", "body", "least"))):
        given = told[key]
        if not isinstance(given, dict) or set(given) - set(allowed) or not all(_is_size(value) for value in given.values()):
            raise _fault(name, body, key, f"{key} 为字高（毫米，0.5-200）：{'、'.join(allowed)}")
    unknown = [layer for layer in told.get("marks", []) if layer not in layers()]
    if unknown:
        raise _fault(name, body, "marks", f"没有图层“{unknown[0]}”")
    colours = told.get("colours") or {}
    if not isinstance(colours, dict) or not all(map(_is_colour, colours.items())):
        raise _fault(name, body, "colours", '颜色写作 名称: "#rrggbb"')
    if told.get("theme", "blue") not in themes():
        raise _fault(name, body, "theme", f"配色可用：{'、'.join(themes())}")
    return Template(
        name=name,
        title=str(told["title"]),
        orientation=way,
        width=paper[0],
        height=paper[1],
        letters=Letters(**told["letters"]),
        text={"title": 10, "head": 5, "body": 4, "least": 2.5, **told["text"]},
        slots=tuple(_slot(name, body, each, paper) for each in told["slots"][way]),
        theme=told.get("theme", "blue"),
        marks=tuple(told.get("marks", ("units",))),
        posts=tuple(told.get("posts", ())),
        sheet=_sheet(name, body, told.get("sheet"), way, paper),
        colours=colours,
    )


def _slot(name: str, body: str, told: Any, paper: list[float]) -> Slot:
    if not isinstance(told, dict) or told.get("slot") not in SLOTS or set(told) - _SLOT:
        raise _fault(name, body, "slots", f"版位写作 {{slot: 名称, box: [左, 上, 宽, 高]}}，名称可用：{'、'.join(SLOTS)}")
    box = _numbers(told.get("box"), 4)
    if box is None or min(box[2:]) < 2:
        raise _fault(name, body, told["slot"], f"版位 {told['slot']} 的 box 应为 [左, 上, 宽, 高] 毫米")
    left, top, width, height = box
    if left < -0.01 or top < -0.01 or left + width > paper[0] + 0.01 or top + height > paper[1] + 0.01:
        raise _fault(name, body, told["slot"], f"版位 {told['slot']} 超出纸张 {paper[0]:g}×{paper[1]:g} 毫米")
    columns = told.get("columns")
    if columns is not None and not (isinstance(columns, int) and 1 <= columns <= 20):
        raise _fault(name, body, "columns", "columns 为 1-20 的整数")
    head, text = (str(told[key])[:2000] if told.get(key) else None for key in ("head", "text"))
    return Slot(told["slot"], (left, top, width, height), head, text, columns, bool(told.get("plain", False)))


def _sheet(name: str, body: str, told: Any, way: str, paper: list[float]) -> tuple[float, float, int, int] | None:
    if told is None:
        return None
    numbers = _numbers(told.get(way) if isinstance(told, dict) else None, 4)
    if numbers is None or numbers[2] * paper[0] > numbers[0] or numbers[3] * paper[1] > numbers[1] or min(numbers[2:]) < 1:
        raise _fault(name, body, "sheet", "sheet 按方向写作 [纸宽, 纸高, 列数, 行数]，须放得下")
    return (numbers[0], numbers[1], int(numbers[2]), int(numbers[3]))


def _numbers(value: Any, count: int) -> list[float] | None:
    good = isinstance(value, list) and len(value) == count
    if not good or not all(isinstance(one, int | float) and not isinstance(one, bool) and abs(one) < 1e5 for one in value):
        return None
    return [float(one) for one in value]


def _is_colour(named: tuple[Any, Any]) -> bool:
    name, value = named
    return name in {*COLOURS, *THEMED} and re.fullmatch(r"#[0-9a-fA-F]{6}", str(value)) is not None


def _is_size(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0.5 <= value <= 200


def _fault(name: str, body: str, word: str, what: str) -> BadTemplate:
    said = [text.partition("#")[0] if text.lstrip().startswith("#") else text for text in body.splitlines()]  # not the comments
    line = next((n for n, text in enumerate(said, 1) if word and re.search(rf"\b{re.escape(word)}\b", text)), 1)
    return BadTemplate(f"模板 {name} 第 {line} 行：{what}。")
