"""Files into registers: every format, all or nothing, row by row and why; repeatable."""

from __future__ import annotations

import gzip
import json
import zipfile
from pathlib import Path

import geopandas
import numpy as np
import pytest
import shapely
import sqlalchemy as sa

from gis_grid.audit import AuditEntry
from gis_grid.buildings.models import Building
from gis_grid.errors import Invalid
from gis_grid.events.models import Event
from gis_grid.geo import crs, shapes
from gis_grid.imports.actions import run_import
from gis_grid.imports.offers import Options
from gis_grid.premises import Premises
from tests.conftest import caller
from tests.factories import GRID_1, GRID_2, make_area, make_town, middle, square


@pytest.fixture
def load(session, tmp_path):
    """load(kind, path, **options) -> report; the remarks lie beside the file."""
    import gis_grid.app  # noqa: F401  every kind is offered
    from gis_grid.app import load_features

    load_features()
    make_town()

    def run(kind: str, path: Path, **options) -> dict:
        return run_import(kind, path, path.name, Options(**options), tmp_path / "remarks.csv", lambda done, total: None)

    return run


def frame(columns=(0, 1, 2, 0)) -> geopandas.GeoDataFrame:
    names = ["甲店", "乙店", "丙店", "丁店"]
    points = [shapely.Point(*middle(column)) for column in columns]
    return geopandas.GeoDataFrame({"code": ["S1", "S2", "S3", "S4"], "name": names, "geometry": points}, crs=4326)


def write(path: Path, data: geopandas.GeoDataFrame, **options) -> Path:
    data.to_file(path, **options)
    return path


def zipped(folder: Path, target: Path, skip: tuple[str, ...] = ()) -> Path:
    with zipfile.ZipFile(target, "w") as archive:
        for file in sorted(folder.iterdir()):
            if file.suffix not in skip:
                archive.write(file, f"商铺/{file.name}")
    return target


def make_file(kind: str, folder: Path) -> Path:
    data = frame()
    if kind in ("geojson", "gpkg", "fgb"):
        return write(folder / f"shops.{kind}", data)
    if kind == "geojson.gz":
        plain = write(folder / "shops.geojson", data)
        (folder / "shops.geojson.gz").write_bytes(gzip.compress(plain.read_bytes()))
        return folder / "shops.geojson.gz"
    if kind.startswith("shp"):
        inside = folder / "layer"
        inside.mkdir()
        write(inside / "商铺.shp", data, encoding="GBK" if "gbk" in kind else "UTF-8")
        return zipped(inside, folder / "shops.zip", (".cpg",) if "gbk" in kind else ())
    rows = data.drop(columns="geometry").assign(经度=data.geometry.x, 纬度=data.geometry.y)
    if kind == "wkt.csv":
        data.drop(columns="geometry").assign(wkt=data.geometry.to_wkt()).to_csv(folder / "shops.csv", index=False)
    elif kind == "gb18030.csv":
        rows.to_csv(folder / "shops.csv", index=False, encoding="gb18030")
    else:
        rows.to_csv(folder / "shops.csv", index=False, sep=";" if kind == "semicolon.csv" else ",")
    if kind == "xlsx":
        return make_excel(rows, folder / "shops.xlsx")
    return folder / "shops.csv"


def make_excel(rows, path: Path) -> Path:
    import xlsxwriter

    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, list(rows.columns))
        for number, row in enumerate(rows.itertuples(index=False), 1):
            sheet.write_row(number, 0, list(row))
    return path


