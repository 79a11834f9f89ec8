"""Areas coloured (or with circles) by a count, as the map page shows them, for a printed sheet.

The wish is the text that a map's address carries; classes are those seen on the screen. The numbers are counted here, under the
caller's own rights, so that what is hidden from him on the screen is hidden on paper too.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from gis_grid.errors import BadRequest, Conflict
from gis_grid.maps.area_tree import area_tree
from gis_grid.notices.views import Drawn, Feature
from gis_grid.stats.actions import Wanted, count

BUBBLE, NO_VALUE = "#c2410c", "#e3e5e8"
LARGEST_PX, SMALLEST_PX = 34, 3
MEASURES = {"count": ("数量", ""), "density": ("每平方公里", "/平方公里"), "share": ("占比", "%")}
_WISH = re.compile(
    r"(?P<register>[a-z_]{1,40})~(?:(?P<by>[a-z_.]{1,60})=(?P<value>[^~]{0,60}))?~(?P<measure>count|density|share)"
    r"~(?P<look>choropleth|bubbles)~[a-z]*~[0-9]*(?:~(?P<level>[a-z]{0,20}))?"
)
_CLASS = re.compile(r"([0-9.e+-]{1,30})~([0-9.e+-]{1,30})~([0-9a-f]{6})")


@dataclass(frozen=True)
class Class:
    """Values from `low` to `high`, both within, and their colour."""

    low: float
    high: float
    color: str


@dataclass(frozen=True)
class Wish:
    """What areas are coloured by. `within`: the area whose parts (all of `level` below it when given) are coloured."""

    register: str
    by: str | None
    value: str | None
    measure: str
    look: str
    level: str | None
    within: str | None
    classes: tuple[Class, ...] = ()


@dataclass(frozen=True)
class Told:
    """A value per area code, None where hidden or not to be had; `counted` is the whole answer of the count."""

    values: Mapping[str, float | None]
    counted: Mapping[str, Any]


def read_wish(text: str, within: str | None, classes: str) -> Wish:
    """A theme as addresses carry it (`residents~sex=2~share~choropleth~quantile~5~grid`), classes as `0~12.5~edf8b1,...`."""
    found = _WISH.fullmatch(text)
    parts = [_CLASS.fullmatch(part) for part in classes.split(",")] if classes else []
    if found is None or None in parts or len(parts) > 7:
        raise BadRequest("看不懂这个专题；请从地图页“做成图纸”打开。", code="bad_theme")
    try:
        made = tuple(Class(float(part[1]), float(part[2]), f"#{part[3]}") for part in parts if part)
    except ValueError:
        raise BadRequest("专题的分级不是数字。", code="bad_theme") from None
    told = {name: value or None for name, value in found.groupdict().items()}
    return Wish(**told, within=within, classes=made)  # type: ignore[arg-type]


def count_wish(wish: Wish, at: date) -> Told:
    """Counts on a day's boundaries. Refuses what the caller may not count; conflict where the screen's classes no longer hold."""
    by = (wish.by,) if wish.by else ()
    counted = count(Wanted(wish.register, by=by, area=wish.within, at=at, level=wish.level))
    sizes = {one["code"]: one["area_m2"] for one in area_tree(wish.within, at, wish.level)["items"]}
    values = {one["code"]: _value(wish, one, counted, sizes.get(one["code"])) for one in counted["areas"]}
    known = [value for value in values.values() if value is not None]
    if wish.look == "choropleth" and not all(_class_of(value, wish.classes) for value in known):
        raise Conflict("统计数字刚有变化，与屏幕上的分级不再相符。请关闭图纸，待地图重新着色后再做。", code="counts_changed")
    return Told(values, counted)


def _value(wish: Wish, area: Mapping[str, Any], counted: Mapping[str, Any], m2: float | None) -> float | None:
    """Counted alike on the screen (theme.ts): number, per square kilometre or share of all, in per cent."""
    everything, own = area["count"], area["count"]
    if wish.by and wish.value is not None:
        cells = [
            cell["count"]
            for cell in counted["cells"]
            if cell["area_code"] == area["code"] and _key(cell["values"][0]) == wish.value
        ]
        unknown = None in cells or (counted["hidden_below"] and not cells)  # where figures are hidden, none and few look alike
        own = None if unknown else sum(cells)
    if own is None or wish.measure == "count":
        return own
    if wish.measure == "density":
        return own / (m2 / 1e6) if m2 else None
    return own / everything * 100 if everything else None


def _key(value: Any) -> str:
    """A code may be a word, a number, true or false, or missing."""
    if value is None:
        return "∅"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _class_of(value: float, classes: Sequence[Class]) -> Class | None:
    near = 1e-9 * max(1.0, abs(value))
    return next((one for one in classes if one.low - near <= value <= one.high + near), None)


def drawn(wish: Wish, told: Told, shapes: Mapping[str, Any], unit: float, *, named: bool) -> Drawn:
    """A layer of the areas' shapes on paper (by code). `unit`: how much larger than on A4; `named`: with the areas' names."""
    names = {one["code"]: one["name"] for one in told.counted["areas"]}
    if wish.look == "choropleth":
        features = [
            Feature({"color": _color(told.values.get(code), wish.classes), "name": names[code]}, shape)
            for code, shape in shapes.items()
        ]
        return Drawn("专题", [*_FILLS, *([_NAME] if named else [])], [], features)
    largest = max((value or 0 for value in told.values.values()), default=0)
    ordered = sorted(shapes.items(), key=lambda item: -(told.values.get(item[0]) or 0))
    features = [Feature(_bubble(told.values.get(code), largest, wish, unit), shape) for code, shape in ordered]
    return Drawn("专题", _BUBBLES, [], [feature for feature in features if feature.properties["radius"]])


def _color(value: float | None, classes: Sequence[Class]) -> str:
    found = None if value is None else _class_of(value, classes)
    return NO_VALUE if found is None else found.color


def _bubble(value: float | None, largest: float, wish: Wish, unit: float) -> dict[str, Any]:
    radius = max(SMALLEST_PX, LARGEST_PX * math.sqrt(value / largest)) * unit if value and largest else 0
    return {"radius": radius, "text": "" if value is None else number_text(value) + MEASURES[wish.measure][1]}


_FILLS: list[dict[str, Any]] = [
    {"id": "theme", "type": "fill", "paint": {"fill-color": ["get", "color"], "fill-opacity": 0.72}},
    {"id": "theme-edge", "type": "line", "layout": {"line-join": "round"}, "paint": {"line-color": "#ffffff", "line-width": 1.4}},
]
_NAME: dict[str, Any] = {
    "id": "theme-name",
    "type": "symbol",
    "layout": {"text-field": ["get", "name"], "text-font": ["Bold"], "text-size": 14},
    "paint": {"text-color": "#134a85", "text-halo-color": "#ffffff"},
}
_BUBBLES: list[dict[str, Any]] = [
    {
        "id": "theme-bubble",
        "type": "circle",
        "paint": {
            "circle-radius": ["get", "radius"], "circle-color": BUBBLE, "circle-opacity": 0.62,
            "circle-stroke-color": "#ffffff", "circle-stroke-width": 1.5,
        },
    },
    {
        "id": "theme-value",
        "type": "symbol",
        "layout": {"text-field": ["get", "text"], "text-font": ["Bold"], "text-size": 14},
        "paint": {"text-color": "#3b1404", "text-halo-color": "#ffffff"},
    },
]  # fmt: skip


def key(wish: Wish, told: Told) -> tuple[str, list[tuple[str, str, str]]]:
    """The legend as on the screen, a title and rows of sample, colour and words: classes with how many areas each has, what is
    hidden, what the circles mean."""
    counted = told.counted
    hidden = sum(value is None for value in told.values.values())
    missing = f"少于 {counted['hidden_below']} 人，不显示" if counted["hidden_below"] else "没有数"
    rows = []
    if wish.look == "choropleth":
        unit = "%" if wish.measure == "share" else ""
        for one in wish.classes:
            number = sum(value is not None and _class_of(value, (one,)) is not None for value in told.values.values())
            rows.append(("fill", one.color, f"{_range_text(one)}{unit}　{number} 个区域"))
    else:
        rows.append(("circle", BUBBLE, f"圆面积与{MEASURES[wish.measure][0]}成正比"))
    if hidden:
        rows.append(("fill" if wish.look == "choropleth" else "none", NO_VALUE, f"{missing}　{hidden} 个区域"))
    if counted["rounded_to"]:
        rows.append(("none", "", f"数字凑整到 {counted['rounded_to']} 的倍数"))
    if counted["outside"]:
        rows.append(("none", "", f"另有 {number_text(counted['outside'])} 条不在这些区域内"))
    return _title(wish, counted), rows


def _title(wish: Wish, counted: Mapping[str, Any]) -> str:
    what: str = counted["title"]
    if wish.by and counted["fields"]:
        labels = {_key(cell["values"][0]): cell["labels"][0] for cell in counted["cells"]}
        what += f"：{counted['fields'][0]['label']} {labels.get(wish.value or '', wish.value or '')}"
    return f"{what}（{MEASURES[wish.measure][0]}）"


def number_text(value: float) -> str:
    """Whole numbers as they are, others with as many digits as tell them apart."""
    if float(value).is_integer() or abs(value) >= 100:
        return f"{round(value):,}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def _range_text(one: Class) -> str:
    return number_text(one.low) if one.low == one.high else f"{number_text(one.low)} – {number_text(one.high)}"
