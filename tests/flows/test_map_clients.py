"""Programs that others wrote read the map from a really running service: GDAL, OWSLib, PMTiles, the style validator, QGIS."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
import requests
import sqlalchemy as sa
from shapely.geometry import mapping

from gis_grid import db
from gis_grid.access.actions import create_token
from gis_grid.access.guard import acting
from gis_grid.access.rules import COMMAND, RIGHTS
from tests.conftest import DATA, HOME
from tests.factories import SIDE, SOUTH, WEST, square
from tests.live import ROOT, Live, running

TICKETS = DATA / "tickets_tainan1999" / "tainan_1999_2017.csv.gz"
needs_gdal = pytest.mark.skipif(shutil.which("ogr2ogr") is None, reason="GDAL's programs are not installed")


@dataclass
class Town:
    """The demo town on a running service, and somebody who may see all of it."""

    live: Live
    token: str

    @property
    def url(self) -> str:
        return self.live.url

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def get(self, path: str, **parameters: object) -> requests.Response:
        answer = requests.get(self.url + path, params=parameters, headers=self.headers, timeout=30)
        assert answer.status_code == 200, (path, parameters, answer.text[:300])
        return answer

    def connect(self) -> psycopg.Connection:
        return psycopg.connect(self.live.environment["DATABASE_URL"].replace("+psycopg", ""))

    def rows(self, query: str) -> list[tuple]:
        with self.connect() as connection:
            return connection.execute(query).fetchall()

    def gdal(self, *words: str, debug: bool = False) -> subprocess.CompletedProcess[str]:
        """One of GDAL's programs with our token; what it said in English."""
        headers = f"Authorization: Bearer {self.token}"
        environment = {**os.environ, "GDAL_HTTP_HEADERS": headers, "LC_ALL": "C.UTF-8", "CPL_DEBUG": "ON" if debug else "OFF"}
        environment.pop("GDAL_SKIP", None)
        environment.pop("CPL_VSIL_CURL_ALLOWED_EXTENSIONS", None)
        done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr[-3000:]
        return done


_ROWS = """
  INSERT INTO {table} ({columns}, area_code, placed_by)
  SELECT {values}, '50010300100100' || 1 + n % 3, 'inside'
  FROM (
    SELECT n, {west} + n % 3 * {side} + {side} * (0.05 + 0.9 * abs(hashint4(n)::float8 / 2147483648)) AS x,
      {south} + {side} * (0.05 + 0.9 * abs(hashint4(-n)::float8 / 2147483648)) AS y
    FROM generate_series(1, {many}) n
  ) q
"""
_POINT = "ST_SetSRID(ST_MakePoint(x, y), 4490)"
_TOWN = {
    "events": ("number, title, category, status, reported_at, point", 400),
    "premises": ("code, name, trade, point", 150),
    "buildings": ("code, name, floors_above, point, footprint", 90),
}
_VALUES = {
    "events": "'E' || n, '第' || n || '件', CASE WHEN n % 5 > 0 THEN '市容' END, (ARRAY['closed', 'reported'])[1 + n % 2], "
    f"TIMESTAMPTZ '2026-03-01 08:00+08' + n * INTERVAL '1 hour', {_POINT}",
    "premises": f"'P' || n, '店、铺' || n, CASE WHEN n % 7 > 0 THEN '餐饮' END, {_POINT}",
    "buildings": f"'B' || n, n || '号楼', n % 30, {_POINT}, ST_Multi(ST_Expand({_POINT}, 0.00003))",
}


@pytest.fixture(scope="module")
def town(database) -> Iterator[Town]:
    grids = HOME / "map_grids.geojson"
    features = [
        {
            "type": "Feature",
            "properties": {"code": f"50010300100100{n}", "name": f"第{n}网格"},
            "geometry": mapping(square(n - 1)),
        }
        for n in (1, 2, 3)
    ]
    grids.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    with running(HOME, "live_maps", ("load", "areas", str(grids), "--level", "grid")) as (live, _):
        engine = sa.create_engine(live.environment["DATABASE_URL"], poolclass=sa.pool.NullPool)
        with sa.orm.Session(engine) as own, own.begin(), db.bound(own), acting(COMMAND):
            token = create_token("maps", sorted(RIGHTS), [""], 1)[1]
        made = Town(live, token)
        with made.connect() as connection:
            for table, (columns, many) in _TOWN.items():
                where = {"west": WEST, "south": SOUTH, "side": SIDE, "many": many}
                connection.execute(_ROWS.format(table=table, columns=columns, values=_VALUES[table], **where))
        yield made


