"""The house-status page: from the map to a building, by keyboard and by touch, coloured, searched, filtered, one room opened."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import ARTEFACTS, Town, sign_in


def find_building(page: Page) -> int:
    """A block of several units with many rooms, in an estate of several buildings."""
    return page.evaluate(
        """async () => {
          const rooms = (await (await fetch('/api/rooms/?limit=1000')).json()).items
          const counts = new Map()
          for (const room of rooms) counts.set(room.building_id, (counts.get(room.building_id) || 0) + 1)
          const many = [...counts].filter(([, n]) => n >= 20 && n <= 90).map(([id]) => id)
          for (const id of many) {
            const one = await (await fetch(`/api/buildings/${id}`)).json()
            if (!one.estate_id) continue
            const siblings = (await (await fetch(`/api/buildings/?estate_id=${one.estate_id}&limit=50`)).json()).items
            if (siblings.length > 1 && siblings[0].id === id) return id
          }
          return many[0] }"""
    )


@pytest.fixture
def house(page: Page, town: Town) -> Page:
    sign_in(page, town, "demo_community")
    page.goto(f"/buildings/{find_building(page)}")
    page.locator("button.room").first.wait_for()
    return page


def test_a_building_is_read_at_a_glance_and_a_room_is_opened(house: Page) -> None:
    rooms = house.locator("button.room")
    told = house.locator(".facts").inner_text()
    assert rooms.count() == int(re.match(r"(\d+) 间", told)[1])
    house.get_by_role("combobox", name=re.compile("^着色")).select_option("people")
    legend = house.get_by_role("group", name=re.compile("图例"))
    expect(legend.get_by_role("button", name=re.compile("独居老人"))).to_be_visible()
    lived_in = house.locator("button.room", has_text="人").first
    lived_in.click()
    panel = house.get_by_role("complementary", name="房屋资料")
    expect(panel.get_by_role("heading", name=re.compile("住户"))).to_be_visible()
    expect(panel.locator("li").first).to_contain_text("户主")
    house.screenshot(path=ARTEFACTS / f"house-panel-{house.viewport_size['width']}.png")


def test_the_arrow_keys_walk_and_search_and_legend_dim_the_rest(house: Page) -> None:
    rooms = house.locator("button.room")
    rooms.first.focus()
    house.keyboard.press("ArrowRight")
    house.keyboard.press("ArrowDown")
    assert house.evaluate("[...document.querySelectorAll('button.room')].indexOf(document.activeElement)") > 1
    number = rooms.nth(3).locator("strong").inner_text()
    house.get_by_role("searchbox").fill(number)
    house.keyboard.press("Enter")
    expect(house.locator(".facts")).to_contain_text("查到")
    expect(house.locator("button.room.hit").first).to_contain_text(number)
    house.get_by_role("button", name="条件重置").click()
    expect(house.locator("button.room.hit")).to_have_count(0)
    entry = house.get_by_role("group", name=re.compile("图例")).get_by_role("button", name=re.compile("自住"))
    entry.click()
    expect(house.locator("button.room.dim").first).to_be_visible()
    house.get_by_role("button", name="全部显示").click()
    expect(house.locator("button.room.dim")).to_have_count(0)


def test_the_list_says_the_same_and_the_next_building_is_one_key_away(house: Page) -> None:
    count = house.locator("button.room").count()
    house.get_by_role("button", name="列表").click()
    expect(house.locator("tbody tr")).to_have_count(count)
    before = house.url
    house.get_by_role("button", name="下一栋").click()
    house.wait_for_url(lambda url: url != before)
    building = re.search(r"/buildings/([0-9]+)", house.url)
    assert building
    assert house.request.get(f"/api/buildings/{building[1]}/house-status.svg").ok


def test_the_map_leads_to_the_diagram(page: Page, town: Town) -> None:
    sign_in(page, town, "demo_community")
    box = page.get_by_role("combobox")
    box.fill("1幢")
    page.get_by_role("option").filter(has_text="1幢").first.click()
    page.get_by_role("link", name="查看房态图").click()
    expect(page.locator(".facts")).to_contain_text("间")


def test_a_building_is_recoloured_by_a_tag(house: Page) -> None:
    house.get_by_role("combobox", name=re.compile("^着色")).select_option(label="独居老人")
    expect(house).to_have_url(re.compile("by=people&only=elderly_alone"))
    legend = house.get_by_role("group", name=re.compile("图例"))
    expect(legend.get_by_role("button", name=re.compile("独居老人"))).to_have_attribute("aria-pressed", "true")
    expect(legend.get_by_role("button", name=re.compile("一般住户"))).to_have_attribute("aria-pressed", "false")
    expect(house.locator("button.room.dim").first).to_be_visible()
    house.screenshot(path=ARTEFACTS / f"house-by-tag-{house.viewport_size['width']}.png")


def test_an_estate_is_seen_at_once_and_a_room_is_opened_by_its_short_name(house: Page) -> None:
    house.get_by_role("navigation", name="位置").get_by_role("link").nth(1).click()
    tiles = house.locator(".tile")
    expect(tiles.nth(1)).to_be_visible()
    estate = house.get_by_role("heading", level=1).inner_text()
    room = house.evaluate(
        """async () => {
          const id = location.pathname.split('/').pop()
          const status = await (await fetch(`/api/estates/${id}/house-status`)).json()
          const one = status.diagrams.find(({building, cells}) =>
            /^[0-9]+幢$/.test(building.name) && cells.some(({kind}) => kind === 'room'))
          const cell = one.cells.filter(({kind}) => kind === 'room').at(-1)
          const figure = (text) => text.match(/[0-9]+/)[0]
          return {said: `${figure(one.building.name)}-${figure(cell.unit)}-${cell.number}`, number: cell.number} }"""
    )
    house.screenshot(path=ARTEFACTS / f"estate-{house.viewport_size['width']}.png")
    house.get_by_role("textbox", name="直接打开房屋").fill(room["said"])
    house.keyboard.press("Enter")
    panel = house.get_by_role("complementary", name="房屋资料")
    expect(panel.get_by_role("heading", level=2)).to_have_text(room["number"])
    expect(house.get_by_role("heading", level=1)).to_contain_text(estate)
