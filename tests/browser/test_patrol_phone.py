"""The phone page as a worker uses it: walk, visit, report without a network, through reloads and a dead service; nothing lost."""

from __future__ import annotations

import io
import subprocess
import sys

import psycopg
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.conftest import ARTEFACTS, PASSWORD, Town, sign_in
from tests.live import ROOT, wait_ready

PHONE = "/patrol/phone"


def ask(town: Town, query: str):
    """One value from the running service's database."""
    url = town.live.environment["OWNER_DATABASE_URL"].replace("+psycopg", "")
    with psycopg.connect(url) as connection:
        return connection.execute(query).fetchone()[0]


def stored(town: Town) -> int:
    return ask(town, "SELECT count(*) FROM fixes f JOIN devices d ON d.id = f.device_id WHERE d.code LIKE 'phone-%'")


def stop(town: Town) -> None:
    town.live.process.terminate()
    town.live.process.wait(30)


def start(town: Town) -> None:
    port = town.live.url.rsplit(":", 1)[1]
    command = [sys.executable, "-m", "gis_grid.cli", "serve", "--port", port]
    with town.live.log.open("ab") as out:
        town.live.process = subprocess.Popen(command, env=town.live.environment, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT)
    wait_ready(town.live)


def step(page: Page, at: tuple[float, float], n: int) -> None:
    """Some metres on (12 times n from where one began), and wait until the phone has kept it."""
    before = kept(page)
    for again in range(20):  # as a receiver does: every second a little elsewhere
        page.context.set_geolocation({"longitude": at[0] + n * 0.00012, "latitude": at[1] + again * 1e-7, "accuracy": 8})
        page.wait_for_timeout(500)
        if kept(page) > before:
            return
    raise AssertionError("no position was kept")


def kept(page: Page) -> int:
    return int(page.locator(".walk").get_attribute("data-fixes"))


def tab(page: Page, name: str) -> None:
    page.get_by_role("navigation").get_by_role("button", name=name).click()


def photo() -> dict:
    out = io.BytesIO()
    Image.new("RGB", (640, 480), "seagreen").save(out, "JPEG")
    return {"name": "door.jpg", "mimeType": "image/jpeg", "buffer": out.getvalue()}


EIGHT_HOURS = 5_700  # fixes, one every five seconds, until a minute ago
KEEP_A_DAY = """async ([count, lon, lat]) => {
  const asked = indexedDB.open('patrol')
  await new Promise((done) => (asked.onsuccess = done))
  const change = asked.result.transaction('fixes', 'readwrite')
  const fixes = change.objectStore('fixes')
  const first = fixes.openCursor()
  await new Promise((done) => (first.onsuccess = done))
  const like = { ...first.result.value, state: 'waiting' }
  const begin = Date.now() - 60_000 - count * 5_000
  for (let n = 0; n < count; n++)
    fixes.put({ ...like, at: begin + n * 5_000, lon: lon + (n % 200) * 1e-5, lat: lat + Math.floor(n / 200) * 1e-5 })
  await new Promise((done) => (change.oncomplete = done))
  asked.result.close()
}"""


def walk_all_day(page: Page, at: tuple[float, float]) -> None:
    """What eight hours of walking leave in the phone: as its own recorder writes it, without the hours."""
    page.evaluate(KEEP_A_DAY, [EIGHT_HOURS, *at])


@pytest.fixture
def on_duty(phone: Page, town: Town) -> tuple[Page, tuple[float, float]]:
    """Signed in on the phone page, standing in the middle of the worker's grid."""
    sign_in(phone, town, "demo_worker")
    west, south, east, north = phone.evaluate("fetch('/api/map').then(r => r.json())")["bounds"]
    at = ((west + east) / 2, (south + north) / 2)
    phone.context.grant_permissions(["geolocation"])
    phone.context.set_geolocation({"longitude": at[0], "latitude": at[1], "accuracy": 8})
    phone.goto(PHONE)
    expect(phone.get_by_text("每日要求")).to_be_visible()
    phone.wait_for_function("navigator.serviceWorker.ready.then(r => r.active.state === 'activated')")
    return phone, at


