"""The table of squares against GEOS: it never leaves out an area whose box holds the point, on edges and corners, too."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from gis_grid.geo.bins import lay_bins


@pytest.mark.parametrize("count", [1, 2, 7, 300, 2_000])
def test_every_box_that_holds_a_point_is_found_once_and_in_order(count: int) -> None:
    rng = np.random.default_rng(count)
    corner = rng.uniform((106, 29), (106.2, 29.3), (count, 2))
    size = rng.uniform(0, 0.02, (count, 2)) * rng.integers(0, 2, (count, 2))  # some are lines and points
    bounds = np.hstack([corner, corner + size])
    bins = lay_bins(bounds)
    corners = [bounds[:200, [x, y]] for x in (0, 2) for y in (1, 3)]
    for lon, lat in np.vstack([rng.uniform((105.9, 28.9), (106.4, 29.5), (1_000, 2)), *corners]).tolist():
        inside = (bounds[:, 0] <= lon) & (lon <= bounds[:, 2]) & (bounds[:, 1] <= lat) & (lat <= bounds[:, 3])
        found = bins.at(lon, lat)
        assert (np.diff(found) > 0).all()
        assert set(np.flatnonzero(inside)) <= set(found)


@pytest.mark.parametrize("place", [(np.nan, 29.1), (106.1, np.nan), (np.inf, 29.1), (-1e300, 29.1)])
def test_no_place_is_in_no_box(place: tuple[float, float]) -> None:
    shapes = np.array([shapely.box(106, 29, 106.2, 29.3)])
    assert len(lay_bins(shapely.bounds(shapes)).at(*place)) == 0


def test_many_large_boxes_take_little_memory() -> None:
    bins = lay_bins(np.tile([106.0, 29.0, 107.0, 30.0], (20_000, 1)))
    assert len(bins.ranks) <= 64 * 20_000
    assert len(bins.at(106.5, 29.5)) == 20_000
