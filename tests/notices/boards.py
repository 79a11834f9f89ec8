"""Contents and jobs for the tests of boards, prints through the service; a PDF's facts as poppler tells them."""

from __future__ import annotations

import io
import re
import subprocess
from datetime import date

from PIL import Image

from gis_grid.notices.render import Job
from gis_grid.notices.said import Content, Person
from gis_grid.notices.templates import template_of
from tests.factories import GRID_1
from tests.notices.grounds import town

RIGHTS = ["boards.print", "boards.write", "areas.read", "areas.write"]

PEOPLE = (
    Person("grid_leader", "网格长", "张直", "10012345678", "网格第一责任人，每周不定期巡查"),
    Person("grid_worker", "网格员", "李骨返", "10087654321", "巡查走访、信息采集、隐患上报、政策宣传"),
    Person("mediator", "调解员", "王芳", "10011112222", "矛盾纠纷调解"),
    Person("police", "社区民警", "赵强", "10033334444", "社区治安"),
)


def content(**given) -> Content:
    """What the board of 第1网格 says; a test names what matters to it."""
    told = {
        "code": "500103001001001", "name": "第1网格", "level": "grid", "above": ("渝中区", "某街道", "某社区"), "people": PEOPLE,
        "extent": "东至清水河，南至人民路，西至解放巷，北至第2网格", "services": "政策宣传、信息采集、矛盾调解",
        "supervision_phone": "023-12345678",        "publisher": "某社区居民委员会", "heading": "网格服务公示牌", "url": "https://grid.example.gov.cn/g/500103001001001",
        "report_link": None, "review_number": None, "counts": None, "ground": "x", "logo": None,
    }  # fmt: skip
    return Content(**{**told, **given})


def job(template: str = "a4", orientation: str | None = None, ground=None, pictures=None, own=None, **given) -> Job:
    """A board in the making."""
    made = template_of(template, orientation, own or {})
    return Job(content(**given), ground or town(), made, pictures or {}, date(2026, 11, 22))


def poppler(program: str, pdf: bytes, *options: str) -> str:
    """What pdfinfo, pdffonts or pdftotext say of a PDF."""
    words = [program, *options, "-", *(["-"] if program == "pdftotext" else [])]
    return subprocess.run(words, input=pdf, capture_output=True, timeout=30, check=True).stdout.decode()


def page_sizes_mm(pdf: bytes) -> list[tuple[float, float]]:
    """Width and height of each page."""
    told = poppler("pdfinfo", pdf, "-f", "1", "-l", "999")
    found = re.findall(r"Page\s+\d+ size:\s+([\d.]+) x ([\d.]+) pts", told)
    return [(float(width) * 25.4 / 72, float(height) * 25.4 / 72) for width, height in found]


def jpeg(colour: str = "navy") -> tuple[io.BytesIO, str]:
    out = io.BytesIO()
    picture = Image.new("RGB", (1200, 1700), colour)
    exif = picture.getexif()
    exif[0x010F] = "Camera"
    picture.save(out, "JPEG", exif=exif)
    out.seek(0)
    return out, "photo.jpg"


def printed(client, headers, code: str = GRID_1, **asked):
    answer = client.post(f"/api/boards/{code}/prints", headers=headers, json=asked)
    assert answer.status_code == 201, answer.data[:300]
    return answer


def stale(client, headers) -> list[dict]:
    return client.get("/api/boards/stale", headers=headers).json["items"]
