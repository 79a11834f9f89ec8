"""A board as PDF: exact size, fonts embedded in SC forms, text that can be searched, a QR code that reads, marked gaps."""

from __future__ import annotations

import ast
import io
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import resvg_py
import shapely
import zxingcpp
from PIL import Image, ImageFilter

from gis_grid.errors import Invalid, NotFound, TooLarge
from gis_grid.notices.batch import Form, each_file
from gis_grid.notices.ground import Ground
from gis_grid.notices.layout import lay_out
from gis_grid.notices.render import compose, html_to_pdf, to_png, write_pdf
from gis_grid.notices.said import Person, hash_of
from gis_grid.notices.templates import BadTemplate, read_template, stock, template_of
from tests.notices.boards import PEOPLE, content, job, page_sizes_mm, poppler
from tests.notices.grounds import SHAPES, town

_HEAD = "title: x\npaper: {portrait: [100, 90]}\n"
REFERENCES = Path(__file__).parent / "references"
SIZES = {
    ("a4", "portrait"): (210, 297),
    ("a3", "portrait"): (297, 420),
    ("8k", "landscape"): (370, 260),
    ("wall-600x900", "portrait"): (600, 900),
    ("wall-800x1200", "portrait"): (800, 1200),
    ("wall-2400x1200", "landscape"): (2400, 1200),
    ("label-90x60", "landscape"): (90, 60),
}
TURNED = {"portrait": "landscape", "landscape": "portrait"}
ALL_SIZES = SIZES | {(name, TURNED[way]): (high, wide) for (name, way), (wide, high) in SIZES.items()}
needs_poppler = pytest.mark.skipif(shutil.which("pdfinfo") is None, reason="poppler-utils is not installed")


@pytest.fixture(scope="module")
def a4() -> bytes:
    return write_pdf([compose(job())])


@needs_poppler
@pytest.mark.parametrize(("name", "way"), sorted(ALL_SIZES))
def test_the_page_has_exactly_the_size_of_the_template(name: str, way: str) -> None:
    pdf = write_pdf([compose(job(name, way))])
    assert page_sizes_mm(pdf) == [pytest.approx(ALL_SIZES[name, way], abs=0.05)]


@needs_poppler
def test_crop_marks_add_a_bleed_around_the_same_trim(a4: bytes) -> None:
    told = poppler("pdfinfo", write_pdf([compose(job())], crop_marks=True), "-box")
    boxes = {name: [float(v) for v in re.search(rf"{name}:\s+(.*)", told)[1].split()] for name in ("TrimBox", "BleedBox")}
    trim, bleed = boxes["TrimBox"], boxes["BleedBox"]
    assert (trim[2] - trim[0]) * 25.4 / 72 == pytest.approx(210, abs=0.05)
    assert (bleed[2] - bleed[0]) * 25.4 / 72 == pytest.approx(216, abs=0.1)


@needs_poppler
def test_fonts_are_embedded_subset_and_of_the_sc_forms(a4: bytes) -> None:
    rows = [line.split() for line in poppler("pdffonts", a4).splitlines()[2:]]
    assert rows
    for row in rows:
        assert "SC" in row[0], row
        assert row[-5:-2] == ["yes", "yes", "yes"], row  # embedded, subset, with unicode


_AT_ONCE = """
from concurrent.futures import ThreadPoolExecutor
from gis_grid.notices.render import compose, write_pdf
from tests.notices.boards import job, poppler
with ThreadPoolExecutor(4) as threads:
    made = list(threads.map(lambda _: write_pdf([compose(job("label-90x60"))]), range(8)))
print({line.split()[0].partition("+")[2] for pdf in made for line in poppler("pdffonts", pdf).splitlines()[2:]})
"""