KINDS = ["geojson", "geojson.gz", "gpkg", "fgb", "shp", "shp gbk", "csv", "gb18030.csv", "semicolon.csv", "wkt.csv", "xlsx"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_format_gives_the_same_rows(load, session, tmp_path, kind: str) -> None:
    report = load("premises", make_file(kind, tmp_path))
    assert (report["rows"], report["inserted"], report["refused"]) == (4, 4, 0)
    rows = session.execute(sa.select(Premises.code, Premises.name, Premises.area_code).order_by(Premises.code)).all()
    assert [row.name for row in rows] == ["甲店", "乙店", "丙店", "丁店"]
    assert [row.area_code[-1] for row in rows] == ["1", "2", "3", "1"]


def test_repeating_changes_nothing_and_a_change_changes_one(load, session, tmp_path) -> None:
    path = write(tmp_path / "a.geojson", frame())
    assert load("premises", path)["inserted"] == 4
    assert load("premises", path)["unchanged"] == 4
    moved = frame((0, 1, 2, 1))
    report = load("premises", write(tmp_path / "b.geojson", moved))
    assert (report["unchanged"], report["updated"], report["inserted"]) == (3, 1, 0)
    row = session.execute(sa.select(Premises).where(Premises.code == "S4")).scalar_one()
    assert (row.area_code, row.version) == (GRID_2, 2)
    entry = session.scalars(sa.select(AuditEntry).where(AuditEntry.target == "premises", AuditEntry.action == "change")).one()
    assert (entry.before["area_code"], entry.after["area_code"]) == (GRID_1, GRID_2)


def test_rows_without_a_key_are_still_recognised(load, tmp_path) -> None:
    path = write(tmp_path / "a.geojson", frame().drop(columns="code"))
    assert load("premises", path)["inserted"] == 4
    assert load("premises", path)["unchanged"] == 4


@pytest.fixture
def mixed(tmp_path) -> Path:
    """Five rows: good, no name, a code twice, no place, outside all grids."""
    lon, lat = middle(0)
    lines = [f"S1,甲,{lon},{lat}", f"S2,,{lon},{lat}", f"S1,丙,{lon},{lat}", "S4,丁,,", "S5,戊,100,20"]
    path = tmp_path / "mixed.csv"
    path.write_text("code,name,lon,lat\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_with_faults_nothing_is_kept_and_every_fault_is_told(load, session, mixed, tmp_path) -> None:
    with pytest.raises(Invalid) as refused:
        load("premises", mixed)
    report = refused.value.extra["report"]
    assert (report["rows"], report["refused"], report["inserted"]) == (5, 3, 0)
    assert session.scalar(sa.select(sa.func.count()).select_from(Premises)) == 0
    told = (tmp_path / "remarks.csv").read_text(encoding="utf-8-sig").splitlines()
    assert told[0] == "行号,结果,字段,值,原因"
    outcomes = {tuple(line.split(",")[:2]) for line in told[1:]}
    assert outcomes == {("2", "拒绝"), ("3", "拒绝"), ("4", "拒绝"), ("5", "未定位")}
    assert any("与第 1 行编号重复" in line for line in told)


def test_keep_good_keeps_the_good_ones(load, session, mixed) -> None:
    report = load("premises", mixed, keep_good=True)
    assert (report["inserted"], report["refused"], report["placed"]) == (2, 3, {"inside": 2, "unplaced": 1})
    assert set(session.scalars(sa.select(Premises.code))) == {"S1", "S5"}


def test_a_dry_run_tells_all_and_keeps_nothing(load, session, mixed) -> None:
    report = load("premises", mixed, dry_run=True)
    assert (report["dry_run"], report["refused"]) == (True, 3)
    assert session.scalar(sa.select(sa.func.count()).select_from(Premises)) == 0


def test_gcj_points_are_stored_where_they_are(load, session, tmp_path) -> None:
    data = frame()
    lon, lat = crs.from_stored(data.geometry.x.to_numpy(), data.geometry.y.to_numpy(), "gcj02")
    data["geometry"] = [shapely.Point(x, y) for x, y in zip(lon, lat, strict=True)]
    report = load("premises", write(tmp_path / "a.geojson", data), crs="gcj02")
    assert report["placed"] == {"inside": 4}
    assert session.scalar(sa.select(Premises.source_crs).limit(1)) == "gcj02"


def test_a_wrong_datum_is_suspected_by_name(load, tmp_path) -> None:
    points = [shapely.Point(*middle(n % 3)) for n in range(30)]
    data = geopandas.GeoDataFrame({"name": [str(n) for n in range(30)]}, geometry=points, crs=4326)
    lon, lat = crs.from_stored(data.geometry.x.to_numpy(), data.geometry.y.to_numpy(), "gcj02")
    data["geometry"] = [shapely.Point(x, y) for x, y in zip(lon, lat, strict=True)]
    report = load("premises", write(tmp_path / "a.geojson", data), crs="wgs84")
    assert any("gcj02" in warning for warning in report["warnings"])


def test_a_shift_within_the_town_is_seen_against_buildings(load, session, tmp_path) -> None:
    """All points stay within areas, but off every building: the known shift that puts them back is named."""
    make_area("500103001001999", "grid", shapely.multipolygons([shapely.box(106.48, 29.48, 106.54, 29.53)]))
    for n in range(20):
        box = shapely.multipolygons([shapely.Point(106.5 + n * 3e-4, 29.505).buffer(5e-5)])
        session.add(Building(code=f"X{n}", point=shapes.to_column(box.centroid), footprint=shapes.to_column(box)))
    session.commit()
    x, y = crs.from_stored(106.5 + np.arange(20) * 3e-4, np.full(20, 29.505), "gcj02")
    data = geopandas.GeoDataFrame({"name": [str(n) for n in range(20)]}, geometry=geopandas.points_from_xy(x, y), crs=4326)
    report = load("premises", write(tmp_path / "a.geojson", data), crs="wgs84")
    assert any("gcj02" in warning and "楼栋" in warning for warning in report["warnings"]), report["warnings"]


def test_degrees_declared_as_metres_are_refused(load, tmp_path) -> None:
    with pytest.raises(Invalid, match="米为单位"):
        load("premises", write(tmp_path / "a.geojson", frame()), crs="EPSG:4545")


W, S = 106.5, 29.5
BOWTIE = {"type": "Polygon", "coordinates": [[[W, S], [W + 5e-4, S + 5e-4], [W + 5e-4, S], [W, S + 5e-4], [W, S]]]}
FLAT = {"type": "Polygon", "coordinates": [[[W, S, 3], [W + 4e-4, S, 3], [W + 4e-4, S + 4e-4, 3], [W, S, 3]]]}


def geojson(path: Path, *geometries: dict) -> Path:
    features = [{"type": "Feature", "properties": {"Floor": n}, "geometry": one} for n, one in enumerate(geometries, 1)]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def test_invalid_polygons_are_told_with_where_and_why_and_repaired_only_when_asked(load, session, tmp_path) -> None:
    path = geojson(tmp_path / "a.geojson", BOWTIE, FLAT)
    with pytest.raises(Invalid) as refused:
        load("buildings", path)
    assert "自相交，位置 106.50025 29.50025" in refused.value.extra["report"]["remarks"][0]["reason"]
    report = load("buildings", path, repair=True)
    assert (report["inserted"], report["repaired"]) == (2, 1)
    row = session.execute(sa.select(Building).where(Building.floors_above == 2)).scalar_one()
    assert row.area_code == GRID_1
    assert session.scalar(sa.text("SELECT bool_and(ST_IsValid(footprint) AND ST_NDims(footprint) = 2) FROM buildings"))


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.txt", b"", "empty_file"),
        ("a.csv", b"name,x1,y1\n1,2,3\n", "no_coordinates"),
        ("a.geojson", b"{not json", "bad_file"),
        ("a.zip", b"PK nonsense", "bad_zip"),
        ("a.geojson.gz", b"nonsense", "bad_zip"),
        ("a.xlsx", b"nonsense", "bad_file"),
        ("a.doc", b"nonsense", "bad_type"),
        ("a.gpkg", b"nonsense", "bad_file"),
    ],
)
def test_broken_files_get_a_sentence(load, tmp_path, name: str, content: bytes, code: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(Invalid) as refused:
        load("premises", path)
    assert refused.value.code == code


def test_unknown_columns_and_fields_get_a_sentence(load, tmp_path) -> None:
    path = write(tmp_path / "a.geojson", frame())
    for columns, code in (({"name": "nonsense"}, "no_column"), ({"nonsense": "name"}, "no_field")):
        with pytest.raises(Invalid) as refused:
            load("premises", path, columns=columns)
        assert refused.value.code == code


def test_nobody_imports_into_anothers_area(load, session, tmp_path) -> None:
    from gis_grid.access.guard import acting

    path = write(tmp_path / "a.geojson", frame())
    load("premises", path)
    changed = frame().assign(name="改名")
    with acting(caller("premises.write", scopes=(GRID_1,))):
        report = load("premises", write(tmp_path / "b.geojson", changed), keep_good=True)
    assert (report["updated"], report["refused"]) == (2, 2)
    others = session.scalars(sa.select(Premises.name).where(Premises.area_code == GRID_2)).all()
    assert others == ["乙店"]


def test_areas_are_numbered_from_west_to_east_then_north_to_south(load, session, tmp_path) -> None:
    shapes = [square(1, 30), square(0, 31), square(0, 30)]
    path = write(tmp_path / "a.geojson", geopandas.GeoDataFrame({"n": [1, 2, 3]}, geometry=shapes, crs=4326))
    report = load("areas", path, level="grid", code_prefix="500103001002")
    assert report["inserted"] == 3
    from gis_grid.areas.actions import locate

    codes = [locate(shape.centroid.x, shape.centroid.y, "wgs84")["code"] for shape in (shapes[1], shapes[2], shapes[0])]
    assert codes == ["500103001002001", "500103001002002", "500103001002003"]
    assert load("areas", path, level="grid", code_prefix="500103001002")["unchanged"] == 3


def test_events_that_were_unplaced_find_their_new_grid(load, session, tmp_path) -> None:
    path = tmp_path / "e.csv"
    path.write_text(f"number,lon,lat\nE1,{middle(20)[0]},{middle(20)[1]}\n", encoding="utf-8")
    assert load("events", path)["placed"] == {"unplaced": 1}
    grid = geopandas.GeoDataFrame({"code": ["500103001001020"]}, geometry=[square(20)], crs=4326)
    load("areas", write(tmp_path / "g.geojson", grid), level="grid")
    event = session.execute(sa.select(Event)).scalar_one()
    session.refresh(event)
    assert (event.area_code, event.placed_by) == ("500103001001020", "inside")


VRT = """<OGRVRTDataSource><OGRVRTLayer name="passwd"><SrcDataSource>/etc/passwd</SrcDataSource>
<GeometryType>wkbPoint</GeometryType></OGRVRTLayer></OGRVRTDataSource>"""
PIPELINE = '{"type": "gdal_streamed_alg", "command_line": "gdal vector pipeline ! read /etc/passwd"}'


@pytest.mark.parametrize("content", [VRT, PIPELINE, "<GetCapabilities/>", "GEOMETRYCOLLECTION EMPTY"])
@pytest.mark.parametrize("name", ["x.geojson", "x.gpkg", "x.fgb", "x.shp"])
def test_an_upload_never_makes_gdal_open_another_file(load, tmp_path, content: str, name: str) -> None:
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises(Invalid):
        load("events", path)


def test_gdal_has_only_the_drivers_that_imports_need() -> None:
    from gis_grid.imports.gdal import unexpected_drivers

    assert unexpected_drivers() == set()


def test_codes_are_taken_by_code_or_name_and_others_refused(load, session, tmp_path) -> None:
    path = tmp_path / "e.csv"
    lon, lat = middle(0)
    path.write_text(f"number,状态,lon,lat\nE1,已结案,{lon},{lat}\nE2,closed,{lon},{lat}\nE3,胡说,{lon},{lat}\n", encoding="utf-8")
    report = load("events", path, keep_good=True)
    assert (report["inserted"], report["refused"]) == (2, 1)
    assert set(session.scalars(sa.select(Event.status))) == {"closed"}


def test_one_impossible_place_refuses_its_row_not_the_file(load, tmp_path) -> None:
    path = tmp_path / "e.csv"
    lon, lat = middle(0)
    path.write_text(f"number,lon,lat\nE1,{lon},{lat}\nE2,1200.2,{lat}\nE3,{lon},{lat}\n", encoding="utf-8")
    report = load("events", path, keep_good=True)
    assert (report["inserted"], report["refused"]) == (2, 1)
    assert "超出经纬度范围" in report["remarks"][0]["reason"]


def test_a_scoped_caller_draws_no_boundary_over_others(load, session, tmp_path) -> None:
    from gis_grid.access.guard import acting
    from gis_grid.errors import Forbidden

    wide = geopandas.GeoDataFrame({"code": [GRID_1 + "9"]}, geometry=[square(0, width=3)], crs=4326)
    path = write(tmp_path / "a.geojson", wide)
    with acting(caller("areas.write", scopes=(GRID_1,))), pytest.raises(Forbidden):
        load("areas", path, any_code=True)
