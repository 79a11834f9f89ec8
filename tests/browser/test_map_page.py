"""Stories on the map page: down the division, thematic colours, measuring, datums, a shared link, rooms and people found."""

from __future__ import annotations

import re

import pypdfium2
from playwright.sync_api import Page, expect

from tests.browser.conftest import ARTEFACTS, Town, drawn, sign_in, wait_idle

ZOOM = "document.querySelector('[data-state]').map.getZoom()"
CENTRE = "document.querySelector('[data-state]').map.getCenter().toArray()"
COLOURED = """() => new Set(document.querySelector('[data-state]').map.queryRenderedFeatures()
  .filter(f => f.layer.id.startsWith('dress-parts') && f.layer.type === 'fill')
  .map(f => JSON.stringify(f.layer.paint['fill-color']))).size >= 3"""


def keep(page: Page, name: str) -> None:
    ARTEFACTS.mkdir(exist_ok=True)
    page.screenshot(path=ARTEFACTS / f"map-{name}-{page.viewport_size['width']}.png")


def open_tree(page: Page) -> None:
    shows = page.get_by_role("button", name="显示区划树")
    if shows.count():
        shows.click()


def test_down_the_tree_to_a_grid_and_back_by_the_breadcrumbs(page: Page, town: Town) -> None:
    sign_in(page, town, "demo_community")
    before = page.evaluate(ZOOM)
    open_tree(page)
    tree = page.get_by_role("tree")
    tree.get_by_role("treeitem", name=re.compile("第3网格")).click()
    expect(page.get_by_role("navigation", name="当前位置").get_by_text("第3网格")).to_be_visible()
    page.wait_for_timeout(1200)
    wait_idle(page)
    assert page.evaluate(ZOOM) > before + 1
    expect(page).to_have_url(re.compile(r"area=\d{12}003"))
    keep(page, "grid")
    page.get_by_role("button", name="全部").click()
    page.wait_for_timeout(1200)
    wait_idle(page)
    assert abs(page.evaluate(ZOOM) - before) < 0.6


def test_the_tree_is_walked_by_keys_alone(desk: Page, town: Town) -> None:
    sign_in(desk, town, "demo_community")
    first = desk.get_by_role("treeitem").first
    first.focus()
    expect(first).to_have_attribute("aria-expanded", "true")
    desk.keyboard.press("ArrowDown")
    desk.keyboard.press("ArrowDown")
    expect(desk.locator("[role=treeitem]:focus")).to_contain_text("第2网格")
    desk.keyboard.press("Enter")
    expect(desk).to_have_url(re.compile(r"area=\d{12}002"))
    desk.keyboard.press("End")
    expect(desk.locator("[role=treeitem]:focus")).to_contain_text("第18网格")
    desk.keyboard.press("3")
    expect(desk.locator("[role=treeitem]:focus")).to_contain_text("第3网格")
    desk.keyboard.press("Home")
    desk.keyboard.press("ArrowLeft")
    expect(first).to_have_attribute("aria-expanded", "false")


def test_a_copied_link_opens_the_same_map(desk: Page, town: Town) -> None:
    sign_in(desk, town, "demo_community")
    lon, lat = desk.evaluate(CENTRE)
    desk.goto(
        f"/?at={lon + 0.001:.6f},{lat:.6f},16.50&layers=estates,-events&day=2026-11-01&theme=households~~count~choropleth~equal~4"
    )
    wait_idle(desk)
    assert [round(one, 4) for one in desk.evaluate(CENTRE)] == [round(lon + 0.001, 4), round(lat, 4)]
    assert desk.evaluate(ZOOM) == 16.5
    assert desk.get_by_label("查看哪一天").last.input_value() == "2026-11-01"
    desk.get_by_role("button", name="图层").click()
    expect(desk.get_by_role("checkbox", name=re.compile("小区"))).to_be_checked()
    expect(desk.get_by_role("checkbox", name=re.compile("^事件$"))).not_to_be_checked()
    desk.wait_for_function(COLOURED)


def test_a_theme_colours_the_grids_and_tells_them_in_order(desk: Page, town: Town) -> None:
    sign_in(desk, town, "demo_community")
    desk.get_by_role("button", name="专题", exact=True).click()
    desk.get_by_role("combobox", name="统计什么").click(force=True)
    desk.get_by_role("option", name="居民", exact=True).click()
    order = desk.get_by_role("listitem").filter(has=desk.locator("strong"))
    expect(order.first).to_contain_text("网格")
    numbers = [int(text.replace(",", "")) for text in order.locator("strong").all_inner_texts()]
    assert len(numbers) == 18
    assert numbers == sorted(numbers, reverse=True)
    desk.wait_for_function(COLOURED)
    expect(desk).to_have_url(re.compile("at=.*theme=residents"))  # before the map was ever moved
    keep(desk, "theme")


def test_measured_lengths_and_copied_coordinates_are_exact(desk: Page, town: Town) -> None:
    sign_in(desk, town, "demo_community")
    lon, lat = desk.evaluate(CENTRE)
    desk.goto(f"/?at={lon:.6f},{lat:.6f},17")
    wait_idle(desk)
    desk.get_by_role("button", name="测量").click()
    metres = desk.evaluate(
        """() => { const map = document.querySelector('[data-state]').map, box = map.getCanvas().getBoundingClientRect()
        const [a, b] = [map.unproject([520 - box.x, 400 - box.y]), map.unproject([800 - box.x, 400 - box.y])]
        return a.distanceTo(b) }"""
    )
    for x in (520, 800):
        desk.mouse.click(x, 400)
    told = desk.get_by_role("status").filter(has_text="总长").locator("strong")
    expect(told).to_contain_text("米")
    expect(told).not_to_have_text("0.0 米")
    measured = float(told.inner_text().split()[0])
    assert abs(measured - metres) < metres * 0.004  # the map's own is a sphere
    desk.get_by_role("button", name="测量").click()
    desk.mouse.click(660, 430)
    rows = desk.get_by_role("button", name=re.compile("GCJ-02"))
    rows.wait_for()
    degrees = [float(part) for part in re.findall(r"\d+\.\d{7}", rows.inner_text())]
    assert 0.001 < degrees[0] - lon < 0.01