@needs_poppler
def test_boards_asked_for_at_once_by_a_fresh_service_have_no_empty_boxes() -> None:
    """Pango's fonts are made at the first text: two threads that began together got another font for good."""
    done = subprocess.run(
        [sys.executable, "-c", _AT_ONCE], cwd=REFERENCES.parents[2], capture_output=True, text=True, timeout=300, check=True
    )
    assert ast.literal_eval(done.stdout) == {"Noto-Sans-CJK-SC", "Noto-Sans-CJK-SC-Bold"}, done.stderr[-500:]


@needs_poppler
def test_the_text_can_be_searched(a4: bytes) -> None:
    text = poppler("pdftotext", a4)
    said = (
        "某社区第1网格",
        "张直",
        "李骨返",
        "10087654321",
        "东至清水河",
        "500103001001001",
        "023-12345678",
        "示意图",
        "人民路",
        "1号楼",
    )
    assert [word for word in said if word not in text] == []


@pytest.mark.parametrize(("name", "way"), sorted(SIZES))
def test_the_svg_is_the_same_board(name: str, way: str) -> None:
    board = compose(job(name, way))
    dpi = round(800 * 25.4 / max(board.template.width, board.template.height))
    drawn = resvg_py.svg_to_bytes(svg_string=board.svg, dpi=dpi, font_family="Noto Sans CJK SC", languages=["zh-CN"])
    page = to_png(write_pdf([board]), dpi)
    was, now = (Image.open(io.BytesIO(bytes(one))).convert("L") for one in (page, drawn))
    assert now.size == pytest.approx(was.size, abs=2)
    pictures = [one.resize((300, 300)).filter(ImageFilter.GaussianBlur(2)) for one in (was, now)]
    apart = np.abs(np.asarray(pictures[0], dtype=float) - np.asarray(pictures[1], dtype=float)).mean()
    assert apart < 4.0, f"{apart:.2f} of 255 on average"
    for said in ("李骨返", "023-12345678"):
        assert said in board.svg


@needs_poppler
def test_several_labels_stand_on_one_sheet() -> None:
    boards = [compose(job("label-90x60", "landscape", name=f"第{n}网格")) for n in range(1, 11)]
    pdf = write_pdf(boards)
    assert page_sizes_mm(pdf) == [pytest.approx((210, 297), abs=0.05)] * 2
    assert poppler("pdftotext", pdf, "-f", "1", "-l", "1").count("某社区第") == 8


def test_more_than_a_few_are_written_by_a_child_in_order() -> None:
    wanted = [job("label-90x60", "landscape", name=f"第{n}网格") for n in range(5)] + [replace(job(), ground=None)]
    found = list(each_file(iter(wanted), Form(), len(wanted), 1))
    assert [made.content.name for made, _ in found] == [each.content.name for each in wanted]
    assert all(result[0].startswith(b"%PDF") for _, result in found[:5])
    assert found[5][1][0] is None
    assert "没有边界" in found[5][1][2]


def test_the_qr_code_reads(a4: bytes) -> None:
    picture = np.array(Image.open(io.BytesIO(to_png(a4, 150))).convert("L"))
    assert [found.text for found in zxingcpp.read_barcodes(picture)] == [content().url]


@pytest.mark.parametrize("name", sorted(stock()))
def test_every_stock_template_can_be_read(name: str) -> None:
    for made in read_template(name, stock()[name]).values():
        assert made.slot("title")
        assert made.letters.least >= 1.5


@pytest.mark.parametrize("name", sorted(stock()))
@pytest.mark.parametrize("shape", sorted(SHAPES))
def test_every_shape_fits_every_template_with_all_names(name: str, shape: str) -> None:
    for way in read_template(name, stock()[name]):
        board = compose(job(name, way, SHAPES[shape]()))
        if board.plan:
            assert board.plan.unnamed == []
            assert all(spot.size >= board.template.letters.least - 1e-9 for _, spot in board.plan.placement.placed)


def test_a_tiny_grid_fills_a_large_board() -> None:
    window = compose(job("wall-2400x1200", "landscape", SHAPES["tiny"]())).plan.window
    assert 24 * 1000 / window.scale >= 0.4 * window.width  # 24 metres wide


