"""Which colours survive four-colour print: a naive conversion to ink, a limit on ink, no colours purer than inks are. Pure.

Limits of coated paper: at most 300 % of ink in all, and within what the inks, two on each other and white paper mix to.
A colour beyond prints as another one: duller, or it does not dry.
"""

from __future__ import annotations

import colorsys
import itertools
from collections.abc import Iterable

MOST_INK = 300.0  # percent, of 400
_PUREST = ("#ed1c24", "#fff200", "#00a651", "#00aeef", "#2e3192", "#ec008c")  # M+Y, Y, C+Y, C, C+M, M on coated paper
_MORE_INK, _NEAR = 1.12, 0.03  # presses and papers differ; such a difference nobody sees


def inks(colour: str) -> tuple[float, float, float, float]:
    """Cyan, magenta, yellow and black in percent of a #rrggbb, black taken out of the grey they share."""
    channels = rgb(colour)
    black = 1 - max(channels) / 255
    if black >= 1:
        return (0.0, 0.0, 0.0, 100.0)
    cyan, magenta, yellow = ((1 - value / 255 - black) / (1 - black) for value in channels)
    return (100 * cyan, 100 * magenta, 100 * yellow, 100 * black)


def total_ink(colour: str) -> float:
    """Percent of ink in all."""
    return sum(inks(colour))


def is_neon(colour: str) -> bool:
    """Brighter than its hue's purest ink thinned with white to the same purity: #00ff00 shines on a screen only."""
    hue, saturation, value = _hsv(colour)
    purest = sorted(_hsv(one) for one in _PUREST)
    around = [(purest[-1][0] - 1, *purest[-1][1:]), *purest, (purest[0][0] + 1, *purest[0][1:])]
    below, above = next(pair for pair in itertools.pairwise(around) if pair[0][0] <= hue <= pair[1][0])
    share = (hue - below[0]) / (above[0] - below[0])
    pure, bright = (below[i] + share * (above[i] - below[i]) for i in (1, 2))
    ink = saturation * value / (pure * bright)  # how much of the paper the purest ink covers
    return ink > _MORE_INK or value > 1 - ink * (1 - bright) + _NEAR


def unprintable(colours: Iterable[str]) -> list[str]:
    """Those that print as another colour, each once."""
    return [colour for colour in dict.fromkeys(colours) if is_neon(colour) or total_ink(colour) > MOST_INK]


def rgb(colour: str) -> tuple[int, int, int]:
    """Red, green, blue of #rrggbb, 0-255."""
    return (int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16))


def _hsv(colour: str) -> tuple[float, float, float]:
    return colorsys.rgb_to_hsv(*(value / 255 for value in rgb(colour)))
