"""Downloads of the current filter, read back by GDAL: the same features and values as the pages have."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import shapely
import sqlalchemy as sa
from shapely.geometry import shape

from gis_grid.access.rules import RIGHTS
from gis_grid.audit import AuditEntry
from gis_grid.events.models import Event
from gis_grid.geo import crs
from gis_grid.premises import Premises
from tests.conftest import problem
from tests.factories import GRID_1, GRID_2, make_town, point

ALL = sorted(RIGHTS)
MANY = 23
NAMES = ["豆花饭，老字号", '引"号"店', "=1+1", "-减号", "换\n行", "店铺", "éclair ñ", "𠮷野家", "@提及", "+加"]
FORMATS = ["csv", "gpkg", "fgb", "shp"]


@pytest.fixture
def headers(session, bearer) -> dict[str, str]:
    make_town()
    session.add_all(
        Premises(
            code=f"P{n:02}",
            name=NAMES[n % len(NAMES)],
            trade="餐饮" if n % 3 else None,
            point=point(n % 2),
            area_code=(GRID_1, GRID_2)[n % 2],
            placed_by="inside",
        )
        for n in range(MANY)
    )
    session.add(Event(number="E1", title="路灯", reported_at="2026-03-01T08:00:00+08:00", point=point(0), area_code=GRID_1))
    session.flush()
    return bearer(ALL)


def download(client, headers, kind: str, folder: Path, name: str = "premises", query: str = "") -> Path:
    answer = client.get(f"/collections/{name}/items?f={kind}{query}", headers=headers)
    assert answer.status_code == 200, answer.data[:300]
    assert f"{name}.{kind}" in answer.headers["Content-Disposition"]
    file = folder / (f"{name}.zip" if kind == "shp" else f"{name}.{kind}")
    file.write_bytes(answer.data)
    return file


def rows_of(file: Path, encoding: str = "utf-8-sig") -> list[dict]:
    """Field values and place of every row, whatever the format."""
    if file.suffix == ".csv":
        told = list(csv.DictReader(io.StringIO(file.read_bytes().decode(encoding), newline="")))
        return [{**one, "place": (float(one["x"]), float(one["y"]))} for one in told]
    where = f"/vsizip/{file}" if file.suffix == ".zip" else str(file)
    info, _, wkb, values = pyogrio.raw.read(where)
    places = shapely.get_coordinates(shapely.from_wkb(wkb))
    rows = [dict(zip(info["fields"], row, strict=True)) for row in zip(*values, strict=True)]
    return [{**row, "place": tuple(place)} for row, place in zip(rows, places, strict=True)]


def by_code(rows: list[dict]) -> dict[str, dict]:
    found = {row["code"]: row for row in rows}
    assert len(found) == len(rows)
    return found


@pytest.mark.parametrize("kind", FORMATS)
def test_a_download_has_what_the_pages_have(client, headers, tmp_path: Path, kind: str) -> None:
    found = by_code(rows_of(download(client, headers, kind, tmp_path)))
    page = client.get("/collections/premises/items?limit=1000", headers=headers).json["features"]
    assert len(found) == len(page) == MANY
    for one in page:
        row = found[one["properties"]["code"]]
        for name, value in one["properties"].items():
            told = row[name]
            if kind == "csv" and told.startswith("'"):
                told = told[1:]  # a cell that a spreadsheet would run
            assert (told or None) == value, (kind, name)
        assert int(row["id"]) == one["id"]
        assert np.allclose(row["place"], shape(one["geometry"]).coords[0], atol=1e-7)


def test_no_cell_of_a_csv_begins_a_formula(client, headers, tmp_path: Path) -> None:
    names = [row["name"] for row in rows_of(download(client, headers, "csv", tmp_path))]
    assert not any(name[0] in "=+-@" for name in names)
    assert "'=1+1" in names


@pytest.mark.parametrize("encoding", ["GBK", "UTF-8"])
def test_a_shapefile_has_chinese_names_in_the_encoding_asked_for(client, headers, tmp_path: Path, encoding: str) -> None:
    file = download(client, headers, "shp", tmp_path, query=f"&encoding={encoding}&code=P00")
    (row,) = rows_of(file)
    assert row["name"] == "豆花饭，老字号"
    raw = download(client, headers, "shp", tmp_path, query=f"&encoding={encoding}&code=P00")
    with zipfile.ZipFile(raw) as parts:
        assert {Path(name).suffix for name in parts.namelist()} >= {".shp", ".shx", ".dbf", ".prj", ".cpg"}
        table = next(parts.read(name) for name in parts.namelist() if name.endswith(".dbf"))
    assert "豆花饭".encode(encoding) in table


def test_a_gbk_csv_opens_in_an_old_spreadsheet(client, headers, tmp_path: Path) -> None:
    rows = rows_of(download(client, headers, "csv", tmp_path, query="&encoding=GBK"), "gb18030")
    assert {row["name"].lstrip("'") for row in rows} == set(NAMES)


@pytest.mark.parametrize("kind", FORMATS)
def test_the_filter_the_limit_and_the_scope_hold(client, headers, bearer, tmp_path: Path, kind: str) -> None:
    own = bearer(ALL, (GRID_2,))
    assert {row["area_code"] for row in rows_of(download(client, own, kind, tmp_path))} == {GRID_2}
    assert len(rows_of(download(client, headers, kind, tmp_path, query="&limit=4"))) == 4
    some = rows_of(download(client, headers, kind, tmp_path, query="&filter=trade%20%3D%20'餐饮'%20AND%20code%20<%20'P10'"))
    assert {row["code"] for row in some} == {f"P{n:02}" for n in range(10) if n % 3}


@pytest.mark.parametrize("kind", FORMATS)
def test_an_empty_answer_is_an_empty_file(client, headers, tmp_path: Path, kind: str) -> None:
    assert rows_of(download(client, headers, kind, tmp_path, query="&code=nothing")) == []


@pytest.mark.parametrize("kind", ["gpkg", "fgb", "shp"])
def test_another_system_is_written_and_named(client, headers, tmp_path: Path, kind: str) -> None:
    file = download(client, headers, kind, tmp_path, query="&crs=http://www.opengis.net/def/crs/EPSG/0/3857&code=P00")
    where = f"/vsizip/{file}" if kind == "shp" else str(file)
    assert "3857" in str(pyogrio.read_info(where)["crs"]) or "Pseudo-Mercator" in str(pyogrio.read_info(where)["crs"])
    ((x, y),) = [row["place"] for row in rows_of(file)]
    assert (11.8e6 < x < 11.9e6, 3.4e6 < y < 3.5e6) == (True, True)


@pytest.mark.parametrize("datum", ["gcj02", "bd09", "EPSG:4214", "EPSG:4523", "EPSG:4546", "EPSG:32648"])
def test_what_goes_out_in_any_system_comes_back_to_its_place(client, headers, tmp_path: Path, datum: str) -> None:
    there = shape(client.get("/collections/premises/items?code=P00", headers=headers).json["features"][0]["geometry"])
    page = client.get(f"/collections/premises/items?code=P00&crs={datum}", headers=headers)
    x, y = page.json["features"][0]["geometry"]["coordinates"]
    if datum in ("EPSG:4214", "EPSG:4523", "EPSG:4546"):  # as the registry has them: northing or latitude first
        x, y = y, x
    row = rows_of(download(client, headers, "csv", tmp_path, query=f"&crs={datum}&code=P00"))[0]
    assert page.headers["Content-Crs"].lower().endswith(f"{datum.rsplit(':', maxsplit=1)[-1]}>")
    for east, north in ((x, y), row["place"]):
        lon, lat = crs.to_stored(np.array([east]), np.array([north]), datum)
        assert np.hypot(lon[0] - there.x, lat[0] - there.y) < 3e-7
    grids = download(client, headers, "csv", tmp_path, "grids", f"&crs={datum}&code={GRID_1}").read_text(encoding="utf-8-sig")
    (grid,) = crs.shapes_to_stored(shapely.from_wkt([next(csv.DictReader(io.StringIO(grids)))["wkt"]]), datum)
    assert shapely.covers(grid.buffer(1e-6), there)


@pytest.mark.parametrize("query", ["crs=EPSG:99999", "crs=EPSG:5714", "crs=gcj03", "bbox=1,2,3,4&bbox-crs=gcj02"])
def test_what_is_no_flat_system_is_refused(client, headers, query: str) -> None:
    assert problem(client.get(f"/collections/premises/items?{query}", headers=headers))["code"] == "unknown_crs"


def test_a_file_that_could_not_tell_its_system_is_refused(client, headers) -> None:
    assert problem(client.get("/collections/premises/items?f=gpkg&crs=gcj02", headers=headers))["code"] == "unknown_crs"


@pytest.mark.parametrize("kind", ["csv", "gpkg", "fgb"])
def test_times_are_the_same_moment(client, headers, tmp_path: Path, kind: str) -> None:
    (row,) = rows_of(download(client, headers, kind, tmp_path, "events"))
    assert np.datetime64(str(row["reported_at"]).replace("+00", "").replace("Z", "").replace(" ", "T")) == np.datetime64(
        "2026-03-01T00:00:00"
    )


def test_polygons_come_whole(client, headers, tmp_path: Path) -> None:
    file = download(client, headers, "shp", tmp_path, "grids")
    _, _, wkb, _ = pyogrio.raw.read(f"/vsizip/{file}")
    pages = client.get("/collections/grids/items", headers=headers).json["features"]
    drawn = sorted(shapely.area(shapely.from_wkb(wkb)))
    assert drawn == pytest.approx(sorted(shape(one["geometry"]).area for one in pages))


def test_every_download_is_audited(client, headers, session, tmp_path: Path) -> None:
    download(client, headers, "csv", tmp_path, query="&code=P01")
    entry = session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)).one()
    assert (entry.action, entry.target, entry.after["rows"], entry.after["format"]) == ("export", "premises", 1, "csv")
    assert entry.after["asked"]["code"] == "P01"


@pytest.mark.parametrize("query", ["f=xlsb", "f=csv&encoding=BIG5", "f=csv&bbox=1", "f=gpkg&nonsense=1", "f=shp&limit=-1"])
def test_a_bad_download_gets_a_sentence(client, headers, query: str) -> None:
    told = problem(client.get(f"/collections/premises/items?{query}", headers=headers))
    assert told["status"] == 400
    assert any("\u4e00" <= char <= "\u9fff" for char in told["detail"])


def test_what_gbk_cannot_write_is_refused_not_lost(client, headers) -> None:
    answer = client.get("/collections/premises/items?f=shp&encoding=GBK", headers=headers)
    assert answer.status_code == 422
    assert "GBK" in problem(answer)["detail"]
