"""How a plan looks: letter heights, colours, paper. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Letters:
    """Letter heights in mm: what is wanted, and the least that can be read from where the board is looked at."""

    building: float = 2.6
    street: float = 2.8
    area: float = 3.4
    note: float = 2.4
    least: float = 1.9


COLOURS = {
    "outside": "#f0eee8", "inside": "#fffdf4", "band": "#f6cfc4", "edge": "#b3261e", "street": "#ffffff",
    "street_edge": "#a9a498", "street_name": "#4f4a3d", "water": "#c9e2ee", "water_mark": "#5f9dbb",
    "water_name": "#1f5f85", "green": "#dcebcf", "green_mark": "#7fa765", "green_name": "#3c6a2b", "house": "#ecd9bb",
    "house_edge": "#7d6a4a", "house_name": "#2b2419", "shop": "#f3c98f", "public": "#e9b9a6", "aux": "#dfdad0",
    "neighbour": "#5a5a66", "ink": "#222222", "halo": "#ffffff", "here": "#c4161c", "inner": "#1c5fa8",
}  # fmt: skip
# All of these lie within what four-colour print can show: none is fully saturated.


@dataclass(frozen=True)
class Paper:
    """What to draw on: mm, letters, colours, a fixed scale or none, what stands lower right (示意图)."""

    width: float
    height: float
    letters: Letters = field(default_factory=Letters)
    colours: Mapping[str, str] = field(default_factory=lambda: dict(COLOURS))
    scale: int | None = None
    tail: str = "示意图"
