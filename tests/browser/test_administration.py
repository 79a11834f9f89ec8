"""Stories of the administrator and of the door: lock-out, one-time codes, the idle lock, a new user who sees only his own."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import ARTEFACTS, PASSWORD, Town, sign_in, wait_idle
from tests.live import add_user


@pytest.fixture
def newcomer(town: Town, request) -> str:
    """A community worker of this story's own, who has not signed in yet."""
    name = f"story.{abs(hash(request.node.name)) % 10**8}"
    town.accounts[name] = add_user(town.live, name, "community", "990101010004")
    return name


def picture(page: Page, name: str) -> None:
    page.screenshot(path=ARTEFACTS / f"admin-{name}-{page.viewport_size['width']}.png")


def fill_sign_in(page: Page, name: str, password: str) -> None:
    page.get_by_label("账号").fill(name)
    page.get_by_label("密码", exact=True).first.fill(password)
    page.get_by_role("button", name="登录").click()


def test_a_lock_out_is_told_with_how_long_and_what_to_do(phone: Page, town: Town, newcomer: str) -> None:
    phone.goto("/")
    for attempt in range(6):
        fill_sign_in(phone, newcomer, f"Wrong-2026-{attempt}")
        expect(phone.get_by_role("alert")).to_contain_text("密码不正确" if attempt < 5 else "锁定")
        expect(phone.get_by_role("button", name="登录")).to_be_enabled()
    expect(phone.get_by_role("alert")).to_contain_text(re.compile(r"账号已锁定.*\d+ 分钟后再试", re.DOTALL))
    picture(phone, "locked-out")


def test_the_password_rules_are_ticked_off_while_one_types(page: Page, town: Town, newcomer: str) -> None:
    page.goto("/")
    fill_sign_in(page, newcomer, town.accounts[newcomer])
    dialog = page.get_by_role("dialog")
    fresh = dialog.get_by_label("新密码", exact=True)
    fresh.fill("abc")
    expect(dialog.get_by_text("至少 10 位").locator("..").locator("li.met")).to_have_count(2)  # not the name, not the old one
    fresh.fill(PASSWORD)
    expect(dialog.locator("li.met")).to_have_count(4)
    picture(page, "password-rules")


def test_one_time_codes_are_set_up_and_asked_for(desk: Page, town: Town, newcomer: str) -> None:
    sign_in(desk, town, newcomer, "/account")
    desk.get_by_role("button", name="启用动态口令").click()
    desk.get_by_label("先输入登录密码").fill(PASSWORD)
    desk.get_by_role("button", name="下一步").click()
    expect(desk.get_by_alt_text("动态口令二维码")).to_be_visible()
    totp = pyotp.TOTP(desk.locator("section code").inner_text())
    picture(desk, "second-factor-qr")
    desk.get_by_label("然后输入应用上显示的 6 位数字").fill(totp.now())
    desk.get_by_role("button", name="确认启用").click()
    expect(desk.locator(".codes li")).to_have_count(10)
    recovery = desk.locator(".codes li").first.inner_text()
    picture(desk, "recovery-codes")
    expect(desk.get_by_role("button", name="进入系统")).to_be_disabled()
    desk.get_by_label("我已经保存好备用码").check()
    desk.get_by_role("button", name="进入系统").click()
    sign_out(desk)
    fill_sign_in(desk, newcomer, PASSWORD)
    code = desk.get_by_label("6 位动态口令，或一个备用码")
    code.fill("000000")
    desk.get_by_role("button", name="继续").click()
    expect(desk.get_by_role("alert")).to_contain_text("验证码不正确")
    picture(desk, "second-factor-asked")
    desk.reload()  # a reload does not lead around it
    code.fill(totp.at(datetime.now(UTC) + timedelta(seconds=30)))
    desk.get_by_role("button", name="继续").click()
    wait_idle(desk)
    sign_out(desk)
    fill_sign_in(desk, newcomer, PASSWORD)
    code.fill(recovery)
    desk.keyboard.press("Enter")
    wait_idle(desk)


def test_who_must_set_codes_up_and_cannot_now_may_leave(phone: Page, town: Town, newcomer: str) -> None:
    sign_in(phone, town, newcomer, "/account")
    told = phone.request.get("/api/session").json() | {"waits": "enrol"}
    phone.route("**/api/session", lambda route: route.fulfill(json=told) if route.request.method == "GET" else route.continue_())
    phone.reload()
    expect(phone.get_by_role("button", name="下一步")).to_be_visible()
    picture(phone, "must-enrol")
    phone.get_by_role("button", name="退出登录").click()
    expect(phone.get_by_label("账号")).to_be_visible()


