"""The plan of an area as SVG at a round scale: streets, water, buildings with their numbers, neighbours' names. Pure.

`draw_plan(ground, paper)` takes metres and gives millimetres; the names stand where `labels.place` puts them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import shapely

from gis_grid.errors import Invalid
from gis_grid.notices import furniture, svg
from gis_grid.notices.furniture import Foot
from gis_grid.notices.ground import Ground
from gis_grid.notices.labels import Placement, Spot, place
from gis_grid.notices.naming import Naming
from gis_grid.notices.scale import SCALES, Window, at_scale, fit
from gis_grid.notices.style import Paper

_FILLS = {  # by use of the building: colour, direction of the hatch
    "02": ("shop", 45), "03": ("shop", -45), "04": ("public", 0), "05": ("public", 90), "06": ("aux", 45), "07": ("aux", None),
}  # fmt: skip
_LOOKS = {  # by style of the name: colour, halo, weight
    "house": ("house_name", "halo", None), "street": ("street_name", "street", None), "neighbour": ("neighbour", "outside", None),
    "inner": ("inner", "halo", "bold"), "water": ("water_name", "water", None), "green": ("green_name", "green", None),
    "estate": ("house_edge", "halo", "bold"), "mark": ("ink", "halo", None), "entrance": ("house_name", "halo", None),
    "here": ("here", "halo", "bold"),
}  # fmt: skip


@dataclass(frozen=True)
class Plan:
    """A drawn plan: its SVG, its window on the ground, how the names were placed, its scale bar."""

    svg: str
    window: Window
    placement: Placement
    foot: Foot

    @property
    def unnamed(self) -> list[str]:
        """What of the area's own found no room for its name."""
        return [name.key for name in self.placement.missing]


def draw_plan(ground: Ground, paper: Paper) -> Plan:
    """The plan, its area as large as a round scale allows. Refuses an area without shape."""
    if ground.area is None or ground.area.is_empty:
        raise Invalid("网格没有边界，不能绘制平面图。", code="no_boundary")
    letters, strip = paper.letters, furniture.strip_height(paper.letters.note)
    width, height = paper.width, paper.height - strip
    window = window_of(ground, paper)
    frame = shapely.box(0, 0, width, height)
    sheet = _Sheet(clipped(ground.moved(window.to_paper()), frame), frame, paper, window)
    arrow = furniture.arrow_box(width, letters.area)
    inset = 0.5 * letters.least
    naming = Naming(sheet.ground, frame, letters, sheet.street_width)
    placement = place(naming.names(), (inset, inset, width - inset, height - inset), [shapely.box(*arrow)], sheet.obstacles())
    foot = furniture.foot((width, height, strip), window.scale, letters.note, sheet.legend(), paper.tail, paper.colours)
    clip = f"frame-{round(width * 10)}-{round(height * 10)}"
    parts = [
        f'<clipPath id="{clip}">{svg.rect(0.0, 0.0, width, height)}</clipPath>',
        sheet.findable(placement),
        svg.group(sheet.layers(), clip_path=f"url(#{clip})"),
        sheet.written(placement),
        furniture.arrow(arrow, paper.colours["ink"]),
        svg.rect(0.0, 0.0, width, height, fill="none", stroke=paper.colours["ink"], stroke_width=0.13 * letters.note),
        foot.svg,
    ]
    return Plan(svg.document(width, paper.height, parts, f"{ground.name}平面图"), window, placement, foot)


def window_of(ground: Ground, paper: Paper) -> Window:
    """What of the ground the plan shows, at which scale."""
    width, height = paper.width, paper.height - furniture.strip_height(paper.letters.note)
    margin = max(2.6 * paper.letters.area, 0.045 * min(width, height))
    bounds = ground.area.bounds
    return at_scale(bounds, width, height, paper.scale) if paper.scale else fit(bounds, width, height, margin, SCALES[0])


def clipped(ground: Ground, frame: Any) -> Ground:
    """What reaches into the frame (with a rim for line ends), cut there; points and buildings are kept whole or left out."""
    rim = shapely.buffer(frame, 0.05 * max(frame.bounds[2:]))

    def cut(items: Sequence[Any], name: str = "shape") -> Any:
        near = [item for item in items if shapely.intersects(rim, getattr(item, name))]
        cuts = [replace(item, **{name: shapely.intersection(shapely.make_valid(getattr(item, name)), rim)}) for item in near]
        return tuple(item for item in cuts if not getattr(item, name).is_empty)

    return replace(
        ground,
        neighbours=cut(ground.neighbours),
        inner=cut(ground.inner),
        streets=cut(ground.streets, "line"),
        waters=cut(ground.waters),
        greens=cut(ground.greens),
        houses=tuple(house for house in ground.houses if shapely.intersects(frame, house.shape)),
        estates=tuple(each for each in ground.estates if shapely.intersects(frame, each.shape)),
        marks=tuple(each for each in ground.marks if shapely.intersects(frame, each.point)),
    )


