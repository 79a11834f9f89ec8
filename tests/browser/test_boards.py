"""Boards in the console: choose, see, make; correct a text and see it at once; what is untrue is listed and reprinted."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.conftest import ARTEFACTS, sign_in

GRID = "第3网格"


def _open(page: Page, town, path: str) -> None:
    sign_in(page, town, "demo_district", path)


def _choose(page: Page, name: str) -> None:
    page.get_by_role("treeitem", name=re.compile(rf"^{name}")).first.click()
    expect(page.get_by_role("img", name=f"{name}公示牌预览")).to_be_visible(timeout=60_000)


def test_a_board_is_chosen_seen_made_and_listed_for_reprint(desk: Page, town, tmp_path: Path) -> None:
    _open(desk, town, "/boards")
    _choose(desk, GRID)
    desk.get_by_text("横版").click()
    expect(desk.get_by_text("297×210 毫米")).to_be_visible(timeout=60_000)
    with desk.expect_download(timeout=90_000) as waited:
        desk.get_by_role("button", name="制作 PDF").click()
    assert waited.value.path().read_bytes().startswith(b"%PDF")
    desk.screenshot(path=ARTEFACTS / "boards-made.png")

    desk.goto("/boards/texts")
    _choose(desk, GRID)
    phone = desk.get_by_label("监督电话")
    phone.fill("023-60001234")
    expect(desk.get_by_text("没有监督电话")).to_have_count(0, timeout=60_000)  # seen before it is kept
    desk.get_by_role("button", name="保存").click()
    expect(desk.get_by_text("已保存").first).to_be_visible()
    desk.screenshot(path=ARTEFACTS / "boards-texts.png")

    desk.goto("/boards/prints")
    row = desk.get_by_role("listitem").filter(has_text=GRID).filter(has_text="监督电话").first
    expect(row).to_be_visible(timeout=60_000)
    desk.screenshot(path=ARTEFACTS / "boards-stale.png")
    with desk.expect_download(timeout=90_000):
        row.get_by_role("button", name="重印").click()
    expect(desk.get_by_role("listitem").filter(has_text="监督电话")).to_have_count(0, timeout=60_000)


def test_leaving_unsaved_texts_asks_first(desk: Page, town) -> None:
    _open(desk, town, "/boards/texts")
    rows = desk.get_by_role("treeitem")
    expect(rows.filter(has_text=GRID)).to_be_visible()
    assert rows.and_(desk.locator("[tabindex='0']")).count() == 1  # one stop of Tab, arrows inside
    rows.filter(has_text=GRID).focus()
    desk.keyboard.press("End")  # made only when scrolled to
    expect(desk.locator("[role=treeitem]:focus")).to_contain_text("第18网格")
    desk.keyboard.press("Home")
    expect(desk.locator("[role=treeitem]:focus")).to_contain_text("云江区")
    rows.filter(has_text=GRID).focus()
    desk.keyboard.press("ArrowDown")
    desk.keyboard.press("Enter")
    expect(desk.get_by_role("img", name="第4网格公示牌预览")).to_be_visible(timeout=60_000)
    desk.get_by_label("监督电话").fill("12345")
    desk.get_by_role("link", name="制作").click()
    expect(desk.get_by_text("有修改还没有保存")).to_be_visible()
    desk.get_by_role("button", name="留下").click()
    expect(desk.get_by_label("监督电话")).to_have_value("12345")


def test_an_office_changes_a_template_without_code(desk: Page, town) -> None:
    _open(desk, town, "/boards/templates")
    plan = desk.get_by_role("button", name="平面图", exact=True).last  # on the paper; the first stands in the list
    plan.focus()
    desk.keyboard.press("ArrowDown")
    expect(desk.get_by_label("平面图 上")).to_have_value("38")
    expect(desk.get_by_label("平面图 左")).to_have_value("10")
    desk.get_by_label("模板名称").fill("本区样式")
    expect(desk.get_by_role("button", name="保存模板")).to_be_enabled()
    desk.get_by_role("button", name="保存模板").click()
    expect(desk.get_by_text("模板已保存").first).to_be_visible(timeout=60_000)
    desk.screenshot(path=ARTEFACTS / "boards-template.png")
    desk.get_by_role("button", name="停用这个模板").click()
    expect(desk.get_by_text("已停用").first).to_be_visible(timeout=60_000)


def test_a_map_page_opens_without_internet(desk: Page, town, browser, tmp_path: Path) -> None:
    _open(desk, town, "/boards/papers")
    expect(desk.get_by_role("img", name=re.compile("地图预览"))).to_be_visible(timeout=60_000)
    with desk.expect_download(timeout=60_000) as waited:
        desk.get_by_role("button", name="下载网页").click()
    kept = tmp_path / "page.html"
    waited.value.save_as(kept)
    context = browser.new_context(viewport={"width": 1366, "height": 768}, offline=True)
    asked: list[str] = []
    alone = context.new_page()
    alone.on("request", lambda request: asked.append(request.url))
    alone.goto(kept.as_uri())
    expect(alone.locator(".leaflet-container canvas").first).to_be_visible()
    expect(alone.locator(".page-title")).to_contain_text("第1网格")
    alone.screenshot(path=ARTEFACTS / "map-page.png")
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    context.close()


def test_all_is_there_on_a_phone(phone: Page, town) -> None:
    _open(phone, town, "/boards")
    _choose(phone, GRID)
    expect(phone.get_by_role("button", name="制作 PDF")).to_be_visible()
    wide = phone.evaluate("document.documentElement.scrollWidth")
    assert wide <= 390
