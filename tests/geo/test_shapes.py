"""GeoJSON at the door, validity in words, metres."""

from __future__ import annotations

import pytest
import shapely

from gis_grid.errors import Invalid
from gis_grid.geo import shapes

BOWTIE = shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])


@pytest.mark.parametrize(
    "value",
    [
        None,
        5,
        {},
        {"type": "Point"},
        {"type": "Point", "coordinates": []},
        {"type": "Point", "coordinates": [500, 0]},
        {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0]]]},
        {"type": "Nonsense", "coordinates": [1, 2]},
    ],
)
def test_what_is_no_shape_is_refused_with_a_sentence(value) -> None:
    with pytest.raises(Invalid, match="图形"):
        shapes.from_geojson(value)


def test_height_is_dropped() -> None:
    assert not shapes.from_geojson({"type": "Point", "coordinates": [1, 2, 3]}).has_z


def test_an_invalid_polygon_is_told_with_where_and_why() -> None:
    assert shapes.why_invalid(BOWTIE) == "边界自相交，位置 0.5 0.5"
    assert shapes.why_invalid(shapely.box(0, 0, 1, 1)) is None
    assert shapes.repair(BOWTIE).is_valid


def test_metres_are_metres() -> None:
    assert shapes.area_m2(shapely.box(106.5, 29.5, 106.501, 29.501)) == pytest.approx(97.0 * 110.8, rel=0.01)
    assert shapes.distance_m(106, 29, 106, 30) == pytest.approx(110_850, rel=0.001)
