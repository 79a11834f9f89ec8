"""Every page of every feature, opened once: nothing serious for axe, Tab comes to everything, nothing is cut; pictures of all.

Each page is opened by the first account that may, and looked at by day and night, at a desk, on a phone and at 200 % zoom
without loading it again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import ARTEFACTS, SIZES, Town, sign_in
from tests.live import ROOT

AXE = (ROOT / "web/node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")
WALK = (ROOT / "tests/browser/walk.js").read_text(encoding="utf-8")
ROUTER = "document.querySelector('#app').__vue_app__.config.globalProperties.$router"
ROUTES = f"() => {ROUTER}.getRoutes().filter(one => one.components).map(one => [one.path, one.meta.rights ?? []])"
PARTS = 3  # of the worker's pages, so that no test takes long
ZOOMED = (683, 384)  # a desk's 1366 x 768 at 200 %
EVERYTHING = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
PATROL = ("live", "playback", "coverage", "tracks", "heat", "duty", "roster", "routes", "orders", "devices", "passed", "mine")
RUN = """async (values) => {
  const runOnly = { type: values.length > 1 ? 'tag' : 'rule', values }
  const found = await axe.run(document, { resultTypes: ['violations'], runOnly })
  return found.violations
    .filter(v => v.impact === 'serious' || v.impact === 'critical')
    .flatMap(v => v.nodes.slice(0, 3).map(n => `${v.id}: ${n.target.join(' ')}: ${n.failureSummary.split('\\n')[1]}`))
}"""
RIGHTS = "async () => (await (await fetch('/api/session')).json()).user.rights"
# One real thing of each kind; a plan is made, for the demo town has none.
THINGS = """async () => {
  const {csrf, user} = await (await fetch('/api/session')).json()
  const send = async (path, body) => {
    const headers = {'Content-Type': 'application/json', 'X-CSRF-Token': csrf}
    return await (await fetch(path, {method: 'POST', headers, body: JSON.stringify(body)})).json()
  }
  const things = {rights: user.rights}
  for (const name of ['estates', 'households', 'residents', 'premises', 'events'])
    things[name] = (await send(`/api/queries/ask/${name}`, {limit: 1})).items[0].id
  const [room] = (await send('/api/queries/ask/rooms', {where: {field: 'use', op: 'eq', value: '03'}, limit: 1})).items
  const [kept] = (await (await fetch('/api/plans/?q=走查&limit=1')).json()).items
  const plan = kept ?? (await send('/api/plans/', {name: '走查', area_code: user.scopes[0]}))
  return {...things, room: room.id, building: room.building_id, plan: plan.id} }"""


def addresses(path: str, things: dict) -> list[str]:
    """The addresses at which a page shows what it can show; a new page with parameters must be told here."""
    known = {
        "/buildings/:building(\\d+)": ["/buildings/{building}", "/buildings/{building}?room={room}"],
        "/buildings/:id(\\d+|new)/drawing": ["/buildings/{building}/drawing"],
        "/estates/:estate(\\d+)": ["/estates/{estates}"],
        "/households/:household(\\d+)": ["/households/{households}"],
        "/premises/:premises(\\d+)": ["/premises/{premises}"],
        "/pins/:register(households|premises|buildings)/:id(\\d+)": ["/pins/premises/{premises}"],
        "/plans/:plan(\\d+)": ["/plans/{plan}"],
        "/registers/import/:kind?": ["/registers/import/residents"],
        "/registers/:name?": ["/registers/residents?row={residents}", "/registers/events?row={events}", "/registers/rooms"],
        "/patrol/:part?": [f"/patrol/{part}" for part in PATROL],
        "/:rest(.*)*": ["/no-such-page"],
        "/login": [],  # nobody is signed in there
    }
    return [one.format(**things) for one in known.get(path, [path])]


def the_map_panels(page: Page) -> Iterator[str]:
    for name in ("图层", "专题"):
        page.get_by_role("button", name=name, exact=True).click()
        yield name


def the_preview(page: Page) -> Iterator[str]:
    rows = "姓名,身份证号,住址\n测试乙,,梧桐里8幢1单元102\n,1,没有小区99幢1单元101\n"
    page.locator(".drop input").set_input_files(
        [{"name": "人口.csv", "mimeType": "text/csv", "buffer": rows.encode("utf-8-sig")}]
    )
    expect(page.locator(".counts")).to_contain_text("拒绝")
    yield "preview"


def the_question(page: Page) -> Iterator[str]:
    page.get_by_role("button", name="筛选").click()
    page.get_by_role("button", name="加条件").click()
    yield "question"


def the_new_user(page: Page) -> Iterator[str]:
    page.get_by_role("button", name="新建用户").click()
    yield "new"


# What opens on a page without another address; all by clicks.
OPENED: dict[str, Callable[[Page], Iterator[str]]] = {
    "/": the_map_panels,
    "/registers/import/residents": the_preview,
    "/registers/rooms": the_question,
    "/admin/users": the_new_user,
}


def go(page: Page, address: str) -> None:
    """By the console's own router, as a click would; until the page has what it asked for."""
    page.evaluate(f"path => {ROUTER}.push(path)", address)
    page.wait_for_timeout(300)
    expect(page.locator(".wheel")).to_have_count(0, timeout=60_000)  # a board is drawn by the service
    expect(page.locator("[data-state=busy]")).to_have_count(0, timeout=60_000)


