"""The nearest edge of one point is that of many, by way of GEOS."""

import numpy as np
import pytest
import shapely

from gis_grid.geo.outline import Outline


def _wild(corners: int, seed: int) -> tuple[shapely.Geometry, np.ndarray]:
    random = np.random.default_rng(seed)
    centre = random.uniform(75, 130), random.uniform(18, 53)
    angle, radius = np.sort(random.uniform(0, 2 * np.pi, corners)), 0.01 * random.uniform(0.4, 1, corners)
    ring = np.column_stack([centre[0] + radius * np.cos(angle), centre[1] + radius * np.sin(angle)])
    shape = shapely.Polygon(ring).buffer(0).difference(shapely.Point(centre).buffer(0.001))  # with a hole
    island = shapely.box(centre[0] + 0.02, centre[1], centre[0] + 0.03, centre[1] + 0.01)
    around = np.array(centre) + random.uniform(-0.02, 0.04, (200, 2))
    return shapely.union(shape, island), np.vstack([around, shapely.get_coordinates(shape)[:20]])


@pytest.mark.parametrize("corners", [3, 8, 65, 1_500])
def test_one_point_as_many(corners: int) -> None:
    shape, points = _wild(corners, corners)
    outline = Outline(shape)
    many = outline.metres_of(points[:, 0], points[:, 1])
    assert [outline.metres(*point) for point in points.tolist()] == pytest.approx(many.tolist(), abs=1e-6)


def test_metres_are_geodesic() -> None:
    square = Outline(shapely.box(106.5, 29.5, 106.6, 29.6))
    assert square.metres(106.55, 29.5001) == pytest.approx(11.08, abs=0.01)
    assert square.metres(106.5001, 29.55) == pytest.approx(9.69, abs=0.01)
    assert square.metres(106.55, 29.4999) == pytest.approx(11.08, abs=0.01)


def test_a_repeated_corner_is_no_edge() -> None:
    ring = [(106.5, 29.5), (106.6, 29.5), (106.6, 29.5), (106.6, 29.6), (106.5, 29.5)]
    assert Outline(shapely.Polygon(ring)).metres(106.6001, 29.55) == pytest.approx(9.68, abs=0.02)
