"""A view of the map as a printed sheet: title, map at a round or fixed scale, legend, scale bar, north, date, source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from typing import Any

import shapely
import sqlalchemy as sa

from gis_grid.access.guard import caller, scope_patterns
from gis_grid.areas.duty import all_areas
from gis_grid.areas.placing import today
from gis_grid.choices import chosen as chosen_setting
from gis_grid.config import settings
from gis_grid.db import session
from gis_grid.errors import Invalid, TooLarge
from gis_grid.maps.layers import Layer
from gis_grid.maps.tiles import asked_layers
from gis_grid.notices import furniture, svg, theme
from gis_grid.notices.actions import check_code, grids_under
from gis_grid.notices.expressions import Unknown
from gis_grid.notices.font import width_em
from gis_grid.notices.ground import flat
from gis_grid.notices.reading import area_layer, boundary_shapes
from gis_grid.notices.render import html_to_pdf, to_png
from gis_grid.notices.scale import Window, at_scale, fit
from gis_grid.notices.style import COLOURS
from gis_grid.notices.templates import FOLDER
from gis_grid.notices.views import DRAWN, Drawn, Feature, draw_view

PAPERS = {"a4": (210, 297), "a3": (297, 420), "a2": (420, 594), "a1": (594, 841), "a0": (841, 1189), "8k": (260, 370)}
USUAL = "green,water,roads,buildings,grids"
MOST_FEATURES, MOST_PAGES = 60_000, 200


@dataclass(frozen=True)
class Sheet:
    """How a sheet is wanted."""

    layers: str = USUAL
    paper: str = "a4"
    orientation: str = "landscape"
    title: str | None = None
    scale: int | None = None
    box: tuple[float, float, float, float] | None = None  # west, south, east, north: a view instead of the whole area
    at: date | None = None  # another day's boundaries and data
    theme: theme.Wish | None = None

    @property
    def day(self) -> date:
        return self.at or today()


@dataclass(frozen=True)
class _Theme:
    """The thematic colours of all pages: counted once."""

    wish: theme.Wish
    told: theme.Told
    shapes: Mapping[str, Any]  # in degrees
    key: tuple[str, Sequence[tuple[str, str, str]]]

    def drawn(self, placed: Any, window: Window, unit: float, *, named: bool) -> Drawn:
        """The areas that reach into a window."""
        rim = shapely.box(-20, -20, window.width + 20, window.height + 20)
        if self.wish.look == "bubbles":
            shapes = {code: placed(shapely.point_on_surface(shape)) for code, shape in self.shapes.items()}
        else:
            shapes = {code: shapely.intersection(placed(shape), rim) for code, shape in self.shapes.items()}
        near = {code: shape for code, shape in shapes.items() if not shape.is_empty and shapely.intersects(shape, rim)}
        return theme.drawn(self.wish, self.told, near, unit, named=named)


@dataclass(frozen=True)
class _Ground:
    """What all pages of a print share."""

    layers: Sequence[Layer]
    shapes: Mapping[str, Any]  # boundary by area code, in degrees
    theme: _Theme | None

    @property
    def above(self) -> int:
        """Where colours lie among the layers: below buildings, as on the screen."""
        names = [layer.name for layer in self.layers]
        return names.index("buildings") if "buildings" in names else len(names)

    @property
    def named(self) -> bool:
        """Whether the theme writes the areas' names, for want of a layer that does."""
        level = (self.theme.told.counted["areas"] or [{}])[0].get("level") if self.theme else None
        return level is not None and area_layer(level) not in [layer.name for layer in self.layers]

    def own(self, drawn: Sequence[Drawn]) -> list[Drawn]:
        """What was drawn of the layers themselves."""
        return [one for at, one in enumerate(drawn) if self.theme is None or at != self.above]


def atlas_codes(code: str) -> list[str]:
    """The area itself as the overview, then each of its grids."""
    grids = grids_under(code)
    return grids if grids == [code] else [code, *grids]


