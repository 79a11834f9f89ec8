"""The town plan: a district cut into streets, communities and grids along its roads and its river."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray

from gis_grid.demo.ground import HALF_HEIGHT_M, HALF_WIDTH_M, Ground, Points, landscape
from gis_grid.demo.net import Net, Quad, Side, Through, columns, row_cuts, rows
from gis_grid.demo.uses import Lot, lay_uses

COMMUNITIES = 77
STREET_ROWS = ((2, 4, 4, 2), (3, 3, 3, 3), (2, 3, 4, 3), (3, 4, 3, 2))  # streets per row, the river in the middle

# half of a road with its pavement, metres; a path is the seam inside an estate, no road at all
HALF_ROAD_M = {"river": 0.0, "trunk": 19.0, "main": 14.5, "street": 9.5, "lane": 5.5, "path": 3.0}


@dataclass
class Cell:
    """One grid of the plan: its sides, what it is used for, and the vertices around it."""

    quad: Quad
    community: int
    use: str
    estate: int  # cells with the same number form one estate; unique in the community
    ring: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))


@dataclass
class Plan:
    """A district before anything is built: who contains whom, and where every vertex lies."""

    number: int
    seed: int
    net: Net
    ground: Ground
    cells: list[Cell]
    street_of: list[int]  # street of each community
    spans: list[int]  # roads that cross the river
    degrees: Points = field(default_factory=lambda: np.empty((0, 2)))
    metres: Points = field(default_factory=lambda: np.empty((0, 2)))

    def outline(self, cell: Cell) -> shapely.Polygon:
        """The cell in degrees, rounded as stored."""
        return shapely.Polygon(self.degrees[cell.ring])

    def lot(self, cell: Cell) -> shapely.Polygon:
        """The cell in metres."""
        return shapely.Polygon(self.metres[cell.ring])

    def members(self, community: int) -> list[Cell]:
        """The cells of a community."""
        return [cell for cell in self.cells if cell.community == community]


def draw_plan(seed: int, number: int = 0) -> Plan:
    """The plan of the district with this number."""
    rng = np.random.default_rng([seed, number, 0])
    net = Net()
    plan = Plan(number, seed, net, landscape(rng, number), [], [], [])
    streets = _cut_streets(net, rng, plan.spans)
    sevens = set(rng.choice(len(streets), COMMUNITIES - 6 * len(streets), replace=False).tolist())
    for index, street in enumerate(streets):
        for community in _cut_communities(net, street, 7 if index in sevens else 6, rng):
            _cut_grids(plan, community, len(plan.street_of), rng)
            plan.street_of.append(index)
    net.freeze()
    _lay_on_the_ground(plan)
    return plan


def _lay_on_the_ground(plan: Plan) -> None:
    """Every vertex is bent and rounded once; all that follows reads it from here."""
    plan.degrees = plan.ground.degrees(plan.ground.bend(np.array(plan.net.vertices)))
    plan.metres = plan.ground.metres(plan.degrees)
    for cell in plan.cells:
        ring = plan.net.ring(cell.quad)
        signed = shapely.Polygon(plan.metres[ring])
        cell.ring = ring if signed.exterior.is_ccw else ring[::-1]


def _cut_streets(net: Net, rng: np.random.Generator, spans: list[int]) -> list[Quad]:
    counts = STREET_ROWS[int(rng.integers(len(STREET_ROWS)))]
    bank_rows = rows(net, _sheet(net), 2, rng, 0.0, "river")
    strips = [strip for bank in bank_rows for strip in rows(net, bank, 2, rng, 0.12, "trunk")]
    streets: list[Quad] = []
    through: Through | None = None
    for index, (strip, count) in enumerate(zip(strips, counts, strict=True)):
        cuts, roads = row_cuts(net, strip, count, rng, 0.1, through)
        if index == 2 and through is not None:
            cuts, roads = _carry_over(net, strip, through, cuts, roads, spans)
        streets += columns(net, strip, cuts, ["trunk"] * len(cuts), roads)
        through = Through([high for _, high in cuts], roads)
    return streets


def _carry_over(
    net: Net, strip: Quad, before: Through, cuts: list[tuple[float, float]], roads: list[int], spans: list[int]
) -> tuple[list[tuple[float, float]], list[int]]:
    """Across the river each road of the row with more roads takes the nearest of the other bank: those are bridges."""
    for index, (low, high) in enumerate(cuts):
        nearest = int(np.argmin([abs(low - t) for t in before.at]))
        if abs(low - before.at[nearest]) < 0.24 and before.roads[nearest] not in roads[:index]:
            cuts[index], roads[index] = (before.at[nearest], high), before.roads[nearest]
            spans.append(roads[index])
    return cuts, roads


def _sheet(net: Net) -> Quad:
    w, h = HALF_WIDTH_M, HALF_HEIGHT_M
    a, b, c, d = (net.vertex(x, y) for x, y in ((-w, -h), (w, -h), (w, h), (-w, h)))
    road = net.new_road()
    return Quad(*(Side(net.add(p, q, "main", road), 0.0, 1.0) for p, q in ((a, b), (b, c), (d, c), (a, d))))


def _cut_communities(net: Net, street: Quad, count: int, rng: np.random.Generator) -> list[Quad]:
    width, height = net.size(street)
    row_count = int(np.clip(round((count * height / width) ** 0.5), 1, 4))
    return _cut_evenly(net, street, _shares(count, row_count, rng), rng, "main", 0.12)


def _shares(count: int, row_count: int, rng: np.random.Generator) -> list[int]:
    shares = np.full(row_count, count // row_count)
    shares[rng.permutation(row_count)[: count % row_count]] += 1
    return [int(n) for n in shares]


def _cut_evenly(net: Net, quad: Quad, counts: list[int], rng: np.random.Generator, rank: str, jitter: float) -> list[Quad]:
    pieces: list[Quad] = []
    through: Through | None = None
    for row, count in zip(rows(net, quad, len(counts), rng, jitter, rank), counts, strict=True):
        cuts, roads = row_cuts(net, row, count, rng, jitter, through)
        pieces += columns(net, row, cuts, [rank] * len(cuts), roads)
        through = Through([high for _, high in cuts], roads)
    return pieces


def _cut_grids(plan: Plan, community: Quad, number: int, rng: np.random.Generator) -> None:
    """About twenty grids: rows along the longer side of the community, cut across."""
    net = plan.net
    width, height = net.size(community)
    upright = rng.random() < 0.35
    quad = community.turned() if upright else community
    if upright:
        width, height = height, width
    middle = _middle(net, community)
    total = round(float(rng.normal(22.3 - 4.5 * middle, 1.0)))
    row_count = int(np.clip(round((total * height / width) ** 0.5), 2, 6))
    counts = [max(2, n + int(rng.integers(-1, 2) * (rng.random() < 0.3))) for n in _shares(total, row_count, rng)]
    lots = lay_uses(counts, middle, rng)
    through: Through | None = None
    for row, lots_of_row in zip(rows(net, quad, row_count, rng, 0.1, "street"), lots, strict=True):
        aligned = through if rng.random() < 0.6 else None
        cuts, roads = row_cuts(net, row, len(lots_of_row), rng, 0.13, aligned)
        pieces = columns(net, row, cuts, _seams(lots_of_row), roads)
        through = Through([high for _, high in cuts], roads)
        plan.cells += [
            Cell(piece.turned() if upright else piece, number, lot.use, lot.estate)
            for piece, lot in zip(pieces, lots_of_row, strict=True)
        ]


def _seams(lots: list[Lot]) -> list[str]:
    return ["path" if a.estate == b.estate else "lane" for a, b in pairwise(lots)]


def _middle(net: Net, quad: Quad) -> float:
    """How far from the middle of town, 0 to about 1."""
    corners = np.array([net.vertices[net.node(side.line, side.start)] for side in (quad.bottom, quad.top)])
    x, y = corners.mean(axis=0)
    return float(min(1.0, np.hypot(x / HALF_WIDTH_M, y / HALF_HEIGHT_M)))
