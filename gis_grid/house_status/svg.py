"""The diagram's data as SVG: one building with words in its cells, or an estate as small multiples; pure.

Accessible: a title and a description, cells in reading order, each with its words as <title> and reachable by keyboard.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

FONTS = "'Noto Sans CJK SC','Noto Sans SC','PingFang SC','Microsoft YaHei','Source Han Sans SC','WenQuanYi Micro Hei',sans-serif"
INK, SOFT, LINE, HIT, GROUND = "#1f2a37", "#4b5868", "#8a97a6", "#b42318", "#ffffff"
_TILES = {  # over the colour, so that no colour is ever alone; 8 x 8 px
    "lines": '<path d="M-2 10 10 -2M-2 2 2 -2M6 10 10 6" stroke="#1f2a37" stroke-opacity=".22" stroke-width="1.4"/>',
    "dots": '<circle cx="2" cy="2" r="1" fill="#1f2a37" fill-opacity=".28"/>'
    '<circle cx="6" cy="6" r="1" fill="#1f2a37" fill-opacity=".28"/>',
    "cross": '<path d="M0 0 8 8M8 0 0 8" stroke="#1f2a37" stroke-opacity=".13" stroke-width="1"/>',
    "dashes": '<path d="M0 2H4M4 6H8" stroke="#1f2a37" stroke-opacity=".16" stroke-width="1"/>',
}
Data = Mapping[str, Any]


@dataclass(frozen=True)
class Size:
    """Pixels of a usual door, of a floor, of the margin with the floor's name, of the unit's name and between units."""

    door: float
    row: float
    left: float
    unit: float
    between: float
    least: float  # the narrowest column
    words: bool


LARGE = Size(94, 46, 66, 30, 12, 24, True)
SMALL = Size(21, 15, 34, 15, 5, 12, False)


def draw_building(data: Data) -> str:
    """One building: heading, units, floors, cells, legend."""
    xs = _edges(data, LARGE)
    width = max(640.0, xs[-1][1] + 24)
    body_height = LARGE.unit + len(data["floors"]) * LARGE.row
    legend, legend_height = _legend(data, width)
    top = 78
    height = top + body_height + 18 + legend_height
    title = f"{data['building']['title']} 房态图（{data['scheme_title']}）"
    parts = [
        _open(width, height, title, _described(data)),
        _text(24, 38, title, 22, weight=700),
        _text(24, 62, _facts(data), 14, SOFT),
        f'<g transform="translate(0 {top})" role="list">',
        *_grid(data, LARGE, xs, data["legend"]),
        "</g>",
        f'<g transform="translate(24 {top + body_height + 18:g})">{legend}</g></svg>',
    ]
    return "".join(parts)


def draw_estate(data: Data) -> str:
    """All buildings of an estate, side by side at one scale, on one ground line per row."""
    sizes = [(one, _edges(one, SMALL)) for one in data["diagrams"]]
    width = 1240.0
    boxes: list[str] = []
    x, y = 24.0, 84.0
    for line in _lines_of(sizes, width - 48):
        tall = max(_height(one) for one, _ in line)
        for one, xs in line:
            drawn = "".join(_grid(one, SMALL, xs, data["legend"]))
            sink = tall - _height(one)
            bare = "" if one["cells"] else _text(SMALL.left, _height(one) - 26, "没有登记房屋", 12, SOFT)
            name = _fit(one["building"]["name"] or one["building"]["code"], max(60.0, xs[-1][1]), 13)
            boxes.append(
                f'<g transform="translate({x:g} {y + sink:g})" role="group"><title>{escape(one["building"]["title"])}</title>'
                f'<g role="list">{drawn}</g>{bare}{_text(SMALL.left, _height(one) - 8, name, 13, weight=700)}</g>'
            )
            x += max(xs[-1][1], 96) + 18
        x, y = 24.0, y + tall + 16
    legend, legend_height = _legend(data, width)
    title = f"{data['estate']['name'] or ''} 房态图（{data['scheme_title']}）"
    facts = f"{data['estate']['buildings']} 栋 · {_facts(data)}"
    if data["estate"]["left_out"]:
        facts += f" · 只画出前 {len(data['diagrams'])} 栋，其余 {data['estate']['left_out']} 栋请分栋查看"
    return "".join(
        [
            _open(width, y + legend_height, title, facts),
            _text(24, 38, title, 22, weight=700),
            _text(24, 62, facts, 14, SOFT),
            *boxes,
            f'<g transform="translate(24 {y:g})">{legend}</g></svg>',
        ]
    )


def _lines_of(
    sizes: Sequence[tuple[Data, list[tuple[float, float]]]], width: float
) -> Iterator[list[tuple[Data, list[tuple[float, float]]]]]:
    """The buildings cut into lines that fit; the tallest first would be tidier, but people look for them by number."""
    line: list[tuple[Data, list[tuple[float, float]]]] = []
    used = 0.0
    for one, xs in sizes:
        wide = max(xs[-1][1], 96) + 18
        if line and used + wide > width:
            yield line
            line, used = [], 0.0
        line.append((one, xs))
        used += wide
    if line:
        yield line


def _height(data: Data) -> float:
    return SMALL.unit + len(data["floors"]) * SMALL.row + 26


def _open(width: float, height: float, title: str, description: str) -> str:
    tiles = "".join(
        f'<pattern id="t-{name}" width="8" height="8" patternUnits="userSpaceOnUse">{tile}</pattern>'
        for name, tile in _TILES.items()
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}" '
        f'lang="zh-CN" xml:lang="zh-CN" role="group" aria-labelledby="house-title house-description" font-family="{FONTS}">'
        f'<title id="house-title">{escape(title)}</title><desc id="house-description">{escape(description)}</desc>'
        f'<defs>{tiles}</defs><rect width="100%" height="100%" fill="{GROUND}"/>'
    )


def _described(data: Data) -> str:
    colours = "、".join(f"{one['label']} {one['count']} 间" for one in data["legend"] if one["count"])
    return f"{_facts(data)}。{colours}。从顶层到底层、从左到右，每格一间房屋。"


def _facts(data: Data) -> str:
    counts = data["counts"]
    said = [f"{counts['rooms']} 间"]
    if counts["households"]:
        said.append(f"{counts['households']} 户 {counts['persons']} 人")
    if counts["gaps"]:
        said.append(f"{counts['gaps']} 处未登记")
    if data.get("skipped"):
        said.append(f"不设 {'、'.join(str(number) for number in data['skipped'])} 层")
    if counts["hits"] is not None:
        said.append(f"查到 {counts['hits']} 间")
    return " · ".join([*said, data["day"]])


def _edges(data: Data, size: Size) -> list[tuple[float, float]]:
    """The left and right edge of each column; units have their own column width and stand a little apart."""
    edges = []
    x = size.left
    for unit in data["units"]:
        step = max(size.least, size.door / unit["per_door"])
        edges += [(x + step * i, x + step * (i + 1)) for i in range(unit["cols"])]
        x += step * unit["cols"] + size.between
    return edges or [(size.left, size.left)]


def _grid(data: Data, size: Size, xs: list[tuple[float, float]], legend: Sequence[Data]) -> Iterator[str]:
    for unit in data["units"]:
        left, right = xs[unit["col"]][0], xs[unit["col"] + unit["cols"] - 1][1]
        name = _fit(unit["name"], right - left, size.unit * 0.53)
        yield _text((left + right) / 2, size.unit - size.unit * 0.33, name, size.unit * 0.53, SOFT, anchor="middle")
    for row, floor in enumerate(data["floors"]):
        y = size.unit + row * size.row
        title = _fit(re.sub(r"^(负?[0-9]+)层$", r"\1", floor["title"]), size.left - 8, size.row * 0.33 + 2)
        yield _text(size.left - 8, y + size.row * 0.62, title, min(15.0, size.row * 0.33 + 4), SOFT, anchor="end")
        if floor["kind"] == "ground" and row + 1 < len(data["floors"]):
            y += size.row
            yield f'<path d="M{size.left - 6:g} {y:g}H{xs[-1][1] + 6:g}" stroke="{INK}" stroke-width="1.5"/>'
    looks = {one["trait"]: one for one in legend}
    for cell in data["cells"]:
        x, y = xs[cell["col"]][0], size.unit + cell["row"] * size.row
        wide, tall = xs[cell["col"] + cell["cols"] - 1][1] - x, cell["rows"] * size.row
        yield _cell(cell, looks, size, (x + 1, y + 1, wide - 2, tall - 2))


def _cell(cell: Data, looks: Mapping[str, Data], size: Size, box: tuple[float, float, float, float]) -> str:
    x, y, w, h = box
    title = f"<title>{escape(cell['text'])}</title>"
    if cell["kind"] == "gap":
        dashed = f'fill="none" stroke="{LINE}" stroke-dasharray="3 3"'
        word = _text(x + w / 2, y + h / 2 + 4, "未登记", 12, SOFT, anchor="middle") if size.words and w > 40 else ""
        return f'<g role="listitem"><rect x="{x:g}" y="{y:g}" width="{w:g}" height="{h:g}" {dashed}/>{word}{title}</g>'
    dim = ' opacity=".45"' if cell["hit"] is False else ""
    edge = f'stroke="{HIT}" stroke-width="3"' if cell["hit"] else f'stroke="{LINE}" stroke-width="1"'
    words = _words(cell, box) if size.words else _mark_only(cell, box)
    focus = ' tabindex="0"' if size.words else ""
    outline = f'<rect x="{x:g}" y="{y:g}" width="{w:g}" height="{h:g}" fill="none" {edge}/>'
    return (
        f'<g role="listitem"{focus} data-room="{cell["id"]}"{dim}>{"".join(_fills(cell, looks, box))}{outline}{words}{title}</g>'
    )


def _fills(cell: Data, looks: Mapping[str, Data], box: tuple[float, float, float, float]) -> Iterator[str]:
    """Stripes side by side, the most important trait first; no more than four."""
    x, y, w, h = box
    traits = [trait for trait in cell["traits"] if trait in looks][:4]
    for i, trait in enumerate(traits):
        look, wide = looks[trait], w / len(traits)
        shape = f'<rect x="{x + i * wide:g}" y="{y:g}" width="{wide:g}" height="{h:g}"'
        yield f'{shape} fill="{look["color"]}"/>'
        if look["pattern"] != "none":
            yield f'{shape} fill="url(#t-{look["pattern"]})"/>'


def _words(cell: Data, box: tuple[float, float, float, float]) -> str:
    x, y, w, h = box
    mark, who, left = cell["mark"], _who(cell), 6.0
    mark_width = _width(mark, 12) + 6 if mark else 0.0
    mark_y, number_room, who_room = y + 17, w - 10 - mark_width, w - 10
    if _width(cell["number"], 14) > number_room:  # the number goes before all: the mark stands below it
        left, mark_y, number_room, who_room = 4.0, y + 37, w - 6, w - 10 - mark_width
    number = _fit(cell["number"], number_room, 14)
    said = [_text(x + left, y + 18, number, 14, weight=700)] if number else []
    if mark and w > mark_width + 4:
        at = x + w - mark_width - 3
        said.append(
            f'<rect x="{at:g}" y="{mark_y - 13:g}" width="{mark_width:g}" height="17" rx="4" fill="#fff" fill-opacity=".85"/>'
        )
        said.append(_text(at + 3, mark_y, mark, 12))
    if who := _fit(who, who_room, 13):
        said.append(_text(x + left, y + 37, who, 13))
    if cell["fault"]:
        said.append(f'<path d="M{x + w - 9:g} {y + h - 2:g}h7v-7z" fill="{HIT}"/>')
    return "".join(said)


def _who(cell: Data) -> str:
    if cell["shops"]:
        return str(cell["shops"][0]) + (f"等{len(cell['shops'])}家" if len(cell["shops"]) > 1 else "")
    if not cell["households"]:
        return ""
    head = cell["heads"][0] if cell["heads"] else "未登记户主"
    more = f"等{cell['households']}户" if cell["households"] > 1 else ""
    return f"{head}{more} {cell['persons']}人"


def _mark_only(cell: Data, box: tuple[float, float, float, float]) -> str:
    x, y, w, h = box
    mark = cell["mark"][:1]
    return _text(x + w / 2, y + h / 2 + 3.6, mark, 10, anchor="middle") if mark and w > 9 else ""


def _legend(data: Data, width: float) -> tuple[str, float]:
    """Swatches with label and count, wrapped to the width; answers the height too."""
    parts = []
    x, y = 0.0, 0.0
    for one in data["legend"]:
        label = f"{one['label']} {one['count']}"
        wide = 40 + _width(label, 14) + 20
        if x and x + wide > width - 48:
            x, y = 0.0, y + 30
        look = f'<rect x="{x:g}" y="{y:g}" width="30" height="20"'
        parts.append(f'{look} fill="{one["color"]}"/>')
        if one["pattern"] != "none":
            parts.append(f'{look} fill="url(#t-{one["pattern"]})"/>')
        parts.append(f'{look} fill="none" stroke="{LINE}"/>')
        parts.append(_text(x + 15, y + 15, one["mark"], 12, anchor="middle"))
        parts.append(_text(x + 38, y + 15, label, 14))
        x += wide
    names = "姓名为全名，请妥善保管" if data["names"] == "full" else "姓名已脱敏"
    parts.append(_text(0, y + 48, f"颜色规则第 {data['colours_version']} 版 · {names} · 内部资料，不得公开张贴", 12, SOFT))
    return "".join(parts), y + 70


def _text(x: float, y: float, text: str, size: float, fill: str = INK, *, anchor: str = "start", weight: int = 400) -> str:
    at = "" if anchor == "start" else f' text-anchor="{anchor}"'
    bold = "" if weight == 400 else f' font-weight="{weight}"'
    return f'<text x="{x:g}" y="{y:g}" font-size="{size:g}" fill="{fill}"{at}{bold}>{escape(text)}</text>'


def _width(text: str, size: float) -> float:
    """Roughly how wide a text is: Chinese characters are square, others a little wider than half."""
    return sum(size if ord(char) > 0x2E7F else size * 0.6 for char in text)


def _fit(text: str, room: float, size: float) -> str:
    """The text, cut with an ellipsis where it would leave its box."""
    if _width(text, size) <= room:
        return text
    kept = ""
    for char in text:
        if _width(kept + char, size) + size * 0.6 > room:
            break
        kept += char
    return f"{kept}…" if kept else ""
