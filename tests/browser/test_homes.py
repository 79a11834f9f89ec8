"""What happens to a household, through the forms: a new head, a refusal, a class, a departure; the office keeps its history."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator

import pytest
from PIL import Image
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
CHANGE = """async ([path, body]) => {
  const {csrf} = await (await fetch('/api/session')).json()
  const {version} = await (await fetch(path)).json()
  const headers = {'Content-Type': 'application/json', 'X-CSRF-Token': csrf, 'If-Match': `"${version}"`}
  return (await fetch(path, {method: 'PATCH', headers, body: JSON.stringify(body)})).status }"""


@pytest.fixture
def home(page: Page, town: Town) -> Iterator[Page]:
    """The page of a household of three, made for the test."""
    sign_in(page, town, "demo_community", "/photos/batch")
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
    expect(form.get_by_text(re.compile("孙测二：与户主关系 .+ → 户主"))).to_be_visible()  # the service's own words
    expect(form.get_by_text("钱测一：与户主关系 户主 → 夫")).to_be_visible()
    home.screenshot(path=ARTEFACTS / f"new-head-{home.viewport_size['width']}.png")
    form.get_by_role("button", name="确认办理").click()
    expect(home.locator(".home li").first).to_contain_text("孙测二")
    expect(home.locator("ol li").first).to_contain_text("变更户主")
    home.locator("ol li").first.get_by_role("button", name="撤销").click()
    undo = home.get_by_role("dialog", name="撤销：变更户主")
    expect(undo).to_contain_text("钱测一：与户主关系 夫 → 户主")
    undo.get_by_role("button", name="撤销").click()
    expect(home.locator(".home li").first).to_contain_text("钱测一")


def test_the_services_refusal_stands_beside_its_field_and_nothing_is_lost(home: Page) -> None:
    register(home, "迁入一人")
    form = home.get_by_role("dialog")
    form.get_by_label("姓名").fill("周测四")
    form.get_by_label("与户主关系").select_option("02")  # a second head
    expect(form.get_by_role("alert")).to_contain_text("已有户主 钱测一")  # told before anything is confirmed
    expect(form.get_by_label("姓名")).to_have_value("周测四")
    form.get_by_label("与户主关系").select_option("20")
    form.get_by_role("button", name="确认办理").click()
    expect(home.locator(".home li")).to_have_count(4)


def test_a_class_begins_and_ends_and_somebody_moves_out(home: Page) -> None:
    register(home, "人员类别", "李测三")
    form = home.get_by_role("dialog")
    form.get_by_label(re.compile("^类别")).select_option("veteran")
    people = home.evaluate(
        "async (path) => (await (await fetch(path)).json()).people", home.url.replace("/households", "/api/households") + "/home"
    )
    person = next(one["id"] for one in people if one["name"] == "李测三")
    assert home.evaluate(CHANGE, [f"/api/residents/{person}", {"remark": "别人写的备注"}]) == 200
    form.get_by_role("button", name="登记类别").click()
    met = form.get_by_role("alert")
    expect(met).to_contain_text("备注：空 → 别人写的备注")  # a stale edit is told, and what was filled in stays
    home.screenshot(path=ARTEFACTS / f"tag-conflict-{home.viewport_size['width']}.png")
    met.get_by_role("button", name="仍要登记“优抚对象”").click()
    expect(form.get_by_role("button", name="今天结束")).to_be_visible()
    home.keyboard.press("Escape")
    expect(home.locator(".home em", has_text="优抚对象")).to_be_visible()
    register(home, "个人迁出", "李测三")
    home.get_by_role("dialog").get_by_role("button", name="确认办理").click()
    expect(home.locator(".home li")).to_have_count(2)
    expect(home.locator("ol li").first).to_contain_text("迁出")


@pytest.fixture
def desk_home(desk: Page, town: Town) -> Iterator[Page]:
    sign_in(desk, town, "demo_community", "/photos/batch")
    made = desk.evaluate(MAKE, f"TEST-D-{id(desk) % 100_000}")
    desk.goto(f"/households/{made}")
    desk.get_by_role("heading", level=1).wait_for()
    yield desk
    desk.evaluate(END, made)


def test_what_people_own_is_kept_and_a_conflict_met_on_the_households_page(desk_home: Page) -> None:
    page = desk_home
    page.get_by_role("button", name="登记财产").click()
    page.get_by_role("menuitem", name="孙测二").click()
    form = page.get_by_role("dialog", name="孙测二的财产")
    form.get_by_label("财产名称").fill("小三轮一号")
    form.get_by_role("combobox", name="财产类别").click(force=True)  # what is chosen lies over it
    page.get_by_role("option").first.click()
    form.get_by_label("号牌或编号").fill("渝A12345")
    page.screenshot(path=ARTEFACTS / "valuable.png")
    form.get_by_role("button", name="保存").last.click()
    thing = page.locator("li", has_text="小三轮一号")
    expect(thing).to_contain_text("渝A12345 孙测二")
    thing.get_by_role("button", name="修改 ").click()
    page.get_by_role("dialog", name="大宗财产").get_by_role("button", name="注销").click()
    page.get_by_role("dialog", name="注销").get_by_role("button", name="注销").click()
    expect(thing).to_have_count(0)

    page.get_by_role("button", name="修改住户").click()
    form = page.get_by_role("dialog", name="住户 TEST")
    form.get_by_label("备注").fill("我写的备注")
    path = page.url.replace("/households/", "/api/households/")
    assert page.evaluate(CHANGE, [path, {"remark": "别人写的备注", "kind": "02"}]) == 200
    form.get_by_role("button", name="保存").last.click()
    conflict = page.get_by_role("dialog", name="别人刚改过这条记录")
    expect(conflict.get_by_role("row", name=re.compile("备注"))).to_contain_text("别人写的备注")
    page.screenshot(path=ARTEFACTS / "household-conflict.png")
    conflict.get_by_role("row", name=re.compile("备注")).get_by_text("我写的备注").click()
    conflict.get_by_role("button", name="按选择保存").click()
    expect(conflict).to_be_hidden()
    page.keyboard.press("Escape")
    expect(page.locator(".page")).to_contain_text("我写的备注")


def jpeg(colour: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (440, 560), colour).save(out, "JPEG")
    return out.getvalue()


def test_photos_of_an_archive_find_their_people_and_the_rest_is_assigned_by_hand(desk_home: Page) -> None:
    page = desk_home
    number = page.locator("h1").inner_text().split()[-1]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"照片/{number}.jpg", jpeg("teal"))
        archive.writestr("照片/没有这个人.jpg", jpeg("olive"))
        archive.writestr("照片/坏的_钱测一.jpg", b"no photo")
        archive.writestr("说明.txt", b"not a photo")
    page.goto("/photos/batch")
    page.locator("input[type=file]").set_input_files(
        {"name": "照片.zip", "mimeType": "application/zip", "buffer": packed.getvalue()}
    )
    expect(page.get_by_text("3 张中 2 张已对应")).to_be_visible()
    lost = page.locator("li", has_text="没有这个人")
    expect(lost).to_contain_text("没有找到，请指定")
    lost.get_by_role("combobox").last.fill("孙测二")
    page.get_by_role("option", name="孙测二").first.click()
    page.get_by_role("button", name="上传 3 张").click()
    expect(page.get_by_text("已保存 2 张，1 张没有传上。")).to_be_visible()
    expect(page.locator("li", has_text="坏的")).to_contain_text("不是照片")
    page.screenshot(path=ARTEFACTS / "photos-batch.png")
    page.get_by_role("button", name="清空").click()
    page.go_back()
    expect(page.locator(".strip button.small")).to_have_count(1)


def test_staff_of_a_shop_are_registered_corrected_and_retired(desk: Page, town: Town) -> None:
    sign_in(desk, town, "demo_community", "/photos/batch")
    shop = desk.evaluate("async () => (await (await fetch('/api/premises/?limit=1')).json()).items[0].id")
    desk.goto(f"/premises/{shop}")
    desk.get_by_role("button", name="登记从业人员").click()
    form = desk.get_by_role("dialog", name="登记从业人员")
    form.get_by_label("姓名").fill("店测一")
    form.get_by_label("岗位").fill("店员")
    form.get_by_role("button", name="保存").last.click()
    one = desk.locator("li", has_text="店测一")
    one.get_by_role("button").click()
    form = desk.get_by_role("dialog", name="店测一")
    form.get_by_label("岗位").fill("店长")
    form.get_by_role("button", name="保存").last.click()
    expect(one).to_contain_text("店长")
    desk.screenshot(path=ARTEFACTS / "shop.png")
    one.get_by_role("button").click()
    desk.get_by_role("dialog", name="店测一").get_by_role("button", name="注销").click()
    desk.get_by_role("dialog", name="注销").get_by_role("button", name="注销").click()
    expect(one).to_have_count(0)