class _Sheet:
    """One plan in the making: the ground on paper, drawn from bottom to top."""

    def __init__(self, ground: Ground, frame: Any, paper: Paper, window: Window) -> None:
        self.ground, self.frame, self.window = ground, frame, window
        self.colours, self.letter = paper.colours, paper.letters.building
        self.line = 0.09 * self.letter  # the thinnest line

    def layers(self) -> list[str]:
        """The drawing from the bottom to the top, without names."""
        inside = shapely.intersection(self.ground.area, self.frame)
        return [
            svg.rect(*self.frame.bounds, fill=self.colours["outside"]),
            svg.drawn(inside, fill=self.colours["inside"]),
            *self._patches(),
            *self._streets(),
            *self._band(inside),
            *self._houses(),
            *self._edges(),
            *(furniture.symbol(mark.kind, mark.point.x, mark.point.y, self.letter, self.colours) for mark in self.ground.marks),
        ]

    def _patches(self) -> list[str]:
        colours, line, letter = self.colours, self.line, self.letter
        parts = []
        for patch in self.ground.greens:
            marks = svg.tufts(patch.shape, 1.8 * letter)
            parts.append(svg.drawn(patch.shape, fill=colours["green"]))
            parts.append(svg.drawn(marks, fill="none", stroke=colours["green_mark"], stroke_width=line))
        for patch in self.ground.waters:
            marks = svg.waves(patch.shape, 1.5 * letter, 1.6 * letter)
            parts.append(svg.drawn(patch.shape, fill=colours["water"], stroke=colours["water_mark"], stroke_width=1.5 * line))
            parts.append(svg.drawn(marks, fill="none", stroke=colours["water_mark"], stroke_width=line, stroke_linecap="round"))
        return parts

    def street_width(self, width_m: float) -> float:
        """On paper: true to scale, but never thinner than can be seen."""
        return max(width_m * 1000 / self.window.scale, 6 * self.line)

    def _streets(self) -> list[str]:
        """All beds as one shape in their edges' colour, and a little smaller in their own: crossings clean, dead ends closed."""
        found = [(street.line, self.street_width(street.width_m) / 2) for street in self.ground.streets]
        if not found:
            return []
        beds = [shapely.buffer(line, half, cap_style="flat", join_style="mitre", mitre_limit=2) for line, half in found]
        ends = [shapely.buffer(shapely.boundary(line), half, quad_segs=6) for line, half in found]
        whole = shapely.union_all([*beds, *ends])
        inner = shapely.buffer(whole, -1.5 * self.line)
        return [svg.drawn(whole, fill=self.colours["street_edge"]), svg.drawn(inner, fill=self.colours["street"])]

    def _band(self, inside: Any) -> list[str]:
        """Neighbours' edges, and a soft band along our own."""
        line, colours = self.line, self.colours
        outlines = [shapely.boundary(patch.shape) for patch in self.ground.neighbours]
        shared = shapely.line_merge(shapely.difference(shapely.union_all(outlines), shapely.buffer(self.ground.area, line)))
        dash = f"{8 * line:.2f} {5 * line:.2f}"
        band = shapely.difference(inside, shapely.buffer(inside, -6 * line))
        return [
            svg.drawn(shared, fill="none", stroke=colours["neighbour"], stroke_width=2 * line, stroke_dasharray=dash),
            svg.drawn(band, fill=colours["band"], fill_rule="evenodd", fill_opacity=0.75),
        ]

    def _edges(self) -> list[str]:
        line, colours = self.line, self.colours
        inner = shapely.union_all([shapely.boundary(patch.shape) for patch in self.ground.inner])
        dash = f"{22 * line:.2f} {6 * line:.2f} {4 * line:.2f} {6 * line:.2f}"
        edge, join = shapely.boundary(self.ground.area), {"fill": "none", "stroke_linejoin": "round"}
        return [
            svg.drawn(inner, stroke=colours["inner"], stroke_width=3 * line, **join),
            svg.drawn(edge, stroke=colours["halo"], stroke_width=6.5 * line, **join),
            svg.drawn(edge, stroke=colours["edge"], stroke_width=4.2 * line, stroke_dasharray=dash, **join),
        ]

    def _houses(self) -> list[str]:
        colours, line = self.colours, self.line
        kinds: dict[tuple[str, int | None], list[Any]] = {}
        dots = []
        for house in self.ground.houses:
            if house.shape.geom_type == "Point":
                dots.append(furniture.symbol("building", house.shape.x, house.shape.y, self.letter, colours))
            else:
                kinds.setdefault(_FILLS.get(house.use, ("house", None)), []).append(house.shape)
        parts = []
        for (fill, angle), shapes in kinds.items():
            outlines = [svg.drawn(shape) for shape in shapes]
            parts.append(svg.group(outlines, fill=colours[fill]))
            if angle is not None:
                marks = [svg.drawn(svg.hatch(shape, 1.1 * self.letter, angle)) for shape in shapes]
                parts.append(svg.group(marks, fill="none", stroke=colours["house_edge"], stroke_width=0.4 * line))
            edge = {"stroke": colours["house_edge"], "stroke_width": 1.3 * line, "stroke_linejoin": "round"}
            parts.append(svg.group(outlines, fill="none", **edge))
        return [*parts, *dots]

    def obstacles(self) -> list[tuple[Any, float]]:
        """What names rather do not cover, and how bad that is; the houses come first, so that a house is its number here."""
        line, ground = self.line, self.ground
        found: list[tuple[Any, float]] = [(house.shape, 1.2) for house in ground.houses]
        found.append((shapely.buffer(shapely.boundary(ground.area), 3 * line), 4.0))
        heavy = {"entrance": 2.0}  # a key place under a house's number is worse than a number beside its house
        found += [(shapely.buffer(mark.point, 0.5 * self.letter), heavy.get(mark.kind, 6.0)) for mark in ground.marks]
        found += [(street.line, 0.25) for street in ground.streets]
        found += [(shapely.buffer(shapely.boundary(patch.shape), line), 0.5) for patch in ground.neighbours]
        found += [(shapely.buffer(shapely.boundary(patch.shape), 2 * line), 2.4) for patch in ground.inner]
        return found

    def written(self, placement: Placement) -> str:
        """All placed names, leaders first, then style by style."""
        parts = self._leaders([spot for _, spot in placement.placed])
        for style, (fill, halo, weight) in _LOOKS.items():
            wanted = [spot for name, spot in placement.placed if name.style == style]
            bare = [spot for spot in wanted if style == "house" and self._is_plain(spot)]  # on its own footprint: no halo needed
            haloed = [spot for spot in wanted if style != "house" or not self._is_plain(spot)]
            look = {"fill": self.colours[fill], "font_weight": weight}
            parts.append(svg.names(haloed, self.colours[halo], **look))
            parts.append(svg.names(bare, None, **look))
        return "".join(parts)

    def _is_plain(self, spot: Spot) -> bool:
        """Whether a house's name stands on one even colour: its own footprint, without hatch."""
        house = self.ground.houses[spot.own]
        hatched = _FILLS.get(house.use, ("house", None))[1] is not None
        return not hatched and house.shape.geom_type != "Point" and bool(house.shape.contains(shapely.Polygon(spot.tight())))

    def findable(self, placement: Placement) -> str:
        """Names that are written apart (spaced, upright, on two lines) once more in one piece, below everything: who searches
        the PDF for 人民路 finds it, nobody sees it."""
        apart = [spot for _, spot in placement.placed if spot.spread or spot.upright or len(spot.lines) > 1]
        whole = (replace(spot, lines=("".join(spot.lines),), spread=0.0, upright=False, angle=0.0) for spot in apart)
        return svg.names(whole, None, fill=self.colours["outside"], aria_hidden="true")

    def _leaders(self, spots: list[Spot]) -> list[str]:
        leaders = [leader for leader in (spot.leader() for spot in spots) if leader is not None]
        ink = self.colours["ink"]
        lines = [svg.drawn(shapely.linestrings(leader)) for leader in leaders]
        ends = [svg.circle(x, y, 2 * self.line) for _, (x, y) in leaders]
        return [svg.group(lines, fill="none", stroke=ink, stroke_width=0.9 * self.line), svg.group(ends, fill=ink)]

    def legend(self) -> list[tuple[str, str]]:
        """(symbol, words) of what this plan shows."""
        ground = self.ground
        uses = {house.use for house in ground.houses}
        told = (
            ("edge", "区域界" if ground.inner else "网格界", True),
            ("inner", "网格界", bool(ground.inner)),
            ("house", "楼栋", bool(uses - set(_FILLS))),
            ("shop", "商业办公", bool(uses & {"02", "03"})),
            ("public", "学校医疗", bool(uses & {"04", "05"})),
            ("entrance", "单元入口", any(mark.kind == "entrance" for mark in ground.marks)),
            ("place", "重点部位", any(mark.kind not in ("entrance", "here") for mark in ground.marks)),
            ("water", "水系", bool(ground.waters)),
            ("green", "绿地", bool(ground.greens)),
        )
        return [(symbol, words) for symbol, words, there in told if there]
