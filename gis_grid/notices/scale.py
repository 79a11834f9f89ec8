"""Round scales and the way from metres to the paper: which scale fits, how long the scale bar is. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from gis_grid.errors import Invalid

_STEPS = (1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 7.5)
SCALES = (50, 75, *(round(step * 10**power) for power in (2, 3, 4, 5, 6) for step in _STEPS))  # 1:50 ... 1:7 500 000


@dataclass(frozen=True)
class Window:
    """A piece of the ground on paper: 1:scale, centred at x, y metres, width and height in mm."""

    scale: int
    x: float
    y: float
    width: float
    height: float

    def to_paper(self) -> Callable[[Any], Any]:
        """Shapes in metres to millimetres from the upper left corner, y down."""
        per_m = 1000 / self.scale

        def change(shape: Any) -> Any:
            middle, centre = np.array((self.x, self.y)), np.array((self.width / 2, self.height / 2))
            return shapely.transform(shape, lambda xy: (xy - middle) * np.array((per_m, -per_m)) + centre)

        return change

    def reach_m(self) -> float:
        """Half the longer side in metres, for what may be left out."""
        return max(self.width, self.height) / 2 * self.scale / 1000


def fit(bounds: tuple[float, float, float, float], width: float, height: float, margin: float, at_least: int = 100) -> Window:
    """The largest round scale at which bounds (metres) with `margin` mm on each side fit the paper of width x height mm."""
    west, south, east, north = bounds
    need = max((east - west) / (width - 2 * margin), (north - south) / (height - 2 * margin)) * 1000
    scale = next((scale for scale in SCALES if scale >= max(need, at_least) - 1e-9), None)
    if scale is None:
        raise Invalid("区域过大，没有合适的比例尺。", code="too_large_for_paper")
    return Window(scale, (west + east) / 2, (south + north) / 2, width, height)


def at_scale(bounds: tuple[float, float, float, float], width: float, height: float, scale: int) -> Window:
    """A window at a fixed scale; refuses one at which the bounds do not fit."""
    west, south, east, north = bounds
    if max((east - west) / width, (north - south) / height) * 1000 > scale:
        raise Invalid(f"1:{scale} 放不下该区域，请用更小的比例尺或更大的纸张。", code="scale_too_large")
    return Window(scale, (west + east) / 2, (south + north) / 2, width, height)


def bar_metres(scale: int, longest_mm: float) -> float:
    """The round length in metres (1, 2, 5 x 10^n) of a scale bar no longer than `longest_mm` on paper."""
    most = longest_mm * scale / 1000
    steps = [step * 10.0**power for power in range(-1, 6) for step in (1, 2, 5)]
    return max((step for step in steps if step <= most), default=steps[0])


def nice_length(metres: float) -> str:
    """200 as 200 米, 2000 as 2 千米."""
    return f"{metres / 1000:g} 千米" if metres >= 1000 else f"{metres:g} 米"
