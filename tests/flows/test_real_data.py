"""The main job on data nobody here wrote; each count is compared with an independent one. Skipped where the data are not."""

from __future__ import annotations

import csv
import gzip
import io
import json
import zipfile
from collections import Counter
from pathlib import Path

import geopandas
import numpy as np
import pytest
import shapely
import sqlalchemy as sa

from gis_grid.buildings.models import Building
from gis_grid.events.models import Event
from gis_grid.imports.actions import run_import
from gis_grid.imports.offers import Options
from gis_grid.imports.overlap import iou
from gis_grid.patrol.fixes import LEFT_OUT, Flag
from gis_grid.patrol.models import TrackArea, TrackFix
from gis_grid.premises import Premises
from tests.conftest import DATA

pytestmark = pytest.mark.skipif(not DATA.exists(), reason="the shared data are not here")


@pytest.fixture
def load(session, tmp_path):
    from gis_grid.app import load_features

    load_features()

    def run(kind: str, path: Path, **options) -> dict:
        return run_import(kind, path, path.name, Options(**options), tmp_path / "remarks.csv", lambda done, total: None)

    return run


def counted(shapes: dict[str, object], lon, lat) -> Counter:
    """Points per shape by plain shapely, the lowest code on shared edges."""
    codes = sorted(shapes)
    tree = shapely.STRtree([shapes[code] for code in codes])
    pairs = tree.query(shapely.points(lon, lat), predicate="intersects")
    best: dict[int, int] = {}
    for point, area in pairs.T:
        best[int(point)] = min(best.get(int(point), len(codes)), int(area))
    return Counter(codes[area] for area in best.values())


def per_area(session, column) -> Counter:
    return Counter(dict(session.execute(sa.select(column, sa.func.count()).where(column.is_not(None)).group_by(column)).all()))