def test_a_long_name_is_made_to_fit() -> None:
    board = compose(job(name="很" * 60))
    title = next(slot for slot in board.laid.slots if slot["kind"] == "title")
    assert title["main"] == "某社区" + "很" * 60
    assert title["size"] < 12
    page = np.array(Image.open(io.BytesIO(to_png(write_pdf([board]), 72))).convert("L"))
    assert page[5:85, :12].max() < 110, "letters on the paper's edge"  # only the band's own colour
    assert not [gap for gap in board.gaps if "标题" in gap]


def test_what_is_missing_is_marked_and_named() -> None:
    board = compose(job(people=(), extent=None, supervision_phone=None, url=None))
    assert "（暂缺）" in board.html
    assert "二维码待设置" in board.html
    for gap in ("没有网格长", "没有网格员", "没有管辖范围", "没有监督电话", "没有二维码：未设置服务网址，或扫码页未开放"):
        assert gap in board.gaps


def test_building_leaders_are_on_the_board_as_many_as_can_be_read_the_others_told() -> None:
    def with_leaders(count: int):
        leaders = tuple(
            Person("building_leader", "楼栋长", f"楼长{n:02}", "10055556666", "本楼联系人") for n in range(1, count + 1)
        )
        return compose(job(people=PEOPLE + leaders))

    few = with_leaders(2)
    assert "楼长01" in few.html and "楼长02" in few.html
    assert not [gap for gap in few.gaps if "人员过多" in gap]
    many = with_leaders(40)
    (told,) = [gap for gap in many.gaps if "人员过多" in gap]
    cards = next(slot for slot in many.laid.slots if slot["kind"] == "people")["cards"]
    assert min(card["unit"] for card in cards) >= many.template.text["least"]
    assert [name for n in range(1, 41) if (name := f"楼长{n:02}") not in many.html and name not in told] == []


def test_somebody_missing_stands_in_the_place_of_his_post() -> None:
    cards = next(slot for slot in compose(job(people=PEOPLE[:1] + PEOPLE[2:])).laid.slots if slot["kind"] == "people")["cards"]
    assert [(card["post"], card["name"]) for card in cards[:2]] == [("网格长", "张直"), ("网格员", "（暂缺）")]


def test_a_missing_photo_leaves_a_marked_frame() -> None:
    board = compose(job())
    assert board.html.count("照片待补") == len(PEOPLE)
    assert "网格长张直没有照片" in board.gaps


def test_a_character_the_font_lacks_is_named() -> None:
    assert any("𪛖" in gap for gap in compose(job(name="第𪛖网格")).gaps)


def test_a_grid_without_boundary_is_refused() -> None:
    made = job()
    with pytest.raises(Invalid, match="没有边界"):
        compose(made.__class__(**{**made.__dict__, "ground": None}))
    with pytest.raises(Invalid, match="没有边界"):
        compose(job(ground=Ground(shapely.MultiPolygon())))


def test_text_that_is_too_long_ends_marked_and_is_told() -> None:
    board = compose(job(services="便民服务、" * 400))
    services = next(slot for slot in board.laid.slots if slot["kind"] == "services")
    assert services["text"].endswith("……")
    assert "服务事项过长，未能完整印出" in board.gaps


def test_names_are_text_never_markup() -> None:
    assert "<script>" not in compose(job(name="<script>alert(1)</script>")).html


def test_nothing_is_fetched(tmp_path: Path) -> None:
    secret = tmp_path / "secret.svg"
    red = '<rect width="90" height="90" fill="red"/>'
    secret.write_text(f'<svg xmlns="http://www.w3.org/2000/svg" width="90" height="90">{red}</svg>')
    pdf = html_to_pdf(f'<img src="file://{secret}" width="90" height="90">', 60, 60)
    assert np.array(Image.open(io.BytesIO(to_png(pdf, 72))).convert("L")).min() == 255


