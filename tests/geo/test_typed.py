"""Typed coordinates: any datum, order and notation; other numbers are none."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from gis_grid.geo.shapes import GEOD
from gis_grid.geo.typed import read_coordinates
from tests.conftest import VECTORS

PLACE = (106.577, 29.5585)


def metres_off(reading, place=PLACE) -> float:
    return GEOD.inv(reading.lon, reading.lat, *place)[2]


@pytest.mark.parametrize(
    "text",
    [
        "106.577,29.5585",
        "106.577，29.5585",
        "29.5585 106.577",
        "N29.5585 E106.577",
        "东经106.577° 北纬29.5585°",
        "WGS84 106.577 29.5585",
        "106°34'37.2\"E 29°33'30.6\"N",
        "106°34′37.2″E，29°33′30.6″N",
        "东经106°34’37.2”、北纬29°33’30.6”",
        "106度34分37.2秒，29度33分30.6秒",
        "高德坐标 106.58068794,29.55561237187",
        "百度 106.58716485,29.56176728",
        "652837.846, 3272211.4524",
        "3272211.4524 652837.846",
        "X=3272211.4524 Y=35652837.846",
        "362089.019 3272018.6291",
    ],
)
def test_a_place_is_read_however_it_is_written(text: str) -> None:
    readings = read_coordinates(text, 106.55)
    assert min(metres_off(one) for one in readings) < 1


def test_degrees_without_a_datum_are_read_in_each_of_them() -> None:
    told = [one.read_as for one in read_coordinates("106.577,29.5585", 106.55)]
    assert told == ["CGCS2000 / WGS 84", "GCJ-02（高德、腾讯）", "BD-09（百度）"]
    assert len(read_coordinates("gcj02 106.577,29.5585", 106.55)) == 1


@pytest.mark.parametrize("text", ["3-2-502", "1 502", "13800000001", "106.5", "第3网格", "200.5,29.5", "2026 11 22", "3.5 路"])
def test_other_numbers_are_no_coordinates(text: str) -> None:
    assert read_coordinates(text, 106.55) == []


def test_typed_gcj_agrees_with_the_published_vectors() -> None:
    path = VECTORS / "gcj.csv"
    if not path.exists():
        pytest.skip("the shared vectors are not here")
    checked = 0
    for row in csv.DictReader(path.open(encoding="utf-8")):
        if row["src_crs"] != "WGS84" or row["dst_crs"] != "GCJ02" or float(row["tolerance_m"]) > 0.01:
            continue
        wgs = float(row["src_x"]), float(row["src_y"])
        readings = read_coordinates(f"GCJ02 {row['dst_x']}, {row['dst_y']}", 106.5)
        if readings and 75 < wgs[0] < 135 and np.isfinite(wgs).all():
            checked += 1
            assert metres_off(readings[0], wgs) < 0.02, row
    assert checked > 20
