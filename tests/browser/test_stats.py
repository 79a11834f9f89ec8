"""Statistics in the browser: down from the district to the grids, every chart with its table, reports kept, people protected."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import ARTEFACTS, Town, sign_in

COUNTED = """() => document.querySelector('.map [data-state]')?.map?.queryRenderedFeatures()
  .some(({ source }) => source === 'own-counts')"""


def numbers(page: Page, row: str) -> list[int]:
    return [int(text.replace(",", "")) for text in page.locator(f".tables table >> nth=-1 >> {row} td").all_inner_texts()]


def test_one_goes_down_from_the_district_to_the_grids_and_the_sums_hold(page: Page, town: Town) -> None:
    sign_in(page, town, "demo_district", "/stats?register=residents&by=sex&chart=bar")
    total = None
    for _ in range(3):
        expect(page.locator(".card[aria-busy=false] tfoot")).to_be_visible()
        total = total or numbers(page, "tfoot")[-1]
        assert numbers(page, "tfoot")[-1] == total  # nobody is lost on the way down
        before = page.url
        page.locator("tbody th button").first.click()
        page.wait_for_url(lambda url, before=before: url != before)
    expect(page.locator(".tables tbody tr").nth(3)).to_be_visible()
    assert sum(numbers(page, "tbody")[2::3]) == total
    assert numbers(page, "tfoot") == [sum(numbers(page, "tbody")[n::3]) for n in range(3)]
    expect(page.get_by_role("navigation", name="区域")).to_contain_text("社区")
    expect(page.locator(".chart svg")).to_be_visible()
    page.screenshot(path=ARTEFACTS / f"stats-grids-{page.viewport_size['width']}.png")


def test_every_usual_figure_is_drawn_and_taken_along(desk: Page, town: Town) -> None:
    sign_in(desk, town, "demo_community", "/stats")
    for name in ("人口金字塔", "场所行业", "事件趋势"):
        desk.get_by_role("link", name=name).click()
        expect(desk.locator(".chart svg")).to_be_visible()
        expect(desk.locator(".tables tbody tr").first).to_be_visible()
        desk.screenshot(path=ARTEFACTS / f"stats-{name}.png")
    for form, head in (("图片 PNG", b"\x89PNG"), ("矢量图 SVG", b"<svg"), ("表格 Excel", b"PK"), ("打印稿 PDF", b"%PDF")):
        desk.get_by_role("button", name=re.compile("导出")).click()
        with desk.expect_download() as taken:
            desk.get_by_role("menuitem", name=form).click()
        with open(taken.value.path(), "rb") as file:
            assert file.read(4).startswith(head), form


def test_areas_are_coloured_on_the_map_and_a_click_goes_down(desk: Page, town: Town) -> None:
    sign_in(desk, town, "demo_district", "/stats?register=events&by=status&chart=map")
    desk.wait_for_function(COUNTED)
    canvas = desk.locator(".map [data-state=idle]")
    canvas.wait_for()
    box = canvas.bounding_box()
    assert box
    before = desk.url
    desk.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    desk.wait_for_url(lambda url: url != before)
    expect(desk.get_by_role("list", name="分级").get_by_role("listitem").first).to_be_visible()
    desk.screenshot(path=ARTEFACTS / "stats-map.png")


def test_a_value_narrows_and_the_figure_is_kept_as_a_report(desk: Page, town: Town) -> None:
    sign_in(desk, town, "demo_community", "/stats?register=residents&by=sex&chart=table")
    desk.locator("thead").last.get_by_role("button", name="女").click()
    expect(desk.get_by_text("性别 是 女")).to_be_visible()
    expect(desk.locator(".card[aria-busy=false] thead").last).not_to_contain_text("男")
    desk.get_by_role("button", name="保存为报表").click()
    desk.get_by_label("报表名称").fill("女居民试验")
    desk.get_by_role("button", name="保存", exact=True).click()
    kept = desk.get_by_role("link", name="女居民试验")
    expect(kept).to_be_visible()
    desk.get_by_role("link", name="房屋用途").click()
    expect(desk.get_by_text("性别 是 女")).to_have_count(0)
    kept.click()
    expect(desk.get_by_text("性别 是 女")).to_be_visible()
    desk.get_by_role("button", name="修改报表“女居民试验”").click()
    desk.get_by_label("报表名称").fill("女居民改名")
    desk.get_by_role("button", name="保存", exact=True).click()
    expect(kept).to_have_count(0)
    kept = desk.get_by_role("link", name="女居民改名")
    desk.get_by_role("button", name="删除报表“女居民改名”").click()
    desk.get_by_role("dialog").get_by_role("button", name="删除").click()
    expect(kept).to_have_count(0)


def test_who_may_not_see_people_gets_rounded_figures_and_is_told_why(desk: Page, town: Town) -> None:
    sign_in(desk, town, "demo_admin", "/stats?register=residents&by=age,sex&chart=pyramid")
    expect(desk.get_by_text("为保护个人")).to_be_visible()
    texts = desk.locator(".tables td.number").all_inner_texts()
    shown = [int(text.replace(",", "")) for text in texts if not text.startswith("少于")]
    assert shown
    assert all(number % 5 == 0 for number in shown)