def test_a_picture_no_machine_should_make_is_refused() -> None:
    with pytest.raises(TooLarge, match="最多"):
        to_png(write_pdf([compose(job("label-90x60"))]), 9000)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("title: [", "YAML 写法有误"),
        (
            "# letters：字高\ntitle: x\npaper: {portrait: [100, 90]}\nslots: {portrait: []}\ntext: {}\nletters: {note: x}",
            "第 6 行",
        ),
        ("title: x\npaper: {portrait: [100, 100]}\nslots: {}\ntext: {}\nletters: {}\nblack: 1", "black"),
        ("title: x\npaper: {portrait: [100, 1]}\nslots: {portrait: []}\ntext: {}\nletters: {}", "第 2 行"),
        (_HEAD + "slots: {portrait: [{slot: plan, box: [0, 0, 200, 20]}]}\ntext: {}\nletters: {}", "超出纸张"),
        ("title: x\npaper: {portrait: [100, 90]}\nslots: {portrait: []}\ntext: {}\nletters: {street: 900}", "letters"),
        ("title: x\npaper: {portrait: [100, 90]}\nslots: {portrait: []}\ntext: {}\nletters: {}\nmarks: [nothing]", "nothing"),
        ("- a", "名称: 内容"),
    ],
)
def test_a_broken_template_is_refused_with_its_line(body: str, said: str) -> None:
    with pytest.raises(BadTemplate, match="模板 草稿 第") as refused:
        template_of("草稿", None, {"草稿": body})
    assert said in refused.value.detail


def test_unknown_templates_are_refused_with_those_there_are() -> None:
    with pytest.raises(NotFound, match="a4"):
        template_of("nothing", None, {})


def test_the_same_content_has_the_same_hash_whoever_is_not_shown() -> None:
    posts = ("grid_worker",)
    one = hash_of(content().said(posts))
    assert one == hash_of(content(people=PEOPLE[1:2]).said(posts))
    changed = PEOPLE[1].__class__(**{**PEOPLE[1].__dict__, "phone": "10000000000"})
    assert one != hash_of(content(people=(changed,)).said(posts))


def test_unnamed_buildings_are_told_on_the_board() -> None:
    laid = lay_out(content(), template_of("a4", "portrait", {}), job().day, ["9号楼"])
    footer = next(slot for slot in laid.slots if slot["kind"] == "footer")
    assert "9号楼" in "".join(footer["lines"])


@pytest.mark.parametrize("shape", sorted(SHAPES))
def test_boards_look_like_the_reviewed_pictures(shape: str, tmp_path: Path) -> None:
    pdf = write_pdf([compose(job("a4", "landscape", SHAPES[shape]()))])
    now = _small(to_png(pdf, 40))
    reference = REFERENCES / f"{shape}.png"
    if not reference.exists():
        now.save(tmp_path / f"{shape}.png")
        pytest.fail(f"look at {tmp_path / shape}.png and, if it is good, keep it in {REFERENCES}")
    was = Image.open(reference).convert("RGB")
    assert now.size == was.size
    apart = np.abs(np.asarray(now, dtype=float) - np.asarray(was, dtype=float)).mean()
    assert apart < 2.0, f"{shape}: {apart:.2f} of 255 on average"


def _small(png: bytes) -> Image.Image:
    """A little blurred, so that another version of the renderer is not another picture."""
    return Image.open(io.BytesIO(png)).convert("RGB").filter(ImageFilter.GaussianBlur(1))


def test_a_town_is_not_drawn_as_another() -> None:
    pdf = write_pdf([compose(job("a4", "landscape", town(rows=2, columns=2)))])
    was = Image.open(REFERENCES / "water.png").convert("RGB")
    apart = np.abs(np.asarray(_small(to_png(pdf, 40)), dtype=float) - np.asarray(was, dtype=float)).mean()
    assert apart > 2.0
