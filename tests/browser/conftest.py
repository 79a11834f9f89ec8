"""A real browser on the really running service with the demo community; every request that leaves the service is recorded."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.conftest import HOME
from tests.live import ROOT, Live, running

expect.set_options(timeout=20_000)
ARTEFACTS = Path(os.environ.get("TEST_ARTEFACTS", ROOT / "test-artefacts"))
PASSWORD = "Demo-Page-2026"
SIZES = {"desk": (1366, 768), "phone": (390, 844)}
# WebGL in software; no background requests of the browser's own
FLAGS = (
    "--no-sandbox --use-gl=angle --use-angle=swiftshader --enable-unsafe-swiftshader --disable-background-networking "
    "--disable-component-update --disable-sync --no-first-run --disable-quic"
).split()
NOWHERE = "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"  # routing would cost the cache and a round trip per request


@dataclass
class Town:
    """The running service, its demo accounts with their current passwords, and a building to look for."""

    live: Live
    accounts: dict[str, str]
    cookies: dict[str, list] = field(default_factory=dict)  # of who has signed in, by user name
    left: list[str] = field(default_factory=list)  # requests that would have left the machine


@pytest.fixture(scope="session")
def town(database) -> Iterator[Town]:
    if not (ROOT / "gis_grid" / "console" / "index.html").exists():
        pytest.fail("The console is not built: run scripts/test, or `npm run build` in web/.")
    with running(HOME, "live_browser", ("demo",)) as (live, printed):
        accounts = dict(re.findall(r"^\s+(demo_\w+)\s+(\S{12})\s", printed[-1], re.MULTILINE))
        assert len(accounts) == 6, printed[-1]
        yield Town(live, accounts)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium")
    if path is None:
        pytest.fail("chromium is missing: run scripts/test, which installs it.")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=[*FLAGS, NOWHERE])
        yield opened
        opened.close()


@pytest.fixture(params=list(SIZES))
def page(request, browser: Browser, town: Town) -> Iterator[Page]:
    """A page at desktop and at phone size; other hosts are not found and noted, script errors fail the test."""
    with _opened(request, browser, town, request.param) as opened:
        yield opened


@pytest.fixture
def desk(request, browser: Browser, town: Town) -> Iterator[Page]:
    """A page at desktop size only."""
    with _opened(request, browser, town, "desk") as opened:
        yield opened


@pytest.fixture
def phone(request, browser: Browser, town: Town) -> Iterator[Page]:
    """A page at phone size only."""
    with _opened(request, browser, town, "phone") as opened:
        yield opened


@contextmanager
def _opened(request, browser: Browser, town: Town, size: str) -> Iterator[Page]:
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height}, locale="zh-CN", has_touch=size == "phone", base_url=town.live.url
    )
    opened = context.new_page()
    opened.set_default_timeout(60_000)  # a busy machine draws maps slowly
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    here = (town.live.url, "data:", "blob:")
    context.on("request", lambda asked: None if asked.url.startswith(here) else town.left.append(asked.url))
    yield opened
    ARTEFACTS.mkdir(exist_ok=True)
    opened.screenshot(path=ARTEFACTS / f"{request.node.originalname}-{size}.png")
    context.close()
    assert errors == []
    assert town.left == []


def sign_in(page: Page, town: Town, username: str, to: str = "/") -> None:
    """Opens the page `to` as that user: with an earlier sign-in's cookie while it holds, else through the form, where the
    one-time password is changed in the dialog. Waits for the map when the page is the map."""
    page.context.add_cookies(town.cookies.get(username, []))
    known = page.request.get("/api/session").ok
    page.goto(to)
    if not known:
        _through_the_form(page, town, username)
    if to.partition("?")[0] == "/":
        wait_idle(page)
    town.cookies[username] = page.context.cookies()


def _through_the_form(page: Page, town: Town, username: str) -> None:
    page.get_by_label("账号").fill(username)
    page.get_by_label("密码", exact=True).first.fill(town.accounts[username])
    page.get_by_role("button", name="登录").click()
    if town.accounts[username] != PASSWORD:
        fields = page.get_by_role("dialog").locator("input[type=password]")
        fields.first.wait_for()
        for n in range(fields.count()):
            fields.nth(n).fill(PASSWORD)
        if fields.count() == 3:
            fields.nth(0).fill(town.accounts[username])
        page.get_by_role("dialog").get_by_role("button").last.click()
        town.accounts[username] = PASSWORD
    page.get_by_label("密码", exact=True).wait_for(state="detached")
    page.locator("header nav, [data-state]").first.wait_for(state="attached")


def wait_idle(page: Page) -> None:
    """Until the map has drawn all it has."""
    page.wait_for_selector("[data-state=idle]", timeout=40_000)
    page.wait_for_timeout(300)
    page.wait_for_selector("[data-state=idle]", timeout=40_000)


def slow_line(page: Page, part: str, ms: int = 700) -> None:
    """From the next address on, the console gets each answer whose address contains `part` so much later."""
    page.add_init_script(
        f"""(() => {{ const ask = window.fetch.bind(window)
        window.fetch = async (asked, init) => {{
          const got = await ask(asked, init)
          if (String(asked.url ?? asked).includes({part!r})) await new Promise((done) => setTimeout(done, {ms}))
          return got }} }})()"""
    )


def drawn(page: Page) -> dict[str, int]:
    """How many features of each layer are on the screen."""
    return page.evaluate(
        """() => { const counts = {};
        for (const f of document.querySelector('[data-state]').map.queryRenderedFeatures())
          counts[f.sourceLayer] = (counts[f.sourceLayer] || 0) + 1;
        return counts }"""
    )