@pytest.fixture(scope="module")
def tickets(town: Town) -> int:
    """26,315 real tickets of another city loaded as events; answers how many there are with the town's own."""
    if not TICKETS.exists():
        pytest.skip("the shared data are not here")
    town.live.command("load", "events", str(TICKETS))
    return town.rows("SELECT count(*) FROM events WHERE point IS NOT NULL")[0][0]


def numbers(file: Path) -> list[str]:
    """The business keys in a GeoJSON file that GDAL wrote."""
    return [one["properties"]["number"] for one in json.loads(file.read_text(encoding="utf-8"))["features"]]


def test_it_speaks_http_1_1(town: Town) -> None:
    assert town.get("/conformance").raw.version == 11


# GDAL ----------------------------------------------------------------------------------------------------------------


@needs_gdal
def test_ogrinfo_finds_every_collection_and_its_size(town: Town) -> None:
    said = town.gdal("ogrinfo", "-so", "-al", f"OAPIF:{town.url}").stdout
    for one in town.get("/collections").json()["collections"]:
        part = said.split(f"Layer name: {one['id']}\n")[1].split("Layer name:")[0]
        hits = town.get(f"/collections/{one['id']}/items", resulttype="hits").json()["numberMatched"]
        assert f"Feature Count: {hits}\n" in part, one["id"]


@needs_gdal
@pytest.mark.parametrize("size", [10, 1000])
def test_ogr2ogr_gets_every_event_once_with_its_values(town: Town, tmp_path: Path, size: int) -> None:
    file = tmp_path / "events.geojson"
    town.gdal("ogr2ogr", str(file), f"OAPIF:{town.url}", "events", "-oo", f"PAGE_SIZE={size}", "-where", "status = 'closed'")
    found = json.loads(file.read_text(encoding="utf-8"))["features"]
    query = "SELECT number, title, status, ST_X(point), ST_Y(point) FROM events WHERE status = 'closed' AND point IS NOT NULL"
    meant = {number: (title, status, x, y) for number, title, status, x, y in town.rows(query)}
    assert len(found) == len(meant) > 10
    for one in found:
        title, status, x, y = meant.pop(one["properties"]["number"])
        assert (one["properties"]["title"], one["properties"]["status"]) == (title, status)
        assert one["geometry"]["coordinates"] == pytest.approx([x, y], abs=1e-7)


def asked_of(said: str) -> list[str]:
    """The addresses that GDAL fetched, as its log has them."""
    return [line.split("Fetch(")[1].rstrip(")") for line in said.splitlines() if "Fetch(" in line]


@needs_gdal
def test_gdal_hands_conditions_and_boxes_on_to_the_service(town: Town, tmp_path: Path) -> None:
    box = [WEST, SOUTH, WEST + 1.5 * SIDE, SOUTH + 0.5 * SIDE]
    words = ["-where", "status = 'closed'", "-spat", *map(str, box)]
    file = tmp_path / "some.geojson"
    said = town.gdal("ogr2ogr", str(file), f"OAPIF:{town.url}", "events", *words, debug=True).stderr
    items = [url for url in asked_of(said) if "/items?" in url and "bbox" in url]
    assert items, said[-2000:]
    assert all("status=closed" in url or "status%20%3D" in url or "filter=" in url for url in items), items
    query = "SELECT count(*) FROM events WHERE status = 'closed' AND ST_Intersects(point, ST_MakeEnvelope({}, 4490))"
    assert len(numbers(file)) == town.rows(query.format(",".join(map(str, box))))[0][0] > 0


