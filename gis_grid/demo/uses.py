"""What each block of a community is used for: estates first, then what every town needs among them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Lot(NamedTuple):
    """The use of one cell; lots with the same estate number belong together."""

    use: str
    estate: int


# weight in the middle of town and at its edge
HOMES = {"slab": (0.36, 0.30), "tower": (0.30, 0.25), "mixed": (0.20, 0.13), "old": (0.14, 0.06), "village": (0.0, 0.26)}

# how likely a community has one, in the middle and at the edge; and how many cells it takes at most
SPECIALS = {
    "school": (0.7, 0.6, 1),
    "park": (0.6, 0.9, 2),
    "market": (0.4, 0.3, 1),
    "office": (0.7, 0.1, 2),
    "mall": (0.45, 0.05, 1),
    "hospital": (0.12, 0.06, 1),
    "factory": (0.0, 0.75, 4),
}

EXCLUSIVE = frozenset({"school", "market", "office", "mall", "hospital", "factory"})


def lay_uses(counts: list[int], middle: float, rng: np.random.Generator) -> list[list[Lot]]:
    """Uses for rows of cells; `middle` is the distance from the middle of town, 0 to 1."""
    names = list(HOMES)
    weights = np.array([a + (b - a) * middle for a, b in HOMES.values()])
    weights /= weights.sum()
    estate = 0
    lots: list[list[Lot]] = []
    for count in counts:
        row: list[Lot] = []
        while len(row) < count:
            use = names[int(rng.choice(len(names), p=weights))]
            for _ in range(min(count - len(row), int(rng.choice([1, 2, 3], p=[0.45, 0.4, 0.15])))):
                row.append(Lot(use, estate))
            estate += 1
        lots.append(row)
    _place_specials(lots, middle, rng, estate)
    return lots


def _place_specials(lots: list[list[Lot]], middle: float, rng: np.random.Generator, estate: int) -> None:
    """Replace some cells, runs side by side in a row; a replaced cell leaves its estate."""
    taken: set[tuple[int, int]] = set()
    for use, (centre, edge, most) in SPECIALS.items():
        if rng.random() >= centre + (edge - centre) * middle:
            continue
        row = int(rng.integers(len(lots)))
        start = int(rng.integers(len(lots[row])))
        for column in range(start, min(start + int(rng.integers(1, most + 1)), len(lots[row]))):
            if (row, column) not in taken:
                taken.add((row, column))
                lots[row][column] = Lot(use, estate)
        estate += 1