def inject(page: Page, script: str) -> None:
    """By the test's own hand: the page's CSP allows no other scripts, and that stays so."""
    page.context.new_cdp_session(page).send("Runtime.evaluate", {"expression": script})


class Walker:
    """Goes from page to page in one document and keeps what is wrong with each."""

    def __init__(self, page: Page, who: str) -> None:
        self.page, self.who = page, who
        self.wrong: dict[str, list[str]] = {}
        page.emulate_media(reduced_motion="reduce")  # colours on their way are no colours
        for script in (AXE, WALK):
            inject(page, script)

    def note(self, where: str, found: list[str]) -> None:
        if found:
            self.wrong[where] = found

    def picture(self, name: str) -> None:
        self.page.screenshot(path=ARTEFACTS / f"page-{self.who}-{name}.png")

    def visit(self, address: str) -> None:
        """One load: at the desk by mouse, by keyboard and at night, on a phone, at 200 % zoom; then what opens there."""
        self._resize(SIZES["desk"])
        go(self.page, address)
        name = re.sub(r"\W+", "-", address).strip("-") or "map"
        self._look(address, name)
        self._tab(address)
        for opened in OPENED.get(address, lambda _: iter(()))(self.page):
            self._look(f"{address} {opened}", f"{name}-{opened}")
        self._narrow(address, name)

    def _look(self, where: str, name: str) -> None:
        page = self.page
        page.evaluate("walk.top()")
        self.note(f"{where}: axe", page.evaluate(RUN, EVERYTHING))
        self.note(f"{where}: answers no key", page.evaluate("walk.mouseOnly()"))
        self.note(f"{where}: cut", self._cut())
        self.picture(f"{name}-light")
        page.emulate_media(color_scheme="dark")
        self.note(f"{where}: axe at night", page.evaluate(RUN, ["color-contrast"]))
        self.picture(f"{name}-dark")
        page.emulate_media(color_scheme="light")

    def _tab(self, where: str) -> None:
        self.page.evaluate("walk.listen()")
        for _ in range(3):  # long lists grow while one walks through them
            for _ in range(self.page.evaluate("walk.steps()")):
                self.page.keyboard.press("Tab")
            if not self.page.evaluate("walk.unreached()"):
                break
        self.note(f"{where}: Tab never comes to", self.page.evaluate("walk.unreached()"))
        self.note(f"{where}: no ring around", self.page.evaluate("walk.unmarked()"))

    def _narrow(self, where: str, name: str) -> None:
        page = self.page
        self._resize(ZOOMED)
        self.note(f"{where}: cut at 200 %", self._cut())
        self.picture(f"{name}-zoom")
        self._resize(SIZES["phone"])
        page.evaluate("walk.top()")
        self.note(f"{where}: axe on a phone", page.evaluate(RUN, EVERYTHING))
        self.note(f"{where}: cut on a phone", self._cut())
        self.picture(f"{name}-phone")
        page.emulate_media(color_scheme="dark")
        self.picture(f"{name}-phone-dark")
        page.emulate_media(color_scheme="light")

    def _cut(self) -> list[str]:
        """What stays cut: a chart follows its page's new width a moment later."""
        for _ in range(20):
            found = self.page.evaluate("walk.cut()")
            if not found:
                break
            self.page.wait_for_timeout(100)
        return found

    def _resize(self, size: tuple[int, int]) -> None:
        if self.page.viewport_size != {"width": size[0], "height": size[1]}:
            self.page.set_viewport_size({"width": size[0], "height": size[1]})
            self.page.wait_for_timeout(100)


@pytest.mark.timeout(900)  # a dozen pages, each looked at eight times: four minutes on a machine with many others at work
@pytest.mark.parametrize(("who", "part"), [*(("community", part) for part in range(PARTS)), ("admin", 0)])
def test_every_page_is_sound_by_keyboard_at_night_on_a_phone_and_enlarged(who: str, part: int, desk: Page, town: Town) -> None:
    """The community worker goes wherever he may, the administrator where only he may."""
    sign_in(desk, town, "demo_community", "/account")
    things = desk.evaluate(THINGS)
    if who == "admin":
        desk.context.clear_cookies()
        sign_in(desk, town, "demo_admin", "/account")
    mine = desk.evaluate(RIGHTS)
    found: list[str] = []
    for path, rights in sorted({path: rights for path, rights in desk.evaluate(ROUTES)}.items()):
        both = not rights or set(rights) & set(things["rights"])
        if bool(both) == (who == "community") and (both or set(rights) & set(mine)):
            found += addresses(path, things)
    assert len(found) > 5
    walker = Walker(desk, who)
    for address in found[part::PARTS] if who == "community" else found:
        walker.visit(address)
    assert walker.wrong == {}, json.dumps(walker.wrong, ensure_ascii=False, indent=1)
