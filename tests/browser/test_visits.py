"""Today's visits: twenty doors in walking order, ticked off where one stands."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.conftest import ARTEFACTS, Town, sign_in


def test_a_grid_worker_ticks_off_a_visit(page: Page, town: Town) -> None:
    sign_in(page, town, "demo_worker")
    page.get_by_role("link", name="走访").click()
    rows = page.locator("ol > li")
    expect(rows).to_have_count(20)
    page.screenshot(path=ARTEFACTS / f"visits-{page.viewport_size['width']}.png")
    first = rows.first.locator(".what").inner_text().splitlines()[0]
    rows.first.get_by_role("button", name="属实").click()
    expect(rows.first.get_by_role("status")).to_have_text("属实")
    page.get_by_role("button", name="重新排").click()
    expect(page.locator("ol > li", has_text=first)).to_have_count(0)