def sign_out(page: Page) -> None:
    page.get_by_role("button", name=re.compile("用户菜单")).click()
    page.get_by_text("退出登录").click()
    expect(page.get_by_label("账号")).to_be_visible()


def test_an_unattended_page_is_covered_and_keeps_what_was_begun(page: Page, town: Town, newcomer: str) -> None:
    sign_in(page, town, newcomer, "/account")
    page.get_by_label("原密码").fill("begun")
    page.evaluate("localStorage.setItem('last-input', String(Date.now() - 11 * 60_000))")
    cover = page.get_by_role("dialog", name="页面已锁定")
    expect(cover).to_be_visible(timeout=15_000)
    picture(page, "idle-lock")
    # the service refuses too, not only the page: as soon as it was told
    page.wait_for_function("() => fetch('/api/map').then(answer => answer.status === 403)")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('.cover') !== null"), "nothing beneath is reached by keyboard"
    cover.get_by_label("密码").fill("wrong")
    page.keyboard.press("Enter")
    expect(cover.get_by_role("alert")).to_contain_text("密码不正确")
    cover.get_by_label("密码").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(cover).to_be_hidden()
    expect(page.get_by_label("原密码")).to_have_value("begun")
    page.evaluate("localStorage.setItem('last-input', String(Date.now() - 11 * 60_000))")
    expect(cover).to_be_visible(timeout=15_000)
    page.reload()
    expect(cover).to_be_visible()
    expect(page.get_by_label("原密码")).to_have_count(0)
    cover.get_by_role("button", name="退出登录").click()
    expect(page.get_by_label("账号")).to_be_visible()


def test_a_new_user_sees_only_the_grid_he_was_given(desk: Page, town: Town) -> None:
    sign_in(desk, town, "demo_admin")
    desk.get_by_role("link", name="管理", exact=True).click()
    desk.get_by_role("link", name="用户", exact=True).first.click()
    desk.get_by_role("button", name="新建用户").click()
    dialog = desk.get_by_role("dialog")
    dialog.get_by_role("button", name="保存").click()
    expect(dialog.get_by_text("请填写").first).to_be_in_viewport()
    name = f"new.{datetime.now(UTC):%H%M%S}"
    dialog.get_by_label("账号").fill(name)
    dialog.get_by_label("姓名").fill("新来的网格员")
    dialog.get_by_label("网格员", exact=True).check()
    dialog.get_by_label("按名称或编码查找").fill("990101010004002")
    dialog.get_by_role("checkbox", name=re.compile("990101010004002")).check()
    _pick_and_drop_on_the_map(desk, dialog)
    picture(desk, "new-user")
    dialog.get_by_role("button", name="保存").click()
    once = desk.locator("[data-once]").inner_text()
    assert re.fullmatch(r"\S{12}", once)
    picture(desk, "one-time-password")
    desk.get_by_role("button", name="我已记下，关闭").click()
    row = desk.get_by_role("row", name=re.compile(name.replace(".", r"\.")))
    expect(row).to_contain_text("待首次改密")
    expect(row).to_contain_text("第2网格")
    sign_out(desk)
    town.accounts[name] = once
    fill_sign_in(desk, name, once)
    fields = desk.get_by_role("dialog").locator("input[type=password]")
    fields.first.wait_for()
    for n in range(fields.count()):
        fields.nth(n).fill(PASSWORD)
    desk.get_by_role("dialog").get_by_role("button", name="保存新密码").click()
    wait_idle(desk)
    expect(desk.get_by_role("link", name="管理", exact=True)).to_have_count(0)
    codes = desk.evaluate(
        """async () => (await (await fetch('/api/households/?limit=1000')).json()).items.map(row => row.area_code)"""
    )
    assert codes
    assert set(codes) == {"990101010004002"}
    desk.goto("/admin/users")
    expect(desk.get_by_text("您的账号还不能使用这个功能")).to_be_visible()


