"""The console's patrol pages: who is where, a day played back, coverage, duty, a spot check that reaches the phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import ARTEFACTS, Town, sign_in, wait_idle


def test_live_playback_coverage_and_duty(page: Page, town: Town) -> None:
    sign_in(page, town, "demo_community")
    wide = page.viewport_size["width"] > 760
    page.goto("/patrol")
    expect(page.get_by_text("人正在巡查")).to_be_visible()
    expect(page.locator("button.row").first).to_contain_text("前")
    page.goto("/patrol/playback")
    play = page.get_by_role("button", name="播放").or_(page.get_by_role("button", name="暂停"))
    began = page.locator("[data-clock]").inner_text()
    page.get_by_label("速度").select_option("300")
    play.click()
    page.wait_for_function("was => document.querySelector('[data-clock]').innerText !== was", arg=began)
    play.click()
    page.goto("/patrol/coverage")
    expect(page.get_by_text("个目标")).to_be_visible()
    expect(page.get_by_role("heading", name="没有走到的")).to_be_visible()
    page.screenshot(path=ARTEFACTS / f"patrol-coverage-{'desk' if wide else 'phone'}.png")
    page.goto("/patrol/duty")
    expect(page.get_by_text("每日要求")).to_be_visible()
    page.goto("/patrol/tracks")
    page.get_by_text("全部轨迹").click()
    expect(page.locator("button.row").first).to_be_visible()
    page.locator("button.row").first.click()
    expect(page.get_by_text("到过的地方")).to_be_visible()


def test_a_spot_check_and_a_message_reach_the_phone_and_come_back_answered(desk: Page, town: Town) -> None:
    sign_in(desk, town, "demo_community", "/patrol/orders")
    desk.get_by_role("combobox", name="抽检谁").click()
    desk.get_by_role("option", name="演示网格员").click()
    desk.get_by_label("问题").fill("您现在在哪栋楼？")
    desk.get_by_role("button", name="发起抽检").click()
    expect(desk.get_by_text("等待回答").first).to_be_visible()
    desk.get_by_label("内容").fill("明天上午防汛检查")
    desk.get_by_role("button", name="发送").click()
    expect(desk.get_by_text("已读 0").first).to_be_visible()
    desk.get_by_role("button", name="消息").click()  # whoever sends to his own area is told, too
    inbox = desk.get_by_role("dialog", name="消息")
    expect(inbox.locator("li").first).to_contain_text("明天上午防汛检查")
    inbox.get_by_role("button", name="知道了").first.click()
    expect(inbox.get_by_text("未读")).to_have_count(0)

    desk.context.clear_cookies()
    sign_in(desk, town, "demo_worker", "/visits")  # the phone page has a form of its own
    desk.goto("/patrol/phone")
    expect(desk.get_by_text("明天上午防汛检查").first).to_be_visible()
    desk.get_by_role("button", name="知道了").click()
    expect(desk.get_by_role("button", name="知道了")).to_have_count(0)  # the service knows
    desk.get_by_label("回答").first.fill("在 3 栋")
    desk.get_by_role("button", name="提交回答").first.click()
    desk.get_by_role("navigation").get_by_role("button", name="传送").click()
    expect(desk.locator("[data-entry=sent]").first).to_be_visible(timeout=30_000)

    desk.context.clear_cookies()
    sign_in(desk, town, "demo_community", "/patrol/orders")
    expect(desk.get_by_text("在 3 栋").first).to_be_visible()
    expect(desk.get_by_text("已读 2").first).to_be_visible()


@pytest.mark.parametrize("part", ["devices", "orders"])
def test_a_grid_worker_does_not_see_what_he_may_not(desk: Page, town: Town, part: str) -> None:
    sign_in(desk, town, "demo_worker", f"/patrol/{part}")
    expect(desk.get_by_text("您的账号还不能使用这个功能")).to_be_visible()


def test_who_passed_is_told_to_who_says_what_for(page: Page, town: Town) -> None:
    sign_in(page, town, "demo_community", "/patrol/passed")
    wait_idle(page)
    page.locator(".maplibregl-canvas").click()
    expect(page.get_by_role("status").filter(has_text="经度")).to_be_visible()
    page.get_by_label("用途").fill("核实失火前后谁经过")
    with page.expect_response("**/api/patrol/who-passed") as told:
        page.get_by_role("button", name="查询").click()
    assert told.value.status == 200
    items = told.value.json()["items"]
    expect(page.get_by_text(f"{len(items)} 条" if items else "这段时间没有人经过。")).to_be_visible()
