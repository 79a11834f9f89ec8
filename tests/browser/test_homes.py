"""What happens to a household, through the forms: a new head, a refusal, a class, a departure; the office keeps its history."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import ARTEFACTS, Town, sign_in

MAKE = """async (number) => {
  const {csrf} = await (await fetch('/api/session')).json()
  const send = async (path, body) => {
    const headers = {'Content-Type': 'application/json', 'X-CSRF-Token': csrf}
    const answer = await fetch(path, {method: 'POST', headers, body: JSON.stringify(body)})
    const told = await answer.json()
    if (!answer.ok) throw new Error(JSON.stringify(told))
    return told
  }
  const rooms = (await (await fetch('/api/rooms/?use=03&limit=1')).json()).items
  const home = await send('/api/households/', {number, room_id: rooms[0].id, kind: '01'})
  for (const [name, relation] of [['钱测一', '02'], ['孙测二', '10'], ['李测三', '20']])
    await send('/api/residents/', {name, relation, household_id: home.id})
  return home.id }"""
END = """async (id) => {
  const {csrf} = await (await fetch('/api/session')).json()
  const home = await (await fetch(`/api/households/${id}`)).json()
  const headers = {'Content-Type': 'application/json', 'X-CSRF-Token': csrf, 'If-Match': `"${home.version}"`}
  await fetch(`/api/households/${id}/departure`, {method: 'POST', headers, body: '{}'}) }"""


@pytest.fixture
def home(page: Page, town: Town) -> Iterator[Page]:
    """The page of a household of three, made for the test."""
    sign_in(page, town, "demo_community")
    made = page.evaluate(MAKE, f"TEST-{page.viewport_size['width']}-{id(page) % 100_000}")
    page.goto(f"/households/{made}")
    page.get_by_role("heading", level=1).wait_for()
    yield page
    page.evaluate(END, made)


def register(page: Page, what: str, of: str | None = None) -> None:
    page.get_by_role("button", name=f"为{of}办理" if of else "办理变动").click()
    page.get_by_role("menuitem", name=what).click()


def test_a_new_head_is_told_in_plain_sentences_before_it_happens(home: Page) -> None:
    register(home, "变更户主")
    form = home.get_by_role("dialog")
    form.get_by_role("button", name="确认办理").click()
    expect(form.get_by_role("alert")).to_have_text("请为每位成员选择关系。")
    for name, relation in (("钱测一", "11"), ("孙测二", "02"), ("李测三", "20")):
        form.get_by_label(re.compile(name)).select_option(relation)
    expect(form.get_by_text("孙测二 成为户主。")).to_be_visible()
    expect(form.get_by_text("钱测一：户主 → 夫。")).to_be_visible()
    home.screenshot(path=ARTEFACTS / f"new-head-{home.viewport_size['width']}.png")
    form.get_by_role("button", name="确认办理").click()
    expect(home.locator(".home li").first).to_contain_text("孙测二")
    expect(home.locator("ol li").first).to_contain_text("变更户主")


def test_the_services_refusal_stands_beside_its_field_and_nothing_is_lost(home: Page) -> None:
    register(home, "迁入一人")
    form = home.get_by_role("dialog")
    form.get_by_label("姓名").fill("周测四")
    form.get_by_label("与户主关系").select_option("02")  # a second head
    form.get_by_role("button", name="确认办理").click()
    expect(form.get_by_role("alert")).to_contain_text("已有户主 钱测一")
    expect(form.get_by_label("姓名")).to_have_value("周测四")
    form.get_by_label("与户主关系").select_option("20")
    form.get_by_role("button", name="确认办理").click()
    expect(home.locator(".home li")).to_have_count(4)


def test_a_class_begins_and_ends_and_somebody_moves_out(home: Page) -> None:
    register(home, "人员类别", "李测三")
    form = home.get_by_role("dialog")
    form.get_by_label(re.compile("^类别")).select_option("veteran")
    form.get_by_role("button", name="登记类别").click()
    expect(form.get_by_role("button", name="今天结束")).to_be_visible()
    home.keyboard.press("Escape")
    expect(home.locator(".home em", has_text="优抚对象")).to_be_visible()
    register(home, "个人迁出", "李测三")
    home.get_by_role("dialog").get_by_role("button", name="确认办理").click()
    expect(home.locator(".home li")).to_have_count(2)
    expect(home.locator("ol li").first).to_contain_text("迁出")