@needs_gdal
@pytest.mark.parametrize("size", [10_000, 1000])
def test_gdal_harvests_26_315_tickets_each_once(town: Town, tickets: int, tmp_path: Path, size: int) -> None:
    file = tmp_path / "all.geojson"
    town.gdal("ogr2ogr", str(file), f"OAPIF:{town.url}", "events", "-oo", f"PAGE_SIZE={size}")
    found = numbers(file)
    assert len(found) == len(set(found)) == tickets >= 26_315
    assert set(found) == {number for (number,) in town.rows("SELECT number FROM events WHERE point IS NOT NULL")}


@needs_gdal
def test_a_harvest_skips_and_repeats_nothing_while_rows_are_added(town: Town, tickets: int, tmp_path: Path) -> None:
    before = {number for (number,) in town.rows("SELECT number FROM events WHERE point IS NOT NULL")}
    done = threading.Event()
    added = []

    def add() -> None:
        with town.connect() as connection:
            connection.autocommit = True
            while not done.wait(0.02):
                added.append(f"MEANWHILE-{len(added)}")
                connection.execute(
                    "INSERT INTO events (number, point) VALUES (%s, ST_SetSRID(ST_MakePoint(120.2, 23), 4490))", [added[-1]]
                )

    writer = threading.Thread(target=add)
    writer.start()
    try:
        file = tmp_path / "all.geojson"
        town.gdal("ogr2ogr", str(file), f"OAPIF:{town.url}", "events", "-oo", "PAGE_SIZE=500")
    finally:
        done.set()
        writer.join(10)
    found = numbers(file)
    assert len(found) == len(set(found))
    assert before <= set(found) <= before | set(added)
    assert len(added) > 10


def test_newer_gdal_reads_the_same(town: Town, tmp_path: Path) -> None:
    """Since 3.10 GDAL sends what a file says, but forgets GDAL_HTTP_HEADERS where its driver names headers itself."""
    program = """
import json, sys, pyogrio
url = "OAPIF:" + sys.argv[1]
names = [name for name, _ in pyogrio.list_layers(url)]
info = pyogrio.read_info(url, layer="premises")
_, _, wkb, data = pyogrio.raw.read(url, layer="premises", PAGE_SIZE=100)
fields = dict(zip(info["fields"], data))
print(json.dumps({"names": names, "codes": list(fields["code"]), "shops": list(fields["name"]), "shapes": len(wkb)}))
"""
    file = tmp_path / "headers.txt"
    file.write_text(f"Authorization: Bearer {town.token}\n", encoding="utf-8")
    environment = {**os.environ, "GDAL_HTTP_HEADER_FILE": str(file)}
    environment.pop("GDAL_SKIP", None)
    environment.pop("CPL_VSIL_CURL_ALLOWED_EXTENSIONS", None)
    command = [sys.executable, "-c", program, town.url]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout)
    assert set(told["names"]) == {one["id"] for one in town.get("/collections").json()["collections"]}
    meant = dict(town.rows("SELECT code, name FROM premises WHERE retired_at IS NULL AND point IS NOT NULL"))
    assert dict(zip(told["codes"], told["shops"], strict=True)) == meant
    assert told["shapes"] == len(meant)


# OWSLib, QGIS --------------------------------------------------------------------------------------------------------


def test_owslib_reads_collections_queryables_and_features(town: Town) -> None:
    from owslib.ogcapi.features import Features

    service = Features(town.url + "/", headers=town.headers)
    assert service.conformance()["conformsTo"] == town.get("/conformance").json()["conformsTo"]
    assert {"events", "premises", "grids"} <= set(service.feature_collections())
    assert service.collection("grids")["id"] == "grids"
    assert {"code", "name", "geom"} <= set(service.collection_queryables("grids")["properties"])
    page = service.collection_items("premises", limit=5)
    assert page["numberReturned"] == len(page["features"]) == 5
    code = page["features"][2]["properties"]["code"]
    assert [one["properties"]["code"] for one in service.collection_items("premises", code=code)["features"]] == [code]
    found = service.collection_items("premises", filter=f"code = '{code}'")
    assert [one["id"] for one in found["features"]] == [page["features"][2]["id"]]
    assert service.collection_item("premises", str(page["features"][0]["id"]))["properties"] == page["features"][0]["properties"]
    assert service.api()["openapi"].startswith("3.0")


