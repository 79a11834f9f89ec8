"""The first picture: sign in, see the map with all that is in it, find a place, ask who is responsible; nothing leaves."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import Town, drawn, sign_in, wait_idle

# Where a home without any other thing near it lies on the screen, clear of the panels.
HOME_ON_SCREEN = """() => {
  const map = document.querySelector('[data-state]').map, box = map.getContainer().getBoundingClientRect()
  const right = box.width > 800 ? box.width - 400 : box.width - 90
  const left = box.width > 800 ? 320 : 30
  const homes = map.queryRenderedFeatures([[left, 150], [right, box.height - 200]])
    .filter(f => f.sourceLayer === 'buildings' && f.properties.use === '01' && f.geometry.type === 'Polygon')
  for (const home of homes) {
    const ring = home.geometry.coordinates[0]
    const middle = [0, 1].map(i => ring.slice(0, -1).reduce((sum, p) => sum + p[i], 0) / (ring.length - 1))
    const at = map.project(middle)
    const hits = map.queryRenderedFeatures([[at.x - 15, at.y - 15], [at.x + 15, at.y + 15]])
    const others = hits.filter(f => ['events', 'premises', 'units', 'tracks'].includes(f.sourceLayer))
    const here = map.queryRenderedFeatures([at.x, at.y])
    if (!others.length && here.some(f => f.sourceLayer === 'buildings')) return [at.x + box.x, at.y + box.y]
  }
}"""


def test_the_map_shows_grids_buildings_shops_events_and_todays_tracks(page: Page, town: Town) -> None:
    sign_in(page, town, "demo_community")
    counts = drawn(page)
    if counts.get("premises", 0) == 0:  # shops show from zoom 15; a phone begins a little higher above
        page.evaluate("document.querySelector('[data-state]').map.zoomTo(15.5, {animate: false})")
        wait_idle(page)
        counts = drawn(page)
    for layer in ("grids", "buildings", "premises", "events", "tracks", "roads"):
        assert counts.get(layer, 0) > 0, (layer, counts)
    expect(page.get_by_text("演示数据")).to_be_visible()


def test_search_flies_to_a_building_and_shows_it(page: Page, town: Town) -> None:
    sign_in(page, town, "demo_community")
    before = page.evaluate("document.querySelector('[data-state]').map.getZoom()")
    box = page.get_by_role("combobox")
    box.fill("1幢")
    first = page.get_by_role("option").filter(has_text="1幢").first
    first.wait_for()
    box.press("ArrowDown")
    box.press("Enter")
    page.wait_for_timeout(600)
    wait_idle(page)
    assert page.evaluate("document.querySelector('[data-state]').map.getZoom()") > before
    expect(page.get_by_text("所属小区").first).to_be_attached()


def test_a_grid_found_after_a_building_is_flown_to_as_well(page: Page, town: Town) -> None:
    sign_in(page, town, "demo_community")
    box = page.get_by_role("combobox")
    for query in ("1幢", "第3网格"):
        box.fill(query)
        page.get_by_role("option").filter(has_text=query).first.click()
        page.wait_for_timeout(600)
        wait_idle(page)
    expect(page.get_by_role("heading", name="第3网格")).to_be_visible()
    expect(page.get_by_text("普通网格").last).to_be_attached()
    lit = page.evaluate(
        """() => document.querySelector('[data-state]').map.queryRenderedFeatures()
        .filter(f => f.layer.id.startsWith('lit-')).map(f => f.properties.code)"""
    )
    assert lit
    assert all(code.endswith("003") for code in lit)


def test_the_keyboard_alone_finds_a_place_and_looks_up_the_middle_of_the_map(page: Page, town: Town) -> None:
    sign_in(page, town, "demo_community")
    page.keyboard.press("/")
    page.keyboard.type("第3网格")
    page.get_by_role("option").first.wait_for()
    page.keyboard.press("Enter")
    page.wait_for_timeout(600)
    wait_idle(page)
    page.locator("#map canvas").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="谁负责这里").get_by_text("网格长").first).to_be_visible()


def test_signing_out_closes_the_map(page: Page, town: Town) -> None:
    sign_in(page, town, "demo_street")
    page.get_by_role("button", name=re.compile("用户菜单")).click()
    page.get_by_text("退出登录").click()
    expect(page.get_by_label("账号")).to_be_visible()
    page.goto("/")
    expect(page).to_have_url(re.compile("/login$"))


def test_a_click_shows_attributes_and_the_responsible_worker(page: Page, town: Town) -> None:
    sign_in(page, town, "demo_community")
    spot = page.evaluate(HOME_ON_SCREEN)
    page.mouse.click(*spot)
    people = page.get_by_role("region", name="谁负责这里")
    expect(people.get_by_text("网格员").first).to_be_visible()
    expect(page.get_by_text("建筑用途").first).to_be_attached()
    expect(page.get_by_text(re.compile(r"^100\d{8}$")).first).to_be_visible()


def test_a_worker_of_one_grid_sees_only_his_own(page: Page, town: Town) -> None:
    sign_in(page, town, "demo_worker")
    codes = page.evaluate(
        """() => [...new Set(document.querySelector('[data-state]').map.queryRenderedFeatures()
        .filter(f => f.sourceLayer === 'grids').map(f => f.properties.code))]"""
    )
    assert len(codes) == 1
    assert codes[0].endswith("001")


def test_wrong_passwords_are_told_in_chinese(page: Page, town: Town) -> None:
    page.goto("/")
    page.get_by_label("账号").fill("demo_street")
    page.get_by_label("密码", exact=True).first.fill("wrong-password")
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_text("账号或密码不正确").first).to_be_visible()


def test_the_api_document_page_works_offline(page: Page, town: Town) -> None:
    page.goto("/api/docs")
    expect(page.get_by_text("我是谁、有什么权限").last).to_be_attached(timeout=20_000)
