"""A base map from one PMTiles file, made from the town's own roads: below everything, from this service alone."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.conftest import ARTEFACTS, Town, _opened, sign_in, wait_idle
from tests.live import ROOT, free_port, wait_ready

BELOW = """() => { const map = document.querySelector('[data-state]').map, order = map.getStyle().layers.map(({ id }) => id)
  return { seen: map.queryRenderedFeatures().filter(({ source }) => source === 'base').length,
    last: Math.max(...order.map((id, n) => id.startsWith('base') ? n : -1)),
    first: order.findIndex((id) => id.includes('/')) } }"""


@contextmanager
def served(town: Town, **given: str) -> Iterator[Town]:
    """The same town, served once more with other settings."""
    port = free_port()
    environment = {**town.live.environment, **{f"GIS_GRID_{name.upper()}": value for name, value in given.items()}}
    log = Path(environment["GIS_GRID_HOME"]) / "serve-basemap.log"
    with log.open("wb") as out:
        command = [sys.executable, "-m", "gis_grid.cli", "serve", "--port", str(port)]
        process = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT)
    live = replace(town.live, url=f"http://127.0.0.1:{port}", process=process, log=log)
    try:
        wait_ready(live)
        yield Town(live, town.accounts)
    finally:
        process.terminate()
        process.wait(20)


def roads_as_pmtiles(page: Page, path: Path) -> None:
    """A real file, as GDAL writes it; in a process of its own, for the service's GDAL opens few drivers."""
    roads = path.with_suffix(".geojson")
    roads.write_bytes(page.request.get("/collections/roads/items?f=json&limit=1000").body())
    write = (
        "import sys, geopandas; geopandas.read_file(sys.argv[1])[['name', 'geometry']]"
        ".to_file(sys.argv[2], driver='PMTiles', layer='streets', MINZOOM=10, MAXZOOM=15)"
    )
    subprocess.run([sys.executable, "-c", write, str(roads), str(path)], check=True, timeout=120)


def test_a_base_map_file_lies_below_everything(request, browser, desk: Page, town: Town, tmp_path: Path) -> None:
    sign_in(desk, town, "demo_community")
    roads_as_pmtiles(desk, tmp_path / "city.pmtiles")
    settings = {
        "basemap_pmtiles": str(tmp_path / "city.pmtiles"),
        "map_review_number": "渝S（2026）001号",
        "map_source": "演示数据",
        "map_publisher": "云江区",
    }
    with served(town, **settings) as other, _opened(request, browser, other, "desk") as page:
        sign_in(page, other, "demo_community")
        wait_idle(page)
        told = page.evaluate(BELOW)
        assert told["seen"] > 20
        assert told["last"] < told["first"]
        line = page.locator(".foot .source")
        expect(line).to_contain_text("审图号：渝S（2026）001号")
        assert line.bounding_box()["x"] < 500
        page.screenshot(path=ARTEFACTS / "basemap.png")