def print_sheets(codes: Sequence[str], sheet: Sheet, only: int | None = None) -> bytes:
    """A page per area, or `only` one of them; of several, the first is the overview, at its own scale.

    Layers are the caller's: his rights, his scope, the fields he may see.
    """
    wanted = asked_layers(sheet.layers)
    for layer in wanted:
        if not any(entry["type"] in DRAWN for entry in layer.style):
            raise Invalid(f"图层“{layer.title}”只能在屏幕上显示，不能印刷。", code="not_printable")
    if len(codes) > MOST_PAGES:
        raise Invalid(f"一次最多 {MOST_PAGES} 页，其下有 {len(codes)} 个区域。", code="too_many_pages")
    width, height = PAPERS[sheet.paper] if sheet.orientation == "portrait" else PAPERS[sheet.paper][::-1]
    ground = _Ground(wanted, boundary_shapes(codes, sheet.day), _themed(sheet))
    pages = []
    for place, code in enumerate(codes, 1):
        if only not in (None, place):
            continue
        check_code(code)
        if code not in ground.shapes:
            raise Invalid(f"{all_areas()[code].link['name']}（{code}）没有边界，不能印图。", code="no_boundary")
        number = f"第 {place} / {len(codes)} 页" if len(codes) > 1 else ""
        asked = replace(sheet, scale=None) if number and place == 1 else sheet
        pages.append(_page(code, ground, asked, (width, height), number))
    return html_to_pdf("".join(pages), width, height)


def _themed(sheet: Sheet) -> _Theme | None:
    if sheet.theme is None:
        return None
    told = theme.count_wish(sheet.theme, sheet.day)
    return _Theme(sheet.theme, told, boundary_shapes(list(told.values), sheet.day), theme.key(sheet.theme, told))


def picture(codes: Sequence[str], sheet: Sheet, page: int, pixels: int) -> bytes:
    """One page as a PNG, made from the PDF of that page: a preview shows what is printed."""
    number = min(page, len(codes))
    pdf = print_sheets(codes, sheet, only=number)
    return to_png(pdf, pixels / max(PAPERS[sheet.paper]) * 25.4)


def _page(code: str, ground: _Ground, sheet: Sheet, paper: tuple[float, float], number: str) -> str:
    unit = min(paper) / 210  # letters grow with the paper
    margin, letter = 10 * unit, 2.3 * unit
    listed = _legend(ground.layers)
    below = 4.0 * unit * _lines(listed, paper[0] - 2 * margin, 2.5 * unit)
    box = (paper[0] - 2 * margin, paper[1] - 2 * margin - 13.5 * unit - below)
    shape = ground.shapes[code]
    seen = shapely.box(*sheet.box) if sheet.box else shape
    west, south, east, north = seen.bounds
    lon, lat = (west + east) / 2, (south + north) / 2
    metres = flat(lon, lat)
    strip = furniture.strip_height(letter)
    inner = (box[0], box[1] - strip)
    window = _window(metres(seen).bounds, inner, sheet, 4 * unit)
    to_paper = window.to_paper()

    def placed(one: Any) -> Any:
        return to_paper(metres(one))

    layers = [_drawn(layer, _degrees(window, lon, lat), placed, window, sheet.day) for layer in ground.layers]
    key_svg, kept = "", list[Any]()
    if ground.theme:
        layers.insert(ground.above, ground.theme.drawn(placed, window, unit, named=ground.named))
        key_svg, kept = furniture.key(*ground.theme.key, inner[1], 2.5 * unit)
    try:
        view = draw_view(layers, window, lat, 1.9 * unit, kept)
    except Unknown as fault:
        raise Invalid(f"所选图层的样式“{fault}”不能印刷。", code="not_printable") from None
    foot = furniture.foot((*inner[:1], inner[1], strip), window.scale, letter, [], "示意图", COLOURS)
    edge = svg.drawn(
        shapely.boundary(placed(shape)), fill="none", stroke=COLOURS["edge"], stroke_width=0.9 * unit, stroke_opacity=0.75
    )
    clip = f'<clipPath id="view">{svg.rect(0.0, 0.0, *inner)}</clipPath>'
    plan = svg.group([svg.rect(0.0, 0.0, *inner, fill="#f7f5f0"), *view.shapes, edge, *view.names], clip_path="url(#view)")
    arrow = furniture.arrow(furniture.arrow_box(inner[0], 1.5 * letter), "#222222")
    frame = svg.rect(0.0, 0.0, *inner, fill="none", stroke="#222222", stroke_width=0.13 * letter)
    told = {
        "paper": paper, "margin": margin, "unit": unit, "map": svg.document(*box, [clip, plan, key_svg, arrow, frame, foot.svg]),
        "title": _title(code, sheet, ground.theme, number), "code": code, "number": number, "below": below,
        "legend": _legend([layer for layer, shown in zip(ground.layers, ground.own(layers), strict=True) if shown.features]),
        "day": today(), "at": sheet.at, "source": chosen_setting("map_source"), "publisher": chosen_setting("map_publisher"),
        "review": chosen_setting("map_review_number"), "by": caller().name,
    }  # fmt: skip
    made: str = _template().render(**told)
    return made