def test_tainan_tickets_per_li_equal_an_independent_count_and_fifteen_lie_outside(load, session) -> None:
    villages = DATA / "grid_tainan_li" / "tainan_villages.geojson"
    columns = {"code": "VILLCODE", "name": "VILLNAME"}
    areas = load("areas", villages, level="grid", columns=columns, any_code=True, repair=True)
    assert (areas["inserted"], areas["repaired"]) == (649, 1)
    tickets = DATA / "tickets_tainan1999" / "tainan_1999_2017.csv.gz"
    report = load("events", tickets)
    assert (report["rows"], report["inserted"], report["refused"]) == (26_315, 26_315, 0)
    assert report["placed"] == {"inside": 26_300, "unplaced": 15}
    assert [remark["outcome"] for remark in report["remarks"]] == ["未定位"] * 15
    with gzip.open(tickets, "rt", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    features = json.loads(villages.read_text(encoding="utf-8"))["features"]
    shapes = {
        one["properties"]["VILLCODE"]: shapely.make_valid(shapely.from_geojson(json.dumps(one["geometry"]))) for one in features
    }
    lon, lat = np.array([float(row["lon"]) for row in rows]), np.array([float(row["lat"]) for row in rows])
    assert per_area(session, Event.area_code) == counted(shapes, lon, lat)
    again = load("events", tickets)
    assert (again["unchanged"], again["inserted"], again["updated"]) == (26_315, 0, 0)


def test_yuzhong_in_gcj02_is_where_it_is_in_wgs84_and_a_wrong_datum_is_named(load, session) -> None:
    wgs = DATA / "admin_cn" / "yuzhong_500103_from_shp_wgs84.geojson"
    gcj = DATA / "admin_cn" / "yuzhong_500103_datav_gcj02.geojson"
    name = next(iter(json.loads(wgs.read_text(encoding="utf-8"))["features"][0]["properties"]))
    code = "ADMINCODE" if "ADMINCODE" in wgs.read_text(encoding="utf-8") else name
    load("areas", wgs, level="district", columns={"code": code})
    suspicious = load("areas", gcj, level="district", columns={"code": "adcode"}, crs="wgs84", dry_run=True)
    assert any("gcj02" in warning for warning in suspicious["warnings"])
    report = load("areas", gcj, level="district", columns={"code": "adcode"}, crs="gcj02")
    assert report["warnings"] == []
    stored = session.execute(sa.text("SELECT ST_AsBinary(geom) FROM boundaries ORDER BY id")).scalars().all()
    one, other = (shapely.from_wkb(bytes(wkb)) for wkb in stored)
    assert iou(one, other) >= 0.97


def test_chinese_names_of_a_gbk_shapefile_without_cpg(load, session) -> None:
    load("areas", DATA / "admin_cn" / "chongqing_districts_gbk_nocpg_shp.zip", level="district", columns={"code": "ADMINCODE"})
    assert session.scalar(sa.text("SELECT name FROM areas WHERE code = '500103'")) == "渝中区"


def test_suzhou_buildings_and_shanghai_shops_in_cells(load, session, tmp_path) -> None:
    def cells(west: float, south: float, east: float, north: float, side: float) -> list:
        return [shapely.box(x, y, x + side, y + side) for x in np.arange(west, east, side) for y in np.arange(south, north, side)]

    shapes = cells(120.59, 31.28, 120.63, 31.32, 0.005) + cells(120.85, 30.65, 122.2, 31.9, 0.05)
    frame = geopandas.GeoDataFrame({"code": [f"C{n:04}" for n in range(len(shapes))]}, geometry=shapes, crs=4326)
    frame.to_file(tmp_path / "cells.fgb")
    load("areas", tmp_path / "cells.fgb", any_code=True)
    buildings = load("buildings", DATA / "buildings_suzhou" / "suzhou_buildings_floors.geojson.gz")
    assert (buildings["inserted"], buildings["placed"]) == (3_076, {"inside": 3_076})
    floors = session.execute(sa.select(sa.func.min(Building.floors_above), sa.func.max(Building.floors_above))).one()
    assert tuple(floors) == (1, 28)
    points = session.execute(sa.text("SELECT ST_X(point), ST_Y(point) FROM buildings")).all()
    known = dict(zip(frame["code"], frame.geometry, strict=True))
    assert per_area(session, Building.area_code) == counted(known, *np.array(points).T)
    shops = load("premises", DATA / "poi_shanghai" / "shanghai_food.csv.gz", keep_good=True)
    with gzip.open(DATA / "poi_shanghai" / "shanghai_food.csv.gz", "rt", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert shops["rows"] == len(rows) == 14_398
    assert shops["inserted"] + shops["refused"] == 14_398
    stored = session.execute(sa.text("SELECT ST_X(point), ST_Y(point) FROM premises")).all()
    assert per_area(session, Premises.area_code) == counted(known, *np.array(stored).T)


def test_geolife_fixes_per_beijing_area_equal_an_independent_count(load, session) -> None:
    streets = DATA / "admin_cn" / "beijing_111_jiedao_epsg32650_assumed.geojson"
    load("areas", streets, level="street", code_prefix="110100", keep_good=True)
    archive = DATA / "gps_geolife" / "user_000.zip"
    report = load("tracks", archive)
    assert (report["rows"], report["inserted"]) == (171, 171)
    pairs, moments = [], 0
    with zipfile.ZipFile(archive) as files:
        for name in files.namelist():
            if name.endswith(".plt"):
                text = io.TextIOWrapper(files.open(name), "ascii").readlines()[6:]
                moments += len({tuple(line.strip().split(",")[5:7]) for line in text})
                pairs += sorted(
                    {(line.split(",")[5], line.split(",")[6], line.split(",")[1], line.split(",")[0]) for line in text}
                )
    kept = session.scalar(sa.select(sa.func.count()).select_from(TrackFix))
    received, stored = session.execute(sa.text("SELECT sum(received), sum(stored) FROM track_uploads")).one()
    assert (received, stored) == (173_870, kept)
    assert received - kept == 173_870 - moments  # of several fixes at one moment the first is kept
    left_out = session.scalar(sa.select(sa.func.count()).where(TrackFix.flags.op("&")(int(LEFT_OUT)) != 0)) or 0
    odd = received - kept
    rows = session.execute(
        sa.text("SELECT a.code, ST_AsBinary(b.geom) FROM areas a JOIN boundaries b ON b.area_code = a.code")
    ).all()
    shapes = {code: shapely.from_wkb(bytes(wkb)) for code, wkb in rows}
    lon, lat = np.array([float(p[2]) for p in pairs]), np.array([float(p[3]) for p in pairs])
    expected = counted(shapes, lon, lat)
    found = Counter(
        dict(
            session.execute(
                sa.select(TrackFix.area_code, sa.func.count())
                .where(TrackFix.area_code.is_not(None), TrackFix.flags.op("&")(int(Flag.NEAREST)) == 0)
                .group_by(TrackFix.area_code)
            ).all()
        )
    )
    assert sum(expected.values()) - sum(found.values()) <= odd
    assert all(abs(expected[code] - found[code]) <= odd for code in expected | found)
    shares = dict(
        session.execute(sa.select(TrackArea.area_code, sa.func.sum(TrackArea.fixes)).group_by(TrackArea.area_code)).all()
    )
    assert sum(shares.values()) == kept - left_out