def test_eight_hours_a_visit_and_a_report_outlive_flight_mode_reload_and_a_dead_service(on_duty, town: Town) -> None:
    page, at = on_duty
    before, events, visits = stored(town), ask(town, "SELECT count(*) FROM events"), ask(town, "SELECT count(*) FROM visits")
    page.get_by_role("button", name="开始巡查").click()
    for n in (1, 2):
        step(page, at, n)
    expect(page.get_by_role("status").filter(has_text="正在记录")).to_be_visible()
    page.wait_for_selector("[data-state=idle]")
    page.screenshot(path=ARTEFACTS / "patrol-walk-phone.png")

    page.context.set_offline(True)
    page.reload()  # opens from what the phone keeps
    expect(page.get_by_text("没有网络")).to_be_visible()
    expect(page.get_by_role("button", name="结束巡查")).to_be_visible()  # and goes on recording
    for n in (3, 4):
        step(page, at, n)
    walk_all_day(page, at)
    page.reload()
    tab(page, "走访")
    page.locator("button.head").first.click()
    page.locator("li input[type=file]").set_input_files(photo())
    expect(page.get_by_alt_text("第 1 张照片")).to_be_visible()
    page.get_by_role("button", name="记下这次走访").click()
    expect(page.get_by_text("属实 · 等待传送")).to_be_visible()
    tab(page, "上报")
    page.get_by_role("button", name="消防隐患").click()
    page.get_by_label("情况").fill("三单元楼道堆放纸箱")
    expect(page.get_by_text("当前定位")).to_be_visible()
    page.locator("button.go").click()
    expect(page.locator("[data-entry=waiting]")).to_have_count(2)
    assert stored(town) - before <= kept_total(page)

    stop(town)
    page.context.set_offline(False)  # the network is back, the service is not
    page.reload()
    expect(page.get_by_role("button", name="结束巡查")).to_be_visible()
    step(page, at, 5)
    tab(page, "传送")
    expect(page.locator("[data-entry=waiting]")).to_have_count(2)
    assert int(page.locator("[data-fixes=waiting]").inner_text()) > EIGHT_HOURS
    page.screenshot(path=ARTEFACTS / "patrol-waiting-phone.png")
    start(town)
    page.get_by_role("button", name="现在传送").click()
    expect(page.get_by_text("全部已传到服务器")).to_be_visible(timeout=60_000)
    expect(page.locator("[data-entry=sent]")).to_have_count(2)
    total = kept_total(page)
    assert total >= EIGHT_HOURS + 5
    tab(page, "巡查")
    page.get_by_role("button", name="结束巡查").click()
    expect(page.get_by_role("button", name="开始巡查")).to_be_visible()
    assert stored(town) - before >= total
    assert ask(town, "SELECT count(*) FROM events") == events + 1
    assert ask(town, "SELECT count(*) FROM visits") == visits + 1
    assert ask(town, "SELECT fixes > 0 OR nearest_m IS NOT NULL FROM visit_evidence")
    assert ask(town, "SELECT cardinality(photo_ids) FROM visit_evidence") == 1


def kept_total(page: Page) -> int:
    """What the page says it has of positions, sent and waiting."""
    return sum(int(page.locator(f"[data-fixes={state}]").inner_text()) for state in ("waiting", "sent"))


def test_a_session_that_ends_on_the_way_asks_for_the_password_and_loses_nothing(on_duty, town: Town) -> None:
    page, at = on_duty
    page.get_by_role("button", name="开始巡查").click()
    step(page, at, 1)
    page.context.clear_cookies()
    tab(page, "传送")
    page.get_by_role("button", name="现在传送").click()
    page.get_by_label("密码").fill(PASSWORD)
    page.screenshot(path=ARTEFACTS / "patrol-expired-phone.png")
    waiting = int(page.locator("[data-fixes=waiting]").inner_text())
    before = stored(town)
    page.get_by_role("button", name="继续").click()
    expect(page.get_by_text("全部已传到服务器")).to_be_visible()
    assert stored(town) >= before + waiting
    tab(page, "巡查")
    expect(page.get_by_role("button", name="结束巡查")).to_be_visible()
    page.get_by_role("button", name="结束巡查").click()