def _legend(layers: Sequence[Layer]) -> list[Mapping[str, Any]]:
    """The entries of these layers, each once, the top of the map first."""
    return list({(item["label"], item["color"]): item for layer in reversed(layers) for item in layer.legend}.values())


def _lines(legend: Sequence[Mapping[str, Any]], width: float, letter: float) -> int:
    """How many lines these entries take, so that none is cut off; as wide as sheet.html writes them."""
    lines, x = 1, 0.0
    for item in legend:
        need = (1.84 + 0.3 + width_em(item["label"]) + 1.4 + 0.3) * letter
        lines, x = (lines, x + need) if x + need <= width else (lines + 1, need)
    return lines


def _title(code: str, sheet: Sheet, themed: _Theme | None, number: str) -> str:
    """An atlas tells on each page where it is."""
    name = all_areas()[code].link["name"]
    if sheet.title is None:
        return f"{name}　{themed.key[0]}" if themed else f"{name}地图"
    return f"{sheet.title}　{name}" if number else sheet.title


def _window(bounds: Any, inner: tuple[float, float], sheet: Sheet, margin: float) -> Window:
    """A whole area must fit its scale; a view on the screen is a wish for its middle."""
    if sheet.scale is None:
        return fit(bounds, *inner, 0.0 if sheet.box else margin)
    if sheet.box is None:
        return at_scale(bounds, *inner, sheet.scale)
    return Window(sheet.scale, (bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2, *inner)


def _degrees(window: Window, lon: float, lat: float) -> tuple[float, float, float, float]:
    """The window in degrees, a little wider."""
    metres = flat(lon, lat)
    one = metres(shapely.Point(lon + 1e-3, lat + 1e-3))
    x, y = lon + window.x / one.x * 1e-3, lat + window.y / one.y * 1e-3
    half_x = window.width * window.scale / 2000 / one.x * 1.05e-3
    half_y = window.height * window.scale / 2000 / one.y * 1.05e-3
    return (x - half_x, y - half_y, x + half_x, y + half_y)


def _drawn(layer: Layer, box: tuple[float, float, float, float], to_paper: Any, window: Window, at: date) -> Drawn:
    """A layer's rows in the window, within the caller's scope, with the fields he may see."""
    fields = "".join(f", l.{name}" for name in layer.seen_by(caller()))
    scope = "AND coalesce(l.area_code LIKE ANY(:scope), '%' = ANY(:scope))" if layer.scoped else ""
    query = f"""
    SELECT ST_AsBinary(l.geom) AS wkb_{fields} FROM ({layer.select}
    ) l
    WHERE l.geom && ST_MakeEnvelope(:w, :s, :e, :n, 4490) {scope} ORDER BY l.id LIMIT {MOST_FEATURES + 1}
    """
    w, s, e, n = box
    values = {"w": w, "s": s, "e": e, "n": n, "at": at, "zone": settings().time_zone, "scope": scope_patterns()}
    rows = session().execute(sa.text(query), {name: value for name, value in values.items() if f":{name}" in query}).all()
    if len(rows) > MOST_FEATURES:
        raise TooLarge(f"图层“{layer.title}”在此范围内超过 {MOST_FEATURES} 个要素，请用更大的比例尺。", code="too_many_features")
    rim = shapely.box(-20, -20, window.width + 20, window.height + 20)
    features = [Feature(_properties(row), shapely.intersection(to_paper(shapely.from_wkb(bytes(row.wkb_))), rim)) for row in rows]
    return Drawn(layer.title, layer.style, layer.legend, [feature for feature in features if not feature.shape.is_empty])


def _properties(row: sa.Row[Any]) -> Mapping[str, Any]:
    return {name: value for name, value in row._mapping.items() if name != "wkb_"}


@cache
def _template() -> Any:
    from jinja2 import Environment, StrictUndefined

    made = Environment(autoescape=True, undefined=StrictUndefined)
    return made.from_string((FOLDER / "sheet.html").read_text(encoding="utf-8"))