def _pick_and_drop_on_the_map(page: Page, dialog: Locator) -> None:
    """A community by a click anywhere in it swallows its grid; a grid by a click; again takes it away."""
    chosen = dialog.get_by_role("list", name="已选")
    dialog.get_by_role("button", name="在地图上选").click()
    wait_idle(page)
    told = page.request.get("/api/map/areas?code=990101010004").json()
    grid = next(one for one in told["items"] if one["name"] == "第3网格")
    for level, picked in (("community", told["chain"][-1]["name"]), ("grid", "第3网格")):
        dialog.get_by_role("combobox", name="在地图上选").select_option(level)
        x, y = page.evaluate(
            """([lon, lat]) => { const at = document.querySelector('[role=dialog] [data-state]')
            const { x, y } = at.map.project([lon, lat]), box = at.getBoundingClientRect(); return [box.x + x, box.y + y] }""",
            [grid["lon"], grid["lat"]],
        )
        page.mouse.click(x, y)
        expect(chosen).to_contain_text(picked)
        if level == "grid":
            picture(page, "scope-on-the-map")
        page.wait_for_timeout(400)  # two clicks at once are a double click
        page.mouse.click(x, y)
        expect(chosen.get_by_text(picked)).to_have_count(0)
    dialog.get_by_role("button", name="按区域选").click()
    dialog.get_by_label("按名称或编码查找").fill("990101010004002")
    dialog.get_by_role("checkbox", name=re.compile("990101010004002")).check()


def test_entries_settings_and_colours_are_changed_and_taken_back(desk: Page, town: Town) -> None:
    sign_in(desk, town, "demo_admin", "/admin/dictionary?list=religion")
    desk.get_by_role("button", name="新增一项").click()
    dialog = desk.get_by_role("dialog")
    code = f"x{datetime.now(UTC):%H%M%S}"
    dialog.get_by_label("代码").fill(code)
    dialog.get_by_label("名称").fill(f"本地信仰{code}")
    dialog.get_by_label("同义词").fill(f"民间{code}")
    dialog.get_by_role("button", name="保存").click()
    row = desk.get_by_role("row", name=re.compile(code))
    expect(row).to_contain_text("本单位")
    desk.once("dialog", lambda asked: asked.accept())
    row.get_by_role("button", name=re.compile("停用")).click()
    expect(row).to_contain_text("已停用")
    row.get_by_role("button", name="修改记录").click()
    expect(desk.get_by_role("dialog")).to_contain_text("第 2 版")
    picture(desk, "entry-history")
    desk.goto("/admin/settings")
    field = desk.get_by_role("spinbutton", name="锁定多少分钟")
    field.fill("0")
    desk.get_by_role("button", name="保存 锁定多少分钟").click()
    expect(desk.get_by_role("alert")).to_contain_text("须为 1 到")
    field.fill("5")
    desk.get_by_role("button", name="保存 锁定多少分钟").click()
    expect(desk.get_by_text("已保存").first).to_be_visible()
    field.fill("20")
    expect(desk.get_by_role("button", name="保存 锁定多少分钟")).to_be_enabled()
    desk.get_by_role("button", name="保存 锁定多少分钟").click()
    expect(desk.get_by_role("button", name="保存 锁定多少分钟")).to_be_disabled()
    desk.goto("/admin/colours")
    desk.get_by_label("颜色 出租").fill("#203040")
    expect(desk.get_by_text("的颜色太深")).to_be_visible()
    desk.get_by_role("button", name="保存").click()
    expect(desk.get_by_role("alert")).to_contain_text("颜色太深")
    desk.get_by_label("颜色 出租").fill("#ffd9a0")
    desk.get_by_label("按看的人").select_option(label="绿色弱")
    desk.get_by_role("button", name="保存").click()
    expect(desk.get_by_text(re.compile(r"本单位第 \d+ 版"))).to_be_visible()
    picture(desk, "colours")
    desk.once("dialog", lambda asked: asked.accept())
    desk.get_by_role("button", name="恢复系统配色").click()
    expect(desk.get_by_label("颜色 出租")).to_have_value("#f7c56b")


def test_large_text_dark_and_english_are_kept(page: Page, town: Town) -> None:
    sign_in(page, town, "demo_community")
    page.get_by_role("button", name=re.compile("用户菜单")).click()
    page.get_by_text("大字").click()
    page.get_by_text("深色").click()
    assert page.evaluate("getComputedStyle(document.documentElement).fontSize") == "20px"
    page.get_by_text("English").click()
    expect(page.get_by_role("link", name="Map", exact=True).last).to_be_attached()
    assert page.evaluate("document.documentElement.className") == "dark large"
    assert page.evaluate("document.documentElement.lang") == "en"
    wait_idle(page)
    picture(page, "english-large-dark")
