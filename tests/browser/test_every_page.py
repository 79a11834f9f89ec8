"""Every page of every feature, found at run time: nothing serious for axe in light and dark, and a picture of each."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import ARTEFACTS, Town, sign_in
from tests.browser.test_house_status import find_building
from tests.live import ROOT

AXE = (ROOT / "web/node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")
ROUTES = "() => document.querySelector('#app').__vue_app__.config.globalProperties.$router.getRoutes().map(r => r.path)"
QUIET_MS = 350
RUN = """async () => {
  const runOnly = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']
  const found = await axe.run(document, { resultTypes: ['violations'], runOnly })
  return found.violations
    .filter(v => v.impact === 'serious' || v.impact === 'critical')
    .flatMap(v => v.nodes.slice(0, 3).map(n => `${v.id}: ${n.target.join(' ')}: ${n.failureSummary.split('\\n')[1]}`))
}"""


def addresses(page: Page) -> list[str]:
    """The address of every page, with real things where a path names one; open ends (not found) excluded."""
    may = page.evaluate("fetch('/api/rooms/?limit=1').then(answer => answer.ok)")
    fill = {"building": str(find_building(page))} if may else {}
    found = []
    for path in sorted({re.sub(r"/:\w+(\([^)]*\))?\?", "", path) for path in page.evaluate(ROUTES)}):  # what may be left out is
        names = re.findall(r":(\w+)", path)
        if "*" in path or path == "/login" or any(name not in fill for name in names):
            continue
        found.append(re.sub(r":(\w+)(\([^)]*\))?\??", lambda at: fill[at[1]], path))
    return found


def go(page: Page, address: str) -> None:
    """By the console's own router, as a click would; until the page has what it asked for."""
    page.evaluate("path => document.querySelector('#app').__vue_app__.config.globalProperties.$router.push(path)", address)
    page.wait_for_timeout(QUIET_MS)
    expect(page.locator(".wheel")).to_have_count(0)
    page.wait_for_timeout(QUIET_MS)


def set_theme(page: Page, theme: str) -> None:
    page.evaluate("theme => localStorage.setItem('theme', theme)", theme)
    page.reload()
    page.wait_for_selector("main")


def inject(page: Page) -> None:
    """axe by the test's own hand: the page's CSP allows no other scripts, and that stays so."""
    session = page.context.new_cdp_session(page)
    session.send("Runtime.evaluate", {"expression": AXE})


@pytest.fixture(params=["demo_admin", "demo_community"])
def somebody(request, desk: Page, town: Town) -> Iterator[Page]:
    """The administrator, who sees no people, and a community worker, who does."""
    sign_in_anywhere(desk, town, request.param)
    yield desk


def sign_in_anywhere(page: Page, town: Town, username: str) -> None:
    try:
        sign_in(page, town, username)
    except Exception:  # who may not see the map has none to wait for
        page.wait_for_selector("header nav", state="attached")


def test_axe_finds_nothing_serious_on_any_page_in_light_and_dark(somebody: Page, town: Town, request) -> None:
    who = request.node.callspec.params["somebody"].removeprefix("demo_")
    wrong: dict[str, list[str]] = {}
    for theme in ("light", "dark") if who == "community" else ("light",):
        set_theme(somebody, theme)
        for address in addresses(somebody):
            go(somebody, address)
            inject(somebody)
            name = re.sub(r"\W+", "-", address).strip("-") or "map"
            somebody.screenshot(path=ARTEFACTS / f"page-{who}-{name}-{theme}.png")
            if found := somebody.evaluate(RUN):
                wrong[f"{theme} {address}"] = found
    assert wrong == {}, json.dumps(wrong, ensure_ascii=False, indent=1)
