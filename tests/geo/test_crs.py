"""Datums at the door, against published vectors and PROJ."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from gis_grid.errors import Invalid
from gis_grid.geo import crs
from gis_grid.geo.shapes import distance_m
from tests.conftest import VECTORS

CONVERT = {
    ("WGS84", "GCJ02"): crs.wgs_to_gcj,
    ("GCJ02", "WGS84"): crs.gcj_to_wgs,
    ("GCJ02", "BD09"): crs.gcj_to_bd,
    ("BD09", "GCJ02"): crs.bd_to_gcj,
    ("WGS84", "BD09"): lambda x, y: crs.gcj_to_bd(*crs.wgs_to_gcj(x, y)),
    ("BD09", "WGS84"): lambda x, y: crs.gcj_to_wgs(*crs.bd_to_gcj(x, y)),
}


@pytest.mark.skipif(not VECTORS.exists(), reason="the shared vectors are not here")
def test_all_published_vectors_are_met_within_their_tolerance() -> None:
    wrong = []
    with (VECTORS / "gcj.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        x, y = np.array([float(row["src_x"])]), np.array([float(row["src_y"])])
        lon, lat = CONVERT[row["src_crs"], row["dst_crs"]](x, y)
        off = distance_m(float(lon[0]), float(lat[0]), float(row["dst_x"]), float(row["dst_y"]))
        if off > float(row["tolerance_m"]):
            wrong.append((row, off))
    assert len(rows) == 372
    assert wrong == []


@pytest.mark.skipif(not VECTORS.exists(), reason="the shared vectors are not here")
def test_gauss_kruger_zones_agree_with_proj() -> None:
    with (VECTORS / "cgcs2000_gk.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            east, north = float(row["easting_m"]), float(row["northing_m"])
            lon, lat = crs.to_stored(np.array([east]), np.array([north]), f"EPSG:{row['epsg']}")
            assert distance_m(lon[0], lat[0], float(row["lon_4490"]), float(row["lat_4490"])) < 0.001


def test_known_points_without_the_vectors() -> None:
    lon, lat = crs.wgs_to_gcj(np.array([106.577]), np.array([29.5585]))
    assert (lon[0], lat[0]) == pytest.approx((106.58068794, 29.55561237187), abs=1e-8)


@pytest.mark.parametrize("name", ["gcj02", "bd09"])
def test_there_and_back_is_exact_to_a_micrometre(name: str) -> None:
    random = np.random.default_rng(1)
    lon, lat = random.uniform(75, 134, 20_000), random.uniform(19, 53, 20_000)
    back = crs.to_stored(*crs.from_stored(lon, lat, name), name)
    assert np.abs(back[0] - lon).max() * 111_320 < 1e-6
    assert np.abs(back[1] - lat).max() * 110_574 < 1e-6


@pytest.mark.parametrize(
    ("x", "y", "name", "code"),
    [
        (106.5, 29.5, "EPSG:4545", "crs_degrees_in_projected"),
        (362089.0, 3272018.0, "wgs84", "crs_metres_in_degrees"),
        (29.5, 106.5, "wgs84", "crs_metres_in_degrees"),
        (2.35, 48.85, "gcj02", "crs_outside_china"),
    ],
)
def test_a_system_that_cannot_be_true_is_refused(x: float, y: float, name: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        crs.check_plausible(np.array([x]), np.array([y]), name)
    assert refused.value.code == code


@pytest.mark.parametrize("name", ["wgs72", "EPSG:99999", "", "EPSG:4326; DROP TABLE areas", "+proj=longlat"])
def test_unknown_systems_are_refused_with_a_sentence(name: str) -> None:
    with pytest.raises(Invalid, match="坐标系"):
        crs.datum(name)
