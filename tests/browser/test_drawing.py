"""Drawing: a grid is split, a gap made and mended, tried, approved and undone; a shop's pin crosses an edge and returns."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Page, expect
from shapely.geometry import shape

from tests.browser.conftest import ARTEFACTS, Town, sign_in, slow_line, wait_idle

COMMUNITY = "990101010004"
_PROJECT = """([lon, lat]) => { const at = document.querySelector('[data-state]'), box = at.getBoundingClientRect(),
p = at.map.project([lon, lat]); return [box.left + p.x, box.top + p.y] }"""


def on_screen(page: Page, place: Any) -> tuple[float, float]:
    """Where a place (lon, lat) is drawn."""
    x, y = page.evaluate(_PROJECT, list(place))
    return x, y


def asked(page: Page, path: str) -> Any:
    answer = page.request.get(path)
    assert answer.ok, answer.text()
    return answer.json()


def sent(page: Page, method: str, path: str, body: Any = None, version: int | None = None) -> Any:
    """A change in the session of the page."""
    headers = {"X-CSRF-Token": asked(page, "/api/session")["csrf"], **({"If-Match": f'"{version}"'} if version else {})}
    answer = page.request.fetch(path, method=method, data=body, headers=headers)
    assert answer.ok, answer.text()
    return answer.json() if answer.status != 204 else None


def ring(page: Page, plan: str, name: str) -> list[list[float]]:
    """The outline of a grid as the draft leaves it."""
    features = asked(page, f"/api/plans/{plan}/division")["features"]
    return next(one["geometry"]["coordinates"][0][0] for one in features if one["properties"]["name"] == name)


def new_plan(page: Page, name: str) -> str:
    page.goto("/plans")
    page.get_by_role("button", name="新建方案").click()
    page.get_by_label("方案名称").fill(name)
    page.get_by_role("button", name="开始绘制").click()
    page.wait_for_url(re.compile(r"/plans/\d+$"))
    wait_idle(page)
    return page.url.rsplit("/", 1)[1]


def draw(page: Page, places: list[tuple[float, float]]) -> None:
    """Clicks along the places; Enter ends."""
    for place in places:
        x, y = on_screen(page, place)
        page.mouse.move(x - 3, y, steps=2)
        page.mouse.move(x, y)
        page.mouse.click(x, y)
        page.wait_for_timeout(120)
    page.keyboard.press("Enter")


def box_of(outline: list[list[float]]) -> tuple[float, float, float, float]:
    xs, ys = zip(*outline, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def households(page: Page, code: str) -> int:
    sizes = asked(page, f"/api/areas/sizes?area_code={COMMUNITY}")["items"]
    return next((one["households"] for one in sizes if one["code"] == code), 0)


def approve(page: Page) -> None:
    page.get_by_role("button", name="试算 · 批准").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("谁从哪里到哪里")).to_be_visible()
    dialog.get_by_role("button", name="批准").click()
    expect(page.locator(".state", has_text="已生效")).to_be_visible()


def test_a_grid_is_split_mended_tried_approved_and_undone(desk: Page, town: Town) -> None:
    sign_in(desk, town, "demo_community")
    before = households(desk, f"{COMMUNITY}012")
    plan = new_plan(desk, "拆分第12网格")
    desk.get_by_role("button", name="拆分").click()
    west, south, east, north = box_of(ring(desk, plan, "第12网格"))
    middle = (west + east) / 2
    draw(desk, [(middle + 2e-4, north + 2e-4), (middle - 2e-4, south - 2e-4)])
    parts = desk.locator(".pending li")
    expect(parts).to_have_count(2)
    counted = [int(re.search(r"(\d+) 户", text)[1]) for text in parts.all_inner_texts()]
    assert sum(counted) == before
    desk.screenshot(path=ARTEFACTS / "drawing-split.png")
    desk.get_by_role("button", name="确定").click()
    expect(desk.get_by_text("已保存 1 步")).to_be_visible()
    _make_a_gap_and_mend_it(desk, plan)
    new = next(one["code"] for one in _changes(desk, plan) if one["action"] == "create")
    approve(desk)
    desk.screenshot(path=ARTEFACTS / "drawing-report.png")
    assert (households(desk, f"{COMMUNITY}012"), households(desk, new)) == tuple(counted), "as it was counted while drawing"
    moved = asked(desk, f"/api/households/?area_code={new}&limit=500")["items"]
    assert len(moved) == counted[1], "the people are found in the new grid"
    desk.get_by_role("dialog").get_by_label("关闭").or_(desk.locator(".el-dialog__headerbtn")).first.click()
    desk.get_by_role("button", name="撤销（恢复原边界）").click()
    desk.wait_for_url(lambda url: not url.endswith(f"/{plan}"))
    wait_idle(desk)
    approve(desk)
    assert households(desk, f"{COMMUNITY}012") == before


def test_a_new_common_edge_tells_both_sizes_before_it_is_kept(desk: Page, town: Town) -> None:
    sign_in(desk, town, "demo_community")
    plan = new_plan(desk, "第12网格与邻格的公共边")
    grids = {
        one["properties"]["name"]: shape(one["geometry"])
        for one in asked(desk, f"/api/plans/{plan}/division")["features"]
        if one["properties"]["level"] == "grid"
    }
    mine = grids["第12网格"]
    other = max(grids.keys() - {"第12网格"}, key=lambda name: mine.intersection(grids[name]).length)
    (x1, y1, x2, y2) = mine.intersection(grids[other]).bounds
    for name in ("第12网格", other):
        desk.locator(".choose", has_text=re.compile(f"^{name}")).first.click()
        if name == "第12网格":
            desk.get_by_role("button", name="公共边").click()
    upright = y2 - y1 > x2 - x1
    toward = (
        2e-4 if (mine.centroid.x > grids[other].centroid.x if upright else mine.centroid.y > grids[other].centroid.y) else -2e-4
    )
    x, y, beyond = (x1 + x2) / 2 + toward, (y1 + y2) / 2 + toward, 4e-4
    draw(desk, [(x, y1 - beyond), (x, y2 + beyond)] if upright else [(x1 - beyond, y), (x2 + beyond, y)])
    parts = desk.locator(".pending li")
    expect(parts).to_have_count(2)
    counted = [int(re.search(r"(\d+) 户", text)[1]) for text in parts.all_inner_texts()]
    desk.screenshot(path=ARTEFACTS / "drawing-edge.png")
    desk.get_by_role("button", name="确定").click()
    expect(desk.get_by_text("已保存 1 步")).to_be_visible()
    rows = [
        desk.locator("tr", has=desk.locator(".choose", has_text=re.compile(f"^{name}"))).first for name in ("第12网格", other)
    ]
    for row, count in zip(rows, counted, strict=True):
        expect(row).to_contain_text(str(count))


def _changes(page: Page, plan: str) -> list[dict[str, Any]]:
    return [one["properties"] for one in asked(page, f"/api/plans/{plan}/changes")["features"]]


def _make_a_gap_and_mend_it(page: Page, plan: str) -> None:
    """A grid without homes is redrawn smaller, its neighbours left alone: the gap is told, hinders approval, is mended."""
    west, south, east, north = box_of(ring(page, plan, "第6网格（公园）"))
    page.get_by_role("button", name="重画").first.click()
    w, h = (east - west) / 4, (north - south) / 4
    draw(page, [(west + 1.4 * w, south + 1.4 * h), (east - 1.4 * w, south + 1.4 * h), (east - 1.4 * w, north - 1.4 * h)])
    expect(page.locator(".pending h2")).to_contain_text("第6网格")
    page.get_by_label("邻格跟着变").uncheck()
    page.get_by_role("button", name="确定").click()
    warning = page.get_by_role("button", name="处接缝问题")
    expect(warning).to_be_visible()
    page.screenshot(path=ARTEFACTS / "drawing-gap.png")
    warning.click()
    page.get_by_role("button", name="划给共边最长的一方").first.click()
    expect(page.get_by_text("无缝：没有空隙、重叠和狭缝")).to_be_visible()
    expect(warning).to_have_count(0)


def test_a_shared_vertex_moves_both_neighbours_and_undo_returns_it(desk: Page, town: Town) -> None:
    sign_in(desk, town, "demo_community")
    slow_line(desk, "/api/areas/")  # the plan cannot be begun before it is known where
    plan = new_plan(desk, "移动边界")
    five, ten = ring(desk, plan, "第5网格"), ring(desk, plan, "第10网格")
    shared = [at for at in five if at in ten]
    vertex = shared[len(shared) // 2]
    west, south, east, north = box_of(five)
    desk.mouse.click(*on_screen(desk, ((west + east) / 2, (south + north) / 2)))
    x, y = on_screen(desk, vertex)
    desk.mouse.move(x, y)
    desk.mouse.down()
    desk.mouse.move(x - 12, y + 4, steps=4)
    desk.mouse.move(x - 30, y + 9, steps=4)
    expect(desk.locator(".live", has_text="第5网格")).to_be_visible()
    desk.mouse.up()
    expect(desk.get_by_text("已保存 1 步")).to_be_visible()
    now_five, now_ten = ring(desk, plan, "第5网格"), ring(desk, plan, "第10网格")
    assert vertex not in now_five
    assert [at for at in now_five if at in now_ten] != shared
    assert len([at for at in now_five if at in now_ten]) == len(shared)
    desk.keyboard.press("Control+z")
    expect(desk.get_by_text("已保存 0 步")).to_be_visible()
    assert ring(desk, plan, "第5网格") == five
    sent(desk, "POST", f"/api/plans/{plan}/withdraw")


def test_without_a_mouse_a_grid_is_split_and_a_vertex_moved(desk: Page, town: Town) -> None:
    """Keys alone: the row chooses the grid, the cross in the middle of the map sets corners, arrows move a vertex."""
    sign_in(desk, town, "demo_community")
    plan = new_plan(desk, "键盘绘制")
    west, south, east, north = box_of(ring(desk, plan, "第12网格"))
    desk.keyboard.press("s")
    desk.locator("canvas.maplibregl-canvas").focus()
    middle = (west + east) / 2
    for place in ((middle, north + 2e-4), (middle, south - 2e-4)):
        # where the arrow keys would take the map in some thirty presses
        desk.evaluate("at => document.querySelector('[data-state]').map.jumpTo({ center: at })", list(place))
        desk.keyboard.press("Enter")
    expect(desk.get_by_text("2 个点")).to_be_visible()
    finish = desk.get_by_role("button", name="画完")
    finish.focus()
    desk.keyboard.press("Enter")
    expect(desk.locator(".pending li")).to_have_count(2)
    desk.locator(".pending").get_by_role("button", name="确定").press("Enter")
    expect(desk.get_by_text("已保存 1 步")).to_be_visible()
    desk.keyboard.press("Control+z")
    expect(desk.get_by_text("已保存 0 步")).to_be_visible()
    _nudge(desk, plan)
    sent(desk, "POST", f"/api/plans/{plan}/withdraw")


def _nudge(page: Page, plan: str) -> None:
    """A vertex that two grids share goes ten metres west; the counts follow; what is given up stands as before."""
    page.keyboard.press("v")
    five, ten = ring(page, plan, "第5网格"), ring(page, plan, "第10网格")
    page.get_by_role("button", name=re.compile("第5网格")).first.press("Enter")
    chooser = page.get_by_role("combobox", name="逐点移动")
    shared = chooser.locator("option", has_text="第10网格").filter(has_not_text="外边界")
    chooser.select_option(shared.nth(shared.count() // 2).get_attribute("value"))
    pad = page.get_by_role("group", name="方向键移动顶点")
    pad.focus()
    pad.press("ArrowLeft")
    expect(page.get_by_text("向西 5 米")).to_be_visible()
    expect(page.locator(".live", has_text="第5网格")).to_be_visible()
    page.screenshot(path=ARTEFACTS / "drawing-keys.png")
    pad.press("Escape")
    expect(page.locator(".live")).to_have_count(0)
    pad.press("ArrowLeft")
    pad.press("ArrowLeft")
    pad.press("Enter")
    expect(page.get_by_text("已保存 1 步")).to_be_visible()
    now_five, now_ten = ring(page, plan, "第5网格"), ring(page, plan, "第10网格")
    (was,), (now,) = ([at for at in one if at not in other] for one, other in ((five[1:], now_five), (now_five[1:], five)))
    assert was in ten and now in now_ten
    assert 9 < (was[0] - now[0]) * 111_320 * 0.87 < 11


def test_a_thumb_splits_a_grid_and_sees_at_once_what_comes_of_it(phone: Page, town: Town) -> None:
    """The last corner is tapped twice to end: the map stays as it is, and the parts stand where the thumb reaches them."""
    sign_in(phone, town, "demo_community")
    plan = sent(phone, "POST", "/api/plans/", {"name": "手机拆分", "area_code": COMMUNITY})["id"]
    phone.goto(f"/plans/{plan}")
    wait_idle(phone)
    phone.get_by_role("button", name="拆分").tap()
    west, south, east, north = box_of(ring(phone, plan, "第13网格"))
    middle, zoom = (west + east) / 2, phone.evaluate("document.querySelector('[data-state]').map.getZoom()")
    for place in ((middle, north + 3e-4), (middle, south - 3e-4), (middle, south - 3e-4)):
        phone.touchscreen.tap(*on_screen(phone, place))
        phone.wait_for_timeout(200)
    expect(phone.locator(".pending li")).to_have_count(2)
    expect(phone.locator(".pending").get_by_role("button", name="确定")).to_be_in_viewport()
    phone.wait_for_timeout(600)
    assert phone.evaluate("document.querySelector('[data-state]').map.getZoom()") == zoom
    sent(phone, "POST", f"/api/plans/{plan}/withdraw")


def test_a_thumb_moves_a_vertex(phone: Page, town: Town) -> None:
    sign_in(phone, town, "demo_community")
    plan = sent(phone, "POST", "/api/plans/", {"name": "手机绘制", "area_code": COMMUNITY})["id"]
    phone.goto(f"/plans/{plan}")
    wait_idle(phone)
    five, ten = ring(phone, plan, "第5网格"), ring(phone, plan, "第10网格")
    west, south, east, north = box_of(five)
    phone.touchscreen.tap(*on_screen(phone, ((west + east) / 2, (south + north) / 2)))
    expect(phone.get_by_role("combobox", name="逐点移动")).to_be_attached()
    shared = [at for at in five if at in ten]
    vertex = shared[len(shared) // 2]
    phone.evaluate("at => document.querySelector('[data-state]').map.jumpTo({ center: at, zoom: 19 })", vertex)
    wait_idle(phone)
    x, y = on_screen(phone, vertex)
    finger = phone.context.new_cdp_session(phone)
    centre = phone.evaluate("document.querySelector('[data-state]').map.getCenter().toArray()")

    def touch(kind: str, *at: tuple[float, float]) -> None:
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in at]})

    touch("touchStart", (x + 9, y - 7))  # a thumb is not exact
    for n in range(1, 7):
        touch("touchMove", (x - 5 * n, y + 2 * n))
    expect(phone.locator(".live", has_text="第5网格")).to_be_visible()
    phone.screenshot(path=ARTEFACTS / "drawing-thumb.png")
    touch("touchEnd")
    expect(phone.get_by_text("已保存 1 步")).to_be_attached()
    assert phone.evaluate("document.querySelector('[data-state]').map.getCenter().toArray()") == centre, "the map stays"
    now = ring(phone, plan, "第5网格")
    assert vertex not in now
    assert len([at for at in now if at in ring(phone, plan, "第10网格")]) == len(shared)
    sent(phone, "POST", f"/api/plans/{plan}/withdraw")


def test_a_shop_pin_crosses_an_edge_and_returns(page: Page, town: Town) -> None:
    sign_in(page, town, "demo_community")
    cells = asked(page, f"/api/areas/?level=grid&area_code={COMMUNITY}&limit=50")["items"]
    name = {one["code"]: one["name"] for one in cells}
    here = asked(page, "/api/map")["bounds"]
    lat = (here[1] + here[3]) / 2
    codes = {lon: asked(page, f"/api/locate?lon={lon}&lat={lat}&crs=cgcs2000")["code"] for lon in _steps(here[0], here[2])}
    lons = [lon for lon, code in codes.items() if code]
    edge = next(n for n, lon in enumerate(lons) if n > 1 and codes[lon] != codes[lons[n - 1]])
    start, end = lons[edge - 2], lons[edge + 1]
    body = {
        "code": f"PIN-{page.viewport_size['width']}",
        "name": "街角小卖部",
        "point": {"type": "Point", "coordinates": [start, lat]},
    }
    shop = sent(page, "POST", "/api/premises/", body)
    page.goto(f"/pins/premises/{shop['id']}")
    wait_idle(page)
    page.get_by_role("button", name="解锁移动").click()
    expect(page.get_by_text("已解锁，可以移动")).to_be_visible()
    pin = page.locator(".maplibregl-marker").bounding_box()
    x, y = pin["x"] + pin["width"] / 2, pin["y"] + pin["height"] / 2
    (x1, _), (x2, _) = on_screen(page, (start, lat)), on_screen(page, (end, lat))
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + (x2 - x1) / 2, y, steps=6)
    page.mouse.move(x + x2 - x1, y, steps=6)
    expect(page.locator(".then dd")).to_contain_text(name[codes[end]])
    page.mouse.up()
    page.screenshot(path=ARTEFACTS / f"pin-{page.viewport_size['width']}.png")
    now = asked(page, f"/api/pins/premises/{shop['id']}")["version"]
    theirs = sent(page, "PUT", f"/api/pins/premises/{shop['id']}", {"lon": start + 1e-5, "lat": lat}, version=now)
    sent(page, "PUT", f"/api/pins/premises/{shop['id']}/lock", {"locked": True}, version=theirs["version"])
    page.get_by_role("button", name="保存位置").click()
    met = page.get_by_role("alert").filter(has_text="别人刚改过这条记录")
    expect(met).to_contain_text(f"现在的位置：{theirs['lon']:.6f}")
    expect(page.locator(".maplibregl-marker")).to_have_count(2)  # theirs and mine
    page.screenshot(path=ARTEFACTS / f"pin-conflict-{page.viewport_size['width']}.png")
    met.get_by_role("button", name="用我的位置").click()
    expect(page.get_by_text("位置已保存并锁定")).to_be_visible()
    expect(met).to_have_count(0)
    assert asked(page, f"/api/premises/{shop['id']}")["area_code"] == codes[end]
    page.get_by_role("button", name="撤销上次移动").click()
    expect(page.get_by_text("已撤销")).to_be_visible()
    stored = asked(page, f"/api/premises/{shop['id']}")
    assert stored["area_code"] == codes[start]
    expect(page.locator(".lock")).to_have_text("已锁定")
    sent(page, "DELETE", f"/api/premises/{shop['id']}", version=stored["version"])


def _steps(west: float, east: float) -> list[float]:
    """Every ten metres or so."""
    return [west + n * 1e-4 for n in range(int((east - west) / 1e-4))]


def test_a_worker_of_one_grid_neither_opens_nor_makes_plans(page: Page, town: Town) -> None:
    sign_in(page, town, "demo_community")
    plan = sent(page, "POST", "/api/plans/", {"name": "别人的方案", "area_code": COMMUNITY})["id"]
    sent(page, "DELETE", "/api/session")
    sign_in(page, town, "demo_worker", "/plans")
    expect(page.get_by_text("还没有方案")).to_be_visible()
    expect(page.get_by_role("button", name="新建方案")).to_have_count(0)
    page.goto(f"/plans/{plan}")
    expect(page.get_by_text("方案没有打开")).to_be_visible()


def test_a_building_is_drawn_anew_its_rooms_seen_before_they_are_made(desk: Page, town: Town) -> None:
    sign_in(desk, town, "demo_community")
    buildings = asked(desk, f"/api/buildings/?area_code={COMMUNITY}&limit=200")["items"]
    units = {one["building_id"] for one in asked(desk, f"/api/units/?area_code={COMMUNITY}&limit=200")["items"]}
    building = next(one for one in buildings if one["id"] in units and one["footprint"])
    rooms = len(asked(desk, f"/api/rooms/?building_id={building['id']}&limit=500")["items"])
    desk.goto(f"/buildings/{building['id']}/drawing")
    wait_idle(desk)
    west, south, east, north = box_of(building["footprint"]["coordinates"][0][0])
    desk.get_by_role("button", name="重画").click()
    off = 2e-5
    draw(desk, [(west - off, south - off), (east + off, south - off), (east + off, north + off), (west - off, north + off)])
    desk.get_by_role("button", name="保存轮廓").click()
    expect(desk.get_by_role("button", name="撤销刚才的保存")).to_be_visible()
    assert asked(desk, f"/api/buildings/{building['id']}")["footprint"] != building["footprint"]
    desk.get_by_role("button", name="撤销刚才的保存").click()
    expect(desk.get_by_text("已撤销")).to_be_visible()
    assert asked(desk, f"/api/buildings/{building['id']}")["footprint"] == building["footprint"]
    desk.get_by_label("每层户数").fill("9")
    expect(desk.locator(".room", has_text="109")).to_be_visible()
    desk.screenshot(path=ARTEFACTS / "drawing-building.png")
    assert len(asked(desk, f"/api/rooms/?building_id={building['id']}&limit=500")["items"]) == rooms, "only shown, not made"