def _system_python_with_qgis() -> str | None:
    python = shutil.which("python3", path="/usr/bin:/bin")
    if python is None:
        return None
    found = subprocess.run([python, "-c", "import qgis.core"], capture_output=True, check=False, timeout=60).returncode == 0
    return python if found else None


def test_qgis_opens_a_collection(town: Town) -> None:
    python = _system_python_with_qgis()
    if python is None:
        pytest.skip("QGIS is not installed (1 GB); apt install python3-qgis to run this")
    program = f"""
from qgis.core import QgsApplication, QgsVectorLayer, QgsNetworkAccessManager
application = QgsApplication([], False)
application.initQgis()
def sign(request):
    request.setRawHeader(b"Authorization", b"Bearer {town.token}")
QgsNetworkAccessManager.setRequestPreprocessor(sign)
layer = QgsVectorLayer("url='{town.url}' typename='premises'", "premises", "OAPIF")
assert layer.isValid(), layer.error().message()
print(sum(1 for _ in layer.getFeatures()))
"""
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run([python, "-c", program], env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    shops = town.rows("SELECT count(*) FROM premises WHERE retired_at IS NULL AND point IS NOT NULL")[0][0]
    assert int(done.stdout.split()[-1]) == shops


# styles, bundles, changes --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("names", ["map", "grids,buildings,events"])
def test_maplibres_validator_finds_nothing_wrong(town: Town, tmp_path: Path, names: str) -> None:
    validator = ROOT / "web" / "node_modules" / ".bin" / "gl-style-validate"
    if not validator.exists():
        pytest.skip("the console's packages are not installed")
    style = town.get(f"/styles/{names}.json").json()
    file = tmp_path / "style.json"
    file.write_text(json.dumps(style), encoding="utf-8")
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run([validator, file], env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    told = town.get(style["sources"]["grid"]["url"].removeprefix(town.url)).json()
    assert {one["source-layer"] for one in style["layers"] if "source-layer" in one} <= {
        one["id"] for one in told["vector_layers"]
    }
    file.write_text(json.dumps({**style, "layers": [{"id": "x", "type": "nonsense"}]}), encoding="utf-8")
    assert subprocess.run([validator, file], env=environment, capture_output=True, timeout=60, check=False).returncode != 0


def test_the_offline_bundle_holds_the_same_tiles(town: Town) -> None:
    import gzip

    from pmtiles.reader import MemorySource, Reader, all_tiles

    data = town.get("/api/tiles/bundle", layers="grids,buildings", maxzoom=18).content
    source = MemorySource(data)
    header = Reader(source).header()
    assert (header["tile_type"].name, header["tile_compression"].name, header["max_zoom"]) == ("MVT", "GZIP", 18)
    assert {one["id"] for one in Reader(source).metadata()["vector_layers"]} >= {"grids", "buildings"}
    held = list(all_tiles(source))
    assert len(held) > 15
    for (z, x, y), body in held:
        assert gzip.decompress(body) == town.get(f"/tiles/grids,buildings/{z}/{x}/{y}").content, (z, x, y)


def test_changes_miss_no_transaction_that_was_running_meanwhile(town: Town) -> None:
    """A begins and writes before the mark is given and commits after it; B begins and commits in between."""
    insert = "INSERT INTO events (number, point) VALUES (%s, ST_SetSRID(ST_MakePoint(106.5, 29.5), 4490)) RETURNING id"

    def feed(since: str) -> tuple[set[int], str]:
        found: set[int] = set()
        more = True
        while more:
            told = town.get("/api/changes", since=since).json()
            found |= {one["key"] for one in told["items"] if one["kind"] == "events"}
            since, more = told["next"], told["more"]
        return found, since

    with town.connect() as early, town.connect() as late:
        slow = early.execute(insert, ["SLOW"]).fetchone()[0]
        mark = town.get("/api/changes").json()["next"]
        quick = late.execute(insert, ["QUICK"]).fetchone()[0]
        late.commit()
        found, mark = feed(mark)
        assert quick in found
        assert slow not in found  # not yet there for anybody
        early.commit()
        found, mark = feed(mark)
        assert slow in found
        found, mark = feed(mark)
        assert found <= {slow, quick}