def test_a_room_and_a_person_are_found_and_lead_to_the_house(page: Page, town: Town) -> None:
    sign_in(page, town, "demo_community")
    box = page.get_by_role("combobox", name=re.compile("搜网格"))
    box.fill("8-1-101")
    first = page.get_by_role("option").filter(has_text="101").first
    first.wait_for()
    keep(page, "search")
    box.press("ArrowDown")
    expect(page.locator(".glow-pin")).to_be_visible()
    box.press("Enter")
    link = page.get_by_role("link", name="查看房态图")
    expect(link).to_be_visible()
    link.click()
    expect(page).to_have_url(re.compile(r"/buildings/\d+\?room=\d+"))


def test_nobody_finds_the_people_of_another_grid(desk: Page, town: Town) -> None:
    sign_in(desk, town, "demo_worker")
    expect(desk.get_by_role("treeitem")).to_have_count(1)
    box = desk.get_by_role("combobox", name=re.compile("搜网格"))
    box.fill("第3网格")
    expect(desk.get_by_text("没有找到“第3网格”").last).to_be_visible()


def test_any_level_is_coloured_and_a_click_goes_in(desk: Page, town: Town) -> None:
    sign_in(desk, town, "demo_street")
    desk.goto("/?theme=households~~count~choropleth~quantile~5~grid")
    wait_idle(desk)
    desk.wait_for_function(COLOURED)
    key = desk.get_by_role("region", name="图例")
    expect(key).to_contain_text("住户（数量）")
    expect(key).to_contain_text("个区域")
    assert not {"buildings", "events", "tracks"} & set(drawn(desk)), "nothing lies on the colours"
    desk.get_by_role("button", name="专题", exact=True).click()
    expect(desk.get_by_label("哪一级").first).to_be_visible()
    first = desk.get_by_role("listitem").filter(has=desk.locator("strong")).first
    expect(first).to_contain_text("网格")
    keep(desk, "level")
    first.get_by_role("button").click()
    expect(desk).to_have_url(re.compile(r"area=\d{15}"))


def test_what_is_seen_becomes_a_sheet_with_its_colours_and_legend(desk: Page, town: Town) -> None:
    sign_in(desk, town, "demo_community")
    desk.goto("/?theme=households~~count~choropleth~quantile~4&area=990101010004")
    wait_idle(desk)
    desk.wait_for_function(COLOURED)
    desk.get_by_role("button", name="图纸").click()
    picture = desk.get_by_role("img", name="预览")
    picture.wait_for(timeout=60_000)
    with desk.expect_response(lambda answer: "/api/boards/sheet" in answer.url and "bbox=" in answer.url, timeout=60_000):
        desk.get_by_text("屏幕所见").click()
    expect(desk.locator(".preview[aria-busy=false]")).to_have_count(1, timeout=60_000)
    keep(desk, "sheet")
    with desk.expect_download() as saving:
        desk.get_by_role("button", name="下载 PDF").click()
    text = pypdfium2.PdfDocument(saving.value.path())[0].get_textpage().get_text_range()
    assert "个区域" in text
    assert "示意图" in text
    desk.get_by_role("button", name="关闭", exact=True).last.click()
    wait_idle(desk)
    (ARTEFACTS / "map-printed.pdf").write_bytes(desk.pdf(format="A4", landscape=True, print_background=True))
    printed = pypdfium2.PdfDocument(ARTEFACTS / "map-printed.pdf")
    assert "个区域" in printed[0].get_textpage().get_text_range()
    picture = printed[0].render(scale=1).to_pil().convert("RGB")
    colours = {colour for number, colour in picture.getcolors(1 << 20) if number > 200}
    assert len(colours) > 6, "the map itself is on the page"


def test_buildings_stand_up_and_show_their_storeys(desk: Page, town: Town) -> None:
    sign_in(desk, town, "demo_community")
    desk.get_by_role("button", name="三维").click()
    desk.wait_for_timeout(1200)
    wait_idle(desk)
    assert desk.evaluate("document.querySelector('[data-state]').map.getPitch()") >= 50
    counts = desk.evaluate(
        """() => document.querySelector('[data-state]').map.queryRenderedFeatures()
        .filter(f => f.layer.type === 'fill-extrusion').length"""
    )
    assert counts > 10
    keep(desk, "three")


def test_the_bar_of_days_leaves_the_buttons_free_and_no_name_lies_on_a_clusters_number(phone: Page, town: Town) -> None:
    sign_in(phone, town, "demo_community", to="/?layers=event_clusters")
    order = phone.evaluate("document.querySelector('[data-state]').map.getStyle().layers.map(({ id }) => id)")
    assert order.index("event_clusters/event_clusters-number") > order.index("own-part-names-0") > order.index("grids/grids-name")
    phone.get_by_role("button", name="更多").first.click()
    phone.get_by_role("button", name="日期").click()
    expect(phone.get_by_role("button", name="测量")).to_have_count(0)  # folded: what was chosen is seen
    bar = phone.get_by_role("region", name="查看哪一天").bounding_box()
    lowest = (
        phone.get_by_role("button", name="缩小").bounding_box(),
        phone.get_by_role("button", name="回到我的区域").bounding_box(),
    )
    assert bar and all(one and one["y"] + one["height"] <= bar["y"] for one in lowest)
